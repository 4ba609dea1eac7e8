// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How the driver notices a change of the page: it looks at the page when the
 * host notifies, and also periodically, because the host may not notify or may
 * stop to.
 *
 * Each device has one scheduled look, due at the earliest time that anybody
 * needs. vmclock(4) promises the longest delay, see vmclock_period(): it
 * depends neither on the way somebody waits nor on the host's activity.
 */
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/signal.h>
#include <linux/wait.h>

#include "compat.h"
#include "internal.h"

/* Multiplies the interval if the host notifies. */
#define VMCLOCK_BACKSTOP	5U

#define VMCLOCK_INTERVAL_MAX	(3600U * 1000)

/* How many ms a look waits for more notifications. */
#define VMCLOCK_NOTIFIED	1U

/*
 * In ms. The wait before the next look at an unfinished update is as long as the
 * update has taken so far, within these limits. The log names an update that is
 * stuck.
 */
#define VMCLOCK_UNFINISHED_MIN	20U
#define VMCLOCK_UNFINISHED_MAX	(10U * 1000)
#define VMCLOCK_STUCK		1000U
#define VMCLOCK_QUIET		(60 * HZ)

static struct workqueue_struct *vmclock_workqueue;

static LIST_HEAD(vmclock_watched);
static DEFINE_MUTEX(vmclock_watched_lock);

/* ---- Parameters ------------------------------------------------------------- */

static unsigned int interval_ms = 1000;
static unsigned int wait_interval_ms = 20;

static void vmclock_look_in_time(struct vmclock *vc);

static int vmclock_interval_set(const char *value, const struct kernel_param *param)
{
	struct vmclock *vc;
	unsigned int ms;
	int ret = kstrtouint(value, 0, &ms);

	if (ret)
		return ret;
	/* Not param_set_uint(), which is a plain store: vmclock_period() reads it unlocked. */
	WRITE_ONCE(*(unsigned int *)param->arg, ms);
	mutex_lock(&vmclock_watched_lock);
	list_for_each_entry(vc, &vmclock_watched, watched)
		vmclock_look_in_time(vc);
	mutex_unlock(&vmclock_watched_lock);
	return 0;
}

static DEFINE_KERNEL_PARAM_OPS(vmclock_interval_ops, vmclock_interval_set, param_get_uint);

module_param_cb(interval_ms, &vmclock_interval_ops, &interval_ms, 0644);
MODULE_PARM_DESC(interval_ms, "Look at the page this often (default 1000; 0: never)");

module_param_cb(wait_interval_ms, &vmclock_interval_ops, &wait_interval_ms, 0644);
MODULE_PARM_DESC(wait_interval_ms,
		 "Look this often while somebody waits (default 20; 0: as interval_ms says)");

/* ---- When to look --------------------------------------------------------------- */

/* poll(2) and select(2) are in the queue while they sleep, an epoll set until it is closed. */
static bool vmclock_awaited(struct vmclock *vc)
{
	return wq_has_sleeper(&vc->wait) || READ_ONCE(vc->fasync);
}

/* How many ms a change may go unnoticed; 0: no limit. */
static unsigned int vmclock_period(struct vmclock *vc)
{
	unsigned int ms = READ_ONCE(interval_ms);

	if (vmclock_awaited(vc))
		ms = min_not_zero(ms, READ_ONCE(wait_interval_ms));
	ms = min(ms, VMCLOCK_INTERVAL_MAX);
	return vmclock_notified(vc) ? ms * VMCLOCK_BACKSTOP : ms;
}

/* The caller holds look_lock. */
static void vmclock_schedule(struct vmclock *vc, unsigned int ms)
{
	unsigned long delay = msecs_to_jiffies(ms);
	unsigned long due = jiffies + delay;

	if (!vc->look_wanted || (vc->look_due_set && !time_before(due, vc->look_due)))
		return;
	vc->look_due_set = true;
	vc->look_due = due;
	mod_delayed_work(vmclock_workqueue, &vc->look, delay);
}

