// SPDX-License-Identifier: GPL-2.0-or-later
/* Linux 6.12: readings of a PTP clock may ask for another system clock than CLOCK_REALTIME. */
#include <linux/ptp_clock_kernel.h>

MEMBER(struct ptp_system_timestamp, clockid);
