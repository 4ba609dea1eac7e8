/* SPDX-License-Identifier: MIT */
/*
 * The shared memory segment of ClockBound, version 2, for its clients: the
 * bound of the system clock, by what the state says.
 */
#ifndef VMCLOCKD_CLOCKBOUND_H
#define VMCLOCKD_CLOCKBOUND_H

#include <stdbool.h>
#include <stdint.h>

#include "vmclock-run.h"

struct clockbound {
	struct clockbound_segment *live;	/* what clients see; NULL: there is none */
	uint16_t generation;			/* even: as of the last whole update */
	int64_t blur;				/* ns: how far behind the clients' clock may be */
};

/**
 * clockbound_open() - map the segment, or make it
 * @cb:		receives it
 * @path:	of the file; its folder is made if it is missing
 * @dry_run:	it is only read, and nobody sees what is published
 *
 * An existing segment is taken over, for clients have it mapped. Until the
 * first publish it says what it said before or, if that was not whole, nothing.
 *
 * Return: 0, or -1 with a line: another's file stands there, or the folder cannot be made.
 */
int clockbound_open(struct clockbound *cb, const char *path, bool dry_run);

/**
 * clockbound_publish() - tell the clients what the state tells
 * @cb:		the segment; without one, nothing is done
 * @state:	the state, little-endian
 *
 * Who is not trusted gets a bound of decades besides, for clients that do not
 * ask for the status.
 */
void clockbound_publish(struct clockbound *cb, const struct vmclock_run_state *state);

/**
 * clockbound_close() - nobody vouches any more
 * @cb:		the segment
 *
 * The file stays, with status unknown: clients that have it mapped, or map it
 * before the next vmclockd has started, see that at once, and go on later. A
 * wiped one (version 0) is an error to them, which some take for the end.
 */
void clockbound_close(struct clockbound *cb);

#endif /* VMCLOCKD_CLOCKBOUND_H */
