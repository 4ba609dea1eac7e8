/* SPDX-License-Identifier: MIT */
/* The completed page, /run/vmclock/vmclock<N>, for a device with a marker-only page. */
#ifndef VMCLOCKD_COMPLETED_H
#define VMCLOCKD_COMPLETED_H

#include "derive.h"
#include "publish/page.h"
#include "runfile.h"
#include "vmclock.h"
#include "lib/run-layout.h"

struct completed {
	struct vmclock_run_page next;	/* little-endian */
	struct publisher copies[VMCLOCK_RUN_COPIES];
	bool open;
	const char *folder, *name;	/* NULL: nothing is written */
	struct runfile_id file;
};

/*
 * Opens the file, or makes it, and publishes a page without time. An existing
 * file is kept and written in place, because readers have it mapped. With
 * @dry_run the file is only read, and nobody sees what is published. Returns 0,
 * or -1 after a line in the log. The caller must keep the strings.
 */
int completed_open(struct completed *completed, const char *folder, const char *device,
		   bool dry_run);

/* Has the file still its name? */
bool completed_is_there(const struct completed *completed);
/* Makes it anew, if somebody has removed it. Returns 0, or -1 as completed_open(). */
int completed_make_anew(struct completed *completed);

/* Publishes a page without time under this marker; @status is the page's clock status. */
void completed_untrusted(struct completed *completed, const struct vmclock_state *device,
			 uint8_t status);

/* Publishes the time under this marker. @first: this is the marker's first cone. */
void completed_time(struct completed *completed, const struct vmclock_state *device,
		    const struct cone *cone, bool first, uint8_t status);

/* Publishes the announced maintenance at once, if it has changed under the same marker. */
void completed_maintenance(struct completed *completed, const struct vmclock_state *device);

#endif /* VMCLOCKD_COMPLETED_H */
