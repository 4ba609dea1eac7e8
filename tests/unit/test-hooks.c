// SPDX-License-Identifier: MIT
/* Hooks: which ones run, one at a time, and hooks that cannot be killed. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clocks.h"
#include "hooks.h"
#include "log.h"
#include "unit.h"

#define LIMIT (50 * NS_PER_MS)

static char said[256];

void say(int level, const char *fmt, ...)
{
	va_list args;

	(void)level;
	va_start(args, fmt);
	vsnprintf(said, sizeof(said), fmt, args);
	va_end(args);
}

/* ---- A hook that is killed, but does not go -------------------------------------------------- */

/*
 * As one that waits for a disk: whoever traces a process hears of its end first, and nobody
 * else as long as it does not listen.
 */
static int be_held(void)
{
	pid_t hook = getpid(), tracer;
	int ready[2];
	char byte;

	if (pipe(ready))
		return 1;
	/* Needed, and known, only where Yama restricts tracing. */
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	tracer = fork();
	if (!tracer) {
		FILE *file = fopen("tracer", "w");

		setsid();
		if (!file || ptrace(PTRACE_SEIZE, hook, NULL, NULL))
			_exit(1);
		fprintf(file, "%d", (int)getpid());
		fclose(file);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		sleep(60);
		_exit(0);
	}
	close(ready[1]);
	if (tracer < 0 || read(ready[0], &byte, 1) != 1)
		return 1;
	rename("tracer", "held");
	for (;;)
		pause();
}

/* ---- A place for hooks ------------------------------------------------------------------------- */

struct place {
	char folder[64];
	char self[256];
	int memory;
	struct hooks hooks;
};

static struct place place;

static void script(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	fprintf(file, "#!/bin/sh\n%s\n", text);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(name, 0755), 0);
}

static void begin(struct hooks *hooks)
{
	hooks_init(hooks, "hooks", LIMIT, place.memory);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(place.folder, "/tmp/vmclock.XXXXXX");
	assert_non_null(mkdtemp(place.folder));
	assert_int_equal(chdir(place.folder), 0);
	assert_int_equal(mkdir("hooks", 0755), 0);
	place.memory = open("memory", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(place.memory >= 0);
	begin(&place.hooks);
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	hooks_stop(&place.hooks);
	close(place.memory);
	assert_int_equal(chdir("/"), 0);
	snprintf(command, sizeof(command), "rm -r %s", place.folder);
	return system(command);
}

static void tell(enum hook_event event)
{
	const struct hook_facts facts = { 0 };

	hooks_tell(&place.hooks, event, &facts);
}

static bool exists(const char *name)
{
	return !access(name, F_OK);
}

/* Runs the hooks until a file exists, for at most 20 s. */
static bool until(const char *name)
{
	int64_t end = monotonic_now() + 20 * NS_PER_SEC;

	while (!exists(name) && monotonic_now() < end) {
		hooks_advance(&place.hooks);
		usleep(1000);
	}
	return exists(name);
}

static pid_t number_in(const char *name)
{
	FILE *file = fopen(name, "r");
	int number = 0;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &number), 1);
	fclose(file);
	return number;
}

/* ---- The tests --------------------------------------------------------------------------------- */

static void who_cannot_be_killed_is_not_waited_for(void **state)
{
	char text[300];
	int64_t end;
	pid_t held;

	(void)state;
	snprintf(text, sizeof(text), "exec %s held", place.self);
	script("hooks/1-held", text);
	script("hooks/2-next", "touch next");
	place.hooks.limit = 20 * NS_PER_SEC;
	tell(HOOK_DISRUPTED);
	assert_true(until("held"));
	held = place.hooks.pid;
	place.hooks.deadline = 0;
	/* Each of these returns; and there are never two at once. */
	end = monotonic_now() + 100 * NS_PER_MS;
	while (monotonic_now() < end)
		assert_true(hooks_advance(&place.hooks) > 0);
	assert_int_equal(place.hooks.pid, held);
	assert_false(exists("next"));
	/* When it has ended, the next one runs. */
	assert_int_equal(kill(number_in("held"), SIGKILL), 0);
	assert_true(until("next"));
}

static void nor_at_the_end(void **state)
{
	char text[300];

	(void)state;
	snprintf(text, sizeof(text), "exec %s held", place.self);
	script("hooks/1-held", text);
	place.hooks.limit = 20 * NS_PER_SEC;
	tell(HOOK_DISRUPTED);
	assert_true(until("held"));
	hooks_stop(&place.hooks);
	assert_int_equal(place.hooks.pid, 0);
	assert_int_equal(kill(number_in("held"), SIGKILL), 0);
}

/* ---- Events owed by the next process -------------------------------------------------------------- */

static void script_that_notes(const char *name)
{
	script(name, "echo >>\"told-$1\"; while [ -e \"wait-$1\" ]; do sleep 0.01; done; echo "
		     ">>\"all-$1\"");
}

