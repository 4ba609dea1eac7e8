// SPDX-License-Identifier: MIT
/* Commit wait: sleeping until a time is certainly over. */
#include <time.h>

#include "internal.h"

#define NS_PER_SEC	INT64_C(1000000000)
/* A disruption, or a host that corrects its clock, is noticed after this at the latest. */
#define SLICE_NS	INT64_C(100000000)

/* From a to b, within a slice. */
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
	struct timespec rest = { 0 };
	struct vmclock_time now;
	int ret;

	if (t->tv_nsec < 0 || t->tv_nsec >= NS_PER_SEC)
		return -EINVAL;
	for (;;) {
		ret = vmclock_now(vc, scale, &now);
		if (ret)
			return ret;
		if (now.marker != marker)
			return -ESTALE;
		if (!(now.flags & VMCLOCK_BOUNDED))
			return -ENODATA;
		if (vmclock_after(&now, t))
			return 0;
		/* Strictly past it: a nanosecond more. */
		rest.tv_nsec = (long)distance(&now.earliest, t) + 1;
		if (clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, NULL) == EINTR)
			return -EINTR;
	}
}
