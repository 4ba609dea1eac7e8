// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The page's time as a PTP clock, for chrony, phc2sys and their kind.
 *
 * The clock is there from the start if the page may ever carry time for this
 * CPU; a reading fails while the host does not know the time. It can't be set.
 *
 * Lifetime: once ptp_clock_unregister() returns, the PTP core makes no more
 * calls, whoever still has the clock open: they get -ENODEV from it. Neither
 * does the core pin this module for an open clock.
 */
#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "vmclock-calc.h"
#include "compat.h"
#include "counter.h"
#include "internal.h"

/* ---- The scale of the clock --------------------------------------------------- */

enum vmclock_timescale { VMCLOCK_TAI, VMCLOCK_UTC };

static const char *const vmclock_timescales[] = {
	[VMCLOCK_TAI] = "tai",
	[VMCLOCK_UTC] = "utc",
};

static int vmclock_timescale = VMCLOCK_TAI;

static int vmclock_timescale_set(const char *value, const struct kernel_param *param)
{
	int found = sysfs_match_string(vmclock_timescales, value);

	if (found < 0)
		return found;
	vmclock_timescale = found;
	return 0;
}

static int vmclock_timescale_get(char *buffer, const struct kernel_param *param)
{
	return sysfs_emit(buffer, "%s\n", vmclock_timescales[vmclock_timescale]);
}

static const struct kernel_param_ops vmclock_timescale_ops = {
	.set = vmclock_timescale_set,
	.get = vmclock_timescale_get,
};
module_param_cb(ptp_timescale, &vmclock_timescale_ops, NULL, 0444);
MODULE_PARM_DESC(ptp_timescale, "Timescale of the PTP clock: tai (default) or utc");

/* ---- A counter value, alone or with the system clock's time ------------------- */

/* How often to try for a pair: the host may be changing how kvm-clock counts. */
#define VMCLOCK_PAIR_TRIES	3

static bool vmclock_within(u64 counter, u64 before, u64 after)
{
	return before <= counter && counter <= after;
}

/*
 * A snapshot of a system clock, and the counter at the same instant.
 *
 * What lies between two readings of the counter is such a value, or else
 * differs from it by no more than the two readings do: so there is no need to
 * know the clocksource by name, which modules can't on most kernels. Returns
 * false where the system clock goes by something else.
 */
static bool vmclock_pair(clockid_t clock, struct system_time_snapshot *snap, u64 *counter)
{
	bool found = false;
	int tries;

	for (tries = 0; !found && tries < VMCLOCK_PAIR_TRIES; tries++) {
		u64 before, after;

		preempt_disable();
		before = vmclock_counter();
		if (!system_snapshot(clock, snap)) {
			preempt_enable();
			return false;
		}
		after = vmclock_counter();

		found = true;
		if (vmclock_within(snap->cycles, before, after))
			*counter = snap->cycles;
		else if (vmclock_within(system_snapshot_hw_cycles(snap), before, after))
			*counter = system_snapshot_hw_cycles(snap);
		else
			found = vmclock_counter_below(snap->cycles, before, after, counter);
		preempt_enable();
	}
	return found;
}

/* The samples that vmclock_ptp_read() takes: the counter, and the system time if wanted. */

static int vmclock_sample_around(void *system, u64 *counter)
{
	struct ptp_system_timestamp *sts = system;
	struct system_time_snapshot snap = { };

	if (sts && vmclock_pair(ptp_system_clock(sts), &snap, counter)) {
		ptp_set_system_time(sts, &snap);
		return 0;
	}

	preempt_disable();
	ptp_read_system_prets(sts);
	*counter = vmclock_counter();
	ptp_read_system_postts(sts);
	preempt_enable();
	return 0;
}

static int vmclock_sample_pair(void *system, u64 *counter)
{
	struct system_device_crosststamp *cts = system;
	struct system_time_snapshot snap = { };

	if (!vmclock_pair(crosststamp_clock(cts), &snap, counter))
		return -EOPNOTSUPP;
	crosststamp_set_system_time(cts, &snap);
	return 0;
}

/* ---- Readings ------------------------------------------------------------------- */

static int vmclock_ptp_time(const struct vmclock *vc, const struct vmclock_abi *page, u64 counter,
			    struct timespec64 *ts)
{
	struct vmclock_snapshot snap;
	struct vmclock_instant t;
	u8 leap;
	int ret;

	if (!vmclock_counter_trusted())
		return -EOPNOTSUPP;

	vmclock_calc_snapshot(page, vc->size, &snap);
	ret = vmclock_calc_usable(&snap, VMCLOCK_COUNTER_HERE);
	if (ret)
		return ret;
	ret = vmclock_calc_time(&snap, counter, &t);
	if (ret)
		return ret;
	if (vmclock_timescale == VMCLOCK_UTC)
		ret = vmclock_calc_to_utc(&snap, &t, &leap);
	else
		ret = vmclock_calc_to_tai(&snap, &t);
	if (ret)
		return ret;

	ts->tv_sec = t.sec;
	ts->tv_nsec = t.nsec;
	/* The PTP core counts in signed 64-bit nanoseconds. */
	return timespec64_valid_strict(ts) ? 0 : -EOVERFLOW;
}

/*
 * The sample is taken within the sequence-count section: otherwise a live
 * migration could come between the counter and the page that explains it.
 */
static int vmclock_ptp_read(struct vmclock *vc, struct timespec64 *ts,
			    int (*sample)(void *system, u64 *counter), void *system)
{
	struct vmclock_section section = vmclock_section(VMCLOCK_UPDATE_MS);
	struct vmclock_abi page = { };
	u64 counter;
	int ret;

	do {
		ret = vmclock_section_begin(vc, &section);
		if (ret)
			return ret;
		memcpy(&page, vc->page, min(vc->size, sizeof(page)));
		ret = sample(system, &counter);
	} while (vmclock_section_retry(vc, &section));
	return ret ?: vmclock_ptp_time(vc, &page, counter, ts);
}

static struct vmclock *info_to_vmclock(struct ptp_clock_info *info)
{
	return container_of(info, struct vmclock, ptp_info);
}

static int vmclock_ptp_gettimex64(struct ptp_clock_info *info, struct timespec64 *ts,
				  struct ptp_system_timestamp *sts)
{
	return vmclock_ptp_read(info_to_vmclock(info), ts, vmclock_sample_around, sts);
}

static int vmclock_ptp_getcrosststamp(struct ptp_clock_info *info,
				      struct system_device_crosststamp *cts)
{
	struct timespec64 ts;
	int ret;

	ret = vmclock_ptp_read(info_to_vmclock(info), &ts, vmclock_sample_pair, cts);
	if (!ret)
		cts->device = timespec64_to_ktime(ts);
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

/* How long after a failure it is tried again, at the earliest. */
#define VMCLOCK_PTP_RETRY	HZ

/* By what is constant for the device's life; but a guest may come to another host. */
static bool vmclock_may_carry_time(const struct vmclock *vc)
{
	u8 type = READ_ONCE(vc->page->time_type);

	return vmclock_has(vc, time_frac_sec) &&
	       READ_ONCE(vc->page->counter_id) == VMCLOCK_COUNTER_HERE &&
	       (type == VMCLOCK_TIME_UTC || type == VMCLOCK_TIME_TAI);
}

/* Says why there is no clock, once. */
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
		 vmclock_timescale == VMCLOCK_UTC ? "UTC" : "TAI");
}

void vmclock_ptp_unregister(struct vmclock *vc)
{
	if (vc->ptp)
		ptp_clock_unregister(vc->ptp);
}
