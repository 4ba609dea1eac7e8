/* SPDX-License-Identifier: MIT */
/*
 * Memory in which a guest and its host compare their counters: after the page, where
 * the guest's kernel does not write. Each side writes its own cache line.
 *
 * The guest's counter is the host's plus an unknown constant. Each side reads the
 * other's value later than it was written: in one direction this makes the constant
 * look smaller, in the other larger. The truth is in between.
 */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include <stdint.h>

/* Relative to the page. */
#define EXCHANGE_OFFSET 0x1000

struct exchange {
	/* The host's */
	uint64_t round;			/* a new round voids earlier results */
	uint64_t host;			/* its counter; 0: none yet */
	uint64_t unused[6];
	/* The guest's */
	uint64_t guest_round;
	uint64_t guest;			/* its counter */
	int64_t most;			/* the least that it was ahead of the host's */
};

#define exchange_load(place) __atomic_load_n(place, __ATOMIC_ACQUIRE)
#define exchange_store(place, value) __atomic_store_n(place, value, __ATOMIC_RELEASE)

#endif /* EXCHANGE_H */
