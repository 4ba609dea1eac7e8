/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What older kernels lack: under the newest kernel's name, or behind a function
 * if structures differ. Only this file and the probes that make features.h know
 * the differences between kernels.
 */
#ifndef VMCLOCK_DRIVER_COMPAT_H
#define VMCLOCK_DRIVER_COMPAT_H

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/timekeeping.h>
#ifdef CONFIG_X86_64
#include <asm/pvclock.h>	/* must come before kvmclock.h */
#include <asm/kvmclock.h>
#endif

#include "features.h"
#ifndef HAVE_PTP_ATTRIBUTES
#include "compat-attributes.h"
#endif

/* The kernel's hardening need not clear this variable, because the code fills it at once. */
#ifndef __uninitialized
#if __has_attribute(__uninitialized__)
#define __uninitialized __attribute__((__uninitialized__))
#else
#define __uninitialized
#endif
#endif

#ifndef HAVE_VM_FLAGS_CLEAR
static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif

#ifndef HAVE_COPY_SPLICE_READ
#define copy_splice_read generic_file_splice_read
#endif

/* A macro because the getter's type depends on the kernel: use one of the kernel's own. */
#ifndef DEFINE_KERNEL_PARAM_OPS
#define DEFINE_KERNEL_PARAM_OPS(name, setter, getter) \
	const struct kernel_param_ops name = { .set = (setter), .get = (getter) }
#endif

#ifdef CONFIG_X86_64
/* The kvm-clock of this CPU; NULL: there is none, or modules cannot reach it. */
static inline const struct pvclock_vcpu_time_info *system_pvti(void)
{
#if defined(HAVE_THIS_CPU_PVTI) && IS_ENABLED(CONFIG_KVM_GUEST)
	return this_cpu_pvti();
#else
	return NULL;
#endif
}
#endif

/* ---- Snapshots: a system clock and its clocksource's count at one instant --- */

#ifdef HAVE_KTIME_GET_SNAPSHOT_ID
/* False: this clock has no snapshot. */
static inline bool system_snapshot(clockid_t clock, struct system_time_snapshot *sys)
{
	ktime_get_snapshot_id(clock, sys);
	return sys->valid;
}

static inline ktime_t system_snapshot_time(clockid_t clock, const struct system_time_snapshot *sys)
{
	return sys->systime;
}

static inline ktime_t system_snapshot_raw(const struct system_time_snapshot *sys)
{
	return sys->monoraw;
}
#else
static inline bool system_snapshot(clockid_t clock, struct system_time_snapshot *sys)
{
	ktime_t offset;

	if (clock != CLOCK_MONOTONIC) {
		ktime_get_snapshot(sys);
		return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC_RAW;
	}

	/* REALTIME minus an offset; the offset changes when somebody sets the clock. */
	offset = ktime_mono_to_real(0);
	ktime_get_snapshot(sys);
	sys->real = ktime_sub(sys->real, offset);
	return ktime_mono_to_real(0) == offset;
}

static inline ktime_t system_snapshot_time(clockid_t clock, const struct system_time_snapshot *sys)
{
	return clock == CLOCK_MONOTONIC_RAW ? sys->raw : sys->real;
}

static inline ktime_t system_snapshot_raw(const struct system_time_snapshot *sys)
{
	return sys->raw;
}
#endif

/* The hardware's count, if the clocksource derives its own count from another counter. */
static inline u64 system_snapshot_hw_cycles(const struct system_time_snapshot *sys)
{
#ifdef HAVE_SNAPSHOT_HW_CYCLES
	return sys->hw_cycles;
#else
	return sys->cycles;
#endif
}

#ifdef CONFIG_X86_64
/* If the kernel names clocksources: the TSC value in a snapshot, if the snapshot has one. */
#ifdef HAVE_CSID_X86_TSC
#define SYSTEM_SNAPSHOT_NAMES_TSC 1

