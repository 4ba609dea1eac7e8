/* SPDX-License-Identifier: MIT */
/* The rate of the system clock, from a page that gives the time. */
#ifndef VMCLOCKD_STEER_H
#define VMCLOCKD_STEER_H

#include "derive.h"
#include "offset.h"
#include "vmclock-abi.h"

struct steer {
	struct fit fit;
	/*
	 * ns of CLOCK_MONOTONIC_RAW for each tick; 0: not known yet. The kernel keeps
	 * it constant, even in a disruption, but not when the clocksource changes.
	 */
	long double nominal;
};

/* Forgets the pairs, because the counter is another one under a new marker. */
void steer_disrupted(struct steer *steer);

/* Adds a pair. Returns 0; or -EDOM: the pair does not fit: the nominal period is unknown again. */
int steer_pair(struct steer *steer, const struct pair *pair);

/*
 * Sets the system clock's rate to the page's, plus a small difference that makes
 * @offset decay within seconds. Returns 0; -EAGAIN: the nominal period is not
 * known yet; or the error of clock_set_frequency().
 */
int steer_set(const struct steer *steer, const struct vmclock_abi *page, int64_t offset);

/* How much CLOCK_MONOTONIC_RAW is too fast, in ppb. Returns 0, or -EAGAIN as above. */
int steer_raw_is_fast(const struct steer *steer, const struct vmclock_abi *page, int64_t *ppb);

#endif /* VMCLOCKD_STEER_H */
