/* SPDX-License-Identifier: MIT */
/* The leap second that a page announces or remembers. UAPI.13, "Leap Indicator". */
#ifndef VMCLOCK_CALC_LEAP_H
#define VMCLOCK_CALC_LEAP_H

#include "calc/snapshot.h"

/*
 * The leap second that the page knows, in seconds of the linear scale: this scale
 * equals UTC at the reference time, and continues in both directions without leap
 * seconds.
 */
struct vmclock_leap_second {
	__s64 at;		/* UTC is linear + before until here, linear + after from here on */
	__s64 midnight;		/* the end of the leap second's month, in UTC */
	__s64 month_start;	/* the start of this month, in UTC */
	__s64 month_end;	/* the end of the next month, in UTC */
	int before;
	int after;
	int sign;		/* +1: one second more, -1: one less, 0: none known */

	/* Between these times all leap seconds are known, in UTC and in smeared UTC. */
	__s64 utc_from, utc_until;
	__s64 smeared_from, smeared_until;
};

/* The start of the month that is @months (-1 to 2) after the month of @sec, in UTC. */
static inline __s64 vmclock_calc_month_start(__s64 sec, int months)
{
	/* From the previous December to the next February. */
	static const short days_before[] = {
		-31, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365, 396
	};
	/* Days since 1600-01-01, the start of a cycle of 400 years; never negative here. */
	__s64 days = sec / SEC_PER_DAY + 135140;
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
	return (start - 135140) * SEC_PER_DAY;
}

/* The end of the year 9999: no real page has a later date. */
#define VMCLOCK_CALC_MAX_SEC	253402300800LL

/*
 * A page knows one leap second. It does not say whether there is another one at
 * @first, the start of the first month that it covers, or at @last, the end of the
 * last month; both are in UTC.
 */
static inline void vmclock_calc_known(const struct vmclock_snapshot *s, __s64 reference,
				      __s64 first, __s64 last, struct vmclock_leap_second *leap)
{
	/* Convert to the linear scale. */
	first -= leap->before;
	last -= leap->after;
	leap->utc_from = first;
	/* An unknown leap second may delete or repeat the last second. */
	leap->utc_until = last - 1;
	leap->smeared_from = leap->utc_from;
	leap->smeared_until = leap->utc_until;
	switch (s->smearing) {
	case VMCLOCK_SMEARING_NOON_LINEAR:
		/* Within a day after @first the page would still show a leap second at @first. */
		if (reference - first >= SEC_PER_DAY)
			leap->smeared_from += SEC_PER_DAY / 2;
		leap->smeared_until = last - SEC_PER_DAY / 2;
		break;
	case VMCLOCK_SMEARING_UTC_SLS:
		leap->smeared_until = last - 1001;
		break;
	default:
		break;
	}
}

/* Puts a leap second at @midnight. @over: does the reference use the offset after it? */
static inline int vmclock_calc_place_leap(struct vmclock_leap_second *leap, __s64 midnight,
					  int sign, bool over)
{
	leap->midnight = midnight;
	leap->month_start = vmclock_calc_month_start(midnight, -1);
	leap->month_end = vmclock_calc_month_start(midnight, 1);
	leap->sign = sign;
	leap->before = over ? sign : 0;
	leap->after = over ? 0 : -sign;
	leap->at = midnight - (over == (sign > 0));
	return 0;
}

/* Finds the leap second of an indicator other than NONE. Returns 0 or -ENODATA. */
static inline int vmclock_calc_leap_told(__u8 indicator, __s64 reference,
					 struct vmclock_leap_second *leap)
{
	__s64 month = vmclock_calc_month_start(reference, 0);
	__s64 month_end = vmclock_calc_month_start(reference, 1);
	bool last_second = reference == month_end - 1;

	switch (indicator) {
	case VMCLOCK_LEAP_PRE_POS:
		return vmclock_calc_place_leap(leap, month_end, 1, false);
	case VMCLOCK_LEAP_PRE_NEG:
		/* This second is deleted. */
		if (last_second)
			return -ENODATA;
		return vmclock_calc_place_leap(leap, month_end, -1, false);
	case VMCLOCK_LEAP_POS:
		/*
		 * 23:59:60 has no number of its own in seconds of UTC: hosts
		 * repeat either 23:59:59 or the next day's 00:00:00.
		 */
		if (last_second)
			return vmclock_calc_place_leap(leap, month_end, 1, true);
		if (reference == month)
			return vmclock_calc_place_leap(leap, month, 1, false);
		return -ENODATA;
	case VMCLOCK_LEAP_POST_POS:
		return vmclock_calc_place_leap(leap, month, 1, true);
	case VMCLOCK_LEAP_POST_NEG:
		return vmclock_calc_place_leap(leap, month, -1, true);
	default:
		return -ENODATA;
	}
}

/**
 * vmclock_calc_leap_second() - find the leap second that the leap indicator means
 * @s:		the snapshot
 * @reference:	the reference time in UTC, whole seconds
 * @leap:	receives the leap second
 *
 * PRE_* means the end of the reference's month. POST_* means the end of the
 * previous month, and says that there is none at the end of the reference's
 * month. POS means the second that is running.
 *
 * Return: 0; -ENODATA: the indicator is unknown or contradicts the reference
 * time; or -EOVERFLOW: there is an indicator, and the date is before 1970 or
 * after 9999. Without an indicator such a date gives 0, and no time at which all
 * leap seconds are known.
 * UAPI.13, "Leap Indicator".
 */
static inline int vmclock_calc_leap_second(const struct vmclock_snapshot *s, __s64 reference,
					   struct vmclock_leap_second *leap)
{
	bool dated = reference >= 0 && reference < VMCLOCK_CALC_MAX_SEC;
	__s64 first, last;
	int ret;

	*leap = (struct vmclock_leap_second){ 0 };
	if (!dated)
		return s->leap == VMCLOCK_LEAP_NONE ? 0 : -EOVERFLOW;
	first = vmclock_calc_month_start(reference, 0);
	last = vmclock_calc_month_start(reference, 2);
	if (s->leap != VMCLOCK_LEAP_NONE) {
		ret = vmclock_calc_leap_told(s->leap, reference, leap);
		if (ret)
			return ret;
		first = leap->month_start;
	}
	if (s->leap == VMCLOCK_LEAP_POS)
		last = leap->month_end;
	vmclock_calc_known(s, reference, first, last, leap);
	return 0;
}

/**
 * vmclock_calc_leap_at() - the leap indicator of any instant
 * @leap:	the leap second
 * @sec:	the instant on the linear scale
 *
 * PRE_* in the month that ends with the leap second, POST_* in the next month.
 *
 * Return: VMCLOCK_LEAP_*.
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

#endif /* VMCLOCK_CALC_LEAP_H */
