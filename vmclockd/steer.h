/* SPDX-License-Identifier: MIT */
/* The rate of the system clock, by a page that has the time, where no NTP daemon keeps it. */
#ifndef VMCLOCKD_STEER_H
#define VMCLOCKD_STEER_H

#include "derive.h"
#include "offset.h"
#include "vmclock-abi.h"

struct steer {
	struct fit fit;
	/*
	 * ns of the raw clock for a tick, by the kernel's own arithmetic: no
	 * disruption changes it, another clocksource does. 0: not known yet.
	 */
	long double nominal;
};

/* Under another marker, pairs from before are of another counter. */
void steer_disrupted(struct steer *steer);

/* A pair more; -EDOM: it does not fit, and the rate is not known any more. */
int steer_pair(struct steer *steer, const struct pair *pair);

/*
 * Lets the system clock run as the page's period has it, and @offset vanish
 * in some seconds. 0, -EAGAIN: the nominal period is not known yet, or the
 * error of clock_set_frequency().
 */
int steer_set(const struct steer *steer, const struct vmclock_abi *page, int64_t offset);

/* By how much the raw clock is too fast, in ppb. 0 or -EAGAIN as above. */
int steer_raw_is_fast(const struct steer *steer, const struct vmclock_abi *page, int64_t *ppb);

#endif /* VMCLOCKD_STEER_H */
