/* SPDX-License-Identifier: MIT */
/* How far the system clock is from true time, by a page that has it. */
#ifndef VMCLOCKD_OFFSET_H
#define VMCLOCKD_OFFSET_H

#include <stdint.h>

#include "common/pair.h"
#include "lead.h"
#include "vmclock.h"

struct offset {
	int64_t ns;		/* true time less CLOCK_REALTIME */
	int64_t error;		/* ns, in either direction: bound of the error of @ns */
	int64_t sec;		/* true time, UTC */
	uint8_t leap;		/* by the page then: VMCLOCK_LEAP_* */
	int64_t at;		/* CLOCK_MONOTONIC: not after the reading; measure.c sets it */
	struct lead lead;	/* of the clock that was read; measure.c sets it */
	struct pair pair;	/* the pair that it was computed from */
};

/**
 * offset_measure() - the system clock's offset at this moment
 * @vc:		the page
 * @marker:	the marker under which the offset counts
 * @offset:	receives the offset
 *
 * Return: 0, -ESTALE: there is another marker, -ENODATA: the page gives no
 * bounds now, -EAGAIN: near a leap second, where clocks number seconds in
 * different ways, -EOVERFLOW: it gives a time centuries away; or the error of
 * vmclock_at() or pair_read().
 */
int offset_measure(const struct vmclock *vc, uint64_t marker, struct offset *offset);

#endif /* VMCLOCKD_OFFSET_H */
