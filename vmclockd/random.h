/* SPDX-License-Identifier: MIT */
/* Random numbers of a machine that may be a clone of another. */
#ifndef VMCLOCKD_RANDOM_H
#define VMCLOCKD_RANDOM_H

#include <stdint.h>

/*
 * Clones have one state of the kernel's random numbers in common: this lets
 * them part at once, by what only one of them has. A line tells what failed.
 */
void random_part(uint64_t generation, uint64_t marker);

#endif /* VMCLOCKD_RANDOM_H */
