// SPDX-License-Identifier: MIT
/* Commands that nobody waits for: shell scripts that end in each way, or never. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clocks.h"
#include "command.h"
#include "unit.h"

#define LONG (60 * NS_PER_SEC)

static int start(struct command *c, const char *script, int64_t limit)
{
	char *const argv[] = { (char *)"/bin/sh", (char *)"-c", (char *)script, NULL };

	return command_start(c, argv, limit);
}

/* Polls until it has ended. */
static int result(struct command *c)
{
	const struct timespec rest = { .tv_nsec = 1000000 };
	int ret;

	while ((ret = command_result(c)) == -EINPROGRESS)
		nanosleep(&rest, NULL);
	return ret;
}

static int run(struct command *c, const char *script)
{
	assert_int_equal(start(c, script, LONG), 0);
	return result(c);
}

static bool no_child_is_left(void)
{
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

static void output_is_whole(void **state)
{
	struct command c = { 0 };

	(void)state;
	assert_int_equal(command_result(&c), -ECHILD);
	assert_int_equal(run(&c, "echo one; echo two >&2"), 0);
	assert_string_equal(c.output, "one\ntwo\n");
	assert_int_equal(run(&c, ":"), 0);
	assert_string_equal(c.output, "");
	assert_int_equal(command_result(&c), -ECHILD);
	assert_true(no_child_is_left());
}

static void failure_is_told(void **state)
{
	struct command c = { 0 };
	char *const missing[] = { (char *)"/nonexistent/program", NULL };
	char *const folder[] = { (char *)"/dev/null", NULL };

	(void)state;
	assert_int_equal(run(&c, "echo no; exit 5"), -EREMOTEIO);
	assert_string_equal(c.output, "no\n");
	assert_int_equal(run(&c, "kill -9 $$"), -EREMOTEIO);
	assert_int_equal(command_start(&c, missing, LONG), -ENOENT);
	assert_int_equal(command_start(&c, folder, LONG), -EACCES);
	assert_false(command_runs(&c));
	assert_true(no_child_is_left());
}

/* A command that hangs, and its children. */
static void hanging_has_a_limit(void **state)
{
	struct command c = { 0 };
	char byte;
	int ends[2];

	(void)state;
	/* Every process of it has this descriptor. */
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(start(&c, "echo begun; trap '' TERM HUP; sleep 1000 & sleep 1000", NS_PER_SEC / 2), 0);
	close(ends[1]);
	assert_int_equal(result(&c), -ETIMEDOUT);
	assert_false(command_runs(&c));
	assert_int_equal(read(ends[0], &byte, 1), 0);
	close(ends[0]);
	command_stop(&c);
	assert_true(no_child_is_left());
}

static void asking_does_not_wait(void **state)
{
	struct command c = { 0 };
	int64_t began;

	(void)state;
	assert_int_equal(start(&c, "kill -STOP $$", LONG), 0);
	began = monotonic_now();
	assert_int_equal(command_result(&c), -EINPROGRESS);
	command_kill(&c);
	assert_true(monotonic_now() - began < 10 * NS_PER_SEC);
	assert_int_equal(run(&c, "echo next"), 0);
	assert_string_equal(c.output, "next\n");
	command_stop(&c);
	assert_true(no_child_is_left());
}

static void too_much_is_refused(void **state)
{
	struct command c = { 0 };
	char script[100];

	(void)state;
	snprintf(script, sizeof(script), "printf %%%dd 1", COMMAND_OUTPUT - 1);
	assert_int_equal(run(&c, script), 0);
	assert_int_equal(strlen(c.output), COMMAND_OUTPUT - 1);
	snprintf(script, sizeof(script), "printf %%%dd 1", COMMAND_OUTPUT);
	assert_int_equal(run(&c, script), -EMSGSIZE);
	/* Output without end does not make the buffer grow. */
	assert_int_equal(run(&c, "while :; do echo more; done"), -EMSGSIZE);
	assert_int_equal(strlen(c.output), COMMAND_OUTPUT - 1);
	command_stop(&c);
	assert_true(no_child_is_left());
}

static void many_can_be_killed(void **state)
{
	struct command c = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 3 * LEFTOVERS_MAX; i++) {
		assert_int_equal(start(&c, "sleep 1000", LONG), 0);
		command_kill(&c);
	}
	command_stop(&c);
	assert_true(no_child_is_left());
}

