// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest driver for the VMClock page (UAPI.13).
 *
 * A hypervisor puts a page into the guest's memory that says when the CPU
 * counter was disrupted by live migration or a snapshot and, where the host
 * knows it, how the counter relates to real time. This driver offers the
 * page as /dev/vmclock<N>: mappable, readable, pollable, never writable; and
 * its time, where it may have any, as a PTP clock.
 *
 * Lifetime: struct vmclock is referenced by the bound platform device and
 * by every open file, so that unbinding leaves open files harmless. The
 * kernel's own mapping of the page goes away on unbinding; whoever touches
 * the page holds page_lock for reading and finds a NULL pointer afterwards.
 * Mappings in userspace stay: they show physical memory that is still there,
 * and an application must not die by SIGBUS because somebody unbound a driver.
 */
#include <linux/acpi.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/kobject.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/poll.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/sysfs.h>
#include <linux/uio.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "vmclock-abi.h"
#include "compat.h"
#include "internal.h"

static unsigned int interval_ms = 1000;
module_param(interval_ms, uint, 0444);
MODULE_PARM_DESC(interval_ms,
		 "Look at the page this often, on CPUs that are awake anyway (0: never)");

static unsigned int wait_interval_ms = 20;
module_param(wait_interval_ms, uint, 0444);
MODULE_PARM_DESC(wait_interval_ms,
		 "Look this often while somebody polls and the device does not notify");

struct vmclock_file {
	struct vmclock *vc;
	spinlock_t lock;		/* guards what poll compares with: */
	struct vmclock_state seen;
};

static DEFINE_IDA(vmclock_ida);

static void vmclock_free(struct kref *ref)
{
	kfree(container_of(ref, struct vmclock, ref));
}

/* ---- Changes: looking at the page, waking pollers, telling udev --------- */

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
	if (wq_has_sleeper(&vc->wait))
		vmclock_look_again(&vc->wait_look, wait_interval_ms ?: 1);
}

/* ---- The misc device ----------------------------------------------------- */

static int vmclock_open(struct inode *inode, struct file *file)
{
	struct vmclock *vc = container_of(file->private_data, struct vmclock, misc);
	struct vmclock_file *vf;

	if (file->f_mode & FMODE_WRITE)
		return -EACCES;

	vf = kzalloc(sizeof(*vf), GFP_KERNEL);
	if (!vf)
		return -ENOMEM;

	/* A new file waits for what changes from now on, read or not. */
	spin_lock_init(&vf->lock);
	down_read(&vc->page_lock);
	if (vc->page) {
		vf->seen.seq = vmclock_seq(vc->page) & ~1;
		vf->seen.marker = vmclock_marker(vc->page);
	}
	up_read(&vc->page_lock);

	/* misc_open() keeps the device registered, and so referenced, until here. */
	kref_get(&vc->ref);
	vf->vc = vc;
	file->private_data = vf;
	return 0;
}

static int vmclock_release(struct inode *inode, struct file *file)
{
	struct vmclock_file *vf = file->private_data;

	kref_put(&vf->vc->ref, vmclock_free);
	kfree(vf);
	return 0;
}

static loff_t vmclock_llseek(struct file *file, loff_t offset, int whence)
{
	struct vmclock_file *vf = file->private_data;

	return fixed_size_llseek(file, offset, whence, vf->vc->len);
}

/*
 * One copy for all segments of the caller's buffer, or they would not fit
 * together. Reading acknowledges, also at the end of the file: who polls and
 * reads on without seeking must not find the file readable for ever.
 */
static ssize_t vmclock_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct vmclock_file *vf = iocb->ki_filp->private_data;
	struct vmclock *vc = vf->vc;
	loff_t pos = min_t(loff_t, iocb->ki_pos, vc->len);
	size_t count = min_t(size_t, iov_iter_count(to), vc->len - pos);
	struct vmclock_state state;
	ssize_t ret = -ENODEV;
	void *copy;

	copy = kmalloc(vc->len, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;

	down_read(&vc->page_lock);
	if (vc->page)
		ret = vmclock_copy(vc, copy, pos, count, VMCLOCK_UPDATE_MS, &state);
	up_read(&vc->page_lock);
	if (ret)
		goto out;

	ret = copy_to_iter(copy, count, to);
	if (!ret && count) {
		ret = -EFAULT;
		goto out;
	}
	iocb->ki_pos += ret;
	spin_lock(&vf->lock);
	vf->seen = state;
	spin_unlock(&vf->lock);
out:
	kfree(copy);
	return ret;
}

/* Will the host tell us of changes? It may stop to: the flag is not constant. */
static bool vmclock_notified(const struct vmclock *vc)
{
	return vc->notifier &&
	       le64_to_cpu(READ_ONCE(vc->page->flags)) & VMCLOCK_FLAG_NOTIFICATION_PRESENT;
}

