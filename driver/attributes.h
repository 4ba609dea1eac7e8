/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The quality of a reading of the PTP clock, as the PTP core's struct
 * ptp_clock_attrs. Unknown values are not marked valid: no bound is better than
 * a wrong bound.
 */
#ifndef VMCLOCK_DRIVER_ATTRIBUTES_H
#define VMCLOCK_DRIVER_ATTRIBUTES_H

#include "calc/time.h"

/* The reading is rounded down: this adds up to a nanosecond to the page's error. */
static inline bool vmclock_attributes_bound(const struct vmclock_snapshot *snap, __u64 counter,
					    __u32 *bound)
{
	__u64 ns;

	if (vmclock_calc_error(snap, counter, &ns) || ns >= (__u32)-1)
		return false;
	*bound = (__u32)ns + 1;
	return true;
}

static inline bool vmclock_attributes_status(const struct vmclock_snapshot *snap, __u32 *status)
{
	switch (snap->status) {
	case VMCLOCK_STATUS_SYNCHRONIZED:
		*status = PTP_CLOCK_STATUS_SYNCED;
		return true;
	case VMCLOCK_STATUS_FREERUNNING:
		*status = PTP_CLOCK_STATUS_FREE_RUNNING;
		return true;
	default:
		/* Such a page gives no reading. */
		return false;
	}
}

/* The attributes of a reading on @timescale (PTP_TIMESCALE_*) at @counter. */
static inline void vmclock_attributes(const struct vmclock_snapshot *snap, __u64 counter,
				      __u32 timescale, struct ptp_clock_attrs *attrs)
{
	*attrs = (struct ptp_clock_attrs) {
		.valid = PTP_ATTRS_VALID_TIMESCALE,
		.timescale = timescale,
	};
	if (vmclock_attributes_status(snap, &attrs->status))
		attrs->valid |= PTP_ATTRS_VALID_STATUS;
	if (vmclock_attributes_bound(snap, counter, &attrs->error_bound))
		attrs->valid |= PTP_ATTRS_VALID_ERROR_BOUND;
}

#endif /* VMCLOCK_DRIVER_ATTRIBUTES_H */
