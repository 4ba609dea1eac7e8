/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The attributes of a PTP clock's readings, with the names and numbers of Linux
 * after 7.3. On older kernels attributes.h compiles with these definitions, but
 * nobody calls it.
 */
#ifndef VMCLOCK_DRIVER_COMPAT_ATTRIBUTES_H
#define VMCLOCK_DRIVER_COMPAT_ATTRIBUTES_H

#include <linux/types.h>

enum {
	PTP_ATTRS_VALID_ERROR_BOUND = 1,
	PTP_ATTRS_VALID_TIMESCALE = 2,
	PTP_ATTRS_VALID_STATUS = 4,
};

enum { PTP_CLOCK_STATUS_SYNCED = 2, PTP_CLOCK_STATUS_FREE_RUNNING = 4 };
enum { PTP_TIMESCALE_TAI = 1, PTP_TIMESCALE_UTC = 4 };

struct ptp_clock_attrs {
	__u32 valid;		/* PTP_ATTRS_VALID_*: which of the next fields are valid */
	__u32 error_bound;	/* ns */
	__u32 timescale;	/* PTP_TIMESCALE_* */
	__u32 status;		/* PTP_CLOCK_STATUS_* */
	__u32 rsv[4];
};

#endif /* VMCLOCK_DRIVER_COMPAT_ATTRIBUTES_H */
