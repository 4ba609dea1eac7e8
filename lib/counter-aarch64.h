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
 * ISB alone does not wait for earlier loads, and barriers do not order the
 * counter, which is not memory. So the barrier orders a load of our own after
 * all earlier loads, and a branch that depends on our load makes ISB wait for
 * it. (Arm ARM, "Generic Timer": a load, a branch and ISB before CNTVCT_EL0.)
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

/* Always: the architecture guarantees one rate. */
static inline bool counter_steady(void)
{
	return true;
}

#endif /* VMCLOCK_COUNTER_AARCH64_H */
