/* SPDX-License-Identifier: MIT */
/*
 * The counter that a VMClock page may count by on this architecture:
 *
 *	COUNTER_ID			its VMCLOCK_COUNTER_*
 *	counter_relaxed_since(start)	a reading that may move among other loads, less @start
 *	counter_ordered_since(start)	a reading no earlier than all loads before it, less @start
 *	counter_steady()		does it tick at one rate, on all CPUs alike?
 */
#ifndef VMCLOCK_COUNTER_H
#define VMCLOCK_COUNTER_H

/* Before all else, for configure: it compiles this file to learn whether there is a counter. */
#if defined(__x86_64__) && defined(__LP64__)
#include "counter-x86.h"
#elif defined(__aarch64__) && defined(__LP64__)
#include "counter-aarch64.h"
#else
#error "no counter is known for this architecture: add lib/counter-<architecture>.h"
#endif

#ifdef COUNTER_ID

static inline uint64_t counter_relaxed(void)
{
	return counter_relaxed_since(0);
}

static inline uint64_t counter_ordered(void)
{
	return counter_ordered_since(0);
}

#endif /* COUNTER_ID */

#endif /* VMCLOCK_COUNTER_H */
