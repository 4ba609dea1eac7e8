/* SPDX-License-Identifier: MIT */
/*
 * Anchors: an NTP daemon's measurements, extended by the raw clock. For daemons
 * that do not report the time now, but only their measurements. Between two
 * measurements only the raw clock counts. Pure arithmetic.
 */
#ifndef VMCLOCKD_ANCHOR_H
#define VMCLOCKD_ANCHOR_H

#include <stdbool.h>
#include <stdint.h>

#include "derive.h"

/* The error of the raw clock's rate, in ppb, if measurements do not tell it better. */
#define ANCHOR_RATE_ERROR 500000

/* One measurement. */
struct anchor {
	int64_t raw;			/* CLOCK_MONOTONIC_RAW, ns */
	int64_t utc;			/* ns since 1970, at that instant */
	int64_t error;			/* ns: the bound of the error of @utc */
	int64_t measured;		/* UTC, s: the daemon measured then, or later */
	uint32_t stratum;
	enum report_leap leap;
};

/* Anchors under one marker. The rate follows from the first and the last of some hours. */
struct anchors {
	struct anchor base, last;
	unsigned int count;
};

void anchors_reset(struct anchors *anchors);

/**
 * anchors_add() - add a measurement
 * @anchor:	the measurement; if it is not later than the last one, the anchors begin anew
 */
void anchors_add(struct anchors *anchors, const struct anchor *anchor);

/**
 * anchors_report() - the time now, as a report
 * @raw:	CLOCK_MONOTONIC_RAW, ns
 * @real:	CLOCK_REALTIME at the same instant, ns since 1970
 * @error:	ns: how far the two readings may be apart
 * @report:	receives the report; the whole bound is its dispersion
 *
 * Return: 0 or -ENODATA: there is no measurement, or @raw is before it, or too long
 * after it.
 */
int anchors_report(const struct anchors *anchors, int64_t raw, int64_t real, int64_t error,
		   struct report *report);

#endif /* VMCLOCKD_ANCHOR_H */
