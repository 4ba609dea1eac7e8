/* SPDX-License-Identifier: MIT */
/* Other programs: how each is started and ended, and short commands that nobody waits for. */
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
	bool dies_with_us;		/* SIGKILL when the thread that started it ends */
};

/* What a program gets whose output is parsed. */
extern char *const program_plain_environment[];

/**
 * program_start() - start it, in a process group of its own
 *
 * It gets no other descriptors than those that have no FD_CLOEXEC, default
 * actions for all signals, and none of them blocked.
 *
 * Return: its process number, or a negative errno value.
 */
pid_t program_start(const struct program *program);

/** program_kill() - SIGKILL to its group; it has to be reaped yet */
void program_kill(pid_t pid);

#define LEFTOVERS_MAX 8

/* Programs that shall end and were not reaped yet: a disruption waits for none of them. */
struct leftovers {
	struct leftover {
		pid_t pid;		/* 0: free */
		int64_t deadline;	/* CLOCK_MONOTONIC, ns: then it is killed */
	} programs[LEFTOVERS_MAX];
};

/*
 * Each of these kills another one and waits for its end only where there is no
 * room. Who gets SIGTERM may tidy up, for so many ns.
 */
void leftovers_kill(struct leftovers *leftovers, pid_t pid);
void leftovers_end(struct leftovers *leftovers, pid_t pid, int64_t limit);
/* Reaps those that are gone, and kills those that take too long; with @wait, reaps all. */
void leftovers_reap(struct leftovers *leftovers, bool wait);

/* ---- Commands -------------------------------------------------------------------- */

#define COMMAND_OUTPUT 1024

/* One at a time, for one thread that does not reap children that it did not start. */
struct command {
	pid_t pid;			/* 0: none runs */
	int fd;				/* its standard output and error */
	int64_t deadline;		/* CLOCK_MONOTONIC, ns */
	char output[COMMAND_OUTPUT];	/* what it wrote, as a string */
	size_t length;
	struct leftovers killed;
};

/**
 * command_start() - start a program, without waiting for it
 * @command:	none of it runs
 * @argv:	the absolute path, and its arguments
 * @limit:	ns: after that it is killed
 *
 * Return: 0 or the error of access(), pipe2() or fork().
 */
int command_start(struct command *command, char *const argv[], int64_t limit);

/**
 * command_result() - has it ended?
 *
 * Never waits.
 *
 * Return: -EINPROGRESS: not yet; 0: it has succeeded, and @output is whole;
 * -EREMOTEIO: it has failed, and @output may say why; -ETIMEDOUT: it took too
 * long, -EMSGSIZE: it wrote too much, and was killed; -ECHILD: none was started.
 */
int command_result(struct command *command);

static inline bool command_runs(const struct command *command)
{
	return command->pid;
}

/** command_kill() - end it, if it runs, without waiting for that */
void command_kill(struct command *command);

/** command_stop() - end it, and wait for its end */
void command_stop(struct command *command);

#endif /* VMCLOCKD_COMMAND_H */
