// SPDX-License-Identifier: MIT
/* The system clock's offset. */
#include <errno.h>

#include "offset.h"

#define NS INT64_C(1000000000)
/* Leap seconds come at the end of a day; so long before and after, no offset is measured. */
#define DAY	     86400
#define LEAP_SECONDS 5

static int64_t ns_of(const struct timespec *ts)
{
	return (int64_t)ts->tv_sec * NS + ts->tv_nsec;
}

static bool near_leap_second(const struct vmclock_time *time)
{
	int64_t second = time->time.tv_sec % DAY;

	return time->leap && (second < LEAP_SECONDS || second >= DAY - LEAP_SECONDS);
}

/* Half of the bracket in ns, by the page's own rate, rounded up. */
static int pair_error(const struct vmclock *vc, const struct pair *pair,
		      const struct vmclock_time *middle, int64_t *ns)
{
	struct vmclock_time begin;
	int ret = vmclock_at(vc, VMCLOCK_UTC, pair->counter - pair->width / 2 - 1, &begin);

	if (ret)
		return ret;
	*ns = ns_of(&middle->time) - ns_of(&begin.time) + 1;
	return begin.marker == middle->marker ? 0 : -ESTALE;
}

int offset_measure(const struct vmclock *vc, uint64_t marker, struct offset *offset)
{
	struct vmclock_time time;
	struct offset found;
	int64_t reading;
	int ret;

	ret = pair_read(&found.pair, PAIR_TRIES);
	ret = ret ?: vmclock_at(vc, VMCLOCK_UTC, found.pair.counter, &time);
	ret = ret ?: pair_error(vc, &found.pair, &time, &reading);
	if (ret)
		return ret;
	/* The counter was read before the page: another marker means that they may not fit. */
	if (time.marker != marker || vmclock_disrupted(vc, marker))
		return -ESTALE;
	if (!(time.flags & VMCLOCK_BOUNDED))
		return -ENODATA;
	if (near_leap_second(&time))
		return -EAGAIN;

	found.ns = ns_of(&time.time) - found.pair.real;
	/* The page's error, the bracket's, and what rounding down has cut off from either clock. */
	found.error = (ns_of(&time.latest) - ns_of(&time.earliest) + 1) / 2 + reading + 1;
	found.sec = time.time.tv_sec;
	*offset = found;
	return 0;
}
