// SPDX-License-Identifier: GPL-2.0-or-later
/* Linux 6.9: snapshots of the system clock name the clocksources of PCs. */
#include <linux/ktime.h>
#include <linux/timekeeping.h>

SYMBOL(CSID_X86_TSC_EARLY);
SYMBOL(CSID_X86_KVM_CLK);
