/* SPDX-License-Identifier: MIT */
/* The page's fields that the arithmetic needs, copied once, in host byte order. */
#ifndef VMCLOCK_CALC_SNAPSHOT_H
#define VMCLOCK_CALC_SNAPSHOT_H

#include "calc/base.h"

struct vmclock_snapshot {
	__u64 marker;
	__u64 flags;
	__u64 counter_value;
	__u64 period;			/* this and the next in 1 / 2^(64 + shift) s */
	__u64 period_maxerror;
	__u64 time_sec;
	__u64 time_frac;		/* 1 / 2^64 s */
	__u64 time_maxerror;		/* ns */
	__u32 size;			/* the page's size */
	__s16 tai_offset;
	__u8 counter_id;
	__u8 time_type;
	__u8 status;
	__u8 smearing;
	__u8 leap;
	__u8 shift;
};

/**
 * vmclock_calc_snapshot() - make a snapshot from a copy of the page
 * @page:	a consistent copy, never the live page; fields that the page lacks are zero
 * @size:	the page's size, as checked when the device was found
 * @s:		receives the snapshot
 *
 */
static inline void vmclock_calc_snapshot(const struct vmclock_abi *page, __u32 size,
					 struct vmclock_snapshot *s)
{
	s->marker = vmclock_le64(page->disruption_marker);
	s->flags = vmclock_le64(page->flags);
	s->counter_value = vmclock_le64(page->counter_value);
	s->period = vmclock_le64(page->counter_period_frac_sec);
	s->period_maxerror = vmclock_le64(page->counter_period_maxerror_rate_frac_sec);
	s->time_sec = vmclock_le64(page->time_sec);
	s->time_frac = vmclock_le64(page->time_frac_sec);
	s->time_maxerror = vmclock_le64(page->time_maxerror_nanosec);
	s->size = size;
	s->tai_offset = (__s16)vmclock_le16(page->tai_offset_sec);
	s->counter_id = page->counter_id;
	s->time_type = page->time_type;
	s->status = page->clock_status;
	s->smearing = page->leap_second_smearing_hint;
	s->leap = page->leap_indicator;
	s->shift = page->counter_period_shift;
}

#endif /* VMCLOCK_CALC_SNAPSHOT_H */
