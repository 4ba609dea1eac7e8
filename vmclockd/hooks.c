// SPDX-License-Identifier: MIT
/* Hooks. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clocks.h"
#include "command.h"
#include "hooks.h"
#include "log.h"

/* The unit test uses another folder. */
#ifndef VENDOR_FOLDER
#define VENDOR_FOLDER "/usr/lib/vmclock/hooks.d"
#endif

static const char *const names[HOOK_EVENTS] = {
	[HOOK_DISRUPTED] = "disrupted",
	[HOOK_GENERATION] = "generation",
	[HOOK_TRUSTED] = "trusted",
};

static unsigned char bit(enum hook_event event)
{
	return (unsigned char)(1 << event);
}

/* The note is one byte, so that a kill leaves either the old one or the new one. */
static void write_note(int file, unsigned char owed)
{
	if (file >= 0 && pwrite(file, &owed, sizeof(owed), 0) != sizeof(owed))
		say(LOG_WARNING, "cannot note that hooks wait: %s", strerror(errno));
}

void hooks_init(struct hooks *hooks, const char *folder, int64_t limit, int memory)
{
	*hooks = (struct hooks){ .folder = folder, .limit = limit, .memory = memory };
	if (memory >= 0 && pread(memory, &hooks->owed, sizeof(hooks->owed), 0) < 0)
		say(LOG_WARNING, "cannot read whether hooks wait: %s", strerror(errno));
	/* Allocates the space now, because the disk may be full later. */
	write_note(memory, hooks->owed);
}

static void owe(struct hooks *hooks, unsigned char owed)
{
	if (owed != hooks->owed)
		write_note(hooks->memory, owed);
	hooks->owed = owed;
}

void hooks_promise(struct hooks *hooks, enum hook_event event)
{
	unsigned char more = bit(event);

	/* Hooks stop things at a disruption and start them again at its end: the end is owed too. */
	if (event == HOOK_DISRUPTED)
		more |= bit(HOOK_TRUSTED);
	owe(hooks, hooks->owed | more);
}

bool hooks_owe(const struct hooks *hooks, enum hook_event event)
{
	return hooks->owed & bit(event) && !hooks->pending[event] &&
	       !(hooks->telling && hooks->event == event);
}

void hooks_tell(struct hooks *hooks, enum hook_event event, const struct hook_facts *facts)
{
	if (!hooks->pending[event])
		hooks->since[event] = ++hooks->told;
	hooks_promise(hooks, event);
	hooks->pending[event] = true;
	hooks->facts[event] = *facts;
}

/* ---- Which programs there are ------------------------------------------------------ */

static bool others_can_write(const struct stat *st)
{
	return st->st_mode & (S_IWGRP | S_IWOTH) || (st->st_uid != 0 && st->st_uid != geteuid());
}

/* In a folder such as /tmp, nobody can replace what belongs to root. */
static bool others_can_replace_in(const char *folder)
{
	struct stat st;

	return stat(folder, &st) ||
	       (others_can_write(&st) && !(st.st_mode & S_ISVTX && !st.st_uid));
}

/* Follows links: also where they lead to, others could put another program. */
static bool is_below_a_folder_of_others(const char *path)
{
	char real[PATH_MAX], *slash;

	if (!realpath(path, real))
		return true;
	while ((slash = strrchr(real, '/')) > real) {
		*slash = '\0';
		if (others_can_replace_in(real))
			return true;
	}
	return others_can_replace_in("/");
}

/* A hook that is gone by now needs no line. */
static void tell_unreachable(const char *path, int error)
{
	struct stat st;

	if (!lstat(path, &st) && S_ISLNK(st.st_mode))
		say(LOG_WARNING, "hook %s is not run: cannot follow the link: %s", path,
		    strerror(error));
}

