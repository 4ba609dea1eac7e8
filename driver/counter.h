/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPU's counter, one part per architecture:
 *
 *	VMCLOCK_COUNTER_HERE		its VMCLOCK_COUNTER_* number
 *	vmclock_counter()		its value, read in program order
 *	vmclock_counter_trusted()	may it be relied on?
 *	vmclock_counter_below()		the value that a derived clocksource came from
 */
#ifndef VMCLOCK_COUNTER_H
#define VMCLOCK_COUNTER_H

#include "vmclock-abi.h"
#include "compat.h"

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

/*
 * kvm-clock counts nanoseconds that it derives from the TSC, for each CPU in its
 * own way. @cycles of it were read on this CPU between the TSC values @before
 * and @after, with preemption off ever since. Returns whether so.
 */
static inline bool vmclock_counter_below(u64 cycles, u64 before, u64 after, u64 *counter)
{
	const struct pvclock_vcpu_time_info *pvti = system_pvti();
	unsigned int version;
	u64 first, last;

	if (!pvti)
		return false;
	version = pvclock_read_begin(pvti);
	first = __pvclock_read_cycles(pvti, before);
	last = __pvclock_read_cycles(pvti, after);
	if (pvclock_read_retry(pvti, version) || last <= first || cycles - first > last - first)
		return false;
	*counter = before + mul_u64_u64_div_u64(after - before, cycles - first, last - first);
	return true;
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

/* The clocksource is the counter itself. */
static inline bool vmclock_counter_below(u64 cycles, u64 before, u64 after, u64 *counter)
{
	return false;
}

#else
#error "no counter is known for this architecture"
#endif

#endif /* VMCLOCK_COUNTER_H */
