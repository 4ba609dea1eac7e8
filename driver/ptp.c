// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The page's time as a PTP clock, for chrony, phc2sys and similar programs.
 *
 * The clock is registered from the start if the page can ever carry time for
 * this CPU. Readings fail while the host does not know the time. Nobody can set
 * the clock.
 *
 * Lifetime: after ptp_clock_unregister() the PTP core makes no more calls, even
 * if programs still have the clock open: they get -ENODEV. An open clock does
 * not pin this module.
 */
#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/timekeeping.h>

#include "calc/scale.h"
#include "calc/time.h"
#include "compat.h"
#include "attributes.h"
#include "counter.h"
#include "internal.h"

/* ---- The scale of the clock --------------------------------------------------- */

enum vmclock_timescale { VMCLOCK_PTP_TAI, VMCLOCK_PTP_UTC };

static const char *const vmclock_timescales[] = {
	[VMCLOCK_PTP_TAI] = "tai",
	[VMCLOCK_PTP_UTC] = "utc",
};

static int vmclock_timescale = VMCLOCK_PTP_TAI;
static const char *vmclock_timescale_name = "tai";

static int vmclock_timescale_set(const char *value, const struct kernel_param *param)
{
	int found = sysfs_match_string(vmclock_timescales, value);

	if (found < 0)
		return found;
	vmclock_timescale = found;
	vmclock_timescale_name = vmclock_timescales[found];
	return 0;
}

static DEFINE_KERNEL_PARAM_OPS(vmclock_timescale_ops, vmclock_timescale_set, param_get_charp);

module_param_cb(ptp_timescale, &vmclock_timescale_ops, &vmclock_timescale_name, 0444);
MODULE_PARM_DESC(ptp_timescale, "Timescale of the PTP clock: tai (default) or utc");

/* ---- A counter value, alone or with the system clock's time ------------------- */

/* How often to try to get a pair: the host may change kvm-clock's parameters in between. */
#define VMCLOCK_PAIR_TRIES	3

static bool vmclock_within(u64 counter, u64 before, u64 after)
{
	return before <= counter && counter <= after;
}

/* vmclock_pair() if the kernel does not name the clocksource; called with preemption off. */
static int vmclock_pair_bracketed(clockid_t clock, struct system_time_snapshot *sys, u64 *counter)
{
	u64 before, after;

	before = vmclock_counter();
	if (!system_snapshot(clock, sys))
		return -EINVAL;
	after = vmclock_counter();

	*counter = sys->cycles;
	if (vmclock_within(*counter, before, after))
		return 0;
	*counter = system_snapshot_hw_cycles(sys);
	if (vmclock_within(*counter, before, after))
		return 0;
	*counter = after;
	return vmclock_counter_below(sys->cycles, before, after, counter);
}

/*
 * Takes a snapshot of a system clock, and the counter at the same instant.
 *
 * Some kernels name the clocksource. On other kernels, a clocksource value that
 * lies between two readings of the counter is a counter value, or differs from
 * one by no more than the distance of the two readings.
 *
 * -EOPNOTSUPP: the system clock runs on something else, and will at the next
 * try; @counter is a value right after the snapshot. -EAGAIN: another try may
 * succeed. -EINVAL: this clock has no snapshot.
 */
static __always_inline int vmclock_pair(clockid_t clock, struct system_time_snapshot *sys,
					u64 *counter)
{
	int ret;

	if (VMCLOCK_COUNTER_NAMED) {
		if (!system_snapshot(clock, sys))
			return -EINVAL;
		switch (vmclock_counter_named(sys, counter)) {
		case VMCLOCK_NAMED:
			return 0;
		case VMCLOCK_NAMED_OTHER:
			*counter = vmclock_counter();
			return -EOPNOTSUPP;
		case VMCLOCK_NAMED_DERIVED:
			break;
		}
	}

	preempt_disable();
	ret = vmclock_pair_bracketed(clock, sys, counter);
	preempt_enable();
	return ret;
}

/* Samples for vmclock_ptp_read(): the counter, and the system time if the caller wants it. */

