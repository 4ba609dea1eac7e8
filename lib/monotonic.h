/* SPDX-License-Identifier: MIT */
/* CLOCK_MONOTONIC, read and slept by, where a sandbox may deny either. */
#ifndef VMCLOCK_MONOTONIC_H
#define VMCLOCK_MONOTONIC_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "calc/base.h"

/* Served by the vDSO, as a rule: no system call then, and no error. */
static inline int monotonic_ns(int64_t *ns)
{
	struct timespec ts = { 0 };
	int ret = clock_gettime(CLOCK_MONOTONIC, &ts) ? -errno : 0;

	*ns = (int64_t)ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
	return ret;
}

/* The same, for programs that no sandbox restricts. */
static inline int64_t monotonic_now(void)
{
	int64_t ns;

	(void)monotonic_ns(&ns);
	return ns;
}

/*
 * Sleeps for @ns. Returns 0, what clock_nanosleep(2) said, or -ENOSYS if it
 * said 0 and had not slept: whoever calls this in a loop never spins, whatever
 * the system call answers.
 */
int vmclock_sleep(int64_t ns);

/* Is it one that a wait accepts? */
bool vmclock_is_timeout(const struct timespec *ts);

/* When to give up, on CLOCK_MONOTONIC; INT64_MAX: never, as without a timeout. */
int vmclock_deadline(const struct timespec *timeout, int64_t *deadline);

#endif /* VMCLOCK_MONOTONIC_H */
