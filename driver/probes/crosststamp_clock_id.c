// SPDX-License-Identifier: GPL-2.0-or-later
/* Linux 7.2: cross timestamps with any system clock. */
#include <linux/ktime.h>
#include <linux/timekeeping.h>

MEMBER(struct system_device_crosststamp, clock_id);
