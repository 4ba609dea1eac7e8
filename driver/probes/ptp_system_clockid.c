// SPDX-License-Identifier: GPL-2.0-or-later
/* Linux 6.12: readings of a PTP clock may ask for another system clock than CLOCK_REALTIME. */
#include <linux/ptp_clock_kernel.h>

static void __maybe_unused probe_ptp_system_clockid(struct ptp_system_timestamp *sts)
{
	FEATURE(sts->clockid = CLOCK_REALTIME);
}