/* Programs that other users could have written are not run. */
static bool may_run(const char *path)
{
	struct stat st;

	if (stat(path, &st)) {
		tell_unreachable(path, errno);
		return false;
	}
	if (!S_ISREG(st.st_mode) || access(path, X_OK))
		return false;
	if (others_can_write(&st))
		say(LOG_WARNING, "hook %s is not run: others can write it", path);
	else if (is_below_a_folder_of_others(path))
		say(LOG_WARNING, "hook %s is not run: others can write to a folder above it", path);
	else
		return true;
	return false;
}

static bool ends_with(const char *name, const char *end)
{
	size_t length = strlen(name), part = strlen(end);

	return length > part && !strcmp(name + length - part, end);
}

/* What editors and package managers leave beside a hook is executable, too. */
static bool is_former_version(const char *name)
{
	static const char *const ends[] = { "~", "#", ".bak", ".old", ".orig", ".swp" };
	static const char *const parts[] = { ".dpkg-", ".ucf-", ".rpmnew", ".rpmorig", ".rpmsave" };
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (ends_with(name, ends[i]))
			return true;
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strstr(name, parts[i]))
			return true;
	return false;
}

static const char *base(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* If others could write the folder, they could put any of root's programs there. */
static DIR *open_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct stat st;

	if (!dir && errno != ENOENT)
		say(LOG_WARNING, "cannot read %s: %s", folder, strerror(errno));
	if (dir && !fstat(dirfd(dir), &st) && !others_can_write(&st))
		return dir;
	if (dir) {
		say(LOG_WARNING, "hooks in %s are not run: others can write there", folder);
		closedir(dir);
	}
	return NULL;
}

static bool has_entry(const char *folder, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	return snprintf(path, sizeof(path), "%s/%s", folder, name) < (int)sizeof(path) &&
	       !lstat(path, &st);
}

/*
 * Leaves out what has the same name in the folder @above. Returns false if there is no such
 * folder, or others could have written in it.
 */
static bool list(struct hooks *hooks, const char *folder, const char *above)
{
	DIR *dir = open_folder(folder);
	struct dirent *entry;
	char *path;

	if (!dir)
		return false;
	while ((entry = readdir(dir))) {
		if (*entry->d_name == '.' || is_former_version(entry->d_name) ||
		    (above && has_entry(above, entry->d_name)))
			continue;
		if (asprintf(&path, "%s/%s", folder, entry->d_name) < 0)
			break;
		if (!may_run(path)) {
			free(path);
			continue;
		}
		if (hooks->count == HOOKS_MAX) {
			say(LOG_WARNING, "there are more than %d hooks: not all of them are run",
			    HOOKS_MAX);
			free(path);
			break;
		}
		hooks->paths[hooks->count++] = path;
	}
	closedir(dir);
	return true;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(base(*(char *const *)a), base(*(char *const *)b));
}

static void forget(struct hooks *hooks)
{
	while (hooks->count)
		free(hooks->paths[--hooks->count]);
	hooks->next = 0;
}

/* ---- Running one --------------------------------------------------------------------- */

#define FACTS 8
#define FACT  64

struct environment {
	char text[FACTS][FACT];
	char *pointers[FACTS + 1];
};

static void describe(struct environment *e, const char *event, const struct hook_facts *facts)
{
	int i = 0;

	*e = (struct environment){ 0 };
	snprintf(e->text[i++], FACT, "PATH=/usr/sbin:/usr/bin:/sbin:/bin");
	snprintf(e->text[i++], FACT, "VMCLOCK_EVENT=%s", event);
	snprintf(e->text[i++], FACT, "VMCLOCK_MARKER_BEFORE=%" PRIu64, facts->marker_before);
	snprintf(e->text[i++], FACT, "VMCLOCK_MARKER=%" PRIu64, facts->marker);
	snprintf(e->text[i++], FACT, "VMCLOCK_GENERATION=%" PRIu64, facts->generation);
	snprintf(e->text[i++], FACT, "VMCLOCK_OFFSET_NS=%" PRId64, facts->offset);
	snprintf(e->text[i++], FACT, "VMCLOCK_BOUND_NS=%" PRId64, facts->bound);
	snprintf(e->text[i++], FACT, "VMCLOCK_DURATION_NS=%" PRId64, facts->duration);
	while (i--)
		e->pointers[i] = e->text[i];
}