static __always_inline int vmclock_sample_around(void *system, u64 *counter)
{
	struct ptp_system_timestamp *sts = system;
	struct system_time_snapshot local __uninitialized;
	struct system_time_snapshot *sys;
	int ret;

	if (!sts) {
		*counter = vmclock_counter();
		return 0;
	}

	sys = ptp_system_snapshot(sts, &local);
	ret = vmclock_pair(ptp_system_clock(sts), sys, counter);
	if (!ret) {
		ptp_set_system_time(sts, sys);
	} else if (ret == -EOPNOTSUPP) {
		/* Reuse the snapshot: reading a slow clocksource again would cost more. */
		ptp_set_system_time_before(sts, sys);
		ptp_read_system_postts(sts);
	} else {
		preempt_disable();
		ptp_read_system_prets(sts);
		*counter = vmclock_counter();
		ptp_read_system_postts(sts);
		preempt_enable();
	}
	return 0;
}

static __always_inline int vmclock_sample_pair(void *system, u64 *counter)
{
	struct system_device_crosststamp *cts = system;
	struct system_time_snapshot sys __uninitialized;
	int tries = 0;
	int ret;

	do {
		ret = vmclock_pair(crosststamp_clock(cts), &sys, counter);
	} while (ret == -EAGAIN && ++tries < VMCLOCK_PAIR_TRIES);
	if (ret)
		return -EOPNOTSUPP;
	crosststamp_set_system_time(cts, &sys);
	return 0;
}

/* ---- Readings ------------------------------------------------------------------- */

/*
 * Reads the fields that the time needs, each once; call within a section. Copying
 * the whole page first would cost more than the rest of the reading. Only pages
 * that have all these fields get a clock.
 */
static __always_inline void vmclock_ptp_take_time(const struct vmclock_abi *page,
						  struct vmclock_snapshot *snap)
{
	snap->flags = le64_to_cpu(READ_ONCE(page->flags));
	snap->counter_value = le64_to_cpu(READ_ONCE(page->counter_value));
	snap->period = le64_to_cpu(READ_ONCE(page->counter_period_frac_sec));
	snap->time_sec = le64_to_cpu(READ_ONCE(page->time_sec));
	snap->time_frac = le64_to_cpu(READ_ONCE(page->time_frac_sec));
	snap->tai_offset = le16_to_cpu(READ_ONCE(page->tai_offset_sec));
	snap->counter_id = READ_ONCE(page->counter_id);
	snap->time_type = READ_ONCE(page->time_type);
	snap->status = READ_ONCE(page->clock_status);
	snap->leap = READ_ONCE(page->leap_indicator);
	snap->shift = READ_ONCE(page->counter_period_shift);
	/* PTP clocks are never smeared. */
	snap->smearing = VMCLOCK_SMEARING_STRICT;
}

/* Reads the fields that the bounds need in addition; not all pages have them. */
static __always_inline void vmclock_ptp_take_bounds(const struct vmclock *vc,
						    struct vmclock_snapshot *snap)
{
	const struct vmclock_abi *page = vc->page;

	snap->period_maxerror =
		le64_to_cpu(READ_ONCE(page->counter_period_maxerror_rate_frac_sec));
	snap->time_maxerror = VMCLOCK_COVERS(vc->size, time_maxerror_nanosec) ?
			      le64_to_cpu(READ_ONCE(page->time_maxerror_nanosec)) : 0;
}

static __always_inline int vmclock_ptp_time(const struct vmclock_snapshot *snap, u64 counter,
					    struct timespec64 *ts)
{
	struct vmclock_instant t __uninitialized;
	u8 leap;
	int ret;

	if (!vmclock_counter_trusted())
		return -EOPNOTSUPP;

	ret = vmclock_calc_usable(snap, VMCLOCK_COUNTER_HERE);
	if (ret)
		return ret;
	ret = vmclock_calc_time(snap, counter, &t);
	if (ret)
		return ret;
	if (vmclock_timescale == VMCLOCK_PTP_UTC)
		ret = vmclock_calc_to_utc(snap, &t, &leap);
	else
		ret = vmclock_calc_to_tai(snap, &t);
	if (ret)
		return ret;

