/* SPDX-License-Identifier: MIT */
/* The kernel's clock: steps, rate, status and bounds. Most functions need CAP_SYS_TIME. */
#ifndef VMCLOCKD_CLOCK_H
#define VMCLOCKD_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* The clocks at one instant, give or take @width. */
struct clock_state {
	int64_t raw;			/* CLOCK_MONOTONIC_RAW, ns */
	int64_t real;			/* CLOCK_REALTIME, ns since 1970 */
	int64_t width;			/* ns between the readings of the raw clock around it */
	int64_t lead;			/* ns: @real less CLOCK_MONOTONIC; only steps change it */
	int64_t slept;			/* ns of sleep since the boot: the raw clock stood still */
	int64_t pending;		/* ns: the rest of a slew that is under way */
	int64_t maxerror;		/* ns, as the clock's keeper told the kernel */
	bool synchronised;
	bool inserts, deletes;		/* a leap second at the end of the day */
};

/* Has the machine slept between two looks? Then the raw clock has not counted all the time. */
static inline bool clock_slept(const struct clock_state *before, const struct clock_state *now)
{
	return now->slept - before->slept > 1000000 + before->width + now->width;
}

/* Each returns 0 or a negative errno value: -EPERM without CAP_SYS_TIME. */

/* Declares the clock unsynchronised. @was: receives whether it was called synchronised. */
int clock_unsynchronise(bool *was);
/* Reads the clocks and the kernel's status. Needs no capability. */
int clock_look(struct clock_state *state);
/*
 * Moves the clock by 1 ns, so that programs that watch for steps see one. Keeps
 * the kernel's status and bounds, but ends a slew.
 */
int clock_touch(void);
/* Tells the kernel the bound of its clock's error, in ns, and whether the clock is synchronised. */
int clock_vouch(uint64_t bound, bool synchronised);
/* Steps the clock by @ns. A leap second that is announced stays announced. */
int clock_step(int64_t ns);
/* Has it insert a leap second at the end of this day (1), leave one out (-1), or neither (0). */
int clock_plan_leap(int sign);
/* How much faster than CLOCK_MONOTONIC_RAW the clock runs, in ppm. */
int clock_frequency(double *ppm);
int clock_set_frequency(double ppm);

#endif /* VMCLOCKD_CLOCK_H */
