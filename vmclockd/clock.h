/* SPDX-License-Identifier: MIT */
/* The kernel's clock: steps, and what it says of itself. All need CAP_SYS_TIME. */
#ifndef VMCLOCKD_CLOCK_H
#define VMCLOCKD_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Each returns 0 or a negative errno value: -EPERM without CAP_SYS_TIME. */

/* Nobody shall take it for synchronised. @was: whether it claimed to be. */
int clock_unsynchronise(bool *was);
/* It is right within @bound ns; whether it calls itself synchronised, too, is the caller's say. */
int clock_vouch(uint64_t bound, bool synchronised);
/* Moves it by @ns. A leap second that is announced stays announced. */
int clock_step(int64_t ns);
/* How much faster than the raw clock it runs, in ppm, all in all. */
int clock_frequency(double *ppm);
int clock_set_frequency(double ppm);

#endif /* VMCLOCKD_CLOCK_H */
