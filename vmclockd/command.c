// SPDX-License-Identifier: MIT
/* Other programs. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clocks.h"
#include "command.h"

/* ---- Any program ---------------------------------------------------------------- */

char *const program_plain_environment[] = {
	(char *)"LC_ALL=C",
	(char *)"TZ=UTC0",
	(char *)"PATH=/usr/bin:/bin",
	NULL,
};

/* Runs in the child before execve(), like the next functions: only async-signal-safe calls. */
static bool take_descriptors(const int wanted[3])
{
	int fds[3], i;

	/* If the caller has closed 0, 1 or 2, one of @wanted may have such a number. */
	for (i = 0; i < 3; i++) {
		fds[i] = fcntl(wanted[i], F_DUPFD_CLOEXEC, 3);
		if (fds[i] < 0)
			return false;
	}
	for (i = 0; i < 3; i++)
		if (dup2(fds[i], i) < 0)
			return false;
	return true;
}

static void become(const struct program *program, pid_t parent)
{
	sigset_t none;
	int i;

	if (program->last_signal &&
	    (prctl(PR_SET_PDEATHSIG, program->last_signal) || getppid() != parent))
		return;
	if (setpgid(0, 0) || !take_descriptors(program->fds))
		return;
	for (i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(program->path, program->argv, program->envp);
}

pid_t program_start(const struct program *program)
{
	pid_t parent = getpid(), pid = fork();

	if (!pid) {
		become(program, parent);
		_exit(127);
	}
	if (pid < 0)
		return -errno;
	/* Parent and child both do this, because the group must exist before anybody kills it. */
	setpgid(pid, pid);
	return pid;
}

void program_kill(pid_t pid)
{
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
}

static void reap(struct leftover *program)
{
	while (waitpid(program->pid, NULL, 0) < 0 && errno == EINTR)
		;
	program->pid = 0;
}

/* Kills the group before reaping the program, while the group's number is still its own. */
static void look_after(struct leftover *program)
{
	siginfo_t info = { 0 };
	bool ended = waitid(P_PID, (id_t)program->pid, &info, WEXITED | WNOHANG | WNOWAIT) ||
		     info.si_pid;

	if (ended || monotonic_now() >= program->deadline)
		program_kill(program->pid);
	if (ended)
		reap(program);
}

void leftovers_reap(struct leftovers *leftovers, bool wait)
{
	const struct timespec rest = { .tv_nsec = NS_PER_MS };
	int i;

	for (i = 0; i < LEFTOVERS_MAX; i++) {
		struct leftover *program = &leftovers->programs[i];

		if (program->pid)
			look_after(program);
		while (program->pid && wait) {
			nanosleep(&rest, NULL);
			look_after(program);
		}
	}
}

static void add(struct leftovers *leftovers, pid_t pid, int64_t deadline)
{
	int i = 0;

	leftovers_reap(leftovers, false);
	while (i < LEFTOVERS_MAX && leftovers->programs[i].pid)
		i++;
	if (i == LEFTOVERS_MAX) {
		i = 0;
		program_kill(leftovers->programs[i].pid);
		reap(&leftovers->programs[i]);
	}
	leftovers->programs[i] = (struct leftover){ .pid = pid, .deadline = deadline };
}

void leftovers_kill(struct leftovers *leftovers, pid_t pid)
{
	program_kill(pid);
	add(leftovers, pid, 0);
}

void leftovers_end(struct leftovers *leftovers, pid_t pid, int64_t limit)
{
	kill(-pid, SIGTERM);
	add(leftovers, pid, monotonic_now() + limit);
}

/* ---- Commands -------------------------------------------------------------------- */

int command_start(struct command *c, char *const argv[], int64_t limit)
{
	struct program program = {
		.path = argv[0],
		.argv = argv,
		.envp = program_plain_environment,
		.last_signal = SIGKILL,
	};
	int ends[2], null;
	pid_t pid;

	leftovers_reap(&c->killed, false);
	c->length = 0;
	*c->output = '\0';
	if (access(argv[0], X_OK) || pipe2(ends, O_CLOEXEC))
		return -errno;
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	program.fds[0] = null;
	program.fds[1] = program.fds[2] = ends[1];
	pid = null < 0 ? -errno : program_start(&program);
	if (null >= 0)
		close(null);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return pid;
	}
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	c->pid = pid;
	c->fd = ends[0];
	c->deadline = monotonic_now() + limit;
	return 0;
}

/* Returns false if the text does not fit. */
static bool read_output(struct command *c)
{
	ssize_t got;

	do {
		got = read(c->fd, c->output + c->length, sizeof(c->output) - c->length);
		c->length += got > 0 ? (size_t)got : 0;
	} while ((got > 0 && c->length < sizeof(c->output)) || (got < 0 && errno == EINTR));
	if (c->length == sizeof(c->output))
		return false;
	c->output[c->length] = '\0';
	return true;
}

static void finish(struct command *c)
{
	close(c->fd);
	c->pid = 0;
}

void command_kill(struct command *c)
{
	if (!c->pid)
		return;
	leftovers_kill(&c->killed, c->pid);
	finish(c);
}

int command_result(struct command *c)
{
	int status;
	pid_t pid;

	if (!c->pid)
		return -ECHILD;
	/* Check for the program's end first: the read that follows then gets all of its output. */
	pid = waitpid(c->pid, &status, WNOHANG);
	if (!read_output(c)) {
		c->output[--c->length] = '\0';
		if (pid == c->pid)
			finish(c);
		command_kill(c);
		return -EMSGSIZE;
	}
	if (pid == c->pid) {
		finish(c);
		return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EREMOTEIO;
	}
	if (monotonic_now() < c->deadline)
		return -EINPROGRESS;
	command_kill(c);
	return -ETIMEDOUT;
}

void command_stop(struct command *c)
{
	command_kill(c);
	leftovers_reap(&c->killed, true);
}