static void put(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
}

/* As by SIGKILL, and the next one; hooks that run go on. */
static void be_killed(void)
{
	hooks_stop(&place.hooks);
	begin(&place.hooks);
}

static bool owes(enum hook_event event)
{
	return hooks_owe(&place.hooks, event);
}

static void each_event_is_owed_until_all_have_heard(void **state)
{
	static const char *const told[] = { "told-disrupted", "told-generation", "told-trusted" };
	static const char *const all[] = { "all-disrupted", "all-generation", "all-trusted" };
	static const char *const gates[] = { "wait-disrupted", "wait-generation", "wait-trusted" };
	int event;

	(void)state;
	script_that_notes("hooks/1-note");
	for (event = 0; event < HOOK_EVENTS; event++) {
		place.hooks.limit = 20 * NS_PER_SEC;
		put(gates[event]);
		assert_false(owes(event) && event != HOOK_TRUSTED);
		tell(event);
		be_killed();
		place.hooks.limit = 20 * NS_PER_SEC;
		assert_true(owes(event));
		tell(event);
		assert_true(until(told[event]));
		be_killed();
		place.hooks.limit = 20 * NS_PER_SEC;
		assert_true(owes(event));
		tell(event);
		unlink(gates[event]);
		assert_true(until(all[event]));
		while (hooks_advance(&place.hooks) != INT64_MAX || place.hooks.pid)
			usleep(1000);
		assert_false(owes(event));
		/* After a disruption its end is owed, too. */
		assert_true(owes(HOOK_TRUSTED) == (event != HOOK_TRUSTED));
		be_killed();
		assert_false(owes(event));
	}
	assert_int_equal(lseek(place.memory, 0, SEEK_END), 1);
}

/* On a disk that is full by now, a note needs no more room than it has. */
static void the_note_has_its_room_from_the_start(void **state)
{
	unsigned char note = 0xff;
	struct stat st;

	(void)state;
	assert_int_equal(fstat(place.memory, &st), 0);
	assert_int_equal(st.st_size, 1);
	hooks_promise(&place.hooks, HOOK_GENERATION);
	assert_int_equal(pread(place.memory, &note, 1, 0), 1);
	assert_int_not_equal(note, 0);
	assert_int_equal(hooks_advance(&place.hooks), INT64_MAX);
	tell(HOOK_GENERATION);
	assert_int_equal(hooks_advance(&place.hooks), INT64_MAX);
	assert_int_equal(pread(place.memory, &note, 1, 0), 1);
	assert_int_equal(note, 0);
	be_killed();
	assert_false(owes(HOOK_GENERATION));
}

/* A promise counts before anything else is done. */
static void what_is_promised_is_owed(void **state)
{
	(void)state;
	hooks_promise(&place.hooks, HOOK_GENERATION);
	be_killed();
	assert_true(owes(HOOK_GENERATION));
	assert_false(owes(HOOK_DISRUPTED));
	assert_false(owes(HOOK_TRUSTED));
}

/* Another disruption comes while hooks run for the end: its end is owed as well. */
static void the_end_is_owed_again_after_another_disruption(void **state)
{
	(void)state;
	script_that_notes("hooks/1-note");
	place.hooks.limit = 20 * NS_PER_SEC;
	put("wait-trusted");
	tell(HOOK_DISRUPTED);
	tell(HOOK_TRUSTED);
	assert_true(until("told-trusted"));
	tell(HOOK_DISRUPTED);
	unlink("wait-trusted");
	while (hooks_advance(&place.hooks) != INT64_MAX || place.hooks.pid)
		usleep(1000);
	assert_false(owes(HOOK_DISRUPTED));
	assert_true(owes(HOOK_TRUSTED));
}

static void run_all(void)
{
	while (hooks_advance(&place.hooks) != INT64_MAX || place.hooks.pid)
		usleep(1000);
}

/* A user who may write to the folder may put a hard link to any program of root there. */
static void a_folder_of_others_has_no_hooks(void **state)
{
	static const mode_t modes[] = { 0775, 0757, 0777 };
	size_t i;

	(void)state;
	script("hooks/1", "touch ran");
	place.hooks.limit = 20 * NS_PER_SEC;
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_int_equal(chmod("hooks", modes[i]), 0);
		*said = '\0';
		tell(HOOK_DISRUPTED);
		run_all();
		assert_false(exists("ran"));
		assert_string_equal(said, "hooks in hooks are not run: others can write there");
	}
	assert_int_equal(chmod("hooks", 0755), 0);
	tell(HOOK_DISRUPTED);
	run_all();
	assert_true(exists("ran"));
}

