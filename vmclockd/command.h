/* SPDX-License-Identifier: MIT */
/* Other programs: starting and ending them, and short commands that nobody waits for. */
#ifndef VMCLOCKD_COMMAND_H
#define VMCLOCKD_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- Any program ---------------------------------------------------------------- */

struct program {
	const char *path;
	char *const *argv;
	char *const *envp;
	int fds[3];			/* its standard input, output and error */
	int last_signal;		/* when the thread that started it ends; 0: none */
};

/* The environment of programs whose output is parsed. */
extern char *const program_plain_environment[];

/**
 * program_start() - start a program, in a process group of its own
 *
 * The program gets only descriptors without FD_CLOEXEC, default actions for all
 * signals, and no blocked signals.
 *
 * Return: its process number, or a negative errno value.
 */
pid_t program_start(const struct program *program);

/** program_kill() - send SIGKILL to a program's group; reap the program afterwards */
void program_kill(pid_t pid);

#define LEFTOVERS_MAX 8

/* Programs that were told to end and are not reaped yet, so that a reaction need not wait. */
struct leftovers {
	struct leftover {
		pid_t pid;		/* 0: free */
		int64_t deadline;	/* CLOCK_MONOTONIC, ns: when to kill it */
	} programs[LEFTOVERS_MAX];
};

/*
 * leftovers_kill() sends SIGKILL, leftovers_end() SIGTERM and, after the given
 * time in ns, SIGKILL. If there is no room, both kill another program first and
 * wait for its end.
 */
void leftovers_kill(struct leftovers *leftovers, pid_t pid);
void leftovers_end(struct leftovers *leftovers, pid_t pid, int64_t limit);
/* Reaps programs that have ended, and kills those that take too long. @wait: until all ended. */
void leftovers_reap(struct leftovers *leftovers, bool wait);

/* ---- Commands -------------------------------------------------------------------- */

#define COMMAND_OUTPUT 1024

/* One program at a time, for one thread. The caller must not reap this program itself. */
struct command {
	pid_t pid;			/* 0: none runs */
	int fd;				/* its standard output and error */
	int64_t deadline;		/* CLOCK_MONOTONIC, ns */
	char output[COMMAND_OUTPUT];	/* its output, as a string */
	size_t length;
	struct leftovers killed;
};

/**
 * command_start() - start a program, without waiting for it
 * @command:	the command; no program of it may be running
 * @argv:	the absolute path, and the arguments
 * @limit:	ns: the time after which it is killed
 *
 * Return: 0 or the error of access(), pipe2() or fork().
 */
int command_start(struct command *command, char *const argv[], int64_t limit);

/**
 * command_result() - has the program ended?
 *
 * Never waits.
 *
 * Return: -EINPROGRESS: not yet; 0: it has succeeded, and @output is whole;
 * -EREMOTEIO: it has failed, and @output may say why; -ETIMEDOUT: it took too
 * long and was killed; -EMSGSIZE: it wrote too much and was killed; -ECHILD: no
 * program was started.
 */
int command_result(struct command *command);

static inline bool command_runs(const struct command *command)
{
	return command->pid;
}

/** command_kill() - kill the program, if it runs, without waiting for its end */
void command_kill(struct command *command);

/** command_stop() - kill the program, and wait for its end */
void command_stop(struct command *command);

#endif /* VMCLOCKD_COMMAND_H */
