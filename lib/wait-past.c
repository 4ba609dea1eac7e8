// SPDX-License-Identifier: MIT
/* Commit wait: sleeping until a time is certainly over. */
#include <time.h>

#include "internal.h"
#include "monotonic.h"

/* A disruption, or a correction by the host, is noticed within this time. */
#define SLICE_NS	INT64_C(100000000)
/* The least length of the second short sleep; it doubles for each further short sleep. */
#define LEAST_NS	INT64_C(1000)

/* The time from a to b, limited to a slice. */
static int64_t distance(const struct timespec *a, const struct timespec *b)
{
	int64_t ns;

	if (b->tv_sec > a->tv_sec && (uint64_t)b->tv_sec - (uint64_t)a->tv_sec > 1)
		return SLICE_NS;
	ns = (b->tv_sec - a->tv_sec) * NS_PER_SEC + b->tv_nsec - a->tv_nsec;
	return ns < SLICE_NS ? ns : SLICE_NS;
}

/* Is @ts over? Returns 0, or the reason why the answer is unknown. */
static int look(const struct vmclock *vc, enum vmclock_scale scale, uint64_t marker,
		const struct timespec *ts, struct vmclock_time *now, bool *over)
{
	int ret = vmclock_now(vc, scale, now);

	/* There is no time yet, and @ts must not be compared with a later time. */
	if (ret == -EAGAIN && vmclock_disrupted(vc, marker))
		return -ESTALE;
	if (ret)
		return ret;
	if (now->marker != marker)
		return -ESTALE;
	if (!(now->flags & VMCLOCK_FLAG_BOUNDED))
		return -ENODATA;
	*over = vmclock_time_after(now, ts);
	return 0;
}

VMCLOCK_PUBLIC
int vmclock_wait_past(const struct vmclock *vc, enum vmclock_scale scale, uint64_t marker,
		      const struct timespec *ts, const struct timespec *timeout)
{
	int64_t deadline, began = 0, rest, least = 0;
	struct vmclock_time now;
	bool over = false;
	int ret;

	if ((unsigned int)scale > VMCLOCK_SCALE_SMEARED || ts->tv_nsec < 0 ||
	    ts->tv_nsec >= NS_PER_SEC || (timeout && !vmclock_is_timeout(timeout)))
		return -EINVAL;
	ret = vmclock_deadline(timeout, &deadline);
	while (!ret) {
		/* Read the clock first: a thread that was suspended still looks once more. */
		if (timeout)
			ret = monotonic_ns(&began);
		if (!ret)
			ret = look(vc, scale, marker, ts, &now, &over);
		if (ret || over)
			break;
		if (began >= deadline)
			return -ETIMEDOUT;
		/* The earliest time must be after @ts: sleep one nanosecond more. */
		rest = distance(&now.earliest, ts) + 1;
		if (rest < SLICE_NS) {
			/*
			 * One sleep is enough, unless the bounds grow nearly as fast as time
			 * passes, or a positive leap second comes: the earliest UTC stands
			 * still in the second before it.
			 */
			if (rest < least)
				rest = least;
			least = least < SLICE_NS / 2 ? 2 * least + LEAST_NS : SLICE_NS;
		}
		if (rest > deadline - began)
			rest = deadline - began;
		ret = vmclock_sleep(rest);
	}
	return ret;
}
