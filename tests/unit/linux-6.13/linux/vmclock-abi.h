/* SPDX-License-Identifier: MIT */
/*
 * Stands for the header that Linux 6.13 to 6.19 install: the same guard and
 * names, without what 7.0 added. Cut down to what the test needs.
 */
#ifndef __VMCLOCK_ABI_H__
#define __VMCLOCK_ABI_H__

#include <linux/types.h>

struct vmclock_abi {
	__le32 magic;
	__le32 size;
	__le16 version;
	__u8 counter_id;
	__u8 time_type;
	__le32 seq_count;
	__le64 disruption_marker;
	__le64 flags;
	__u8 pad[2];
	__u8 clock_status;
	__u8 leap_second_smearing_hint;
	__le16 tai_offset_sec;
	__u8 leap_indicator;
	__u8 counter_period_shift;
	__le64 counter_value;
	__le64 counter_period_frac_sec;
	__le64 counter_period_esterror_rate_frac_sec;
	__le64 counter_period_maxerror_rate_frac_sec;
	__le64 time_sec;
	__le64 time_frac_sec;
	__le64 time_esterror_nanosec;
	__le64 time_maxerror_nanosec;
};

#define VMCLOCK_MAGIC		0x4b4c4356
#define VMCLOCK_STATUS_UNKNOWN		0
#define VMCLOCK_STATUS_INITIALIZING	1
#define VMCLOCK_STATUS_SYNCHRONIZED	2
#define VMCLOCK_STATUS_FREERUNNING	3
#define VMCLOCK_STATUS_UNRELIABLE	4
#define VMCLOCK_LEAP_NONE		0x00
#define VMCLOCK_LEAP_PRE_POS		0x01
#define VMCLOCK_LEAP_PRE_NEG		0x02
#define VMCLOCK_LEAP_POS		0x03
#define VMCLOCK_LEAP_POST_POS		0x04
#define VMCLOCK_LEAP_POST_NEG		0x05

#endif
