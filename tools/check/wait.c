// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/number.h"
#include "lib/monotonic.h"
#include "tool.h"
#include "vmclock.h"
#include "wait.h"

/* The time between two looks at the bounds. */
#define LOOK_NS 100000000

static const char *reason(int error)
{
	switch (error) {
	case -ESTALE:
		return "the clock was disrupted, and is not right again";
	case -EAGAIN:
		return "nobody has vouched for the system clock yet";
	case -ENOENT:
		return "vmclockd does not run";
	case -ENODATA:
		return "no bounds are known";
	case -ENODEV:
		return "the device is gone";
	case -ERANGE:
		return "the bounds are wider than --max-error";
	default:
		return strerror(-error);
	}
}

/* The time until the deadline, but at most a second, because the reason may change. */
static const struct timespec *left(int64_t deadline, struct timespec *ts)
{
	int64_t ns = deadline - monotonic_now();

	if (ns < 0)
		ns = 0;
	if (ns > NS_PER_SEC)
		ns = NS_PER_SEC;
	*ts = (struct timespec){ .tv_sec = ns / NS_PER_SEC, .tv_nsec = ns % NS_PER_SEC };
	return ts;
}

/* Returns 0, -ERANGE if the bounds are too wide, or why there are none. */
static int check_bounds(const struct vmclock *vc, int64_t max_error)
{
	struct vmclock_time now;
	int64_t width;
	int ret;

	if (!max_error)
		return 0;
	ret = vmclock_now(vc, VMCLOCK_SCALE_UTC, &now);
	if (ret)
		return ret;
	if (!(now.flags & VMCLOCK_FLAG_BOUNDED))
		return -ENODATA;
	width = ((int64_t)now.latest.tv_sec - now.earliest.tv_sec) * NS_PER_SEC +
		now.latest.tv_nsec - now.earliest.tv_nsec;
	return width <= 2 * max_error ? 0 : -ERANGE;
}

/* Logs a new reason: the journal then explains why a waiting unit has not started. */
static void tell(int error, int *told)
{
	if (error != *told)
		fprintf(stderr, TOOL ": waiting: %s\n", reason(error));
	*told = error;
}

/* Returns 0, or the reason that was left at the deadline. */
static int wait_until(const struct vmclock *vc, int64_t deadline, int64_t max_error,
		      uint64_t *marker)
{
	const struct timespec rest = { .tv_nsec = LOOK_NS };
	struct timespec ts;
	int ret, missing, told = 0;

	for (;;) {
		ret = vmclock_system_trusted(vc, marker);
		missing = ret ? ret : check_bounds(vc, max_error);
		if (!missing || monotonic_now() >= deadline)
			return missing;
		tell(missing, &told);
		if (ret)
			ret = vmclock_system_wait_trusted(vc, left(deadline, &ts));
		else
			clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, NULL);
		if (ret && ret != -EINTR && ret != -ETIMEDOUT)
			return ret;
	}
}

/* Another driver may take over, as at boot. Returns 0, or -ENODEV at the deadline. */
static int wait_for_return(const char *device, int64_t deadline, struct vmclock **vc)
{
	const struct timespec rest = { .tv_nsec = LOOK_NS };
	int told = 0;

	vmclock_close(*vc);
	*vc = NULL;
	tell(-ENODEV, &told);
	while (vmclock_open(vc, device)) {
		if (monotonic_now() >= deadline)
			return -ENODEV;
		clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, NULL);
	}
	return 0;
}

int check_wait(const char *device, int64_t patience, int64_t max_error)
{
	int64_t deadline = patience < 0 ? INT64_MAX : monotonic_now() + patience;
	struct vmclock *vc;
	uint64_t marker = 0;
	int ret = vmclock_open(&vc, device);

	if (ret) {
		fprintf(stderr,
			TOOL ": the VMClock device cannot be opened: %s; " TOOL
			     " without --wait tells why\n",
			strerror(-ret));
		return CHECK_UNUSABLE;
	}
	do
		ret = wait_until(vc, deadline, max_error, &marker);
	while (ret == -ENODEV && !wait_for_return(device, deadline, &vc));
	vmclock_close(vc);
	if (ret) {
		fprintf(stderr, TOOL ": not trusted: %s\n", reason(ret));
		return CHECK_WARNING;
	}
	printf("trusted, disruption marker %" PRIu64 "\n", marker);
	return CHECK_OK;
}
