/* SPDX-License-Identifier: MIT */
/*
 * The page as a line in nanoseconds: drawn once for an update of the page, it
 * leaves little to do for each counter value. Where it does not reach,
 * vmclock_calc_line_after() says so, and calc/ is the way; where it does, time
 * and error are the same, to the nanosecond.
 */
#ifndef VMCLOCK_LINE_H
#define VMCLOCK_LINE_H

#include "calc/time.h"

struct vmclock_line {
	__u64 counter_value;
	__u64 reach;			/* good for less than so many ticks after it */
	__u64 base_ns;			/* the reference's part of a second, exactly: */
	__u64 base_frac;		/* in 1 / 2^64 ns */
	__u64 slope_ns;			/* per tick, rounded down to: */
	__u64 slope_frac;		/* 1 / 2^64 ns */
	__u64 error_ns;			/* at the reference */
	__u64 error_slope;		/* per tick in 1 / 2^64 ns, rounded up */
};

#define VMCLOCK_LINE_TICKS	((__u64)1 << 48)	/* no line reaches further: a day and more */
#define VMCLOCK_LINE_ERROR	((__u64)1 << 29)	/* ns: below this it stays */

/**
 * vmclock_calc_line() - draw the line of a page
 * @s:		the snapshot; vmclock_calc_usable() has been asked
 * @line:	receives the line
 *
 * Return: false if the page has no bounds, or numbers that a line cannot hold.
 * Since: 0.1
 */
static inline bool vmclock_calc_line(const struct vmclock_snapshot *s, struct vmclock_line *line)
{
	vmclock_u128 base = (vmclock_u128)s->time_frac * VMCLOCK_NS_PER_SEC;
	vmclock_u128 slope = (vmclock_u128)s->period * VMCLOCK_NS_PER_SEC;
	vmclock_u128 error = vmclock_calc_error_slope(s);
	vmclock_u128 room;

	if (!vmclock_calc_has_error(s) || s->shift >= 128)
		return false;
	slope >>= s->shift;
	if (slope >> 74 || error >> 64 || s->time_maxerror >= VMCLOCK_LINE_ERROR - 1 ||
	    s->time_sec >> 62)
		return false;

	line->counter_value = s->counter_value;
	line->base_ns = (__u64)(base >> 64);
	line->base_frac = (__u64)base;
	line->slope_ns = (__u64)(slope >> 64);
	line->slope_frac = (__u64)slope;
	line->error_ns = s->time_maxerror + 1;
	line->error_slope = (__u64)error;
	/* So many ticks that the error cannot grow out of its limit, by a power of two. */
	room = (vmclock_u128)(VMCLOCK_LINE_ERROR - line->error_ns)
	       << __builtin_clzll(line->error_slope);
	line->reach = room < VMCLOCK_LINE_TICKS ? (__u64)room : VMCLOCK_LINE_TICKS;
	return true;
}

/* A line may be shared, and being drawn anew: one access for each field. */
#define vmclock_line_load(field) __atomic_load_n(&(field), __ATOMIC_RELAXED)

/**
 * vmclock_calc_line_limit() - shorten a line, so that its bounds stay within some time
 * @line:	the line
 * @from:	where that begins, in seconds since the reference's whole second
 * @until:	where it ends
 *
 * Return: false if nothing is left.
 * Since: 0.1
 */
static inline bool vmclock_calc_line_limit(struct vmclock_line *line, __s64 from, __s64 until)
{
	/* Rounded up; it is below 2^10, and the ticks are at most 2^48. */
	const __u64 slope_ns = line->slope_ns + 1;

	/* The earliest goes forward, if it ever does; no error is as large as a second. */
	if (from > -1 && (from > 0 || line->base_ns < line->error_ns ||
			  (!line->slope_ns && line->slope_frac < line->error_slope)))
		return false;
	if (until < 3)
		return false;
	while (line->reach * slope_ns >= (vmclock_u128)(until - 2) * VMCLOCK_NS_PER_SEC)
		line->reach /= 2;
	return line->reach;
}

/**
 * vmclock_calc_line_after() - time and error so many ticks after the reference
 * @line:	the line
 * @ticks:	the counter value less the reference's, modulo 2^64
 * @ns:		receives the time in ns since the reference's whole second, rounded down
 * @error:	receives the error in ns, rounded up; below VMCLOCK_LINE_ERROR
 *
 * Return: false if the counter is before the reference or too far from it,
 * or if rounding could make a difference.
 * Since: 0.1
 */
static inline bool vmclock_calc_line_after(const struct vmclock_line *line, __u64 ticks, __u64 *ns,
					   __u64 *error)
{
	vmclock_u128 sum = (vmclock_u128)ticks * vmclock_line_load(line->slope_frac) +
			   vmclock_line_load(line->base_frac);

	*ns = (__u64)(sum >> 64) + ticks * vmclock_line_load(line->slope_ns) +
	      vmclock_line_load(line->base_ns);
	*error = (__u64)(((vmclock_u128)ticks * vmclock_line_load(line->error_slope)) >> 64) +
		 vmclock_line_load(line->error_ns);
	/* What the slope lacks adds up to less than one unit for each tick. */
	return __builtin_expect(ticks < vmclock_line_load(line->reach), 1) &&
	       __builtin_expect((__u64)sum <= -VMCLOCK_LINE_TICKS, 1);
}

/**
 * vmclock_calc_line_at() - time and error of a counter value on a line
 * @line:	the line
 * @counter:	the counter
 * @ns:		as above
 * @error:	as above
 *
 * Return: as above.
 * Since: 0.1
 */
static inline bool vmclock_calc_line_at(const struct vmclock_line *line, __u64 counter, __u64 *ns,
					__u64 *error)
{
	return vmclock_calc_line_after(line, counter - line->counter_value, ns, error);
}

#endif /* VMCLOCK_LINE_H */
