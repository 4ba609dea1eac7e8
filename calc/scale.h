/* SPDX-License-Identifier: MIT */
/*
 * The arithmetic of the VMClock page: from a counter value to time, error
 * bounds and timescales. For the driver and the library alike: pure functions
 * over a snapshot of the page, never the live page.
 *
 * Times are instants: signed seconds and 0..999999999 nanoseconds, rounded
 * down. Errors are negative errno values:
 *
 *	-ENODATA	the page does not say what was asked for
 *	-EAGAIN		it would, but its clock status forbids to rely on it now
 *	-EOPNOTSUPP	its time counts by another counter than the caller has
 *	-EOVERFLOW	the result does not fit
 *
 * Thread-safe and async-signal-safe throughout.
 */
#ifndef VMCLOCK_CALC_SCALE_H
#define VMCLOCK_CALC_SCALE_H

#ifndef __SIZEOF_INT128__
#error "vmclock needs a 64-bit target whose compiler has __int128"
#endif

#ifdef __KERNEL__
#include <asm/byteorder.h>
#include <linux/errno.h>
#include <linux/types.h>
#else
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <linux/types.h>
#endif

#include "vmclock-abi.h"

#define VMCLOCK_NS_PER_SEC	1000000000
#define VMCLOCK_SEC_PER_DAY	86400

typedef unsigned __int128 vmclock_u128;

/* For what each reading needs: a call would cost more. */
#define vmclock_calc_inline static inline __attribute__((__always_inline__))

/* What the arithmetic needs of a page, in host byte order. */
struct vmclock_snapshot {
	__u64 marker;
	__u64 flags;
	__u64 counter_value;
	__u64 period;			/* these two in 1 / 2^(64 + shift) s */
	__u64 period_maxerror;
	__u64 time_sec;
	__u64 time_frac;		/* 1 / 2^64 s */
	__u64 time_maxerror;		/* ns */
	__u32 size;			/* of the page */
	__s16 tai_offset;
	__u8 counter_id;
	__u8 time_type;
	__u8 status;
	__u8 smearing;
	__u8 leap;
	__u8 shift;
};

struct vmclock_instant {
	__s64 sec;
	__u32 nsec;
};

#ifdef __KERNEL__
#define vmclock_le16(x) le16_to_cpu(x)
#define vmclock_le64(x) le64_to_cpu(x)
#else
#define vmclock_le16(x) le16toh(x)
#define vmclock_le64(x) le64toh(x)
#endif

#define vmclock_calc_covers(size, field) \
	((size) >= __builtin_offsetof(struct vmclock_abi, field) + \
		   sizeof(((struct vmclock_abi *)0)->field))

/**
 * vmclock_calc_snapshot() - what the arithmetic needs of a copy of the page
 * @page:	a consistent copy, never the live page; zero where the page has no field
 * @size:	the page's size, as checked when the device was found
 * @s:		receives the snapshot
 *
 * Since: 0.1
 */
static inline void vmclock_calc_snapshot(const struct vmclock_abi *page, __u32 size,
					 struct vmclock_snapshot *s)
{
	s->marker = vmclock_le64(page->disruption_marker);
	s->flags = vmclock_le64(page->flags);
	s->counter_value = vmclock_le64(page->counter_value);
	s->period = vmclock_le64(page->counter_period_frac_sec);
	s->period_maxerror = vmclock_le64(page->counter_period_maxerror_rate_frac_sec);
	s->time_sec = vmclock_le64(page->time_sec);
	s->time_frac = vmclock_le64(page->time_frac_sec);
	s->time_maxerror = vmclock_le64(page->time_maxerror_nanosec);
	s->size = size;
	s->tai_offset = (__s16)vmclock_le16(page->tai_offset_sec);
	s->counter_id = page->counter_id;
	s->time_type = page->time_type;
	s->status = page->clock_status;
	s->smearing = page->leap_second_smearing_hint;
	s->leap = page->leap_indicator;
	s->shift = page->counter_period_shift;
}

/* ---- Counter to time (UAPI.13, "Calculating time") ------------------------- */

/**
 * vmclock_calc_usable() - may time be computed from this page now?
 * @s:		the snapshot
 * @counter_id:	VMCLOCK_COUNTER_* of the counter that the caller can read
 *
 * Return: 0, -ENODATA, -EAGAIN or -EOPNOTSUPP.
 * Since: 0.1
 */
