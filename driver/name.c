// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The device's name: vmclock<N>, where N is the first number that is free.
 *
 * The in-tree driver uses the same names and counts on its own. Do not try to
 * register a name that is taken: the kernel would warn with a stack trace.
 */
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>

#include "internal.h"

static DEFINE_IDA(vmclock_ida);
static DEFINE_MUTEX(vmclock_own_lock);	/* only one device may be called vmclock-guest */

static int vmclock_name_from(struct vmclock *vc, int first)
{
	int index = ida_alloc_min(&vmclock_ida, first, GFP_KERNEL);

	if (index < 0)
		return index;
	vc->index = index;
	snprintf(vc->name, sizeof(vc->name), "vmclock%d", index);
	return 0;
}

static bool vmclock_name_taken(const struct vmclock *vc, const struct device *misc)
{
	struct device *other = class_find_device_by_name(misc->class, vc->name);

	put_device(other);
	return other;
}

static const struct file_operations vmclock_nothing = {
	.owner = THIS_MODULE,
};

/* A module finds the class of misc devices only through a misc device that it registers. */
static int vmclock_name_beside(struct vmclock *vc)
{
	struct miscdevice own = {
		.minor = MISC_DYNAMIC_MINOR,
		.name = "vmclock-guest",
		.fops = &vmclock_nothing,
		.mode = 0400,
	};
	int ret;

	mutex_lock(&vmclock_own_lock);
	ret = misc_register(&own);
	if (ret)
		goto out;
	ret = vmclock_name_from(vc, 0);
	while (!ret && vmclock_name_taken(vc, own.this_device)) {
		int taken = vc->index;

		ret = vmclock_name_from(vc, taken + 1);
		ida_free(&vmclock_ida, taken);
	}
	misc_deregister(&own);
out:
	mutex_unlock(&vmclock_own_lock);
	return ret;
}

int vmclock_name_get(struct vmclock *vc)
{
	/* "vmclock" is the in-tree driver. */
	if (driver_find("vmclock", &platform_bus_type))
		return vmclock_name_beside(vc);
	return vmclock_name_from(vc, 0);
}

void vmclock_name_put(struct vmclock *vc)
{
	ida_free(&vmclock_ida, vc->index);
}
