/* SPDX-License-Identifier: MIT */
/* The kernel's random numbers, in a machine that may be a clone. */
#ifndef VMCLOCKD_RANDOM_H
#define VMCLOCKD_RANDOM_H

#include <stdint.h>

/*
 * Seeds the kernel's random number generator anew, and logs the outcome. Clones
 * begin with the same state of the generator; the new seeds differ.
 */
void random_part(uint64_t generation, uint64_t marker);

#endif /* VMCLOCKD_RANDOM_H */
