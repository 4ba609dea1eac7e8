/* SPDX-License-Identifier: MIT */
/* Restarts of units that run, by systemctl, without waiting for them. */
#ifndef VMCLOCKD_RESTART_H
#define VMCLOCKD_RESTART_H

#include "command.h"

struct restart {
	struct command command;
	const char *systemctl;		/* its path */
	const char *const *units;	/* names that it may have; NULL ends them */
	unsigned int next;
};

/**
 * restart_begin() - restart the first of these units that there is
 * @systemctl:	the path; not copied, nor are the names
 * @units:	names, NULL at the end
 *
 * One that does not run is not started. A restart that is still going on is forgotten.
 *
 * Return: 0 or the error of command_start().
 */
int restart_begin(struct restart *restart, const char *systemctl, const char *const *units);

/**
 * restart_result() - has it ended?
 *
 * That none of them could be restarted is a line in the log.
 *
 * Return: -EINPROGRESS: not yet; 0; or as command_result(): none of them could be restarted.
 */
int restart_result(struct restart *restart);

/* What an error of a daemon means that is restarted, as `reason' of struct ntp_daemon. */
const char *restart_reason(int error);

void restart_stop(struct restart *restart);

#endif /* VMCLOCKD_RESTART_H */