static void start(struct hooks *hooks, const char *path)
{
	const char *event = names[hooks->event];
	struct environment environment;
	char *const argv[] = { (char *)path, (char *)event, NULL };
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const struct program program = {
		.path = path,
		.argv = argv,
		.envp = environment.pointers,
		.fds = { null, STDERR_FILENO, STDERR_FILENO },
	};

	describe(&environment, event, &hooks->facts[hooks->event]);
	hooks->pid = null < 0 ? -errno : program_start(&program);
	if (null >= 0)
		close(null);
	if (hooks->pid < 0) {
		say(LOG_ERR, "cannot run hook %s: %s", path, strerror(-hooks->pid));
		hooks->pid = 0;
		return;
	}
	hooks->deadline = monotonic_now() + hooks->limit;
}

static void tell_end(const char *path, int status)
{
	if (WIFSIGNALED(status))
		say(LOG_WARNING, "hook %s was ended by signal %d", path, WTERMSIG(status));
	else if (WEXITSTATUS(status) == 127)
		say(LOG_WARNING,
		    "hook %s ended with status 127: does it have a first line such as #!/bin/sh?",
		    path);
	else if (WEXITSTATUS(status))
		say(LOG_WARNING, "hook %s failed with status %d", path, WEXITSTATUS(status));
}

/*
 * Has the running hook ended? Kills it when its time is over. Does not wait for its end,
 * which may take long, for instance in a write to a disk that hangs.
 */
static bool ended(struct hooks *hooks)
{
	const char *path = hooks->paths[hooks->next - 1];
	bool killed = hooks->deadline == INT64_MAX;
	int status;

	if (waitpid(hooks->pid, &status, WNOHANG) == hooks->pid) {
		if (!killed)
			tell_end(path, status);
		hooks->pid = 0;
		return true;
	}
	if (monotonic_now() < hooks->deadline)
		return false;
	say(LOG_WARNING, "hook %s ran longer than hook_timeout and is killed", path);
	program_kill(hooks->pid);
	hooks->deadline = INT64_MAX;
	return false;
}

/* Takes the oldest pending event, and lists the programs to be run for it. */
static bool take_event(struct hooks *hooks)
{
	int event, oldest = -1;

	for (event = 0; event < HOOK_EVENTS; event++)
		if (hooks->pending[event] &&
		    (oldest < 0 || hooks->since[event] < hooks->since[oldest]))
			oldest = event;
	if (oldest < 0)
		return false;
	hooks->pending[oldest] = false;
	hooks->telling = true;
	hooks->event = (enum hook_event)oldest;
	forget(hooks);
	list(hooks, VENDOR_FOLDER, list(hooks, hooks->folder, NULL) ? hooks->folder : NULL);
	qsort(hooks->paths, hooks->count, sizeof(*hooks->paths), by_name);
	return true;
}

/* All hooks have run for the event; unless the event is pending again, it is not owed any more. */
static void have_told(struct hooks *hooks)
{
	enum hook_event event = hooks->event;
	bool again = hooks->pending[event] ||
		     (event == HOOK_TRUSTED && hooks->pending[HOOK_DISRUPTED]);

	if (hooks->telling && !again)
		owe(hooks, hooks->owed & (unsigned char)~bit(event));
	hooks->telling = false;
}

int64_t hooks_advance(struct hooks *hooks)
{
	while (!hooks->pid || ended(hooks)) {
		if (hooks->next < hooks->count) {
			const char *path = hooks->paths[hooks->next++];

			/* Again, because some time has passed. */
			if (may_run(path))
				start(hooks, path);
			continue;
		}
		have_told(hooks);
		if (!take_event(hooks))
			break;
	}
	return hooks->pid ? hooks->deadline : INT64_MAX;
}

void hooks_stop(struct hooks *hooks)
{
	if (hooks->pid) {
		program_kill(hooks->pid);
		waitpid(hooks->pid, NULL, WNOHANG);
		hooks->pid = 0;
	}
	forget(hooks);
}
