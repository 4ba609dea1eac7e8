/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPU's counter, one part per architecture:
 *
 *	VMCLOCK_COUNTER_HERE		its VMCLOCK_COUNTER_* number
 *	vmclock_counter()		its value, read in program order
 *	vmclock_counter_trusted()	may it be relied on?
 *	VMCLOCK_COUNTER_NAMED		1: the kernel says whether a clocksource is the counter:
 *	vmclock_counter_named()		whether that of a snapshot is, and its value then
 *	vmclock_counter_below()		the value that a derived clocksource came from
 */
#ifndef VMCLOCK_DRIVER_COUNTER_H
#define VMCLOCK_DRIVER_COUNTER_H

#include "vmclock-abi.h"
#include "compat.h"

/* What the name of a clocksource tells: it is the counter, another, or derives from it. */
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
 * kvm-clock counts nanoseconds that it derives from the TSC, for each CPU in its
 * own way. @cycles of it were read on this CPU between the TSC values @before
 * and @after, with preemption off ever since. 0, -EOPNOTSUPP: that is not so, or
 * -EAGAIN: the host has changed it meanwhile, or its count was that of another CPU.
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

/* The clocksource of that name may be the physical counter, which guests of guests read. */
#define VMCLOCK_COUNTER_NAMED 0

static inline enum vmclock_named vmclock_counter_named(const struct system_time_snapshot *sys,
						       u64 *counter)
{
	return VMCLOCK_NAMED_OTHER;
}

/* No clocksource derives from it. */
static inline int vmclock_counter_below(u64 cycles, u64 before, u64 after, u64 *counter)
{
	return -EOPNOTSUPP;
}

#else
#error "no counter is known for this architecture"
#endif

#endif /* VMCLOCK_DRIVER_COUNTER_H */
