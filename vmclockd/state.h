/* SPDX-License-Identifier: MIT */
/* /run/vmclock/state: is the system clock vouched for? It outlives vmclockd, but no boot. */
#ifndef VMCLOCKD_STATE_H
#define VMCLOCKD_STATE_H

#include <stdbool.h>

#include "publish/page.h"
#include "vmclock-run.h"

struct state {
	struct vmclock_run_state next;	/* little-endian: set fields, then state_publish() */
	struct publisher copies[VMCLOCK_RUN_COPIES];
	bool resumed;			/* an earlier vmclockd had run since the boot */
	int lock;			/* held for as long as it is open; -1: nothing is written */
};

/*
 * Opens the file, or makes it. Returns 0, or -1 with a line: the folder is
 * missing or not writable, what stands there is not ours, or another vmclockd
 * has it. With @dry_run it is only read, if it is there, and nobody sees what
 * is published. What an earlier one has left goes on to be published; of an
 * update in which that one was killed, nothing.
 */
int state_open(struct state *state, const char *folder, bool dry_run);
void state_publish(struct state *state);

#endif /* VMCLOCKD_STATE_H */