	ts->tv_sec = t.sec;
	ts->tv_nsec = t.nsec;
	/* The PTP core counts in signed 64-bit nanoseconds. */
	return timespec64_valid_strict(ts) ? 0 : -EOVERFLOW;
}

/* A value of the counter, and the page's fields at that time. */
struct vmclock_reading {
	struct vmclock_snapshot snap;
	u64 counter;
};

/*
 * Takes the sample within the read section: otherwise a live migration could
 * come between the counter and the page. Inline, because each sample would
 * otherwise cost two more calls through pointers.
 */
static __always_inline int vmclock_ptp_read(const struct vmclock *vc, struct timespec64 *ts,
					    struct vmclock_reading *reading, bool bounds,
					    int (*sample)(void *system, u64 *counter),
					    void *system)
{
	struct vmclock_section section __uninitialized;
	int ret;

	vmclock_section_init(&section, VMCLOCK_UPDATE_MS);
	do {
		ret = vmclock_section_begin(vc, &section);
		if (ret)
			return ret;
		vmclock_ptp_take_time(vc->page, &reading->snap);
		if (bounds)
			vmclock_ptp_take_bounds(vc, &reading->snap);
		ret = sample(system, &reading->counter);
	} while (vmclock_section_retry(vc, &section));
	reading->snap.marker = section.state.marker;
	reading->snap.size = vc->size;
	return ret ?: vmclock_ptp_time(&reading->snap, reading->counter, ts);
}

static struct vmclock *info_to_vmclock(struct ptp_clock_info *info)
{
	return container_of(info, struct vmclock, ptp_info);
}

static int vmclock_ptp_gettimex64(struct ptp_clock_info *info, struct timespec64 *ts,
				  struct ptp_system_timestamp *sts)
{
	struct vmclock_reading reading __uninitialized;

	return vmclock_ptp_read(info_to_vmclock(info), ts, &reading, false, vmclock_sample_around,
				sts);
}

static __always_inline int vmclock_ptp_cross(struct ptp_clock_info *info,
					     struct system_device_crosststamp *cts,
					     struct vmclock_reading *reading, bool bounds)
{
	struct timespec64 ts;
	int ret;

	ret = vmclock_ptp_read(info_to_vmclock(info), &ts, reading, bounds, vmclock_sample_pair,
			       cts);
	if (!ret)
		cts->device = timespec64_to_ktime(ts);
	return ret;
}

static int vmclock_ptp_getcrosststamp(struct ptp_clock_info *info,
				      struct system_device_crosststamp *cts)
{
	struct vmclock_reading reading __uninitialized;

	return vmclock_ptp_cross(info, cts, &reading, false);
}

/* ---- Readings with attributes, if the PTP core asks for them ------------------------ */

static void vmclock_ptp_attributes(const struct vmclock_reading *reading,
				   struct ptp_clock_attrs *attrs)
{
	vmclock_attributes(&reading->snap, reading->counter,
			   vmclock_timescale == VMCLOCK_PTP_UTC ? PTP_TIMESCALE_UTC :
								  PTP_TIMESCALE_TAI,
			   attrs);
}

static int vmclock_ptp_gettimexattrs64(struct ptp_clock_info *info, struct timespec64 *ts,
				       struct ptp_system_timestamp *sts,
				       struct ptp_clock_attrs *attrs)
{
	struct vmclock_reading reading __uninitialized;
	int ret;

	ret = vmclock_ptp_read(info_to_vmclock(info), ts, &reading, true, vmclock_sample_around,
			       sts);
	if (!ret && attrs)
		vmclock_ptp_attributes(&reading, attrs);
	return ret;
}

static int vmclock_ptp_getcrosststampattrs(struct ptp_clock_info *info,
					   struct system_device_crosststamp *cts,
					   struct ptp_clock_attrs *attrs)
{
	struct vmclock_reading reading __uninitialized;
	int ret = vmclock_ptp_cross(info, cts, &reading, true);

