/* SPDX-License-Identifier: MIT */
/* The kernel's random numbers, in a machine that may be a clone. */
#ifndef VMCLOCKD_RANDOM_H
#define VMCLOCKD_RANDOM_H

#include <stdint.h>

/*
 * Clones begin with the same state of the kernel's random number generator. This
 * seeds it anew with values that differ between clones, and logs the outcome.
 */
void random_part(uint64_t generation, uint64_t marker);

#endif /* VMCLOCKD_RANDOM_H */
