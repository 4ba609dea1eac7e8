/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For a test compile, changes the headers of a kernel as coming kernels may: the PTP
 * core asks for attributes, and the getter of a module parameter has another name.
 * Every file of the driver and every probe includes this first. Do not load the
 * resulting module: the kernel itself does not have these structures.
 */
#ifndef COMING_KERNEL_H
#define COMING_KERNEL_H

#include <linux/types.h>

/* Proposed in May 2026: only the macro knows the getter's member. */
#define get get_str
#include <linux/moduleparam.h>
#undef get
#define DEFINE_KERNEL_PARAM_OPS(name, setter, getter) \
	const struct kernel_param_ops name = { .set = (setter), .get_str = (getter) }

#define PTP_ATTRS_VALID_ERROR_BOUND	(1 << 0)
#define PTP_ATTRS_VALID_TIMESCALE	(1 << 1)
#define PTP_ATTRS_VALID_STATUS		(1 << 2)

enum ptp_clock_status { PTP_CLOCK_STATUS_SYNCED = 2, PTP_CLOCK_STATUS_FREE_RUNNING = 4 };
enum ptp_clock_timescale { PTP_TIMESCALE_TAI = 1, PTP_TIMESCALE_UTC = 4 };

struct ptp_clock_attrs {
	__u32 valid;
	__u32 error_bound;
	__u32 timescale;
	__u32 status;
	__u32 rsv[4];
};

struct ptp_clock_info;
struct ptp_system_timestamp;
struct system_device_crosststamp;
struct timespec64;

/* Adds two members before this one. */
#define getcycles64 \
	gettimexattrs64)(struct ptp_clock_info *info, struct timespec64 *ts, \
			 struct ptp_system_timestamp *sts, struct ptp_clock_attrs *attrs); \
	int (*getcrosststampattrs)(struct ptp_clock_info *info, \
				   struct system_device_crosststamp *cts, \
				   struct ptp_clock_attrs *attrs); \
	int (*getcycles64
#include <linux/ptp_clock_kernel.h>
#undef getcycles64

#endif /* COMING_KERNEL_H */
