// SPDX-License-Identifier: GPL-2.0-or-later
/* The page's fields as attributes of the misc device, for what operators graph. */
#include <linux/device.h>
#include <linux/sysfs.h>

#include "internal.h"

static const char *vmclock_name(const char *const *names, size_t count, u8 value)
{
	return value < count && names[value] ? names[value] : "invalid";
}

static ssize_t clock_status_show(const struct vmclock_abi *copy, char *buf)
{
	static const char *const names[] = {
		[VMCLOCK_STATUS_UNKNOWN] = "unknown",
		[VMCLOCK_STATUS_INITIALIZING] = "initializing",
		[VMCLOCK_STATUS_SYNCHRONIZED] = "synchronized",
		[VMCLOCK_STATUS_FREERUNNING] = "freerunning",
		[VMCLOCK_STATUS_UNRELIABLE] = "unreliable",
	};

	return sysfs_emit(buf, "%s\n", vmclock_name(names, ARRAY_SIZE(names), copy->clock_status));
}

static ssize_t time_type_show(const struct vmclock_abi *copy, char *buf)
{
	static const char *const names[] = {
		[VMCLOCK_TIME_UTC] = "utc",
		[VMCLOCK_TIME_TAI] = "tai",
		[VMCLOCK_TIME_MONOTONIC] = "monotonic",
	};

	return sysfs_emit(buf, "%s\n", vmclock_name(names, ARRAY_SIZE(names), copy->time_type));
}

static ssize_t counter_id_show(const struct vmclock_abi *copy, char *buf)
{
	static const char *const names[] = {
		[VMCLOCK_COUNTER_ARM_VCNT] = "arm-vcnt",
		[VMCLOCK_COUNTER_X86_TSC] = "x86-tsc",
	};

	return sysfs_emit(buf, "%s\n", vmclock_name(names, ARRAY_SIZE(names), copy->counter_id));
}

static ssize_t seq_count_show(const struct vmclock_abi *copy, char *buf)
{
	return sysfs_emit(buf, "%u\n", le32_to_cpu(copy->seq_count));
}

static ssize_t flags_show(const struct vmclock_abi *copy, char *buf)
{
	return sysfs_emit(buf, "%#llx\n", le64_to_cpu(copy->flags));
}

static ssize_t disruption_marker_show(const struct vmclock_abi *copy, char *buf)
{
	return sysfs_emit(buf, "%llu\n", le64_to_cpu(copy->disruption_marker));
}

/* A number that is valid only while its flag is set. */
static ssize_t vmclock_flagged_show(const struct vmclock_abi *copy, u64 flag, __le64 value,
				    char *buf)
{
	if (!(le64_to_cpu(copy->flags) & flag))
		return -ENODATA;
	return sysfs_emit(buf, "%llu\n", le64_to_cpu(value));
}

static ssize_t time_esterror_nanosec_show(const struct vmclock_abi *copy, char *buf)
{
	return vmclock_flagged_show(copy, VMCLOCK_FLAG_TIME_ESTERROR_VALID,
				    copy->time_esterror_nanosec, buf);
}

static ssize_t time_maxerror_nanosec_show(const struct vmclock_abi *copy, char *buf)
{
	return vmclock_flagged_show(copy, VMCLOCK_FLAG_TIME_MAXERROR_VALID,
				    copy->time_maxerror_nanosec, buf);
}

static ssize_t vm_generation_counter_show(const struct vmclock_abi *copy, char *buf)
{
	return vmclock_flagged_show(copy, VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT,
				    copy->vm_generation_counter, buf);
}

struct vmclock_attribute {
	struct device_attribute attr;
	size_t end;		/* the page must reach this far to have the field */
	ssize_t (*show)(const struct vmclock_abi *copy, char *buf);
};

static struct vmclock *dev_to_vmclock(struct device *dev)
{
	return container_of((struct miscdevice *)dev_get_drvdata(dev), struct vmclock, misc);
}

static ssize_t vmclock_attribute_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vmclock_attribute *va = container_of(attr, struct vmclock_attribute, attr);
	struct vmclock_page_state state;
	struct vmclock_abi copy;
	int ret;

	ret = vmclock_copy_page(dev_to_vmclock(dev), &copy, VMCLOCK_UPDATE_MS, &state);
	return ret ?: va->show(&copy, buf);
}

#define VMCLOCK_ATTRIBUTE(field)						\
	static struct vmclock_attribute vmclock_attr_##field = {		\
		.attr = __ATTR(field, 0444, vmclock_attribute_show, NULL),	\
		.end = offsetofend(struct vmclock_abi, field),			\
		.show = field##_show,						\
	}

VMCLOCK_ATTRIBUTE(counter_id);
VMCLOCK_ATTRIBUTE(time_type);
VMCLOCK_ATTRIBUTE(seq_count);
VMCLOCK_ATTRIBUTE(disruption_marker);
VMCLOCK_ATTRIBUTE(flags);
VMCLOCK_ATTRIBUTE(clock_status);
VMCLOCK_ATTRIBUTE(time_esterror_nanosec);
VMCLOCK_ATTRIBUTE(time_maxerror_nanosec);
VMCLOCK_ATTRIBUTE(vm_generation_counter);

static ssize_t notification_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vmclock *vc = dev_to_vmclock(dev);

	return sysfs_emit(buf, "%s\n", vmclock_notified(vc) ? vc->notifier : "timer");
}
static DEVICE_ATTR_RO(notification);

static ssize_t notification_count_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", (u64)atomic64_read(&dev_to_vmclock(dev)->notifications));
}
static DEVICE_ATTR_RO(notification_count);

static struct attribute *vmclock_attrs[] = {
	&vmclock_attr_counter_id.attr.attr,
	&vmclock_attr_time_type.attr.attr,
	&vmclock_attr_seq_count.attr.attr,
	&vmclock_attr_disruption_marker.attr.attr,
	&vmclock_attr_flags.attr.attr,
	&vmclock_attr_clock_status.attr.attr,
	&vmclock_attr_time_esterror_nanosec.attr.attr,
	&vmclock_attr_time_maxerror_nanosec.attr.attr,
	&vmclock_attr_vm_generation_counter.attr.attr,
	&dev_attr_notification.attr,
	&dev_attr_notification_count.attr,
	NULL
};

static umode_t vmclock_attr_visible(struct kobject *kobj, struct attribute *attr, int index)
{
	struct vmclock *vc = dev_to_vmclock(kobj_to_dev(kobj));

	if (attr == &dev_attr_notification.attr)
		return attr->mode;
	/* The count says what the host does: zero would be wrong where nobody listens. */
	if (attr == &dev_attr_notification_count.attr)
		return vc->deaf ? 0 : attr->mode;
	return container_of(attr, struct vmclock_attribute, attr.attr)->end <= vc->size ?
	       attr->mode : 0;
}

static const struct attribute_group vmclock_group = {
	.attrs = vmclock_attrs,
	.is_visible = vmclock_attr_visible,
};

const struct attribute_group *vmclock_groups[] = {
	&vmclock_group,
	NULL
};
