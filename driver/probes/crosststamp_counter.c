// SPDX-License-Identifier: GPL-2.0-or-later
/* Linux 7.2: cross timestamps tell the clocksource's count, too. */
#include <linux/ktime.h>
#include <linux/timekeeping.h>

MEMBER(struct system_device_crosststamp, sys_counter);