	if (!ret && attrs)
		vmclock_ptp_attributes(&reading, attrs);
	return ret;
}

/* ---- Refusals: the clock is the host's -------------------------------------------- */

static int vmclock_ptp_settime64(struct ptp_clock_info *info, const struct timespec64 *ts)
{
	return -EOPNOTSUPP;
}

static int vmclock_ptp_adjtime(struct ptp_clock_info *info, s64 delta)
{
	return -EOPNOTSUPP;
}

static int vmclock_ptp_adjfine(struct ptp_clock_info *info, long scaled_ppm)
{
	return -EOPNOTSUPP;
}

static int vmclock_ptp_enable(struct ptp_clock_info *info, struct ptp_clock_request *request,
			      int on)
{
	return -EOPNOTSUPP;
}

static const struct ptp_clock_info vmclock_ptp_info = {
	.owner		= THIS_MODULE,
	.gettimex64	= vmclock_ptp_gettimex64,
	.getcrosststamp	= vmclock_ptp_getcrosststamp,
	.settime64	= vmclock_ptp_settime64,
	.adjtime	= vmclock_ptp_adjtime,
	.adjfine	= vmclock_ptp_adjfine,
	.enable		= vmclock_ptp_enable,
};

/* ---- Registration ------------------------------------------------------------------ */

/* After a failed registration, try again no sooner than this. */
#define VMCLOCK_PTP_RETRY	HZ

/* These fields are constant for the device's life, but may change with a migration. */
static bool vmclock_may_carry_time(const struct vmclock *vc)
{
	u8 type = READ_ONCE(vc->page->time_type);

	return VMCLOCK_COVERS(vc->size, time_frac_sec) &&
	       READ_ONCE(vc->page->counter_id) == VMCLOCK_COUNTER_HERE &&
	       (type == VMCLOCK_TIME_UTC || type == VMCLOCK_TIME_TAI);
}

/* Logs once why there is no clock. */
static void vmclock_ptp_failed(struct vmclock *vc, const char *why, long error)
{
	if (!vc->ptp_failed)
		dev_warn(vc->misc.parent, "%s: no PTP clock: %s (%ld)\n", vc->name, why, error);
	vc->ptp_failed = true;
	vc->ptp_retry = jiffies + VMCLOCK_PTP_RETRY;
}

static bool vmclock_ptp_wanted(const struct vmclock *vc)
{
	if (vc->ptp || !vmclock_may_carry_time(vc))
		return false;
	return !vc->ptp_failed || time_after_eq(jiffies, vc->ptp_retry);
}

void vmclock_ptp_register(struct vmclock *vc)
{
	struct ptp_clock *ptp;

	if (!vmclock_ptp_wanted(vc))
		return;
	if (!vmclock_counter_trusted()) {
		vmclock_ptp_failed(vc, "the kernel distrusts the counter", -EOPNOTSUPP);
		return;
	}

	vc->ptp_info = vmclock_ptp_info;
	ptp_set_attributes_calls(&vc->ptp_info, vmclock_ptp_gettimexattrs64,
				 vmclock_ptp_getcrosststampattrs);
	strscpy(vc->ptp_info.name, vc->name, sizeof(vc->ptp_info.name));
	ptp = ptp_clock_register(&vc->ptp_info, vc->misc.parent);
	/* NULL: this kernel has no PTP clocks. */
	if (!ptp)
		return;
	if (IS_ERR(ptp)) {
		vmclock_ptp_failed(vc, "it cannot be registered", PTR_ERR(ptp));
		return;
	}
	vc->ptp = ptp;
	dev_info(vc->misc.parent, "%s: ptp%d gives %s\n", vc->name, ptp_clock_index(ptp),
		 vmclock_timescale == VMCLOCK_PTP_UTC ? "UTC" : "TAI");
}

void vmclock_ptp_unregister(struct vmclock *vc)
{
	if (vc->ptp)
		ptp_clock_unregister(vc->ptp);
}
