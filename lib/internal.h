/* SPDX-License-Identifier: MIT */
/* What the library's files share: the handle, and the flags of the page and of readings. */
#ifndef VMCLOCK_INTERNAL_H
#define VMCLOCK_INTERNAL_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "calc/base.h"
#include "vmclock.h"
#include "vmclock-abi.h"

/* A plugin that contains the static library must not export the library's names. */
#ifdef PIC
#define VMCLOCK_PUBLIC __attribute__((visibility("default")))
#else
#define VMCLOCK_PUBLIC __attribute__((visibility("hidden")))
#endif

struct line_cache;
struct vmclock_run_state;

struct vmclock {
	const struct vmclock_abi *page;
	const struct vmclock_abi *time_page;	/* the same page, or the completed page: run.h */
	struct line_cache *cache;	/* the only part that readings change */
	size_t mapped;		/* bytes */
	size_t size;		/* the page's own size field, as checked at open */
	char *path;		/* as opened */
	int fd;
	int time_error;		/* why the page can never give time, or 0 */
	uint8_t time_type;
	bool device;		/* else a regular file */
	bool counter_usable;	/* usable for this page's time, or for a completed page */
	bool completable;	/* vmclockd may complete the page */

	const struct vmclock_run_state *state;	/* see run.h */
	bool run_own;		/* the folder is that of $VMCLOCK_RUN_DIR */
	char run_name[24];	/* the device's name; empty: vmclockd has no files for it */
	char run_folder[PATH_MAX];
};

/* Flags of the page that are flags of a reading or of a state have the same bits there. */
_Static_assert(VMCLOCK_FLAG_MAINTENANCE_SOON == VMCLOCK_FLAG_DISRUPTION_SOON &&
	       VMCLOCK_FLAG_MAINTENANCE_IMMINENT == VMCLOCK_FLAG_DISRUPTION_IMMINENT &&
	       VMCLOCK_FLAG_MONOTONIC == VMCLOCK_FLAG_TIME_MONOTONIC &&
	       VMCLOCK_FLAG_GENERATION_PRESENT == VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT,
	       "one value for each meaning");

#define MAINTENANCE_FLAGS (VMCLOCK_FLAG_MAINTENANCE_SOON | VMCLOCK_FLAG_MAINTENANCE_IMMINENT)
#define READING_FLAGS	  (MAINTENANCE_FLAGS | VMCLOCK_FLAG_MONOTONIC)

/*
 * For waits: returns 0; -ENODEV: the driver was unbound, or the device was removed;
 * or another error. Any error must end the wait, which could miss a removal otherwise.
 */
int vmclock_check_device(const struct vmclock *vc);

/* For open: can the page ever give time? Returns 0, -ENODATA or -EOPNOTSUPP. */
int vmclock_time_error(const struct vmclock *vc, bool is_steady);

#endif /* VMCLOCK_INTERNAL_H */
