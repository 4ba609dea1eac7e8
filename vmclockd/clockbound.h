/* SPDX-License-Identifier: MIT */
/*
 * The shared memory segment of ClockBound, version 2, which tells its clients the
 * bound of the system clock. It follows the state.
 */
#ifndef VMCLOCKD_CLOCKBOUND_H
#define VMCLOCKD_CLOCKBOUND_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/run-layout.h"
#include "runfile.h"

#define CLOCKBOUND_PATH 256

struct clockbound {
	struct clockbound_segment *live;	/* what clients see; NULL: there is none */
	uint16_t generation;			/* even: as of the last whole update */
	int64_t blur;				/* ns: how late the clients' clock may be */
	char folder[CLOCKBOUND_PATH];
	char name[CLOCKBOUND_PATH];		/* of the file in it; empty: keep no file */
	struct runfile_id file;
	int64_t again;				/* CLOCK_MONOTONIC: when it is tried again */
	int64_t apart;				/* ns: between the next two tries */
};

/**
 * clockbound_open() - map the segment, or make it
 * @cb:		receives the segment
 * @path:	the file; its folder is made if it is missing
 * @dry_run:	the file is only read, and nobody sees what is published
 *
 * Takes over an existing segment, because clients have it mapped. Until the first
 * publish the segment keeps its content or, if this is torn, tells clients nothing.
 *
 * Return: 0; or -1, after a line in the log: the file is not ours, or the folder cannot
 * be made.
 */
int clockbound_open(struct clockbound *cb, const char *path, bool dry_run);

/**
 * clockbound_keep() - make the file anew if somebody has removed it
 * @cb:		the segment
 * @now:	CLOCK_MONOTONIC, ns
 *
 * Call it each second. What clients have mapped still says at once that its time is over.
 * A file that could not be made is tried again later, here as after clockbound_open().
 */
void clockbound_keep(struct clockbound *cb, int64_t now);

/**
 * clockbound_publish() - update the segment by the state
 * @cb:		the segment; without one, nothing is done
 * @state:	the state, little-endian
 *
 * While the clock is not trusted, the bound is decades, for clients that do not
 * ask for the status.
 */
void clockbound_publish(struct clockbound *cb, const struct vmclock_run_state *state);

/**
 * clockbound_close() - set the status to unknown
 * @cb:		the segment
 *
 * The file stays: clients see the status at once, and use the segment again when the
 * next vmclockd has started. A wiped segment (version 0) is an error, and some clients
 * give up on it.
 */
void clockbound_close(struct clockbound *cb);

#endif /* VMCLOCKD_CLOCKBOUND_H */