static inline bool system_snapshot_tsc(const struct system_time_snapshot *sys, u64 *tsc)
{
	*tsc = sys->cycles;
	if (likely(sys->cs_id == CSID_X86_TSC || sys->cs_id == CSID_X86_TSC_EARLY))
		return true;
#ifdef HAVE_SNAPSHOT_HW_CYCLES
	*tsc = sys->hw_cycles;
	return sys->hw_csid == CSID_X86_TSC;
#else
	return false;
#endif
}

static inline bool system_snapshot_is_kvm_clock(const struct system_time_snapshot *sys)
{
	return sys->cs_id == CSID_X86_KVM_CLK;
}
#else
#define SYSTEM_SNAPSHOT_NAMES_TSC 0

static inline bool system_snapshot_tsc(const struct system_time_snapshot *sys, u64 *tsc)
{
	return false;
}

static inline bool system_snapshot_is_kvm_clock(const struct system_time_snapshot *sys)
{
	return false;
}
#endif
#endif

/* ---- The PTP core's structures for the system clock --------------------------- */

/* The clock that the caller asked for. */
static inline clockid_t ptp_system_clock(const struct ptp_system_timestamp *sts)
{
#ifdef HAVE_PTP_SYSTEM_CLOCKID
	return sts->clockid;
#else
	return CLOCK_REALTIME;
#endif
}

/* Where to store the snapshot from before the reading: @local if the PTP core has no field. */
static inline struct system_time_snapshot *
ptp_system_snapshot(struct ptp_system_timestamp *sts, struct system_time_snapshot *local)
{
#ifdef HAVE_PTP_SYSTEM_SNAPSHOTS
	return &sts->pre_sts;
#else
	return local;
#endif
}

/* Stores the snapshot as the system time before the reading. */
static inline void ptp_set_system_time_before(struct ptp_system_timestamp *sts,
					      const struct system_time_snapshot *sys)
{
#ifndef HAVE_PTP_SYSTEM_SNAPSHOTS
	sts->pre_ts = ktime_to_timespec64(system_snapshot_time(ptp_system_clock(sts), sys));
#endif
}

/* Stores the snapshot as the system time before and after the reading. */
static inline void ptp_set_system_time(struct ptp_system_timestamp *sts,
				       const struct system_time_snapshot *sys)
{
	ptp_set_system_time_before(sts, sys);
#ifdef HAVE_PTP_SYSTEM_SNAPSHOTS
	sts->post_sts = *sys;
#else
	sts->post_ts = sts->pre_ts;
#endif
}

static inline clockid_t crosststamp_clock(const struct system_device_crosststamp *cts)
{
#ifdef HAVE_CROSSTSTAMP_CLOCK_ID
	return cts->clock_id;
#else
	return CLOCK_REALTIME;
#endif
}

static inline void crosststamp_set_system_time(struct system_device_crosststamp *cts,
					       const struct system_time_snapshot *sys)
{
	ktime_t time = system_snapshot_time(crosststamp_clock(cts), sys);

#ifdef HAVE_CROSSTSTAMP_CLOCK_ID
	cts->sys_systime = time;
#else
	cts->sys_realtime = time;
#endif
#ifdef HAVE_CROSSTSTAMP_COUNTER
	cts->sys_counter = (struct system_counterval_t) {
		.cycles = sys->cycles,
		.cs_id = sys->cs_id,
	};
#endif
	cts->sys_monoraw = system_snapshot_raw(sys);
}

/* Sets the PTP core's calls that return attributes, if this kernel has them. */
static inline void
ptp_set_attributes_calls(struct ptp_clock_info *info,
			 int (*gettimex)(struct ptp_clock_info *info, struct timespec64 *ts,
					 struct ptp_system_timestamp *sts,
					 struct ptp_clock_attrs *attrs),
			 int (*getcrosststamp)(struct ptp_clock_info *info,
					       struct system_device_crosststamp *cts,
					       struct ptp_clock_attrs *attrs))
{
#ifdef HAVE_PTP_ATTRIBUTES
	info->gettimexattrs64 = gettimex;
	info->getcrosststampattrs = getcrosststamp;
#endif
}

#endif /* VMCLOCK_DRIVER_COMPAT_H */
