/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPU's counter, one part per architecture:
 *
 *	VMCLOCK_COUNTER_HERE		its VMCLOCK_COUNTER_* number
 *	vmclock_counter()		its value, read in program order
 *	vmclock_counter_trusted()	does the kernel rely on it?
 *	VMCLOCK_COUNTER_NAMED		1: the kernel names the clocksource of a snapshot
 *	vmclock_counter_named()		is the clocksource the counter? and the counter's value
 *	vmclock_counter_below()		the counter value behind a derived clocksource's count
 */
#ifndef VMCLOCK_DRIVER_COUNTER_H
#define VMCLOCK_DRIVER_COUNTER_H

#include "vmclock-abi.h"
#include "compat.h"

/* The clocksource of a snapshot is the counter, is another, or derives from the counter. */
enum vmclock_named { VMCLOCK_NAMED, VMCLOCK_NAMED_OTHER, VMCLOCK_NAMED_DERIVED };

#if defined(CONFIG_X86_64)

#include <linux/math64.h>
#include <asm/msr.h>
#include <asm/pvclock.h>
#include <asm/tsc.h>

#define VMCLOCK_COUNTER_HERE VMCLOCK_COUNTER_X86_TSC

static inline u64 vmclock_counter(void)
{
	return rdtsc_ordered();
}

static inline bool vmclock_counter_trusted(void)
{
	return !check_tsc_unstable();
}

#define VMCLOCK_COUNTER_NAMED SYSTEM_SNAPSHOT_NAMES_TSC

static inline enum vmclock_named vmclock_counter_named(const struct system_time_snapshot *sys,
						       u64 *counter)
{
	if (system_snapshot_tsc(sys, counter))
		return VMCLOCK_NAMED;
	return system_snapshot_is_kvm_clock(sys) ? VMCLOCK_NAMED_DERIVED : VMCLOCK_NAMED_OTHER;
}

/*
 * kvm-clock derives nanoseconds from the TSC, with parameters for each CPU.
 * Converts @cycles of kvm-clock, which this CPU read between the TSC values
 * @before and @after; preemption must have been off since. Returns 0;
 * -EOPNOTSUPP: @cycles is no count of kvm-clock between the two; -EAGAIN: the
 * host has changed the parameters, or the count was that of another CPU.
 */
static inline int vmclock_counter_below(u64 cycles, u64 before, u64 after, u64 *counter)
{
	const struct pvclock_vcpu_time_info *pvti = system_pvti();
	unsigned int version;
	u64 first, last;
	u8 flags;

	if (!pvti)
		return -EOPNOTSUPP;
	version = pvclock_read_begin(pvti);
	first = __pvclock_read_cycles(pvti, before);
	last = __pvclock_read_cycles(pvti, after);
	flags = pvti->flags;
	if (pvclock_read_retry(pvti, version))
		return -EAGAIN;
	if (last <= first || cycles < first)
		return -EOPNOTSUPP;
	if (cycles > last)
		return flags & PVCLOCK_TSC_STABLE_BIT ? -EOPNOTSUPP : -EAGAIN;
	*counter = before + mul_u64_u64_div_u64(after - before, cycles - first, last - first);
	return 0;
}

#elif defined(CONFIG_ARM64)

#include <asm/arch_timer.h>

#define VMCLOCK_COUNTER_HERE VMCLOCK_COUNTER_ARM_VCNT

static inline u64 vmclock_counter(void)
{
	return __arch_counter_get_cntvct();
}

static inline bool vmclock_counter_trusted(void)
{
	return true;
}

/* No: the named clocksource may be the physical counter, which nested guests use. */
#define VMCLOCK_COUNTER_NAMED 0

static inline enum vmclock_named vmclock_counter_named(const struct system_time_snapshot *sys,
						       u64 *counter)
{
	return VMCLOCK_NAMED_OTHER;
}

/* No clocksource on arm64 derives from another counter. */
static inline int vmclock_counter_below(u64 cycles, u64 before, u64 after, u64 *counter)
{
	return -EOPNOTSUPP;
}

#else
#error "no counter is known for this architecture"
#endif

#endif /* VMCLOCK_DRIVER_COUNTER_H */
