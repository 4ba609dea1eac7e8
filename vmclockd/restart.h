/* SPDX-License-Identifier: MIT */
/* Restarts running units by systemctl, without waiting. */
#ifndef VMCLOCKD_RESTART_H
#define VMCLOCKD_RESTART_H

#include "command.h"

struct restart {
	struct command command;
	const char *systemctl;		/* its path */
	const char *const *units;	/* the names that the unit may have; NULL at the end */
	unsigned int next;
};

/**
 * restart_begin() - restart the first of these units that exists
 * @systemctl:	the path; neither the path nor the names are copied
 * @units:	names, NULL at the end
 *
 * A unit that does not run is not started. An earlier restart is not waited for any more.
 *
 * Return: 0 or the error of command_start().
 */
int restart_begin(struct restart *restart, const char *systemctl, const char *const *units);

/**
 * restart_result() - has the restart ended?
 *
 * Logs a line if no unit could be restarted.
 *
 * Return: -EINPROGRESS: not yet; 0; or the error of command_result(): no unit could be restarted.
 */
int restart_result(struct restart *restart);

/* `reason' of struct ntp_daemon, for daemons that are restarted. */
const char *restart_reason(int error);

void restart_stop(struct restart *restart);

#endif /* VMCLOCKD_RESTART_H */