/* Even without room, no program is forgotten, however long it takes to end. */
static void none_is_left_over(void **state)
{
	char *const argv[] = { (char *)"/bin/sh", (char *)"-c",
			       (char *)"trap '' TERM; sleep 0.3", NULL };
	const struct program program = {
		.path = argv[0], .argv = argv, .envp = program_plain_environment,
		.fds = { 2, 2, 2 },
	};
	struct leftovers leftovers = { 0 };
	int i;

	(void)state;
	for (i = 0; i < LEFTOVERS_MAX + 1; i++) {
		pid_t pid = program_start(&program);

		assert_true(pid > 0);
		leftovers_end(&leftovers, pid, LONG);
	}
	leftovers_reap(&leftovers, true);
	assert_true(no_child_is_left());
}

/* It has some time to tidy up; then it and its children are killed. */
static void who_does_not_end_is_killed(void **state)
{
	static const char *const scripts[] = {
		"trap '' TERM; echo; sleep 1000",
		"(trap '' TERM; echo; sleep 1000) & wait",
		"echo; kill -STOP $$",
	};
	char *argv[] = { (char *)"/bin/sh", (char *)"-c", NULL, NULL };
	struct program program = {
		.path = argv[0], .argv = argv, .envp = program_plain_environment,
	};
	struct leftovers leftovers = { 0 };
	unsigned int i;
	int ends[2];
	char byte;
	pid_t pid;

	(void)state;
	for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		argv[2] = (char *)scripts[i];
		/* Every process of it has this descriptor. */
		assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
		program.fds[0] = program.fds[1] = program.fds[2] = ends[1];
		pid = program_start(&program);
		assert_true(pid > 0);
		close(ends[1]);
		assert_int_equal(read(ends[0], &byte, 1), 1);
		leftovers_end(&leftovers, pid, NS_PER_SEC / 5);
		leftovers_reap(&leftovers, true);
		assert_true(no_child_is_left());
		assert_int_equal(read(ends[0], &byte, 1), 0);
		close(ends[0]);
	}
}

static void it_starts_clean(void **state)
{
	char *const grep[] = {
		(char *)"/bin/grep", (char *)"-E", (char *)"Sig(Ign|Blk)",
		(char *)"/proc/self/status", NULL,
	};
	unsigned long long blocked, ignored;
	struct command c = { 0 };
	sigset_t set, before;

	(void)state;
	setenv("VMCLOCK_TEST", "seen", 1);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &before);
	assert_int_equal(run(&c, "echo $VMCLOCK_TEST $LC_ALL $TZ; cat"), 0);
	assert_string_equal(c.output, "C UTC0\n");
	/* Not by a shell, which changes signals itself. */
	assert_int_equal(command_start(&c, grep, LONG), 0);
	assert_int_equal(result(&c), 0);
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGPIPE, SIG_DFL);
	assert_int_equal(sscanf(c.output, "SigBlk:\t%llx\nSigIgn:\t%llx\n", &blocked, &ignored), 2);
	assert_int_equal(blocked, 0);
	/* 32 and 33 are the C library's own; they may be ignored by our caller. */
	assert_int_equal(ignored & ~(3ULL << 31), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_is_whole),
		cmocka_unit_test(failure_is_told),
		cmocka_unit_test(hanging_has_a_limit),
		cmocka_unit_test(asking_does_not_wait),
		cmocka_unit_test(too_much_is_refused),
		cmocka_unit_test(many_can_be_killed),
		cmocka_unit_test(none_is_left_over),
		cmocka_unit_test(who_does_not_end_is_killed),
		cmocka_unit_test(it_starts_clean),
	};

	/* Some faults would make the test wait for ever. */
	alarm(300);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
