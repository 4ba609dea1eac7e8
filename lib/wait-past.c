// SPDX-License-Identifier: MIT
/* Commit wait: sleeping until a time is certainly over. */
#include <time.h>

#include "internal.h"
#include "monotonic.h"

/* The longest time until a disruption, or a correction by the host, is noticed. */
#define SLICE_NS	INT64_C(100000000)
/* The least time of the second sleep within a slice; it doubles for each further sleep. */
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

VMCLOCK_PUBLIC
int vmclock_wait_past(const struct vmclock *vc, enum vmclock_scale scale, uint64_t marker,
		      const struct timespec *t)
{
	struct vmclock_time now;
	int64_t rest, least = 0;
	int ret;

	if (t->tv_nsec < 0 || t->tv_nsec >= NS_PER_SEC)
		return -EINVAL;
	for (;;) {
		ret = vmclock_now(vc, scale, &now);
		/* No time yet. After a disruption, no later time can be compared with @t. */
		if (ret == -EAGAIN && vmclock_disrupted(vc, marker))
			return -ESTALE;
		if (ret)
			return ret;
		if (now.marker != marker)
			return -ESTALE;
		if (!(now.flags & VMCLOCK_FLAG_BOUNDED))
			return -ENODATA;
		if (vmclock_time_after(&now, t))
			return 0;
		/* One ns more, to be strictly past @t. */
		rest = distance(&now.earliest, t) + 1;
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
		ret = vmclock_sleep(rest);
		if (ret)
			return ret;
	}
}
