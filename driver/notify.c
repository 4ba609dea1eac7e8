// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Notifications: the host tells of a change by ACPI or by an interrupt. Both
 * wake who waits, if there is news, and ask for a look, so that any number of
 * them are one.
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

static void vmclock_acpi_notify(acpi_handle handle, u32 event, void *data)
{
	vmclock_watch_notified(data);
}

/* The device cannot tell whether it was the one: others on the line have their turn, too. */
static irqreturn_t vmclock_irq(int irq, void *data)
{
	vmclock_watch_notified(data);
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

/* Whatever the page's flag says now: it may change. */
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
		return 0;
	}
	return ret;
}
