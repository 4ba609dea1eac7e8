/* SPDX-License-Identifier: MIT */
/* Reading clocks, and sleeping by CLOCK_MONOTONIC, in sandboxes that may deny both. */
#ifndef VMCLOCK_MONOTONIC_H
#define VMCLOCK_MONOTONIC_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "calc/base.h"

/* The vDSO usually serves this call: then there is no system call and no error. */
static inline int clock_ns(clockid_t clock, int64_t *ns)
{
	struct timespec ts = { 0 };
	int ret = clock_gettime(clock, &ts) ? -errno : 0;

	*ns = (int64_t)ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
	return ret;
}

static inline int monotonic_ns(int64_t *ns)
{
	return clock_ns(CLOCK_MONOTONIC, ns);
}

/* The same, for programs that no sandbox restricts. */
static inline int64_t monotonic_now(void)
{
	int64_t ns;

	(void)monotonic_ns(&ns);
	return ns;
}

/*
 * Sleeps for @ns. Returns 0, the error of clock_nanosleep(2), or -ENOSYS if that
 * returned 0 without sleeping: a loop that ends on errors never spins.
 */
int vmclock_sleep(int64_t ns);

/* Is the timeout valid? */
bool vmclock_is_timeout(const struct timespec *ts);

/* The deadline on CLOCK_MONOTONIC; INT64_MAX: never, also for a timeout of NULL. */
int vmclock_deadline(const struct timespec *timeout, int64_t *deadline);

#endif /* VMCLOCK_MONOTONIC_H */
