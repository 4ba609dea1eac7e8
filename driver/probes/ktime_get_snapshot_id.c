// SPDX-License-Identifier: GPL-2.0-or-later
/* Linux 7.2: snapshots of any system clock, instead of ktime_get_snapshot(). */
#include <linux/ktime.h>
#include <linux/timekeeping.h>

static void __maybe_unused probe_ktime_get_snapshot_id(struct system_time_snapshot *snap)
{
	FEATURE(ktime_get_snapshot_id(CLOCK_REALTIME, snap));
	FEATURE(snap->valid = snap->systime == snap->monoraw);
}
