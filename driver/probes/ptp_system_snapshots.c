// SPDX-License-Identifier: GPL-2.0-or-later
/* Linux 7.2: snapshots instead of times before and after the reading of a PTP clock. */
#include <linux/ptp_clock_kernel.h>

static void __maybe_unused probe_ptp_system_snapshots(struct ptp_system_timestamp *sts,
						      struct system_time_snapshot *snap)
{
	FEATURE(sts->pre_sts = sts->post_sts = *snap);
}