static void hooks_that_are_too_many_are_told(void **state)
{
	char name[32];
	int i;

	(void)state;
	place.hooks.limit = 20 * NS_PER_SEC;
	for (i = 0; i < HOOKS_MAX; i++) {
		snprintf(name, sizeof(name), "hooks/%d", i);
		assert_int_equal(symlink("/bin/true", name), 0);
	}
	*said = '\0';
	tell(HOOK_DISRUPTED);
	run_all();
	assert_string_equal(said, "");
	script("hooks/more", "true");
	tell(HOOK_DISRUPTED);
	run_all();
	assert_string_equal(said, "there are more than 64 hooks: not all of them are run");
}

static void run_for_a_disruption(void)
{
	unlink("ran");
	*said = '\0';
	place.hooks.limit = 20 * NS_PER_SEC;
	tell(HOOK_DISRUPTED);
	run_all();
}

/* Such a user can put another program there between the look at it and its start. */
static void a_link_leads_to_no_folder_of_others(void **state)
{
	(void)state;
	assert_int_equal(mkdir("open", 0755), 0);
	assert_int_equal(mkdir("open/inner", 0755), 0);
	script("open/inner/hook", "touch ran");
	assert_int_equal(symlink("../open/inner/hook", "hooks/1"), 0);
	run_for_a_disruption();
	assert_true(exists("ran"));
	assert_int_equal(chmod("open", 0777), 0);
	run_for_a_disruption();
	assert_false(exists("ran"));
	assert_string_equal(said, "hook hooks/1 is not run: others can write to a folder above it");
	/* As in /tmp: others cannot replace what is not theirs. */
	assert_int_equal(chmod("open", 01777), 0);
	run_for_a_disruption();
	assert_true(exists("ran"));
}

/* As one to /root, which the unit does not see. */
static void a_link_to_nothing_is_told(void **state)
{
	(void)state;
	assert_int_equal(symlink("/nonexistent/hook", "hooks/1"), 0);
	run_for_a_disruption();
	assert_string_equal(said, "hook hooks/1 is not run: cannot follow the link: "
				  "No such file or directory");
	assert_int_equal(unlink("hooks/1"), 0);
	assert_int_equal(symlink("1", "hooks/1"), 0);
	run_for_a_disruption();
	assert_string_equal(said, "hook hooks/1 is not run: cannot follow the link: "
				  "Too many levels of symbolic links");
}

/* The vendor's hook must not run instead of one that the administrator has switched off. */
static void what_replaces_need_not_run(void **state)
{
	(void)state;
	assert_int_equal(mkdir("vendor", 0755), 0);
	script("vendor/1", "touch ran");
	run_for_a_disruption();
	assert_true(exists("ran"));
	script("hooks/1", "touch another");
	run_for_a_disruption();
	assert_false(exists("ran"));
	assert_true(exists("another"));
	assert_int_equal(chmod("hooks/1", 0644), 0);
	run_for_a_disruption();
	assert_false(exists("ran"));
	assert_int_equal(unlink("hooks/1"), 0);
	assert_int_equal(symlink("/dev/null", "hooks/1"), 0);
	run_for_a_disruption();
	assert_false(exists("ran"));
	/* Others could have made that link. */
	assert_int_equal(chmod("hooks", 0777), 0);
	run_for_a_disruption();
	assert_true(exists("ran"));
}

static void former_versions_are_not_run(void **state)
{
	static const char *const former[] = { "hooks/1~",	  "hooks/1.bak",
					      "hooks/1.orig",	  "hooks/1.dpkg-old",
					      "hooks/1.ucf-dist", "hooks/1.rpmsave",
					      "hooks/#1#",	  "hooks/1.swp",
					      "hooks/.1" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(former) / sizeof(former[0]); i++)
		script(former[i], "touch ran");
	run_for_a_disruption();
	assert_false(exists("ran"));
	script("hooks/1.sh", "touch ran");
	run_for_a_disruption();
	assert_true(exists("ran"));
}

/* An earlier hook of the same event may change the folder. */
static void what_was_removed_is_not_run(void **state)
{
	(void)state;
	script("hooks/1", "rm hooks/2");
	script("hooks/2", "touch ran");
	run_for_a_disruption();
	assert_false(exists("ran"));
	assert_string_equal(said, "");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_cannot_be_killed_is_not_waited_for, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(nor_at_the_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_event_is_owed_until_all_have_heard, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_folder_of_others_has_no_hooks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hooks_that_are_too_many_are_told, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_link_leads_to_no_folder_of_others, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_link_to_nothing_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_replaces_need_not_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(former_versions_are_not_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_removed_is_not_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_note_has_its_room_from_the_start, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_is_promised_is_owed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_end_is_owed_again_after_another_disruption,
						set_up, tear_down),
	};

	if (argc > 1 && !strcmp(argv[1], "held"))
		return be_held();
	/* A test that waits for ever fails. */
	alarm(60);
	if (readlink("/proc/self/exe", place.self, sizeof(place.self) - 1) < 0)
		return 99;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
