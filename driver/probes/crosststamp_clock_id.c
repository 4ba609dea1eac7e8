// SPDX-License-Identifier: GPL-2.0-or-later
/* Linux 7.2: cross timestamps with any system clock. */
#include <linux/ktime.h>
#include <linux/timekeeping.h>

static void __maybe_unused probe_crosststamp_clock_id(struct system_device_crosststamp *cts)
{
	FEATURE(cts->sys_systime = cts->clock_id);
}
