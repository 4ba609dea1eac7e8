// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Notifications: the host reports a change by ACPI or by an interrupt. Both are
 * counted, wake the sleepers if the page has changed, and schedule one look for
 * any number of notifications.
 */
#include <linux/acpi.h>
#include <linux/interrupt.h>
#include <linux/platform_device.h>

#include "internal.h"

bool vmclock_notified(const struct vmclock *vc)
{
	return vc->notifier &&
	       le64_to_cpu(READ_ONCE(vc->page->flags)) & VMCLOCK_FLAG_NOTIFICATION_PRESENT;
}

/* Several CPUs may be here at once: ACPI calls its handlers from a workqueue. */
static void vmclock_hear(struct vmclock *vc)
{
	/* Before the wake-up, so that a program that wakes finds its notification counted. */
	atomic64_inc(&vc->notifications);
	vmclock_watch_notified(vc);
}

static void vmclock_acpi_notify(acpi_handle handle, u32 event, void *data)
{
	vmclock_hear(data);
}

/* The device cannot tell whether it raised the interrupt; the line may be shared. */
static irqreturn_t vmclock_irq(int irq, void *data)
{
	vmclock_hear(data);
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
	ret = devm_request_irq(&pdev->dev, irq, vmclock_irq, IRQF_SHARED, vc->name, vc);
	if (!ret)
		vc->notifier = "irq";
	return ret;
}

/* Does not check the page's flag, which may change later. */
int vmclock_notify_start(struct platform_device *pdev, struct vmclock *vc)
{
	struct device *dev = &pdev->dev;
	int ret;

	if (has_acpi_companion(dev))
		ret = vmclock_request_acpi(dev, vc);
	else
		ret = vmclock_request_irq(pdev, vc);
	if (ret && ret != -EPROBE_DEFER) {
		dev_warn(dev, "no notifications: cannot listen to them (error %d)\n", ret);
		vc->deaf = true;
		return 0;
	}
	return ret;
}
