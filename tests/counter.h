/* SPDX-License-Identifier: MIT */
/* The counter that pages count by, read neither before what precedes, nor after what follows. */
#ifndef COUNTER_H
#define COUNTER_H

#include <stdint.h>

#if defined(__x86_64__)

#include <x86intrin.h>

static inline uint64_t read_counter(void)
{
	uint64_t counter;

	_mm_lfence();
	counter = __rdtsc();
	_mm_lfence();
	return counter;
}

#elif defined(__aarch64__)

static inline uint64_t read_counter(void)
{
	uint64_t counter;

	__asm__ volatile("isb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(counter) : : "memory");
	return counter;
}

#endif

#endif /* COUNTER_H */
