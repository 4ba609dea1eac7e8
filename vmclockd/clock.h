/* SPDX-License-Identifier: MIT */
/* The kernel's clock: steps, and what it says of itself. Most need CAP_SYS_TIME. */
#ifndef VMCLOCKD_CLOCK_H
#define VMCLOCKD_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* At one instant, give or take @width. */
struct clock_state {
	int64_t raw;			/* CLOCK_MONOTONIC_RAW, ns */
	int64_t real;			/* CLOCK_REALTIME, ns since 1970 */
	int64_t width;			/* ns between the readings of the raw clock around it */
	int64_t slept;			/* ns since the boot, for which the raw clock stood still */
	int64_t pending;		/* ns that it is still to be slewed by */
	int64_t maxerror;		/* ns, by the word of who keeps it */
	bool synchronised;
	bool inserts, deletes;		/* a leap second at the end of the day */
};

/* Has the machine slept between two looks? Then the raw clock does not tell what has passed. */
static inline bool clock_slept(const struct clock_state *before, const struct clock_state *now)
{
	return now->slept - before->slept > 1000000 + before->width + now->width;
}

/* Each returns 0 or a negative errno value: -EPERM without CAP_SYS_TIME. */

/* Declares the clock unsynchronised. @was: receives whether it was called synchronised. */
int clock_unsynchronise(bool *was);
/* What it shows and says of itself. Needs no capability. */
int clock_look(struct clock_state *state);
/*
 * Moves it by 1 ns, which tells those that watch it that somebody has set it.
 * What it says of itself is kept; a slew ends.
 */
int clock_touch(void);
/* It is right within @bound ns; whether it calls itself synchronised, too, is the caller's say. */
int clock_vouch(uint64_t bound, bool synchronised);
/* Steps the clock by @ns. A leap second that is announced stays announced. */
int clock_step(int64_t ns);
/* Has it insert a leap second at the end of this day (1), leave one out (-1), or neither (0). */
int clock_plan_leap(int sign);
/* How much faster than CLOCK_MONOTONIC_RAW the clock runs, in ppm. */
int clock_frequency(double *ppm);
int clock_set_frequency(double ppm);

#endif /* VMCLOCKD_CLOCK_H */
