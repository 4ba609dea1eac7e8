// SPDX-License-Identifier: MIT
/* The system clock, validated against the disruption marker. */
#include <time.h>

#include "internal.h"

VMCLOCK_PUBLIC
int vmclock_system_time(const struct vmclock *vc, clockid_t clock, uint64_t marker,
			struct timespec *ts)
{
	/* To restore it on an error. A local result, copied out at the end, would cost more. */
	const struct timespec untouched = *ts;
	uint64_t after;
	int ret;

	if (clock_gettime(clock, ts))
		return -errno;

	/*
	 * The same marker after the reading as before it: no disruption in
	 * between. The clock need not be read inside the section, where a
	 * host that publishes often would have it read again and again.
	 */
	ret = read_marker(vc, &after);
	if (likely(!ret && after == marker))
		return 0;
	*ts = untouched;
	return ret ? ret : -ESTALE;
}
