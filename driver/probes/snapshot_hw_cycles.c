// SPDX-License-Identifier: GPL-2.0-or-later
/* Linux 7.2: derived clocksources tell the count of the hardware below them. */
#include <linux/ktime.h>
#include <linux/timekeeping.h>

static void __maybe_unused probe_snapshot_hw_cycles(struct system_time_snapshot *snap)
{
	FEATURE(snap->hw_cycles = 0);
}
