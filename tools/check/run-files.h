/* SPDX-License-Identifier: MIT */
/* Where vmclockd keeps its files for a device. */
#ifndef VMCLOCK_CHECK_RUN_FILES_H
#define VMCLOCK_CHECK_RUN_FILES_H

#include <limits.h>
#include <stdbool.h>

struct check_device;

struct run_files {
	char folder[PATH_MAX];		/* empty: vmclockd does not serve such a path */
	char completed[2 * PATH_MAX];	/* the completed page; may be empty */
	bool own;			/* the folder is that of $VMCLOCK_RUN_DIR */
};

void run_files_of(const struct check_device *device, struct run_files *run);

#endif /* VMCLOCK_CHECK_RUN_FILES_H */
