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

/*
 * ISB alone orders nothing after loads, and the counter is not memory, which
 * barriers would order: so the barrier orders a load of our own after all
 * earlier ones, and a branch that depends on it makes ISB wait for that. (Arm
 * ARM, "Generic Timer": a load, a branch and ISB before CNTVCT_EL0 is read.)
 * The second ISB orders later loads after the counter.
 */
static inline uint64_t counter_ordered_since(uint64_t start)
{
	uint64_t count;

	__asm__ volatile("dmb ishld\n\t"
			 "ldr %0, [sp]\n\t"
			 "cbz %0, 1f\n"
			 "1:\tisb\n\t"
			 "mrs %0, cntvct_el0\n\t"
			 "isb"
			 : "=r"(count)
			 :
			 : "memory");
	return count - start;
}

/* The architecture guarantees it. */
static inline bool counter_steady(void)
{
	return true;
}

#endif /* VMCLOCK_COUNTER_AARCH64_H */
