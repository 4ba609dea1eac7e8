// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest driver for the VMClock page (UAPI.13).
 *
 * A hypervisor puts a page into the guest's memory. The page says when live
 * migration or a snapshot disrupted the CPU counter and, if the host knows it,
 * how the counter relates to real time. This driver offers the page as
 * /dev/vmclock<N>: mappable, readable, pollable, never writable. If the page
 * can carry time, the driver also registers a PTP clock.
 *
 * Lifetime: the bound platform device and every open file hold a reference to
 * struct vmclock and to the kernel's mapping of the page. So open files stay
 * safe after unbinding: readers need no lock, and vmclock_gone() makes them
 * return -ENODEV. Mappings in userspace also stay: their physical memory still
 * exists, and an application must not die by SIGBUS because somebody unbound a
 * driver.
 */
#include <linux/io.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/pm.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "internal.h"

static void vmclock_free(struct kref *ref)
{
	struct vmclock *vc = container_of(ref, struct vmclock, ref);

	if (vc->page)
		memunmap((void *)vc->page);
	kfree(vc);
}

void vmclock_put(struct vmclock *vc)
{
	kref_put(&vc->ref, vmclock_free);
}

/* Logs exactly one line for each refusal. */
static int vmclock_check_resource(struct device *dev, const struct resource *res)
{
	if (!res) {
		dev_err(dev, "refused: the device has no memory resource\n");
		return -ENODEV;
	}
	if (!IS_ALIGNED(res->start, SZ_4K)) {
		dev_err(dev, "refused: %pR is not page aligned\n", res);
		return -ENODEV;
	}
	if (resource_size(res) < VMCLOCK_SIZE_MIN) {
		dev_err(dev, "refused: %pR is smaller than %#x bytes\n", res, VMCLOCK_SIZE_MIN);
		return -ENODEV;
	}
	return 0;
}

static int vmclock_check_page(struct device *dev, const struct vmclock_abi *page,
			      const struct resource *res, size_t *size)
{
	u32 magic = le32_to_cpu(READ_ONCE(page->magic));
	u16 version = le16_to_cpu(READ_ONCE(page->version));
	u32 page_size = le32_to_cpu(READ_ONCE(page->size));

	if (magic != VMCLOCK_MAGIC) {
		dev_err(dev, "refused: magic %#010x at %pR is not a VMClock page's\n", magic, res);
		return -ENODEV;
	}
	if (version != VMCLOCK_PAGE_VERSION) {
		dev_err(dev, "refused: page version %u, this driver knows version %u\n",
			version, VMCLOCK_PAGE_VERSION);
		return -ENODEV;
	}
	if (page_size < VMCLOCK_SIZE_MIN || page_size > resource_size(res)) {
		dev_err(dev, "refused: page size %#x is not within %#x and the %#llx of %pR\n",
			page_size, VMCLOCK_SIZE_MIN, (u64)resource_size(res), res);
		return -ENODEV;
	}
	*size = page_size;
	return 0;
}

static void vmclock_drop(void *data)
{
	struct vmclock *vc = data;

	vmclock_name_put(vc);
	vmclock_put(vc);
}

/*
 * The order matters: first reads fail, then the looks stop, because they use
 * the device for uevents and register its clock, and last the device goes.
 * Reads of files that are opened meanwhile return -ENODEV.
 */
static void vmclock_retire(void *data)
{
	struct vmclock *vc = data;

	WRITE_ONCE(vc->gone, true);
	vmclock_watch_stop(vc);

	vmclock_ptp_unregister(vc);
	misc_deregister(&vc->misc);
}

static struct vmclock *vmclock_alloc(struct device *dev)
{
	struct vmclock *vc;
	int ret;

	vc = kzalloc(sizeof(*vc), GFP_KERNEL);
	if (!vc)
		return ERR_PTR(-ENOMEM);

	kref_init(&vc->ref);
	vmclock_watch_init(vc);

