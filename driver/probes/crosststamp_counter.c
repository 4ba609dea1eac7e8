// SPDX-License-Identifier: GPL-2.0-or-later
/* Linux 7.2: cross timestamps tell the clocksource's count, too. */
#include <linux/ktime.h>
#include <linux/timekeeping.h>

static void __maybe_unused probe_crosststamp_counter(struct system_device_crosststamp *cts,
						     struct system_time_snapshot *snap)
{
	FEATURE(cts->sys_counter.cycles = cts->sys_counter.cs_id == snap->cs_id);
}
