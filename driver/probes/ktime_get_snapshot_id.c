// SPDX-License-Identifier: GPL-2.0-or-later
/* Linux 7.2: snapshots of any system clock, instead of ktime_get_snapshot(). */
#include <linux/ktime.h>
#include <linux/timekeeping.h>

SYMBOL(ktime_get_snapshot_id);
