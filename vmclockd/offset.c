// SPDX-License-Identifier: MIT
/* The system clock's offset. */
#include <errno.h>

#include "calc/base.h"
#include "offset.h"

/* s: no offset is measured this close to the end of a day with a leap second. */
#define DAY	     86400
#define LEAP_SECONDS 5

/* -EOVERFLOW: before 1678 or after 2261. */
static int ns_of(const struct timespec *ts, int64_t *ns)
{
	if (__builtin_mul_overflow((int64_t)ts->tv_sec, NS_PER_SEC, ns) ||
	    __builtin_add_overflow(*ns, (int64_t)ts->tv_nsec, ns))
		return -EOVERFLOW;
	return 0;
}

static int difference(const struct timespec *later, const struct timespec *earlier, int64_t *ns)
{
	int64_t a, b;
	int ret = ns_of(later, &a) ?: ns_of(earlier, &b);

	return ret ?: __builtin_sub_overflow(a, b, ns) ? -EOVERFLOW : 0;
}

static bool near_leap_second(const struct vmclock_time *time)
{
	int64_t second = time->time.tv_sec % DAY;

	return time->leap && (second < LEAP_SECONDS || second >= DAY - LEAP_SECONDS);
}

/* Half the bracket's width in ns, by the page's period, rounded up. */
static int pair_error(const struct vmclock *vc, const struct pair *pair,
		      const struct vmclock_time *middle, int64_t *ns)
{
	struct vmclock_time begin;
	int ret = vmclock_at(vc, VMCLOCK_SCALE_UTC, pair->counter - pair->width / 2 - 1, &begin);

	ret = ret ?: difference(&middle->time, &begin.time, ns);
	if (ret)
		return ret;
	*ns += 1;
	return begin.marker == middle->marker ? 0 : -ESTALE;
}

int offset_measure(const struct vmclock *vc, uint64_t marker, struct offset *offset)
{
	struct vmclock_time time;
	int64_t reading, width, utc;
	struct offset found;
	int ret;

	ret = pair_read(&found.pair, PAIR_TRIES);
	ret = ret ?: vmclock_at(vc, VMCLOCK_SCALE_UTC, found.pair.counter, &time);
	ret = ret ?: pair_error(vc, &found.pair, &time, &reading);
	if (ret)
		return ret;
	/* The counter was read before the page: under another marker they may not match. */
	if (time.marker != marker || vmclock_disrupted(vc, marker))
		return -ESTALE;
	if (!(time.flags & VMCLOCK_FLAG_BOUNDED))
		return -ENODATA;
	if (near_leap_second(&time))
		return -EAGAIN;

	ret = ns_of(&time.time, &utc) ?: difference(&time.latest, &time.earliest, &width);
	if (ret || __builtin_sub_overflow(utc, found.pair.real, &found.ns))
		return -EOVERFLOW;
	/* The errors of the page and the bracket, and of rounding both clocks down. */
	found.error = (width + 1) / 2 + reading + 1;
	found.sec = time.time.tv_sec;
	found.leap = time.leap;
	*offset = found;
	return 0;
}
