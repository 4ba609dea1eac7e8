// SPDX-License-Identifier: MIT
/* The system clock, validated against the disruption marker. */
#include <time.h>

#include "internal.h"

VMCLOCK_PUBLIC
int vmclock_gettime(const struct vmclock *vc, clockid_t clock, uint64_t marker, struct timespec *ts)
{
	struct timespec now;
	uint64_t after;
	int ret;

	if (clock_gettime(clock, &now))
		return -errno;

	/*
	 * The same marker after the reading as before it: no disruption in
	 * between. The clock need not be read inside the section, where a
	 * host that publishes often would have it read again and again.
	 */
	ret = read_marker(vc, &after);
	if (ret)
		return ret;
	if (after != marker)
		return -ESTALE;

	*ts = now;
	return 0;
}