	ret = vmclock_name_get(vc);
	if (ret) {
		kfree(vc);
		return ERR_PTR(ret);
	}

	ret = devm_add_action_or_reset(dev, vmclock_drop, vc);
	return ret ? ERR_PTR(ret) : vc;
}

static int vmclock_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct resource *res;
	struct vmclock *vc;
	int ret;

	res = platform_get_resource(pdev, IORESOURCE_MEM, 0);
	ret = vmclock_check_resource(dev, res);
	if (ret)
		return ret;

	vc = vmclock_alloc(dev);
	if (IS_ERR(vc))
		return PTR_ERR(vc);

	vc->phys = res->start;
	vc->len = min_t(resource_size_t, resource_size(res), PAGE_SIZE);
	vc->mappable = vc->len == PAGE_SIZE && PAGE_ALIGNED(vc->phys);

	/* WB: the page is ordinary memory. DEC: it is shared with the host, not encrypted. */
	vc->page = memremap(vc->phys, vc->len, MEMREMAP_WB | MEMREMAP_DEC);
	if (!vc->page)
		return dev_err_probe(dev, -ENXIO, "cannot map %pR\n", res);

	ret = vmclock_check_page(dev, vc->page, res, &vc->size);
	if (ret)
		return ret;

	/* Before misc_register(), which makes the attribute "notification" readable. */
	ret = vmclock_notify_start(pdev, vc);
	if (ret)
		return ret;

	vc->misc.minor = MISC_DYNAMIC_MINOR;
	vc->misc.name = vc->name;
	vc->misc.fops = &vmclock_fops;
	vc->misc.mode = 0444;
	vc->misc.parent = dev;
	vc->misc.groups = vmclock_groups;
	ret = misc_register(&vc->misc);
	if (ret)
		return dev_err_probe(dev, ret, "cannot register %s\n", vc->name);
	ret = devm_add_action_or_reset(dev, vmclock_retire, vc);
	if (ret)
		return ret;

	platform_set_drvdata(pdev, vc);

	dev_info(dev, "%s: page at %pR, changes noticed by %s\n", vc->name, res,
		 vmclock_notified(vc) ? vc->notifier : "timer");
	vmclock_watch_start(vc);
	return 0;
}

/* Nobody looked at the page while the machine slept, and the host may have changed it. */
static int vmclock_resume(struct device *dev)
{
	vmclock_watch_now(dev_get_drvdata(dev));
	return 0;
}

static const struct dev_pm_ops vmclock_pm_ops = {
	.resume = vmclock_resume,
	.thaw = vmclock_resume,
	.restore = vmclock_resume,
};

static const struct acpi_device_id vmclock_acpi_ids[] = {
	{ "AMZNC10C" },
	{ "VMCLOCK" },
	{ }
};
MODULE_DEVICE_TABLE(acpi, vmclock_acpi_ids);

static const struct of_device_id vmclock_of_ids[] = {
	{ .compatible = "amazon,vmclock" },
	{ }
};
MODULE_DEVICE_TABLE(of, vmclock_of_ids);

/* Not "vmclock": the in-tree driver registers that name. */
static struct platform_driver vmclock_driver = {
	.probe = vmclock_probe,
	.driver = {
		.name = "vmclock-guest",
		.acpi_match_table = vmclock_acpi_ids,
		.of_match_table = vmclock_of_ids,
		.pm = &vmclock_pm_ops,
	},
};

static int __init vmclock_init(void)
{
	int ret = vmclock_watch_setup();

	if (ret)
		return ret;
	ret = platform_driver_register(&vmclock_driver);
	if (ret)
		vmclock_watch_teardown();
	return ret;
}
module_init(vmclock_init);

static void __exit vmclock_exit(void)
{
	platform_driver_unregister(&vmclock_driver);
	vmclock_watch_teardown();
}
module_exit(vmclock_exit);

MODULE_DESCRIPTION("VMClock guest driver: disruption marker and host time");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
