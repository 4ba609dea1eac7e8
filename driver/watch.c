// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How a change of the page is noticed: by notifications of the host, or by
 * looking at the page from time to time. Who polls is woken, and udev is told.
 */
#include <linux/acpi.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/kobject.h>
#include <linux/moduleparam.h>
#include <linux/platform_device.h>

#include "internal.h"

static unsigned int interval_ms = 1000;
module_param(interval_ms, uint, 0444);
MODULE_PARM_DESC(interval_ms,
		 "Look at the page this often, on CPUs that are awake anyway (0: never)");

static unsigned int wait_interval_ms = 20;
module_param(wait_interval_ms, uint, 0444);
MODULE_PARM_DESC(wait_interval_ms,
		 "Look this often while somebody polls and the device does not notify");

/* ---- Looking at the page, waking pollers, telling udev ------------------- */

static bool vmclock_has_generation(const struct vmclock *vc, const struct vmclock_abi *snap)
{
	return vmclock_has(vc, vm_generation_counter) &&
	       le64_to_cpu(snap->flags) & VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT;
}

static void vmclock_uevent(struct vmclock *vc, const char *event, const struct vmclock_abi *snap)
{
	char name[64], marker[64], generation[64];
	char *env[4] = { name, marker };

	snprintf(name, sizeof(name), "VMCLOCK_EVENT=%s", event);
	snprintf(marker, sizeof(marker), "VMCLOCK_DISRUPTION_MARKER=%llu",
		 le64_to_cpu(snap->disruption_marker));
	if (vmclock_has_generation(vc, snap)) {
		snprintf(generation, sizeof(generation), "VMCLOCK_VM_GENERATION_COUNTER=%llu",
			 le64_to_cpu(snap->vm_generation_counter));
		env[2] = generation;
	}
	kobject_uevent_env(&vc->misc.this_device->kobj, KOBJ_CHANGE, env);
}

static void vmclock_look_again(struct delayed_work *work, unsigned int ms)
{
	if (ms)
		schedule_delayed_work(work, msecs_to_jiffies(clamp(ms, 1U, 3600U * 1000)));
}

/* Remembers a generation; true if it replaces another one. */
static bool vmclock_new_generation(struct vmclock *vc, const struct vmclock_abi *snap)
{
	u64 generation = le64_to_cpu(snap->vm_generation_counter);
	bool is_new;

	if (!vmclock_has_generation(vc, snap))
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
	struct vmclock_state state;
	struct vmclock_abi snap;
	bool cloned, disrupted;
	int ret;

	mutex_lock(&vc->look_lock);
	ret = vmclock_snapshot(vc, &snap, 0, &state);
	if (ret == -ETIMEDOUT)
		/* In the middle of an update, whose end may not be notified. */
		vmclock_look_again(&vc->wait_look, VMCLOCK_UPDATE_MS);
	if (ret)
		goto out;

	cloned = vmclock_new_generation(vc, &snap);
	if (vc->seen_any && vmclock_same(&state, &vc->seen) && !cloned)
		goto out;
	disrupted = vc->seen_any && state.marker != vc->seen.marker;
	vc->seen_any = true;
	vc->seen = state;

	wake_up_interruptible(&vc->wait);
	if (disrupted)
		vmclock_uevent(vc, "disruption", &snap);
	if (cloned)
		vmclock_uevent(vc, "generation", &snap);
out:
	mutex_unlock(&vc->look_lock);
}

static void vmclock_idle_look(struct work_struct *work)
{
	struct vmclock *vc = container_of(to_delayed_work(work), struct vmclock, idle_look);

	vmclock_look(vc);
	vmclock_look_again(&vc->idle_look, interval_ms);
}

static void vmclock_wait_look(struct work_struct *work)
{
	struct vmclock *vc = container_of(to_delayed_work(work), struct vmclock, wait_look);

	vmclock_look(vc);
	if (!vmclock_gone(vc) && wq_has_sleeper(&vc->wait))
		vmclock_look_again(&vc->wait_look, wait_interval_ms ?: 1);
}

/* ---- Notifications: ACPI or an interrupt; else the timers do ------------- */

/* Will the host tell us of changes? It may stop to: the flag is not constant. */
bool vmclock_notified(const struct vmclock *vc)
{
	return vc->notifier &&
	       le64_to_cpu(READ_ONCE(vc->page->flags)) & VMCLOCK_FLAG_NOTIFICATION_PRESENT;
}

static void vmclock_acpi_notify(acpi_handle handle, u32 event, void *data)
{
	vmclock_look(data);
}

static irqreturn_t vmclock_irq(int irq, void *data)
{
	vmclock_look(data);
	return IRQ_HANDLED;
}

static void vmclock_remove_acpi_notify(void *data)
{
	struct device *dev = data;

	acpi_remove_notify_handler(ACPI_HANDLE(dev), ACPI_DEVICE_NOTIFY, vmclock_acpi_notify);
}

static int vmclock_request_acpi(struct device *dev, struct vmclock *vc)
{
	int ret;

	if (ACPI_FAILURE(acpi_install_notify_handler(ACPI_HANDLE(dev), ACPI_DEVICE_NOTIFY,
						     vmclock_acpi_notify, vc)))
		return -EBUSY;
	ret = devm_add_action_or_reset(dev, vmclock_remove_acpi_notify, dev);
	if (!ret)
		vc->notifier = "acpi";
	return ret;
}

static int vmclock_request_irq(struct platform_device *pdev, struct vmclock *vc)
{
	int irq, ret;

	irq = platform_get_irq_optional(pdev, 0);
	if (irq < 0)
		return irq == -ENXIO ? 0 : irq;
	ret = devm_request_threaded_irq(&pdev->dev, irq, NULL, vmclock_irq, IRQF_ONESHOT,
					vc->name, vc);
	if (!ret)
		vc->notifier = "irq";
	return ret;
}

/* Whatever the page's flag says now: it may change. Without, there are the timers. */
static int vmclock_request_notifications(struct platform_device *pdev, struct vmclock *vc)
{
	struct device *dev = &pdev->dev;
	int ret;

	if (has_acpi_companion(dev))
		ret = vmclock_request_acpi(dev, vc);
	else
		ret = vmclock_request_irq(pdev, vc);
	if (ret && ret != -EPROBE_DEFER) {
		dev_warn(dev, "no notifications: cannot listen to them (error %d)\n", ret);
		return 0;
	}
	return ret;
}

/* ---- Beginning and end ----------------------------------------------------- */

void vmclock_watch_init(struct vmclock *vc)
{
	mutex_init(&vc->look_lock);
	init_waitqueue_head(&vc->wait);
	INIT_DEFERRABLE_WORK(&vc->idle_look, vmclock_idle_look);
	INIT_DELAYED_WORK(&vc->wait_look, vmclock_wait_look);
}

int vmclock_watch_start(struct platform_device *pdev, struct vmclock *vc)
{
	int ret = vmclock_request_notifications(pdev, vc);

	if (ret)
		return ret;
	vmclock_look(vc);
	vmclock_look_again(&vc->idle_look, interval_ms);
	return 0;
}

void vmclock_watch_waiter(struct vmclock *vc)
{
	if (!vmclock_notified(vc))
		vmclock_look_again(&vc->wait_look, wait_interval_ms ?: 1);
}

void vmclock_watch_stop(struct vmclock *vc)
{
	cancel_delayed_work_sync(&vc->idle_look);
	cancel_delayed_work_sync(&vc->wait_look);
	wake_up_all(&vc->wait);
}