static inline int vmclock_calc_usable(const struct vmclock_snapshot *s, __u8 counter_id)
{
	if (!vmclock_calc_covers(s->size, time_frac_sec) ||
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

/* |counter - reference|; the counter may be a little before it. At most 2^63. */
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
	vmclock_u128 low = (vmclock_u128)(__u64)rest * VMCLOCK_NS_PER_SEC;
	vmclock_u128 high = (vmclock_u128)(__u64)(rest >> 64) * VMCLOCK_NS_PER_SEC + (low >> 64);

	if (shift >= 192)
		return up && rest;
	if (shift > 64) {
		/* Rounded up twice is rounded up once. */
		low = high + (up && (__u64)low);
		shift -= 64;
	}
	return (__u64)((low + (up ? ((vmclock_u128)1 << shift) - 1 : 0)) >> shift);
}

/**
 * vmclock_calc_time() - the time of a counter value, on the page's own scale
 * @s:		the snapshot; vmclock_calc_usable() has been asked
 * @counter:	the counter, within 2^63 of the reference on either side
 * @t:		receives the time, exactly rounded down to the nanosecond
 *
 * Return: 0 or -EOVERFLOW.
 * Since: 0.1
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

	scaled = (vmclock_u128)frac * VMCLOCK_NS_PER_SEC;
	/* The rest is less than one unit: it rarely makes a difference of a nanosecond. */
	if (__builtin_expect(!before && (__u64)scaled > -(__u64)VMCLOCK_NS_PER_SEC, 0)) {
		scaled += vmclock_calc_rest_ns(product, s->shift, false);
	} else if (__builtin_expect(before && (__u64)scaled < VMCLOCK_NS_PER_SEC, 0)) {
		/* The time is rounded down, so what it lacks is rounded up. */
		__u64 less = vmclock_calc_rest_ns(product, s->shift, true);

		if (scaled < less) {
			if (__builtin_sub_overflow(sec, 1, &sec))
				return -EOVERFLOW;
			scaled += (vmclock_u128)VMCLOCK_NS_PER_SEC << 64;
		}
		scaled -= less;
	}
	t->sec = sec;
	t->nsec = (__u32)(scaled >> 64);
	return 0;
}

/* What a tick adds to the error, in 1 / 2^64 ns, rounded up: never 0, below 2^95. */
static inline vmclock_u128 vmclock_calc_error_slope(const struct vmclock_snapshot *s)
{
	vmclock_u128 slope = (vmclock_u128)s->period_maxerror * VMCLOCK_NS_PER_SEC;

	return (s->shift < 128 ? slope >> s->shift : 0) + 1;
}

static inline bool vmclock_calc_has_error(const struct vmclock_snapshot *s)
{
	const __u64 both = VMCLOCK_FLAG_PERIOD_MAXERROR_VALID | VMCLOCK_FLAG_TIME_MAXERROR_VALID;

	return (s->flags & both) == both && vmclock_calc_covers(s->size, time_maxerror_nanosec);
}

/**
 * vmclock_calc_error() - how far the time of a counter value may be off
 * @s:		the snapshot
 * @counter:	the counter
 * @ns:		receives the largest error in nanoseconds, rounded up, never 0
 *
 * No more than 2 ns above the exact one; the same as on a line, see below.
 *
 * Return: 0, -ENODATA: the page gives no bounds, or -EOVERFLOW.
 * UAPI.13, "Time error calculation".
 * Since: 0.1
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
	/* One more for what is cut off. */
	sum = (vmclock_u128)s->time_maxerror + 1 + (slope >> 64) * distance +
	      (((vmclock_u128)(__u64)slope * distance) >> 64);
	/* So that the caller may add one. */
	if ((sum + 1) >> 63)
		return -EOVERFLOW;
	*ns = (__u64)sum;
	return 0;
}

/* ---- Instants --------------------------------------------------------------- */

/**
 * vmclock_calc_shift_time() - an instant moved by nanoseconds
 * @t:		the instant, changed in place on success
 * @ns:		by how much, of either sign
 *
 * Return: 0 or -EOVERFLOW.
 * Since: 0.1
 */
static inline int vmclock_calc_shift_time(struct vmclock_instant *t, __s64 ns)
{
	__s64 sec = ns / VMCLOCK_NS_PER_SEC;
	__s64 nsec = (__s64)t->nsec + ns % VMCLOCK_NS_PER_SEC;

	if (nsec < 0) {
		nsec += VMCLOCK_NS_PER_SEC;
		sec--;
	} else if (nsec >= VMCLOCK_NS_PER_SEC) {
		nsec -= VMCLOCK_NS_PER_SEC;
		sec++;
	}
	if (__builtin_add_overflow(t->sec, sec, &sec))
		return -EOVERFLOW;
	t->sec = sec;
	t->nsec = (__u32)nsec;
	return 0;
}