static void vmclock_look_within(struct vmclock *vc, unsigned int ms)
{
	unsigned long flags;

	spin_lock_irqsave(&vc->look_lock, flags);
	vmclock_schedule(vc, ms);
	spin_unlock_irqrestore(&vc->look_lock, flags);
}

static void vmclock_look_in_time(struct vmclock *vc)
{
	unsigned int ms = vmclock_period(vc);

	if (ms)
		vmclock_look_within(vc, ms);
}

void vmclock_watch_now(struct vmclock *vc)
{
	vmclock_look_within(vc, 0);
}

/*
 * Wakes all sleepers, once for each state of the page. A later poll() sees the
 * new state before it sleeps.
 */
static void vmclock_wake(struct vmclock *vc, const struct vmclock_page_state *state)
{
	unsigned long flags;
	bool is_new;

	spin_lock_irqsave(&vc->look_lock, flags);
	is_new = vc->wake_anyway || !vmclock_same(state, &vc->woken_for);
	vc->woken_for = *state;
	vc->wake_anyway = false;
	spin_unlock_irqrestore(&vc->look_lock, flags);
	if (!is_new)
		return;

	/* All, exclusive sleepers too: each file keeps track of its own reads. */
	wake_up_all(&vc->wait);
	kill_fasync(&vc->fasync, SIGIO, POLL_IN);
}

void vmclock_watch_notified(struct vmclock *vc)
{
	struct vmclock_page_state now = vmclock_page_state_now(vc);

	/* Wake at once; the look does the rest, for all notifications that come before it. */
	if (!(now.seq & 1))
		vmclock_wake(vc, &now);
	vmclock_look_within(vc, VMCLOCK_NOTIFIED);
}

/*
 * If nobody was woken for the state that a program knows, the page may go back to
 * the state that sleepers were woken for. The caller holds look_lock.
 */
static void vmclock_known(struct vmclock *vc, const struct vmclock_page_state *known)
{
	if (!vmclock_same(known, &vc->woken_for))
		vc->wake_anyway = true;
}

void vmclock_watch_known(struct vmclock *vc, const struct vmclock_page_state *known)
{
	unsigned long flags;

	spin_lock_irqsave(&vc->look_lock, flags);
	vmclock_known(vc, known);
	spin_unlock_irqrestore(&vc->look_lock, flags);
}

void vmclock_watch_waiter(struct vmclock *vc, const struct vmclock_page_state *known)
{
	unsigned int ms = vmclock_period(vc);
	unsigned long flags;

	spin_lock_irqsave(&vc->look_lock, flags);
	vmclock_known(vc, known);
	if (ms)
		vmclock_schedule(vc, ms);
	spin_unlock_irqrestore(&vc->look_lock, flags);
}

/* ---- Looking ---------------------------------------------------------------------- */

/* The host may not notify when it finishes the update, so look again. */
static void vmclock_unfinished(struct vmclock *vc)
{
	struct vmclock_unfinished *update = &vc->unfinished;
	u32 seq = vmclock_page_seq(vc->page);
	unsigned int ms;

	if (!update->seen || update->seq != seq) {
		update->seen = true;
		update->seq = seq;
		update->since = jiffies;
	}
	ms = jiffies_to_msecs(jiffies - update->since);
	if (ms >= VMCLOCK_STUCK && !update->told && time_after_eq(jiffies, update->quiet_until)) {
		dev_warn(vc->misc.this_device,
			 "the host does not finish an update of the page: seq_count is stuck at %u\n",
			 seq);
		update->told = true;
		update->quiet_until = jiffies + VMCLOCK_QUIET;
	}
	vmclock_look_within(vc, clamp(ms, VMCLOCK_UNFINISHED_MIN, VMCLOCK_UNFINISHED_MAX));
}

static void vmclock_finished(struct vmclock *vc)
{
	struct vmclock_unfinished *update = &vc->unfinished;

	if (update->told)
		dev_info(vc->misc.this_device, "the host goes on: seq_count is no longer stuck\n");
	update->seen = false;
	update->told = false;
}

