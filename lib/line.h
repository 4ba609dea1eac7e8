/* SPDX-License-Identifier: MIT */
/*
 * The page as a straight line in nanoseconds. A line is drawn once for each
 * update of the page, and leaves little to compute for a counter value. Where
 * line_after() says that the line does not hold, use the functions of calc/.
 * Where it holds, time and error equal those of calc/, to the nanosecond.
 */
#ifndef VMCLOCK_LINE_H
#define VMCLOCK_LINE_H

#include "calc/time.h"

struct line {
	__u64 counter_value;		/* the reference */
	__u64 reach;			/* it holds for fewer ticks than this after the reference */
	__u64 base_ns;			/* the reference's part of a second, exact */
	__u64 base_frac;		/* its fraction, in 1 / 2^64 ns */
	__u64 slope_ns;			/* ns per tick */
	__u64 slope_frac;		/* its fraction in 1 / 2^64 ns, rounded down */
	__u64 error_ns;			/* at the reference */
	__u64 error_slope;		/* per tick in 1 / 2^64 ns, rounded up */
};

#define LINE_TICKS	((__u64)1 << 48)	/* no line reaches further: a day and more */
#define LINE_ERROR	((__u64)1 << 29)	/* ns: the error stays below this */

/**
 * line_draw() - draw the line of a page
 * @s:		a snapshot that vmclock_calc_usable() has accepted
 * @line:	receives the line
 *
 * Return: false if the page has no bounds, or numbers that a line cannot hold.
 */
static inline bool line_draw(const struct vmclock_snapshot *s, struct line *line)
{
	vmclock_u128 base = (vmclock_u128)s->time_frac * NS_PER_SEC;
	vmclock_u128 slope = (vmclock_u128)s->period * NS_PER_SEC;
	vmclock_u128 error = vmclock_calc_error_slope(s);
	vmclock_u128 room;

	if (!vmclock_calc_has_error(s) || s->shift >= 128)
		return false;
	slope >>= s->shift;
	if (slope >> 74 || error >> 64 || s->time_maxerror >= LINE_ERROR - 1 || s->time_sec >> 62)
		return false;

	line->counter_value = s->counter_value;
	line->base_ns = (__u64)(base >> 64);
	line->base_frac = (__u64)base;
	line->slope_ns = (__u64)(slope >> 64);
	line->slope_frac = (__u64)slope;
	line->error_ns = s->time_maxerror + 1;
	line->error_slope = (__u64)error;
	/* The ticks for which the error stays below its limit, rounded down to a power of two. */
	room = (vmclock_u128)(LINE_ERROR - line->error_ns) << __builtin_clzll(line->error_slope);
	line->reach = room < LINE_TICKS ? (__u64)room : LINE_TICKS;
	return true;
}

/* Threads share lines, and one may be writing: read each field by one access. */
#define line_load(field) __atomic_load_n(&(field), __ATOMIC_RELAXED)

/**
 * line_limit() - shorten a line, so that its bounds stay within a span of time
 * @line:	the line
 * @from:	where the span begins, in seconds since the reference's whole second
 * @until:	where it ends
 *
 * Return: false if nothing is left.
 */
static inline bool line_limit(struct line *line, __s64 from, __s64 until)
{
	/* Rounded up; it is below 2^10, and the ticks are at most 2^48. */
	const __u64 slope_ns = line->slope_ns + 1;

	/* The earliest time must begin in the span, and not go back; an error is below a second. */
	if (from > -1 && (from > 0 || line->base_ns < line->error_ns ||
			  (!line->slope_ns && line->slope_frac < line->error_slope)))
		return false;
	if (until < 3)
		return false;
	while (line->reach * slope_ns >= (vmclock_u128)(until - 2) * NS_PER_SEC)
		line->reach /= 2;
	return line->reach;
}

/**
 * line_after() - time and error at @ticks after the reference
 * @line:	the line
 * @ticks:	the counter value less the reference's, modulo 2^64
 * @ns:		receives the time in ns since the reference's whole second, rounded down
 * @error:	receives the error in ns, rounded up; below LINE_ERROR
 *
 * Return: false if the counter is before the reference or too far from it,
 * or if rounding could make a difference.
 */
static inline bool line_after(const struct line *line, __u64 ticks, __u64 *ns, __u64 *error)
{
	vmclock_u128 sum =
		(vmclock_u128)ticks * line_load(line->slope_frac) + line_load(line->base_frac);

	*ns = (__u64)(sum >> 64) + ticks * line_load(line->slope_ns) + line_load(line->base_ns);
	*error = (__u64)(((vmclock_u128)ticks * line_load(line->error_slope)) >> 64) +
		 line_load(line->error_ns);
	/* Rounding lowered the slope by less than one unit, so the sum by less than @ticks. */
	return likely(ticks < line_load(line->reach)) && likely((__u64)sum <= -LINE_TICKS);
}

/**
 * line_at() - time and error of a counter value on a line
 * @line:	the line
 * @counter:	the counter
 * @ns:		as above
 * @error:	as above
 *
 * Return: as above.
 */
static inline bool line_at(const struct line *line, __u64 counter, __u64 *ns, __u64 *error)
{
	return line_after(line, counter - line->counter_value, ns, error);
}

#endif /* VMCLOCK_LINE_H */