/* ---- Timescales --------------------------------------------------------------- */

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
 * Since: 0.1
 */
static inline int vmclock_calc_tai_offset(const struct vmclock_snapshot *s, int *seconds)
{
	int offset = s->tai_offset < 0 ? -s->tai_offset : s->tai_offset;

	if (!(s->flags & VMCLOCK_FLAG_TAI_OFFSET_VALID) || offset < 10 || offset > 100)
		return -ENODATA;
	*seconds = offset;
	return 0;
}

/*
 * The leap second that the page knows of, in seconds of a linear scale: UTC
 * at the reference time, continued in both directions as if there were none.
 */
struct vmclock_leap_second {
	__s64 at;		/* from here on UTC is linear + after, until then + before */
	__s64 midnight;		/* the end of the month, in UTC */
	__s64 month_start;	/* of that month, in UTC */
	__s64 month_end;	/* of the month that begins then, in UTC */
	int before;
	int after;
	int sign;		/* +1: one second more, -1: one less, 0: none known */

	/* All leap seconds of this time are known: of UTC, and of the smear that is hinted at. */
	__s64 utc_from, utc_until;
	__s64 smeared_from, smeared_until;
};

/* Midnight UTC at the start of the month that is @months after that of @sec; -1 to 2. */
static inline __s64 vmclock_calc_month_start(__s64 sec, int months)
{
	/* From the December before to the February after. */
	static const short days_before[] = {
		-31, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365, 396
	};
	/* Days since 1600-01-01, the start of a cycle of 400 years; never negative here. */
	__s64 days = sec / VMCLOCK_SEC_PER_DAY + 135140;
	__s64 start = days - days % 146097;
	int day = (int)(days % 146097);		/* in the cycle */
	int year = day / 366;			/* in the cycle; at most one too low */
	int month = 1;				/* January */
	int leap;

#define VMCLOCK_YEAR_START(y) ((y) * 365 + ((y) + 3) / 4 - ((y) + 99) / 100 + ((y) + 399) / 400)
	if (day >= VMCLOCK_YEAR_START(year + 1))
		year++;
	leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	day -= VMCLOCK_YEAR_START(year);
	while (day >= days_before[month + 1] + (month >= 2 ? leap : 0))
		month++;
	month += months;
	start += VMCLOCK_YEAR_START(year) + days_before[month] + (month >= 3 ? leap : 0);
#undef VMCLOCK_YEAR_START
	return (start - 135140) * VMCLOCK_SEC_PER_DAY;
}

/* The end of the year 9999: what is later is no date of a real page. */
#define VMCLOCK_CALC_MAX_SEC	253402300800LL

/*
 * A page speaks of one leap second. Whether there was another one at
 * @first, in UTC, the start of the first month that it speaks of, and whether
 * there will be one at @last, the end of the last, nobody knows.
 */
static inline void vmclock_calc_known(const struct vmclock_snapshot *s, __s64 reference,
				      __s64 first, __s64 last, struct vmclock_leap_second *leap)
{
	/* On the linear scale. */
	first -= leap->before;
	last -= leap->after;
	leap->utc_from = first;
	/* The last second may be one that is left out, or that comes again. */
	leap->utc_until = last - 1;
	leap->smeared_from = leap->utc_from;
	leap->smeared_until = leap->utc_until;
	switch (s->smearing) {
	case VMCLOCK_SMEARING_NOON_LINEAR:
		/* While it is smeared, and long after, the page would speak of that one. */
		if (reference - first >= VMCLOCK_SEC_PER_DAY)
			leap->smeared_from += VMCLOCK_SEC_PER_DAY / 2;
		leap->smeared_until = last - VMCLOCK_SEC_PER_DAY / 2;
		break;
	case VMCLOCK_SMEARING_UTC_SLS:
		leap->smeared_until = last - 1001;
		break;
	default:
		break;
	}
}

/**
 * vmclock_calc_leap_second() - what the leap indicator means for instants around it
 * @s:		the snapshot
 * @reference:	the reference time in UTC, whole seconds
 * @leap:	receives the leap second
 *
 * It speaks of the end of the reference's month; POST_*, of that of the month
 * before, too; POS, of the second that is running, and of nothing else.
 *
 * Return: 0, -ENODATA: an indicator that is unknown or contradicts the
 * reference time, or -EOVERFLOW: with an indicator, a date beyond the year
 * 9999 or before 1970; without, all that is known is that nothing is.
 * UAPI.13, "Leap Indicator".
 * Since: 0.1
 */
