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
	/* The kernel never wakes early; half the time leaves room for rounding. */
	return ended - began < ns / 2 ? -ENOSYS : 0;
}

bool vmclock_is_timeout(const struct timespec *ts)
{
	return ts->tv_sec >= 0 && ts->tv_nsec >= 0 && ts->tv_nsec < NS_PER_SEC;
}

int vmclock_deadline(const struct timespec *timeout, int64_t *deadline)
{
	int64_t now;
	int ret;

	*deadline = INT64_MAX;
	if (!timeout)
		return 0;
	ret = monotonic_ns(&now);
	if (ret)
		return ret;
	if (timeout->tv_sec < (INT64_MAX - now) / NS_PER_SEC - 1)
		*deadline = now + (int64_t)timeout->tv_sec * NS_PER_SEC + timeout->tv_nsec;
	return 0;
}
