/* SPDX-License-Identifier: MIT */
/* vmclock-check --wait */
#ifndef VMCLOCK_CHECK_WAIT_H
#define VMCLOCK_CHECK_WAIT_H

#include <stdint.h>

/*
 * Waits until vmclockd vouches for the system clock, and the error of the time
 * is at most @max_error ns (0: any). Gives up after @patience ns (< 0: never).
 * Returns CHECK_OK, CHECK_WARNING: not in time, or CHECK_UNUSABLE: no device.
 */
int check_wait(const char *device, int64_t patience, int64_t max_error);

#endif /* VMCLOCK_CHECK_WAIT_H */
