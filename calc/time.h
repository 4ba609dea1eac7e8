/* SPDX-License-Identifier: MIT */
/* Converts a counter value to time, and gives the time's error, on the page's own scale. */
#ifndef VMCLOCK_CALC_TIME_H
#define VMCLOCK_CALC_TIME_H

#include "calc/instant.h"
#include "calc/snapshot.h"

/**
 * vmclock_calc_usable() - may time be computed from this page now?
 * @s:		the snapshot
 * @counter_id:	VMCLOCK_COUNTER_* of the counter that the caller can read
 *
 * Return: 0, -ENODATA, -EAGAIN or -EOPNOTSUPP.
 */
static inline int vmclock_calc_usable(const struct vmclock_snapshot *s, __u8 counter_id)
{
	if (!VMCLOCK_COVERS(s->size, time_frac_sec) ||
	    s->counter_id == VMCLOCK_COUNTER_INVALID)
		return -ENODATA;
	if (s->time_type != VMCLOCK_TIME_UTC && s->time_type != VMCLOCK_TIME_TAI)
		return -ENODATA;
	if (s->counter_id != counter_id)
		return -EOPNOTSUPP;
	if (s->status != VMCLOCK_STATUS_SYNCHRONIZED && s->status != VMCLOCK_STATUS_FREERUNNING)
		return -EAGAIN;
	return s->period ? 0 : -ENODATA;
}

/* |counter - reference|, at most 2^63; the counter may be a little before the reference. */
static inline __u64 vmclock_calc_distance(const struct vmclock_snapshot *s, __u64 counter,
					  bool *before)
{
	__u64 distance = counter - s->counter_value;

	*before = distance >> 63;
	return *before ? -distance : distance;
}

/* (product mod 2^shift) * 10^9 / 2^shift, rounded down, or up to the whole. */
static inline __u64 vmclock_calc_rest_ns(vmclock_u128 product, __u8 shift, bool up)
{
	vmclock_u128 rest = shift < 128 ? product & (((vmclock_u128)1 << shift) - 1) : product;
	vmclock_u128 low = (vmclock_u128)(__u64)rest * NS_PER_SEC;
	vmclock_u128 high = (vmclock_u128)(__u64)(rest >> 64) * NS_PER_SEC + (low >> 64);

	if (shift >= 192)
		return up && rest;
	if (shift > 64) {
		/* Rounding up twice gives the same as rounding up once. */
		low = high + (up && (__u64)low);
		shift -= 64;
	}
	return (__u64)((low + (up ? ((vmclock_u128)1 << shift) - 1 : 0)) >> shift);
}

/*
 * Adds what is left of the product below 2^-64 s, after the reference. It is less
 * than one unit: it rarely makes a difference of a nanosecond.
 */
vmclock_calc_inline void vmclock_calc_add_rest(vmclock_u128 product, __u8 shift,
					       vmclock_u128 *scaled)
{
	if (unlikely((__u64)*scaled > -(__u64)NS_PER_SEC))
		*scaled += vmclock_calc_rest_ns(product, shift, false);
}

/* Subtracts it, before the reference: rounded up, so that the time is rounded down. */
vmclock_calc_inline int vmclock_calc_subtract_rest(vmclock_u128 product, __u8 shift,
						   vmclock_u128 *scaled, __s64 *sec)
{
	__u64 less;

	if (likely((__u64)*scaled >= NS_PER_SEC))
		return 0;
	less = vmclock_calc_rest_ns(product, shift, true);
	if (*scaled < less) {
		if (__builtin_sub_overflow(*sec, 1, sec))
			return -EOVERFLOW;
		*scaled += (vmclock_u128)NS_PER_SEC << 64;
	}
	*scaled -= less;
	return 0;
}

/**
 * vmclock_calc_time() - the time of a counter value, on the page's own scale
 * @s:		the snapshot; call vmclock_calc_usable() first
 * @counter:	the counter, within 2^63 of the reference on either side
 * @t:		receives the time, exactly rounded down to the nanosecond
 *
 * Return: 0 or -EOVERFLOW.
 */