/* An update in progress is no news yet. */
static bool vmclock_has_news(struct vmclock_file *vf)
{
	const struct vmclock_abi *page = vf->vc->page;
	struct vmclock_state now = { .seq = vmclock_seq(page), .marker = vmclock_marker(page) };
	bool news;

	spin_lock(&vf->lock);
	news = !(now.seq & 1) && !vmclock_same(&now, &vf->seen);
	spin_unlock(&vf->lock);
	return news;
}

static __poll_t vmclock_poll(struct file *file, poll_table *table)
{
	struct vmclock_file *vf = file->private_data;
	struct vmclock *vc = vf->vc;
	__poll_t mask = EPOLLERR | EPOLLHUP;

	poll_wait(file, &vc->wait, table);

	down_read(&vc->page_lock);
	if (vc->page) {
		mask = vmclock_has_news(vf) ? EPOLLIN | EPOLLRDNORM : 0;
		if (!mask && !vmclock_notified(vc))
			vmclock_look_again(&vc->wait_look, wait_interval_ms ?: 1);
	}
	up_read(&vc->page_lock);
	return mask;
}

static int vmclock_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct vmclock_file *vf = file->private_data;
	struct vmclock *vc = vf->vc;
	int ret = -ENODEV;

	if (vma->vm_flags & VM_WRITE)
		return -EACCES;
	if (!vc->mappable || vma->vm_pgoff || vma->vm_end - vma->vm_start != PAGE_SIZE)
		return -EINVAL;

	/* Or else mprotect(2) could make it writable later. */
	vm_flags_clear(vma, VM_MAYWRITE);

	down_read(&vc->page_lock);
	if (vc->page)
		ret = io_remap_pfn_range(vma, vma->vm_start, PHYS_PFN(vc->phys), PAGE_SIZE,
					 vma->vm_page_prot);
	up_read(&vc->page_lock);
	return ret;
}

static const struct file_operations vmclock_fops = {
	.owner		= THIS_MODULE,
	.open		= vmclock_open,
	.release	= vmclock_release,
	.llseek		= vmclock_llseek,
	.read_iter	= vmclock_read_iter,
	.splice_read	= copy_splice_read,
	.poll		= vmclock_poll,
	.mmap		= vmclock_mmap,
};

/* ---- sysfs --------------------------------------------------------------- */

static const char *vmclock_name(const char *const *names, size_t count, u8 value)
{
	return value < count && names[value] ? names[value] : "invalid";
}

static ssize_t clock_status_show(const struct vmclock_abi *snap, char *buf)
{
	static const char *const names[] = {
		[VMCLOCK_STATUS_UNKNOWN] = "unknown",
		[VMCLOCK_STATUS_INITIALIZING] = "initializing",
		[VMCLOCK_STATUS_SYNCHRONIZED] = "synchronized",
		[VMCLOCK_STATUS_FREERUNNING] = "freerunning",
		[VMCLOCK_STATUS_UNRELIABLE] = "unreliable",
	};

	return sysfs_emit(buf, "%s\n", vmclock_name(names, ARRAY_SIZE(names), snap->clock_status));
}

static ssize_t time_type_show(const struct vmclock_abi *snap, char *buf)
{
	static const char *const names[] = {
		[VMCLOCK_TIME_UTC] = "utc",
		[VMCLOCK_TIME_TAI] = "tai",
		[VMCLOCK_TIME_MONOTONIC] = "monotonic",
	};

	return sysfs_emit(buf, "%s\n", vmclock_name(names, ARRAY_SIZE(names), snap->time_type));
}

static ssize_t counter_id_show(const struct vmclock_abi *snap, char *buf)
{
	static const char *const names[] = {
		[VMCLOCK_COUNTER_ARM_VCNT] = "arm-vcnt",
		[VMCLOCK_COUNTER_X86_TSC] = "x86-tsc",
	};

	return sysfs_emit(buf, "%s\n", vmclock_name(names, ARRAY_SIZE(names), snap->counter_id));
}

static ssize_t seq_count_show(const struct vmclock_abi *snap, char *buf)
{
	return sysfs_emit(buf, "%u\n", le32_to_cpu(snap->seq_count));
}

static ssize_t flags_show(const struct vmclock_abi *snap, char *buf)
{
	return sysfs_emit(buf, "%#llx\n", le64_to_cpu(snap->flags));
}

static ssize_t disruption_marker_show(const struct vmclock_abi *snap, char *buf)
{
	return sysfs_emit(buf, "%llu\n", le64_to_cpu(snap->disruption_marker));
}

/* A number that counts only while its flag is set. */
static ssize_t vmclock_flagged_show(const struct vmclock_abi *snap, u64 flag, __le64 value,
				    char *buf)
{
	if (!(le64_to_cpu(snap->flags) & flag))
		return -ENODATA;
	return sysfs_emit(buf, "%llu\n", le64_to_cpu(value));
}

