/* SPDX-License-Identifier: MIT */
/* Times in vmclockd are in ns. */
#ifndef VMCLOCKD_CLOCKS_H
#define VMCLOCKD_CLOCKS_H

#include <stdint.h>
#include <time.h>

#define NS_PER_SEC	INT64_C(1000000000)
#define NS_PER_MS	INT64_C(1000000)

static inline int64_t monotonic_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

#endif /* VMCLOCKD_CLOCKS_H */
