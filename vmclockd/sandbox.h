/* SPDX-License-Identifier: MIT */
/*
 * The paths of the configuration in the sandbox of vmclockd.service: a file there may be
 * out of reach for vmclockd, or one that no other program sees.
 */
#ifndef VMCLOCKD_SANDBOX_H
#define VMCLOCKD_SANDBOX_H

#include <stdbool.h>

#include "conf.h"

enum sandbox_verdict {
	SANDBOX_OPEN,
	SANDBOX_PRIVATE,	/* its files are not those of other programs */
	SANDBOX_HIDDEN,		/* its files cannot be seen */
	SANDBOX_READ_ONLY,
};

/**
 * sandbox_by_mounts() - is the path that of other programs?
 * @mounts:	the list of mounts, as /proc/self/mountinfo
 * @mount:	the ID of the mount that has the path, or will have it
 */
enum sandbox_verdict sandbox_by_mounts(const char *mounts, int mount);

/**
 * sandbox_by_unit() - will it be, in the unit?
 * @properties:	of the unit, a line each, as `systemctl show' prints them
 * @path:	absolute, without links
 * @writes:	files there are written
 */
enum sandbox_verdict sandbox_by_unit(const char *properties, const char *path, bool writes);

/* Logs each path that this process does not see, or does not share with others. */
void sandbox_check_own(const struct config *config);

/* Logs the same for vmclockd.service, if there is this unit. */
void sandbox_check_unit(const struct config *config);

#endif /* VMCLOCKD_SANDBOX_H */
