// SPDX-License-Identifier: GPL-2.0-or-later
/* Linux 7.4 or later: readings of a PTP clock come with error bound, timescale and status. */
#include <linux/ptp_clock_kernel.h>

MEMBER(struct ptp_clock_info, gettimexattrs64);
MEMBER(struct ptp_clock_info, getcrosststampattrs);
