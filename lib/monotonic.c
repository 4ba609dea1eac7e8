// SPDX-License-Identifier: MIT
#include "monotonic.h"

int vmclock_sleep(int64_t ns)
{
	const struct timespec ts = { .tv_sec = ns / NS_PER_SEC, .tv_nsec = ns % NS_PER_SEC };
	int64_t began, ended;
	int ret;

	ret = monotonic_ns(&began);
	if (ret)
		return ret;
	ret = clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
	if (ret > 0)
		return -ret;
	ret = monotonic_ns(&ended);
	if (ret)
		return ret;
	/* The kernel never wakes early. Half of it is far from any rounding. */
	return ended - began < ns / 2 ? -ENOSYS : 0;
}
