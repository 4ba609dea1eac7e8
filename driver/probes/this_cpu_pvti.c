// SPDX-License-Identifier: GPL-2.0-or-later
/* Linux 5.10 (5.15, and then stable releases): modules see the CPU's own kvm-clock. */
#include <linux/clocksource.h>
#ifdef CONFIG_X86
#include <asm/pvclock.h>
#include <asm/kvmclock.h>
#endif

SYMBOL(this_cpu_pvti);
