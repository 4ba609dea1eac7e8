/* SPDX-License-Identifier: MIT */
/* Converts an instant and its bounds from the page's scale to TAI, UTC and smeared UTC. */
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
 * The page holds UTC - TAI, so -37. Version 1.0 of the specification said the
 * opposite, and such pages exist, so the sign is ignored.
 *
 * Return: 0 or -ENODATA: the page has no offset, or an impossible one.
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

/* Converts @t from the page's scale to the linear scale, and finds the leap second there. */
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

/* Linear to UTC. A positive leap second repeats 23:59:59, as in POSIX. */
static inline int vmclock_calc_linear_to_utc(const struct vmclock_leap_second *leap,
					     struct vmclock_instant *t)
{
	int step = t->sec >= leap->at ? leap->after : leap->before;

	return __builtin_add_overflow(t->sec, step, &t->sec) ? -EOVERFLOW : 0;
}

/*
 * Linear to smeared UTC: a slope replaces the step. Let u be UTC continued
 * without the leap second. In a window of W real seconds,
 * smeared = u - sign * elapsed / W. The window lasts from noon to noon, which is
 * a day plus or minus one second, or 1000 s up to the end of the leap second.
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
	/* Both scales agree before the window, and differ by the leap second after it. */
	if (elapsed < 0)
		return 0;
	if (elapsed >= window)
		return __builtin_sub_overflow(t->sec, leap->sign, &t->sec) ? -EOVERFLOW : 0;
	elapsed = elapsed * NS_PER_SEC + t->nsec;
	less = elapsed / window;
	/* Round the subtracted part the other way. */
	if (elapsed % window && up == (leap->sign < 0))
		less++;
	return vmclock_calc_shift_time(t, -leap->sign * less);
}

/**
 * vmclock_calc_to_tai() - convert from the page's scale to TAI
 * @s:		the snapshot
 * @t:		the instant, changed in place on success
 *
 * A UTC page whose reference lies in a positive leap second gives no TAI, because
 * its offset may be that of either side of the leap second.
 *
 * Return: 0, -ENODATA: such a UTC page, or one without a TAI offset; or
 * -EOVERFLOW.
 */
static inline int vmclock_calc_to_tai(const struct vmclock_snapshot *s, struct vmclock_instant *t)
{
	int offset;

	if (s->time_type == VMCLOCK_TIME_TAI)
		return 0;
	/* The scale is linear, so a leap second in between makes no difference. */
	if (s->leap == VMCLOCK_LEAP_POS || vmclock_calc_tai_offset(s, &offset))
		return -ENODATA;
	return __builtin_add_overflow(t->sec, offset, &t->sec) ? -EOVERFLOW : 0;
}

/**
 * vmclock_calc_to_utc() - convert from the page's scale to UTC
 * @s:		the snapshot
 * @t:		the instant, changed in place
 * @leap:	receives the leap indicator of the instant
 *
 * Return: 0; -ENODATA: a TAI page without a TAI offset, an impossible leap
 * indicator, or an instant so far away that leap seconds are not known until
 * then; or -EOVERFLOW.
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
 * In UTC a positive leap second has the same numbers as the second before it. If
 * the earliest time lies in the second before, it is moved to the first of these
 * numbers. If the latest time lies in the leap second, it is moved to midnight: the
 * last of these numbers is a fraction of a nanosecond below.
 * So a time that is numbered before @earliest, or after @latest, is certainly
 * earlier or later, in whichever of the two seconds the clock was read.
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
		*latest = (struct vmclock_instant){ .sec = leap->at + 1 };
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
