// SPDX-License-Identifier: GPL-2.0-or-later
/* Linux 7.2: snapshots instead of times before and after the reading of a PTP clock. */
#include <linux/ptp_clock_kernel.h>

MEMBER(struct ptp_system_timestamp, pre_sts);
