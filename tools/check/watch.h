/* SPDX-License-Identifier: MIT */
/* vmclock-check --watch */
#ifndef VMCLOCK_CHECK_WATCH_H
#define VMCLOCK_CHECK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Prints a line for each change, until SIGINT or SIGTERM, or until nobody
 * reads the lines. @max_error: ns; 0: bounds are not watched. Returns CHECK_OK,
 * or CHECK_UNUSABLE with a line: there is no device, or the output was lost.
 */
int check_watch(const char *device, int64_t max_error, bool json);

#endif /* VMCLOCK_CHECK_WATCH_H */
