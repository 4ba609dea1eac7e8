// SPDX-License-Identifier: MIT
/* The system clock, validated against the disruption marker. */
#include <time.h>

#include "section.h"

VMCLOCK_PUBLIC
int vmclock_system_time(const struct vmclock *vc, clockid_t clock, uint64_t marker,
			struct timespec *ts)
{
	/* Restored on an error. Copying a local result at the end would cost more. */
	const struct timespec untouched = *ts;
	uint64_t after;
	int ret;

	if (clock_gettime(clock, ts))
		return -errno;

	/*
	 * If the marker is the same before and after the reading, no disruption
	 * came in between. Do not read the clock inside the section: a host that
	 * publishes often would force many repetitions.
	 */
	ret = read_marker(vc, &after);
	if (likely(!ret && after == marker))
		return 0;
	*ts = untouched;
	return ret ? ret : -ESTALE;
}
