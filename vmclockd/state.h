/* SPDX-License-Identifier: MIT */
/* /run/vmclock/state: is the system clock trusted? The file survives vmclockd, but no reboot. */
#ifndef VMCLOCKD_STATE_H
#define VMCLOCKD_STATE_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>

#include "publish/page.h"
#include "runfile.h"
#include "lib/run-layout.h"

struct state {
	struct vmclock_run_state next;	/* little-endian: set fields, then state_publish() */
	struct publisher copies[VMCLOCK_RUN_COPIES];
	bool resumed;			/* an earlier vmclockd had run since the boot */
	int lock;			/* descriptor that holds the lock; -1: write nothing */
	const char *folder;
	struct runfile_id file, lock_file;
};

/* Adds to one of the counters in state.next. */
static inline void state_add(__le64 *counter, uint64_t more)
{
	*counter = htole64(le64toh(*counter) + more);
}

/*
 * Opens the file, or makes it, and takes over the last whole state of an earlier
 * vmclockd. With @dry_run the file is only read, and nobody sees what is
 * published. @device is the path of the device that the state is about; @folder
 * stays the caller's, and must stay there. Returns 0; or -1, after a line in the log: the folder cannot be made or written, the
 * file is not ours, or another vmclockd runs.
 */
int state_open(struct state *state, const char *folder, const char *device, bool dry_run);
void state_publish(struct state *state);

/* Do its file and the lock still have their names? */
bool state_is_there(const struct state *state);
/*
 * Makes them anew, if somebody has removed them. Returns 0, or -1 as state_open().
 * Programs that have the old file mapped see it become invalid.
 */
int state_make_anew(struct state *state);

#endif /* VMCLOCKD_STATE_H */
