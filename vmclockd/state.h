/* SPDX-License-Identifier: MIT */
/* /run/vmclock/state: is the system clock vouched for? It outlives vmclockd, but no boot. */
#ifndef VMCLOCKD_STATE_H
#define VMCLOCKD_STATE_H

#include <stdbool.h>

#include "publish/page.h"
#include "vmclock-run.h"

struct state {
	struct vmclock_run_state next;	/* little-endian: set fields, then state_publish() */
	struct publisher publisher;
	bool resumed;			/* an earlier vmclockd had run since the boot */
};

/*
 * Opens the file, or makes it. Returns 0, or -1 with a line: the folder is
 * missing or not writable, or what stands there is not ours.
 */
int state_open(struct state *state, const char *folder);
void state_publish(struct state *state);

#endif /* VMCLOCKD_STATE_H */
