/* SPDX-License-Identifier: MIT */
/* This machine's own counter and clocks, as facts for the rules: see judge/judge.h. */
#ifndef VMCLOCK_TOOLS_GUEST_H
#define VMCLOCK_TOOLS_GUEST_H

#include <stdbool.h>

#include "common/pair.h"
#include "judge/judge.h"

/* What the rules allow unless an option says otherwise. */
#define GUEST_MAX_ERROR (INT64_C(1) * NS_PER_SEC)
#define GUEST_MAX_AGE	(INT64_C(300) * NS_PER_SEC)
/* Only while no option limits the age. */
#define GUEST_MAX_GROWTH 10

/* The measurement of the counter's rate, which takes a while. */
struct guest {
	bool counts;		/* there is a steady counter */
	struct pair first;
	bool synchronised;	/* the kernel calls its clock synchronised */
	double calibration;	/* the share by which the raw clock may be off, in all likelihood */
	int64_t maxerror;	/* ns, as the kernel says; only if synchronised */
	int tai;		/* TAI - UTC */
	bool tai_certain;	/* no leap second can have come since it was known */
	int64_t no_leaps_until;	/* as in struct judge_guest */
};

/* Begins to measure. */
void guest_begin(struct guest *guest);

/*
 * Reads counter and clock, and fills in these facts, with the limits above. Waits
 * until the rate is known. Call it right after reading the page.
 */
void guest_read(const struct guest *guest, struct judge_guest *facts);

#endif /* VMCLOCK_TOOLS_GUEST_H */
