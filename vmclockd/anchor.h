/* SPDX-License-Identifier: MIT */
/*
 * What an NTP daemon has found out, kept by the raw clock: for daemons that do
 * not tell what the time is, but only what they have measured now and then.
 * Between two measurements nobody's word counts but the raw clock's. Pure
 * arithmetic.
 */
#ifndef VMCLOCKD_ANCHOR_H
#define VMCLOCKD_ANCHOR_H

#include <stdbool.h>
#include <stdint.h>

#include "derive.h"

/* Without measurements that tell more, the raw clock's rate is trusted to be within this, in ppb. */
#define ANCHOR_RATE_ERROR 500000

/* One measurement. */
struct anchor {
	int64_t raw;			/* CLOCK_MONOTONIC_RAW, ns */
	int64_t utc;			/* ns since 1970, at that instant */
	int64_t error;			/* ns: true UTC is no further away */
	int64_t measured;		/* UTC, s: no later than the daemon measured */
	uint32_t stratum;
	enum report_leap leap;
};

/* Under one marker: the rate follows from the first and the last of some hours. */
struct anchors {
	struct anchor base, last;
	unsigned int count;
};

void anchors_reset(struct anchors *anchors);

/**
 * anchors_add() - a further measurement
 * @anchor:	its raw time is above that of the one before, or it begins anew
 */
void anchors_add(struct anchors *anchors, const struct anchor *anchor);

/**
 * anchors_report() - what follows for now
 * @raw:	CLOCK_MONOTONIC_RAW, ns
 * @real:	CLOCK_REALTIME at the same instant, ns since 1970
 * @error:	ns: how far the two readings may be apart
 * @report:	receives the report; the whole bound is its dispersion
 *
 * Return: 0 or -ENODATA: there is no measurement, or @raw is before it, or so long
 * after it that nothing is left of it.
 */
int anchors_report(const struct anchors *anchors, int64_t raw, int64_t real, int64_t error,
		   struct report *report);

#endif /* VMCLOCKD_ANCHOR_H */
