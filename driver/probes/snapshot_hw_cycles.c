// SPDX-License-Identifier: GPL-2.0-or-later
/* Linux 7.2: derived clocksources tell the count of the hardware below them. */
#include <linux/ktime.h>
#include <linux/timekeeping.h>

MEMBER(struct system_time_snapshot, hw_cycles);
