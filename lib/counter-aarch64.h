/* SPDX-License-Identifier: MIT */
/* The generic timer's virtual count. */
#ifndef VMCLOCK_COUNTER_AARCH64_H
#define VMCLOCK_COUNTER_AARCH64_H

#include <stdbool.h>
#include <stdint.h>

#include "vmclock-abi.h"

#define COUNTER_ID VMCLOCK_COUNTER_ARM_VCNT

static inline uint64_t counter_relaxed_since(uint64_t start)
{
	uint64_t count;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(count));
	return count - start;
}

static inline uint64_t counter_ordered_since(uint64_t start)
{
	uint64_t count;

	/* The barrier orders the reading after earlier loads, and later loads after it. */
	__asm__ volatile("isb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(count) : : "memory");
	return count - start;
}

/* The architecture demands it. */
static inline bool counter_steady(void)
{
	return true;
}

#endif /* VMCLOCK_COUNTER_AARCH64_H */