static inline int vmclock_calc_leap_second(const struct vmclock_snapshot *s, __s64 reference,
					   struct vmclock_leap_second *leap)
{
	bool dated = reference >= 0 && reference < VMCLOCK_CALC_MAX_SEC;
	/* Does the reference count in the way of the time after the leap second? */
	bool over = s->leap == VMCLOCK_LEAP_POST_POS || s->leap == VMCLOCK_LEAP_POST_NEG;
	__s64 month, month_end, last;

	*leap = (struct vmclock_leap_second){ 0 };
	if (!dated)
		return s->leap == VMCLOCK_LEAP_NONE ? 0 : -EOVERFLOW;
	month = vmclock_calc_month_start(reference, 0);
	month_end = vmclock_calc_month_start(reference, 1);
	last = vmclock_calc_month_start(reference, 2);

	switch (s->leap) {
	case VMCLOCK_LEAP_NONE:
		vmclock_calc_known(s, reference, month, last, leap);
		return 0;
	case VMCLOCK_LEAP_PRE_POS:
	case VMCLOCK_LEAP_POST_POS:
		leap->sign = 1;
		break;
	case VMCLOCK_LEAP_PRE_NEG:
		/* That second is left out. */
		if (reference == month_end - 1)
			return -ENODATA;
		leap->sign = -1;
		break;
	case VMCLOCK_LEAP_POST_NEG:
		leap->sign = -1;
		break;
	case VMCLOCK_LEAP_POS:
		/*
		 * 23:59:60 has no number of its own in UTC: hosts count
		 * either 23:59:59 twice, or the next day's 00:00:00.
		 */
		leap->sign = 1;
		if (reference == month_end - 1) {
			over = true;
			month = month_end;
		} else if (reference == month) {
			month_end = month;
		} else {
			return -ENODATA;
		}
		last = vmclock_calc_month_start(month, 1);
		break;
	default:
		return -ENODATA;
	}
	leap->midnight = over ? month : month_end;
	leap->month_start = vmclock_calc_month_start(leap->midnight, -1);
	leap->month_end = vmclock_calc_month_start(leap->midnight, 1);
	leap->before = over ? leap->sign : 0;
	leap->after = over ? 0 : -leap->sign;
	leap->at = leap->midnight - (over == (leap->sign > 0));
	vmclock_calc_known(s, reference, leap->month_start, last, leap);
	return 0;
}

/* Moves @t from the page's scale to the linear one, and tells the leap second on that. */
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

/**
 * vmclock_calc_leap_at() - the leap indicator of an instant, not of the reference
 * @leap:	the leap second
 * @sec:	the instant on the linear scale
 *
 * PRE_* in the month that ends with it only, POST_* in the month after it.
 *
 * Return: VMCLOCK_LEAP_*.
 * Since: 0.1
 */
static inline __u8 vmclock_calc_leap_at(const struct vmclock_leap_second *leap, __s64 sec)
{
	bool over = sec >= leap->at;

	if (!leap->sign ||
	    (over ? sec >= leap->month_end - leap->after : sec < leap->month_start - leap->before))
		return VMCLOCK_LEAP_NONE;
	if (leap->sign < 0)
		return over ? VMCLOCK_LEAP_POST_NEG : VMCLOCK_LEAP_PRE_NEG;
	if (sec == leap->at)
		return VMCLOCK_LEAP_POS;
	return over ? VMCLOCK_LEAP_POST_POS : VMCLOCK_LEAP_PRE_POS;
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
		start = leap->midnight - VMCLOCK_SEC_PER_DAY / 2;
		window = VMCLOCK_SEC_PER_DAY + leap->sign;
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
	/* Until the window both are the same, and after it they differ by the second. */
	if (elapsed < 0)
		return 0;
	if (elapsed >= window)
		return __builtin_sub_overflow(t->sec, leap->sign, &t->sec) ? -EOVERFLOW : 0;
	elapsed = elapsed * VMCLOCK_NS_PER_SEC + t->nsec;
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
 * A UTC page whose reference lies in a positive leap second has none: whether
 * the offset is the one before or the one after it cannot be told.
 *
 * Return: 0, -ENODATA: a UTC page without a TAI offset or such a one, or
 * -EOVERFLOW.
 * Since: 0.1
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
 * Since: 0.1
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
 * In UTC a positive leap second has the numbers of the second before it. Of
 * two bounds there, the earlier is the first of these numbers and the later
 * the last: then what is numbered before @earliest, or after @latest, is so
 * in whichever of the two seconds it was read.
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
		latest->nsec = VMCLOCK_NS_PER_SEC - 1;
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
