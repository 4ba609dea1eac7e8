/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The quality of a reading of the PTP clock, as the PTP core's struct
 * ptp_clock_attrs. Unknown values are not marked valid: no bound is better than
 * a wrong bound.
 */
#ifndef VMCLOCK_DRIVER_ATTRIBUTES_H
#define VMCLOCK_DRIVER_ATTRIBUTES_H

#include "calc/scale.h"
#include "calc/time.h"

static inline __u64 vmclock_attributes_distance(const struct vmclock_instant *from,
						const struct vmclock_instant *to)
{
	return (__u64)((to->sec - from->sec) * NS_PER_SEC + to->nsec - from->nsec);
}

/* In UTC, the numbers of two times on both sides of a leap second differ by a second more. */
static inline int vmclock_attributes_error_utc(const struct vmclock_snapshot *snap, __u64 counter,
					       __u64 *ns)
{
	struct vmclock_instant t, earliest, latest;
	struct vmclock_leap_second leap;
	__u64 back, ahead;
	int ret;

	ret = vmclock_calc_time(snap, counter, &t) ?: vmclock_calc_linear(snap, &t, &leap);
	if (ret)
		return ret;
	earliest = t;
	latest = t;
	ret = vmclock_calc_shift_time(&earliest, -(__s64)*ns) ?:
	      vmclock_calc_shift_time(&latest, (__s64)*ns) ?:
	      vmclock_calc_bounds_to_utc(&leap, &earliest, &latest) ?:
	      vmclock_calc_linear_to_utc(&leap, &t);
	if (ret)
		return ret;

	back = vmclock_attributes_distance(&earliest, &t);
	ahead = vmclock_attributes_distance(&t, &latest);
	*ns = back > ahead ? back : ahead;
	return 0;
}

static inline bool vmclock_attributes_bound(const struct vmclock_snapshot *snap, __u64 counter,
					    __u32 timescale, __u32 *bound)
{
	__u64 ns;

	if (vmclock_calc_error(snap, counter, &ns) || ns >= (__u32)-1)
		return false;
	/* The reading is rounded down: this adds up to a nanosecond to the page's error. */
	ns++;
	if (timescale == PTP_TIMESCALE_UTC && vmclock_attributes_error_utc(snap, counter, &ns))
		return false;
	if (ns > (__u32)-1)
		return false;
	*bound = (__u32)ns;
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
	if (vmclock_attributes_bound(snap, counter, timescale, &attrs->error_bound))
		attrs->valid |= PTP_ATTRS_VALID_ERROR_BOUND;
}

#endif /* VMCLOCK_DRIVER_ATTRIBUTES_H */
