/* SPDX-License-Identifier: MIT */
/*
 * The VMClock page: layout and constants, as UAPI.13 v1.1 defines them.
 *
 * All fields are little-endian. A field exists only if the page's size field
 * covers it. The fields before seq_count are constant for the life of the
 * device; the others may change whenever seq_count changes.
 *
 * For kernel C, and for C99, C++98 and newer. Linux 6.13 and newer install
 * <linux/vmclock-abi.h>, which declares the same structure (before 7.0
 * without the last field). A program may include both headers in any order;
 * the first header provides the structure.
 */
#ifndef VMCLOCK_ABI_H
#define VMCLOCK_ABI_H

#ifndef __VMCLOCK_ABI_H__
#define __VMCLOCK_ABI_H__

#include <linux/types.h>

struct vmclock_abi {
	__le32 magic;			/* VMCLOCK_MAGIC */
	__le32 size;			/* bytes of the shared region */
	__le16 version;			/* 1 */
	__u8 counter_id;		/* VMCLOCK_COUNTER_* */
	__u8 time_type;			/* VMCLOCK_TIME_* */

	__le32 seq_count;		/* odd: an update is in progress */

	__le64 disruption_marker;	/* differs after each disruption of the counter */
	__le64 flags;			/* VMCLOCK_FLAG_*; ignore unknown flags */
	__u8 pad[2];
	__u8 clock_status;		/* VMCLOCK_STATUS_* */
	__u8 leap_second_smearing_hint;	/* VMCLOCK_SMEARING_* */
	__le16 tai_offset_sec;		/* signed: UTC = TAI + offset, -37 since 2017 */
	__u8 leap_indicator;		/* VMCLOCK_LEAP_*, at the reference time */

	/*
	 * time = reference + period * (counter - counter_value), with
	 * periods in units of 1 / 2^(64 + counter_period_shift) seconds.
	 */
	__u8 counter_period_shift;
	__le64 counter_value;
	__le64 counter_period_frac_sec;
	__le64 counter_period_esterror_rate_frac_sec;
	__le64 counter_period_maxerror_rate_frac_sec;

	__le64 time_sec;		/* the reference, on the scale of time_type */
	__le64 time_frac_sec;		/* 1 / 2^64 s */
	__le64 time_esterror_nanosec;
	__le64 time_maxerror_nanosec;

	__le64 vm_generation_counter;	/* differs in each clone of a snapshot */
};

#define VMCLOCK_MAGIC				0x4b4c4356 /* "VCLK" */

#define VMCLOCK_COUNTER_ARM_VCNT		0
#define VMCLOCK_COUNTER_X86_TSC			1
#define VMCLOCK_COUNTER_INVALID			0xff

#define VMCLOCK_TIME_UTC			0
#define VMCLOCK_TIME_TAI			1
#define VMCLOCK_TIME_MONOTONIC			2
#define VMCLOCK_TIME_INVALID_SMEARED		3
#define VMCLOCK_TIME_INVALID_MAYBE_SMEARED	4

#define VMCLOCK_FLAG_TAI_OFFSET_VALID		(1 << 0)
#define VMCLOCK_FLAG_DISRUPTION_SOON		(1 << 1) /* within about a day */
#define VMCLOCK_FLAG_DISRUPTION_IMMINENT	(1 << 2) /* within about an hour */
#define VMCLOCK_FLAG_PERIOD_ESTERROR_VALID	(1 << 3)
#define VMCLOCK_FLAG_PERIOD_MAXERROR_VALID	(1 << 4)
#define VMCLOCK_FLAG_TIME_ESTERROR_VALID	(1 << 5)
#define VMCLOCK_FLAG_TIME_MAXERROR_VALID	(1 << 6)
#define VMCLOCK_FLAG_TIME_MONOTONIC		(1 << 7)

#define VMCLOCK_STATUS_UNKNOWN			0
#define VMCLOCK_STATUS_INITIALIZING		1
#define VMCLOCK_STATUS_SYNCHRONIZED		2
#define VMCLOCK_STATUS_FREERUNNING		3
#define VMCLOCK_STATUS_UNRELIABLE		4

#define VMCLOCK_SMEARING_STRICT			0
#define VMCLOCK_SMEARING_NOON_LINEAR		1
#define VMCLOCK_SMEARING_UTC_SLS		2

#define VMCLOCK_LEAP_NONE			0x00
#define VMCLOCK_LEAP_PRE_POS			0x01
#define VMCLOCK_LEAP_PRE_NEG			0x02
#define VMCLOCK_LEAP_POS			0x03
#define VMCLOCK_LEAP_POST_POS			0x04
#define VMCLOCK_LEAP_POST_NEG			0x05

/* Checks the layout, if the language has static assertions. */
#if defined(__cplusplus) && __cplusplus >= 201103L
#define VMCLOCK_ABI_ASSERT(cond) static_assert(cond, #cond)
#elif defined(__KERNEL__) || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L)
#define VMCLOCK_ABI_ASSERT(cond) _Static_assert(cond, #cond)
#endif
#ifdef VMCLOCK_ABI_ASSERT
#define VMCLOCK_ABI_AT(offset, field) \
	VMCLOCK_ABI_ASSERT(__builtin_offsetof(struct vmclock_abi, field) == (offset))

VMCLOCK_ABI_AT(0x00, magic);
VMCLOCK_ABI_AT(0x04, size);
VMCLOCK_ABI_AT(0x08, version);
VMCLOCK_ABI_AT(0x0a, counter_id);
VMCLOCK_ABI_AT(0x0b, time_type);
VMCLOCK_ABI_AT(0x0c, seq_count);
VMCLOCK_ABI_AT(0x10, disruption_marker);
VMCLOCK_ABI_AT(0x18, flags);
VMCLOCK_ABI_AT(0x20, pad);
VMCLOCK_ABI_AT(0x22, clock_status);
VMCLOCK_ABI_AT(0x23, leap_second_smearing_hint);
VMCLOCK_ABI_AT(0x24, tai_offset_sec);
VMCLOCK_ABI_AT(0x26, leap_indicator);
VMCLOCK_ABI_AT(0x27, counter_period_shift);
VMCLOCK_ABI_AT(0x28, counter_value);
VMCLOCK_ABI_AT(0x30, counter_period_frac_sec);
VMCLOCK_ABI_AT(0x38, counter_period_esterror_rate_frac_sec);
VMCLOCK_ABI_AT(0x40, counter_period_maxerror_rate_frac_sec);
VMCLOCK_ABI_AT(0x48, time_sec);
VMCLOCK_ABI_AT(0x50, time_frac_sec);
VMCLOCK_ABI_AT(0x58, time_esterror_nanosec);
VMCLOCK_ABI_AT(0x60, time_maxerror_nanosec);
VMCLOCK_ABI_AT(0x68, vm_generation_counter);
VMCLOCK_ABI_ASSERT(sizeof(struct vmclock_abi) == 0x70);

#undef VMCLOCK_ABI_AT
#undef VMCLOCK_ABI_ASSERT
#endif

#endif /* __VMCLOCK_ABI_H__ */

/* The <linux/vmclock-abi.h> of Linux 6.13 to 6.19 lacks these two. */
#ifndef VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT
#define VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT	(1 << 8)
#endif
#ifndef VMCLOCK_FLAG_NOTIFICATION_PRESENT
#define VMCLOCK_FLAG_NOTIFICATION_PRESENT	(1 << 9)
#endif

#define VMCLOCK_PAGE_VERSION			1

/* The smallest valid page ends after flags. */
#define VMCLOCK_SIZE_MIN			0x20

#endif /* VMCLOCK_ABI_H */
