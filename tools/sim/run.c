// SPDX-License-Identifier: MIT
/*
 * Every user may mount things in a user namespace of their own, without being root.
 * /dev/vmclock0 is a mount of the page's file there. Where the machine has no
 * such name to mount on, /dev becomes a folder in memory that has all that the
 * old one has.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"
#include "tool.h"

#define DEVICE "/dev/vmclock0"

/* As env(1) has it; a signal as in shells. */
#define NOT_RUNNABLE 126
#define NOT_FOUND    127
#define BY_SIGNAL    128

#define PAGE_NAME  "/vmclock0"

char *sim_run_make_path(void)
{
	const char *folder = secure_getenv("XDG_RUNTIME_DIR");
	char *path;

	if (!folder || access(folder, W_OK))
		folder = secure_getenv("TMPDIR");
	if (!folder || access(folder, W_OK))
		folder = "/tmp";
	/* Room for the name is left behind the folder. */
	if (asprintf(&path, "%s/vmclock-sim.XXXXXX%*s", folder, (int)strlen(PAGE_NAME), "") < 0) {
		fprintf(stderr, TOOL ": out of memory\n");
		return NULL;
	}
	path[strlen(path) - strlen(PAGE_NAME)] = '\0';
	if (mkdtemp(path)) {
		strcat(path, PAGE_NAME);
		return path;
	}
	fprintf(stderr, TOOL ": cannot make a folder in %s: %s\n", folder, strerror(errno));
	free(path);
	return NULL;
}

void sim_run_remove_path(char *path)
{
	if (!path)
		return;
	*strrchr(path, '/') = '\0';
	rmdir(path);
	free(path);
}

/* ---- In the child ------------------------------------------------------------------- */

static int cannot(const char *what)
{
	fprintf(stderr, TOOL ": --run: cannot %s: %s\n", what, strerror(errno));
	return -1;
}

/* For what users may do on most systems, and not on all. */
static int may_not(const char *what)
{
	fprintf(stderr,
		TOOL ": --run: cannot %s: %s; user.max_user_namespaces, "
		     "kernel.unprivileged_userns_clone, AppArmor or a container may forbid it: run "
		     "'" TOOL " FILE', and the command with VMCLOCK_PATH=FILE\n",
		what, strerror(errno));
	return -1;
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

/* Maps the user and the group to themselves. */
static int map_user(uid_t uid, gid_t gid)
{
	char users[64], groups[64];

	snprintf(users, sizeof(users), "%u %u 1", uid, uid);
	snprintf(groups, sizeof(groups), "%u %u 1", gid, gid);
	if (write_text("/proc/self/setgroups", "deny") && errno != ENOENT)
		return -1;
	return write_text("/proc/self/uid_map", users) || write_text("/proc/self/gid_map", groups);
}

static int enter_namespace(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	/* Root needs no user namespace, and may be root in a container that allows no mounts. */
	if (unshare(CLONE_NEWNS)) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
			return may_not("make a user namespace");
		if (map_user(uid, gid))
			return may_not("stay the same user in a user namespace");
	}
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return may_not("mount in a user namespace");
	return 0;
}

static int bind(const char *from, const char *to)
{
	return mount(from, to, NULL, MS_BIND | MS_REC, NULL);
}

static int make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

/* Puts an entry of the old /dev into the new one, or leaves it out if that fails. */
static void take_entry(int old, const char *name)
{
	char from[PATH_MAX], to[PATH_MAX], target[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (fstatat(old, name, &st, AT_SYMLINK_NOFOLLOW))
		return;
	snprintf(from, sizeof(from), "/proc/self/fd/%d/%s", old, name);
	snprintf(to, sizeof(to), "/dev/%s", name);
	if (S_ISLNK(st.st_mode)) {
		n = readlinkat(old, name, target, sizeof(target) - 1);
		if (n < 0)
			return;
		target[n] = '\0';
		if (symlink(target, to))
			return;
	} else if (S_ISDIR(st.st_mode) ? !mkdir(to, 0755) : !make_file(to)) {
		if (bind(from, to))
			remove(to);
	}
}

/* The device is writable by nobody. A user namespace keeps the flags that the mount has. */
static int make_read_only(const char *path)
{
	unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY;
	struct statvfs st;

	if (statvfs(path, &st))
		return -1;
	flags |= st.f_flag & ST_NOSUID ? MS_NOSUID : 0;
	flags |= st.f_flag & ST_NODEV ? MS_NODEV : 0;
	flags |= st.f_flag & ST_NOEXEC ? MS_NOEXEC : 0;
	return mount(NULL, path, NULL, flags, NULL);
}

/* @old: the folder that /dev was. */
static int make_dev(int old)
{
	const struct dirent *entry;
	DIR *folder;

	if (mount("vmclock-sim", "/dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755,size=1m"))
		return may_not("make a new /dev");
	folder = fdopendir(openat(old, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (!folder)
		return cannot("read the old /dev");
	while ((entry = readdir(folder)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			take_entry(old, entry->d_name);
	closedir(folder);
	return make_file(DEVICE) ? cannot("make " DEVICE) : 0;
}

static int mount_page(const char *page)
{
	int old = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* The page may be below /dev, which is about to be replaced. */
	int file = open(page, O_PATH | O_CLOEXEC);
	char from[64];

	if (old < 0 || file < 0)
		return cannot("open the page");
	if (access(DEVICE, F_OK) && make_dev(old))
		return -1;
	snprintf(from, sizeof(from), "/proc/self/fd/%d", file);
	if (bind(from, DEVICE) || make_read_only(DEVICE))
		return may_not("mount the page at " DEVICE);
	return 0;
}

/* Without the simulator the page is dead. False: the simulator has ended already. */
static bool end_with(pid_t simulator)
{
	return !prctl(PR_SET_PDEATHSIG, SIGTERM) && getppid() == simulator;
}

/* Returns only if the command cannot be run: the exit status. */
static int run_command(char **words, const char *page, const sigset_t *mask, pid_t simulator)
{
	int error;

	if (enter_namespace() || mount_page(page) || !end_with(simulator))
		return SIM_RUN_CANNOT;
	signal(SIGPIPE, SIG_DFL);
	signal(SIGTTIN, SIG_DFL);
	signal(SIGTTOU, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	/* The library's default is the device. */
	unsetenv("VMCLOCK_PATH");
	execvp(words[0], words);
	error = errno;
	fprintf(stderr, TOOL ": --run: cannot run %s: %s\n", words[0], strerror(error));
	return error == ENOENT ? NOT_FOUND : NOT_RUNNABLE;
}

/* ---- In the simulator ------------------------------------------------------------------- */

pid_t sim_run_start(char **words, const char *page, const sigset_t *mask)
{
	pid_t simulator = getpid(), process = fork();

	if (!process)
		_exit(run_command(words, page, mask, simulator));
	if (process < 0)
		cannot("start a process");
	return process;
}

bool sim_run_ended(pid_t process, int *status)
{
	int raw;

	if (waitpid(process, &raw, WNOHANG) != process)
		return false;
	*status = WIFEXITED(raw) ? WEXITSTATUS(raw) : BY_SIGNAL + WTERMSIG(raw);
	return true;
}