/* Remembers the generation; true if it differs from the last one. */
static bool vmclock_new_generation(struct vmclock *vc, const struct vmclock_abi *copy)
{
	u64 generation = le64_to_cpu(copy->vm_generation_counter);
	bool is_new;

	if (!vmclock_has_generation(vc, copy))
		return false;
	is_new = vc->seen_any_generation && generation != vc->seen_generation;
	vc->seen_any_generation = true;
	vc->seen_generation = generation;
	return is_new;
}

/*
 * Compares the page with what the last look saw. The first look only
 * remembers: a first start is no disruption.
 */
static void vmclock_look(struct vmclock *vc)
{
	struct vmclock_page_state state;
	struct vmclock_abi copy;
	unsigned int ms;
	int ret;

	ret = vmclock_copy_page(vc, &copy, 0, &state);
	if (ret == -ETIMEDOUT)
		vmclock_unfinished(vc);
	if (ret)
		return;
	vmclock_finished(vc);

	if (!vc->seen_any || !vmclock_same(&state, &vc->seen)) {
		vc->uevents.disruption |= vc->seen_any && state.marker != vc->seen.marker;
		vc->uevents.generation |= vmclock_new_generation(vc, &copy);
		vc->seen_any = true;
		vc->seen = state;
	}
	vmclock_wake(vc, &state);
	ms = vmclock_uevent(vc, &copy);
	if (ms)
		vmclock_look_within(vc, ms);
}

static void vmclock_look_work(struct work_struct *work)
{
	struct vmclock *vc = container_of(to_delayed_work(work), struct vmclock, look);

	spin_lock_irq(&vc->look_lock);
	vc->look_due_set = false;
	spin_unlock_irq(&vc->look_lock);

	vmclock_look(vc);
	vmclock_ptp_register(vc);
	vmclock_look_in_time(vc);
}

/* ---- Beginning and end -------------------------------------------------------------- */

void vmclock_watch_init(struct vmclock *vc)
{
	INIT_LIST_HEAD(&vc->watched);
	spin_lock_init(&vc->look_lock);
	init_waitqueue_head(&vc->wait);
	INIT_DELAYED_WORK(&vc->look, vmclock_look_work);
	vc->unfinished.quiet_until = jiffies;
	vmclock_uevent_init(vc);
}

void vmclock_watch_start(struct vmclock *vc)
{
	/* The host may be notifying already. */
	spin_lock_irq(&vc->look_lock);
	vc->look_wanted = true;
	spin_unlock_irq(&vc->look_lock);

	mutex_lock(&vmclock_watched_lock);
	list_add(&vc->watched, &vmclock_watched);
	mutex_unlock(&vmclock_watched_lock);

	/* This first look remembers the state that later looks compare with. */
	vmclock_watch_now(vc);
	flush_delayed_work(&vc->look);
}

void vmclock_watch_stop(struct vmclock *vc)
{
	mutex_lock(&vmclock_watched_lock);
	list_del_init(&vc->watched);
	mutex_unlock(&vmclock_watched_lock);

	spin_lock_irq(&vc->look_lock);
	vc->look_wanted = false;
	spin_unlock_irq(&vc->look_lock);
	cancel_delayed_work_sync(&vc->look);

	wake_up_all(&vc->wait);
	kill_fasync(&vc->fasync, SIGIO, POLL_HUP);
}

/* WQ_UNBOUND keeps off isolated CPUs; WQ_SYSFS lets root choose the CPUs. */
int __init vmclock_watch_setup(void)
{
	vmclock_workqueue = alloc_workqueue("vmclock", WQ_UNBOUND | WQ_SYSFS, 0);
	return vmclock_workqueue ? 0 : -ENOMEM;
}

void vmclock_watch_teardown(void)
{
	destroy_workqueue(vmclock_workqueue);
}
