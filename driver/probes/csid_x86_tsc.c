// SPDX-License-Identifier: GPL-2.0-or-later
/* Linux 6.9: snapshots of the system clock name the clocksources of PCs. */
#include <linux/ktime.h>
#include <linux/timekeeping.h>

static bool __maybe_unused probe_csid_x86_tsc(const struct system_time_snapshot *snap)
{
	FEATURE(return snap->cs_id == CSID_X86_TSC || snap->cs_id == CSID_X86_TSC_EARLY ||
		       snap->cs_id == CSID_X86_KVM_CLK);
	return false;
}