static ssize_t time_esterror_nanosec_show(const struct vmclock_abi *snap, char *buf)
{
	return vmclock_flagged_show(snap, VMCLOCK_FLAG_TIME_ESTERROR_VALID,
				    snap->time_esterror_nanosec, buf);
}

static ssize_t time_maxerror_nanosec_show(const struct vmclock_abi *snap, char *buf)
{
	return vmclock_flagged_show(snap, VMCLOCK_FLAG_TIME_MAXERROR_VALID,
				    snap->time_maxerror_nanosec, buf);
}

static ssize_t vm_generation_counter_show(const struct vmclock_abi *snap, char *buf)
{
	return vmclock_flagged_show(snap, VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT,
				    snap->vm_generation_counter, buf);
}

struct vmclock_attribute {
	struct device_attribute attr;
	size_t end;		/* the page must reach this far to have the field */
	ssize_t (*show)(const struct vmclock_abi *snap, char *buf);
};

static struct vmclock *dev_to_vmclock(struct device *dev)
{
	return container_of((struct miscdevice *)dev_get_drvdata(dev), struct vmclock, misc);
}

static ssize_t vmclock_attribute_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vmclock_attribute *va = container_of(attr, struct vmclock_attribute, attr);
	struct vmclock_state state;
	struct vmclock_abi snap;
	int ret;

	ret = vmclock_snapshot(dev_to_vmclock(dev), &snap, VMCLOCK_UPDATE_MS, &state);
	return ret ?: va->show(&snap, buf);
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
	const char *how = "none";

	down_read(&vc->page_lock);
	if (vc->page)
		how = vmclock_notified(vc) ? vc->notifier : "timer";
	up_read(&vc->page_lock);
	return sysfs_emit(buf, "%s\n", how);
}
static DEVICE_ATTR_RO(notification);

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
	NULL
};

static umode_t vmclock_attr_visible(struct kobject *kobj, struct attribute *attr, int index)
{
	struct vmclock *vc = dev_to_vmclock(kobj_to_dev(kobj));

	if (attr == &dev_attr_notification.attr)
		return attr->mode;
	return container_of(attr, struct vmclock_attribute, attr.attr)->end <= vc->size ?
	       attr->mode : 0;
}

static const struct attribute_group vmclock_group = {
	.attrs = vmclock_attrs,
	.is_visible = vmclock_attr_visible,
};

static const struct attribute_group *vmclock_groups[] = {
	&vmclock_group,
	NULL
};

/* ---- Notifications: ACPI or an interrupt; else the timers do ------------- */

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

/* ---- Probe and removal ---------------------------------------------------- */

/* What is refused here is said in one line; nothing else is said of it. */
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
	if (version != VMCLOCK_VERSION) {
		dev_err(dev, "refused: page version %u, this driver knows version %u\n",
			version, VMCLOCK_VERSION);
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

	ida_free(&vmclock_ida, vc->index);
	kref_put(&vc->ref, vmclock_free);
}

/*
 * No more touching of the page; then no more looks, which send uevents from
 * the device; then no more device. Files opened meanwhile give -ENODEV.
 */
static void vmclock_retire(void *data)
{
	struct vmclock *vc = data;

	down_write(&vc->page_lock);
	vc->page = NULL;
	up_write(&vc->page_lock);

	cancel_delayed_work_sync(&vc->idle_look);
	cancel_delayed_work_sync(&vc->wait_look);
	wake_up_all(&vc->wait);

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
	init_rwsem(&vc->page_lock);
	mutex_init(&vc->look_lock);
	init_waitqueue_head(&vc->wait);
	INIT_DEFERRABLE_WORK(&vc->idle_look, vmclock_idle_look);
	INIT_DELAYED_WORK(&vc->wait_look, vmclock_wait_look);

	vc->index = ida_alloc(&vmclock_ida, GFP_KERNEL);
	if (vc->index < 0) {
		ret = vc->index;
		kfree(vc);
		return ERR_PTR(ret);
	}
	snprintf(vc->name, sizeof(vc->name), "vmclock%d", vc->index);

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

	/* WB: it is ordinary memory; DEC: shared with the host, not encrypted. */
	vc->page = devm_memremap(dev, vc->phys, vc->len, MEMREMAP_WB | MEMREMAP_DEC);
	if (IS_ERR(vc->page))
		return dev_err_probe(dev, PTR_ERR(vc->page), "cannot map %pR\n", res);

	ret = vmclock_check_page(dev, vc->page, res, &vc->size);
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

	ret = vmclock_request_notifications(pdev, vc);
	if (ret)
		return ret;

	vmclock_look(vc);
	vmclock_look_again(&vc->idle_look, interval_ms);
	dev_info(dev, "%s: page at %pR, changes noticed by %s\n", vc->name, res,
		 vmclock_notified(vc) ? vc->notifier : "timer");
	vmclock_ptp_register(dev, vc);
	return 0;
}

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
	},
};
module_platform_driver(vmclock_driver);

MODULE_DESCRIPTION("VMClock guest driver: disruption marker and host time");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
