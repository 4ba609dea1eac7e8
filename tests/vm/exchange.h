/* SPDX-License-Identifier: MIT */
/*
 * Memory in which a guest and its host compare their counters: behind the
 * page, where the guest's kernel keeps off. Each side writes its own line.
 *
 * The guest's counter is the host's and a constant that is asked for. What
 * one side writes, the other reads later: in one direction that makes the
 * constant look smaller, and in the other larger. The truth is in between.
 */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include <stdint.h>

/* From the page on. */
#define EXCHANGE_OFFSET 0x1000

struct exchange {
	/* The host's */
	uint64_t round;			/* another one: what was found before is void */
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
