/* SPDX-License-Identifier: MIT */
/*
 * The counter that a VMClock page may count by on this architecture:
 *
 *	COUNTER_ID			its VMCLOCK_COUNTER_*
 *	counter_relaxed_since(start)	the counter less @start; may be read before earlier loads
 *	counter_ordered_since(start)	the counter less @start; read after all earlier loads
 *	counter_steady()		does it tick at one rate, on all CPUs alike?
 */
#ifndef VMCLOCK_COUNTER_H
#define VMCLOCK_COUNTER_H

/* Keep this first: configure compiles this file to find out whether there is a counter. */
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
