/* SPDX-License-Identifier: MIT */
/* From the page's scale to TAI, UTC and smeared UTC: an instant, and its bounds. */
#ifndef VMCLOCK_CALC_SCALE_H
#define VMCLOCK_CALC_SCALE_H

#include "calc/instant.h"
#include "calc/leap.h"
#include "calc/snapshot.h"

/**
 * vmclock_calc_tai_offset() - TAI - UTC at the reference time, in seconds
 * @s:		the snapshot
 * @seconds:	receives the difference, 10..100; 37 since 2017
 *
 * The page holds UTC - TAI, so -37; version 1.0 of the specification said
 * the opposite, and pages that follow it exist. The sign is therefore ignored.
 *
 * Return: 0 or -ENODATA: none, or an impossible one.
 * UAPI.13, tai_offset_sec.
 */
static inline int vmclock_calc_tai_offset(const struct vmclock_snapshot *s, int *seconds)
{
	int offset = s->tai_offset < 0 ? -s->tai_offset : s->tai_offset;

	if (!(s->flags & VMCLOCK_FLAG_TAI_OFFSET_VALID) || offset < 10 || offset > 100)
		return -ENODATA;
	*seconds = offset;
	return 0;
}

/* Moves @t from the page's scale to the linear one, and finds the leap second on that one. */
static inline int vmclock_calc_linear(const struct vmclock_snapshot *s, struct vmclock_instant *t,
				      struct vmclock_leap_second *leap)
{
	__s64 reference;
	int offset = 0;

	if (s->time_type == VMCLOCK_TIME_TAI && vmclock_calc_tai_offset(s, &offset))
		return -ENODATA;
	if (__builtin_sub_overflow((__s64)s->time_sec, offset, &reference) ||
	    __builtin_sub_overflow(t->sec, offset, &t->sec))
		return -EOVERFLOW;
	return vmclock_calc_leap_second(s, reference, leap);
}

/* Linear to UTC. In a positive leap second 23:59:59 is counted twice, as POSIX does. */
static inline int vmclock_calc_linear_to_utc(const struct vmclock_leap_second *leap,
					     struct vmclock_instant *t)
{
	int step = t->sec >= leap->at ? leap->after : leap->before;

	return __builtin_add_overflow(t->sec, step, &t->sec) ? -EOVERFLOW : 0;
}

/*
 * Linear to smeared UTC: instead of the step, a slope. With u the UTC that
 * goes on as if there were no leap second, smeared = u - sign * elapsed / W
 * in a window of W real seconds: from noon to noon, so by one second more
 * or less than a day, or the last 1000 that end with the leap second.
 * Rounded down, or up, to the nanosecond.
 */
static inline int vmclock_calc_linear_to_smeared(const struct vmclock_leap_second *leap,
						 __u8 smearing, bool up, struct vmclock_instant *t)
{
	__s64 start, window, elapsed, less;

	switch (smearing) {
	case VMCLOCK_SMEARING_STRICT:
		return vmclock_calc_linear_to_utc(leap, t);
	case VMCLOCK_SMEARING_NOON_LINEAR:
		start = leap->midnight - SEC_PER_DAY / 2;
		window = SEC_PER_DAY + leap->sign;
		break;
	case VMCLOCK_SMEARING_UTC_SLS:
		start = leap->midnight + leap->sign - 1000;
		window = 1000;
		break;
	default:
		return -ENODATA;
	}
	if (!leap->sign)
		return 0;

	if (__builtin_add_overflow(t->sec, leap->before, &t->sec) ||
	    __builtin_sub_overflow(t->sec, start, &elapsed))
		return -EOVERFLOW;
	/* Before the window both scales agree, after it they differ by the leap second. */
	if (elapsed < 0)
		return 0;
	if (elapsed >= window)
		return __builtin_sub_overflow(t->sec, leap->sign, &t->sec) ? -EOVERFLOW : 0;
	elapsed = elapsed * NS_PER_SEC + t->nsec;
	less = elapsed / window;
	/* What is subtracted is rounded the other way. */
	if (elapsed % window && up == (leap->sign < 0))
		less++;
	return vmclock_calc_shift_time(t, -leap->sign * less);
}

/**
 * vmclock_calc_to_tai() - from the page's scale to TAI
 * @s:		the snapshot
 * @t:		the instant, changed in place on success
 *
 * A UTC page whose reference lies in a positive leap second gives no TAI: its
 * offset may be the one before that second or the one after it.
 *
 * Return: 0, -ENODATA: such a UTC page, or one without a TAI offset; or
 * -EOVERFLOW.
 */
static inline int vmclock_calc_to_tai(const struct vmclock_snapshot *s, struct vmclock_instant *t)
{
	int offset;

	if (s->time_type == VMCLOCK_TIME_TAI)
		return 0;
	/* Linear, so a leap second that lies between makes no difference. */
	if (s->leap == VMCLOCK_LEAP_POS || vmclock_calc_tai_offset(s, &offset))
		return -ENODATA;
	return __builtin_add_overflow(t->sec, offset, &t->sec) ? -EOVERFLOW : 0;
}

/**
 * vmclock_calc_to_utc() - from the page's scale to UTC
 * @s:		the snapshot
 * @t:		the instant, changed in place
 * @leap:	receives the leap indicator of the instant
 *
 * Return: 0, -ENODATA: a TAI page without a TAI offset, a leap indicator
 * that cannot be right, or an instant so far away that it says nothing of
 * the leap seconds until then; or -EOVERFLOW.
 */
static inline int vmclock_calc_to_utc(const struct vmclock_snapshot *s, struct vmclock_instant *t,
				      __u8 *leap)
{
	struct vmclock_leap_second second;
	int ret = vmclock_calc_linear(s, t, &second);

	if (ret)
		return ret;
	if (t->sec < second.utc_from || t->sec >= second.utc_until)
		return -ENODATA;
	*leap = vmclock_calc_leap_at(&second, t->sec);
	return vmclock_calc_linear_to_utc(&second, t);
}

/* ---- Bounds on the timescales -------------------------------------------------- */

/*
 * In UTC a positive leap second has the same numbers as the second before it.
 * The earliest time, if in that one, is moved to the first of these numbers, and
 * the latest, if in the leap second, to the last. A time that is numbered before
 * @earliest, or after @latest, is then so in either second.
 */
static inline int vmclock_calc_bounds_to_utc(const struct vmclock_leap_second *leap,
					     struct vmclock_instant *earliest,
					     struct vmclock_instant *latest)
{
	if (earliest->sec < leap->utc_from || latest->sec >= leap->utc_until)
		return -ENODATA;
	if (leap->sign > 0 && earliest->sec == leap->at - 1)
		earliest->nsec = 0;
	if (leap->sign > 0 && latest->sec == leap->at)
		latest->nsec = NS_PER_SEC - 1;
	return vmclock_calc_linear_to_utc(leap, earliest) ?:
	       vmclock_calc_linear_to_utc(leap, latest);
}

static inline int vmclock_calc_bounds_to_smeared(const struct vmclock_leap_second *leap,
						 __u8 smearing, struct vmclock_instant *earliest,
						 struct vmclock_instant *latest)
{
	if (smearing == VMCLOCK_SMEARING_STRICT)
		return vmclock_calc_bounds_to_utc(leap, earliest, latest);
	if (earliest->sec < leap->smeared_from || latest->sec >= leap->smeared_until)
		return -ENODATA;
	return vmclock_calc_linear_to_smeared(leap, smearing, false, earliest) ?:
	       vmclock_calc_linear_to_smeared(leap, smearing, true, latest);
}

#endif /* VMCLOCK_CALC_SCALE_H */