vmclock_calc_inline int vmclock_calc_time(const struct vmclock_snapshot *s, __u64 counter,
					  struct vmclock_instant *t)
{
	bool before;
	__u64 distance = vmclock_calc_distance(s, counter, &before);
	vmclock_u128 product = (vmclock_u128)distance * s->period;
	/* Whole units of 2^-64 s; the product is below 2^127. */
	vmclock_u128 units = s->shift < 128 ? product >> s->shift : 0;
	__s64 seconds = (__s64)(units >> 64);
	__u64 frac = (__u64)units;
	vmclock_u128 scaled;
	__s64 sec;

	if (s->time_sec >> 63)
		return -EOVERFLOW;

	if (before) {
		seconds = -seconds - (s->time_frac < frac);
		frac = s->time_frac - frac;
	} else {
		frac += s->time_frac;
		if (frac < s->time_frac && __builtin_add_overflow(seconds, 1, &seconds))
			return -EOVERFLOW;
	}
	if (__builtin_add_overflow((__s64)s->time_sec, seconds, &sec))
		return -EOVERFLOW;

	scaled = (vmclock_u128)frac * NS_PER_SEC;
	if (!before)
		vmclock_calc_add_rest(product, s->shift, &scaled);
	else if (vmclock_calc_subtract_rest(product, s->shift, &scaled, &sec))
		return -EOVERFLOW;
	t->sec = sec;
	t->nsec = (__u32)(scaled >> 64);
	return 0;
}

/**
 * vmclock_calc_since() - the time from the reference to a counter value
 * @s:		the snapshot; it has a period
 * @counter:	the counter, within 2^63 of the reference on either side
 * @t:		receives the time, negative if @counter is before the reference
 *
 * Return: 0 or -EOVERFLOW.
 */
static inline int vmclock_calc_since(const struct vmclock_snapshot *s, __u64 counter,
				     struct vmclock_instant *t)
{
	const struct vmclock_snapshot start = {
		.counter_value = s->counter_value,
		.period = s->period,
		.shift = s->shift,
	};

	return vmclock_calc_time(&start, counter, t);
}

/* The error's growth per tick, in 1 / 2^64 ns, rounded up: never 0, below 2^95. */
static inline vmclock_u128 vmclock_calc_error_slope(const struct vmclock_snapshot *s)
{
	vmclock_u128 slope = (vmclock_u128)s->period_maxerror * NS_PER_SEC;

	return (s->shift < 128 ? slope >> s->shift : 0) + 1;
}

static inline bool vmclock_calc_has_error(const struct vmclock_snapshot *s)
{
	const __u64 both = VMCLOCK_FLAG_PERIOD_MAXERROR_VALID | VMCLOCK_FLAG_TIME_MAXERROR_VALID;

	return (s->flags & both) == both && VMCLOCK_COVERS(s->size, time_maxerror_nanosec);
}

/**
 * vmclock_calc_error() - the error bound of the time of a counter value
 * @s:		the snapshot
 * @counter:	the counter
 * @ns:		receives the largest error in nanoseconds, rounded up, never 0
 *
 * The bound is at most 2 ns above the exact one.
 *
 * Return: 0, -ENODATA: the page gives no bounds, or -EOVERFLOW.
 * UAPI.13, "Time error calculation".
 */
static inline int vmclock_calc_error(const struct vmclock_snapshot *s, __u64 counter, __u64 *ns)
{
	vmclock_u128 slope = vmclock_calc_error_slope(s);
	vmclock_u128 sum;
	__u64 distance;
	bool before;

	if (!vmclock_calc_has_error(s))
		return -ENODATA;
	distance = vmclock_calc_distance(s, counter, &before);
	/* One ns more for the fraction that is cut off. */
	sum = (vmclock_u128)s->time_maxerror + 1 + (slope >> 64) * distance +
	      (((vmclock_u128)(__u64)slope * distance) >> 64);
	/* Keep room for a caller that adds one. */
	if ((sum + 1) >> 63)
		return -EOVERFLOW;
	*ns = (__u64)sum;
	return 0;
}

#endif /* VMCLOCK_CALC_TIME_H */
