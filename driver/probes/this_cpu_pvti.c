// SPDX-License-Identifier: GPL-2.0-or-later
/* Linux 5.15, and stable releases of older ones: modules see the CPU's own kvm-clock. */
#include <linux/clocksource.h>
#ifdef CONFIG_X86
#include <asm/pvclock.h>
#include <asm/kvmclock.h>
#endif

static void __maybe_unused probe_this_cpu_pvti(void)
{
	FEATURE((void)this_cpu_pvti()->version);
}
