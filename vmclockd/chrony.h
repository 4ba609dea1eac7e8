/* SPDX-License-Identifier: MIT */
/*
 * chronyd, through one long-lived chronyc that takes commands on its standard
 * input. chronyc is started when it is first needed, and again after it had to
 * be ended.
 *
 * No call waits longer than its time limit. Only one thread may use a struct
 * chrony, and the program must not reap children that it did not start itself.
 */
#ifndef VMCLOCKD_CHRONY_H
#define VMCLOCKD_CHRONY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "command.h"
#include "derive.h"

#define CHRONY_LINE	512

struct chrony {
	const char *path;		/* of chronyc, absolute */
	const char *socket;		/* chronyd's, absolute; NULL: where chronyc looks itself */
	int timeout;			/* ms: the limit of each call */
	int interrupt;			/* descriptor; readable: calls give up at once; -1: none */

	bool knows_no_user;		/* chronyc is older than 4.8, and has no option -u */
	pid_t pid;			/* 0: not running */
	int fd;				/* its standard input, output and error, or -1 */
	char buffer[CHRONY_LINE];	/* its output that was not taken yet */
	size_t length;
	struct leftovers ended;
	char answer[CHRONY_LINE];	/* the last line taken, printable: for the log */
};

struct chrony_sources {
	bool selected;			/* a source is selected, and its reach is not zero */
	unsigned int online;		/* this and the following: the counts of `activity` */
	unsigned int offline;
	unsigned int burst_online;
	unsigned int burst_offline;
	unsigned int unresolved;
};

/*
 * The functions below return these errors, besides their own:
 *
 *	-ECANCELED	the descriptor to interrupt with became readable
 *	-ETIMEDOUT	no whole answer within the time limit
 *	-EPIPE		chronyc died
 *	-ECONNREFUSED	chronyc cannot talk to chronyd
 *	-EBADMSG	chronyc wrote something unexpected
 *	-EPERM		chronyd does not allow the command
 *
 * After each of these chronyc has been told to end, unless no command had been sent
 * yet. The command may or may not have reached chronyd. If an older chronyc gives
 * -ECONNREFUSED or -EPERM, the command was tried with a new chronyc as well.
 *
 *	-EOPNOTSUPP	this chronyc has no such command
 *	-EREMOTEIO	chronyd answered with an error: see @answer
 *
 * and the errors of chrony_start().
 */

/** chrony_was_refused() - is the error one of the last three? Then chronyd has answered */
bool chrony_was_refused(int error);

/** chrony_reason() - describe an error and the way out, in a sentence without a full stop */
const char *chrony_reason(int error);

/**
 * chrony_init() - set up, without starting anything
 * @c:		the structure
 * @path:	the path of chronyc; not copied
 * @timeout:	ms
 * @interrupt:	a file descriptor to interrupt waits with, or -1
 */
void chrony_init(struct chrony *c, const char *path, int timeout, int interrupt);

/**
 * chrony_start() - start chronyc, unless it runs
 *
 * It gets a clean environment, no other descriptors, a process group of its
 * own, and SIGTERM when the thread that started it ends.
 *
 * Return: 0, or the error of access(), socketpair() or fork().
 */
int chrony_start(struct chrony *c);

/** chrony_stop() - end chronyc and wait for its end; it may be started again */
void chrony_stop(struct chrony *c);

/** chrony_tracking() - get chronyd's report on the system clock; report_refusal() judges it */
int chrony_tracking(struct chrony *c, struct report *report);

/**
 * chrony_command() - send a command whose answer is `200 OK`
 * @command:	the command, printable, in one line
 *
 * Return: 0; -EINVAL: no such line; or as above.
 */
int chrony_command(struct chrony *c, const char *command);

/** chrony_sources() - is a source selected, and how many sources are in which state? */
int chrony_sources(struct chrony *c, struct chrony_sources *sources);

/**
 * chrony_selected_source() - is a source selected, and its reach not zero?
 *
 * Return: 1, 0, or as above.
 */
int chrony_selected_source(struct chrony *c);

/* ---- Parsing of answers ------------------------------------------------------------ */

/**
 * chrony_parse_tracking() - parse the answer to `tracking` in CSV format
 * @line:	the line, without its end
 *
 * Return: 0, or -EBADMSG: the line differs from the form of chrony 4.
 */
int chrony_parse_tracking(const char *line, struct report *report);

/**
 * chrony_parse_source() - parse one line of the answer to `sources`
 *
 * Return: 1: this source is selected and its reach is not zero, 0: otherwise, or -EBADMSG.
 */
int chrony_parse_source(const char *line);

/** chrony_parse_activity() - parse the answer to `activity`: 0 or -EBADMSG */
int chrony_parse_activity(const char *line, struct chrony_sources *sources);

#endif /* VMCLOCKD_CHRONY_H */
