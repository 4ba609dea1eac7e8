/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the driver's files share, grouped by the file that provides it. */
#ifndef VMCLOCK_DRIVER_INTERNAL_H
#define VMCLOCK_DRIVER_INTERNAL_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/spinlock.h>
#include <linux/stddef.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "calc/base.h"
#include "vmclock-abi.h"

struct iov_iter;

/*
 * What tells one content of the page from another. The count alone does not:
 * a hypervisor that restores a machine may start with a count of its own, and
 * with a marker of its own.
 */
struct vmclock_state {
	u32 seq;
	u64 marker;
	u64 generation;			/* 0 where the page has none */
};

/* An update that the host had not finished when we looked. */
struct vmclock_unfinished {
	bool seen;
	bool told;			/* in the log */
	u32 seq;
	unsigned long since;
	unsigned long quiet_until;
};

/* What udev has still to be told, and how much it was in this second. */
struct vmclock_uevents {
	bool disruption;
	bool generation;
	unsigned int sent;
	unsigned long since;
};

struct vmclock {
	struct kref ref;
	struct miscdevice misc;
	char name[20];
	int index;

	const struct vmclock_abi *page;	/* mapped for as long as this structure lives */
	bool gone;			/* unbound: the page is not ours to show any more */
	phys_addr_t phys;
	size_t len;			/* bytes that may be read */
	size_t size;			/* the page's own size, as found at probe */
	bool mappable;

	wait_queue_head_t wait;
	struct fasync_struct *fasync;
	const char *notifier;		/* NULL: we cannot hear of changes */

	struct list_head watched;
	struct delayed_work look;
	spinlock_t look_lock;		/* guards when the look is due, and what was told: */
	bool look_wanted;
	bool look_due_set;
	unsigned long look_due;
	struct vmclock_state woken_for;

	/* Of the look alone: what the last one saw, and what is to be done about it. */
	bool seen_any;
	bool seen_any_generation;
	struct vmclock_state seen;
	u64 seen_generation;
	struct vmclock_unfinished unfinished;
	struct vmclock_uevents uevents;

	struct ptp_clock_info ptp_info;
	struct ptp_clock *ptp;
	bool ptp_failed;
	unsigned long ptp_retry;	/* not before, once it has failed */
};

/* ---- vmclock.c: the device ------------------------------------------------------ */

void vmclock_put(struct vmclock *vc);

/* Has the device been unbound? Who asks may be overtaken by it: the page can still be read. */
static inline bool vmclock_gone(const struct vmclock *vc)
{
	return READ_ONCE(vc->gone);
}

/* ---- name.c: a name that no other device has -------------------------------------- */

int vmclock_name_get(struct vmclock *vc);
void vmclock_name_put(struct vmclock *vc);

/* ---- page.c: consistent readings of the page ---------------------------------- */

/* How long the host may hold the sequence count odd before reads give up. */
#define VMCLOCK_UPDATE_MS	100

static inline u32 vmclock_page_seq(const struct vmclock_abi *page)
{
	return le32_to_cpu(READ_ONCE(page->seq_count));
}

static inline u64 vmclock_page_marker(const struct vmclock_abi *page)
{
	return le64_to_cpu(READ_ONCE(page->disruption_marker));
}

static inline u64 vmclock_page_generation(const struct vmclock *vc)
{
	if (!VMCLOCK_COVERS(vc->size, vm_generation_counter) ||
	    !(le64_to_cpu(READ_ONCE(vc->page->flags)) & VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT))
		return 0;
	return le64_to_cpu(READ_ONCE(vc->page->vm_generation_counter));
}

/* As it is at this moment, perhaps in the middle of an update. */
static inline struct vmclock_state vmclock_state_now(const struct vmclock *vc)
{
	return (struct vmclock_state) {
		.seq = vmclock_page_seq(vc->page),
		.marker = vmclock_page_marker(vc->page),
		.generation = vmclock_page_generation(vc),
	};
}

static inline bool vmclock_same(const struct vmclock_state *a, const struct vmclock_state *b)
{
	return a->seq == b->seq && a->marker == b->marker && a->generation == b->generation;
}

/*
 * What no update of the host's divides:
 *
 *	struct vmclock_section section __uninitialized;
 *
 *	vmclock_section_init(&section, patience_ms);
 *	do {
 *		ret = vmclock_section_begin(vc, &section);
 *		if (ret)
 *			break;
 *		(what belongs together)
 *	} while (vmclock_section_retry(vc, &section));
 *
 * Beginning gives -ETIMEDOUT if the host has not finished its updates patience_ms
 * after the first try; it may sleep meanwhile, but for a patience of 0.
 */
struct vmclock_section {
	struct vmclock_state state;	/* throughout */
	unsigned int patience_ms;
	unsigned int tries;
	unsigned long deadline;		/* 0: the first try has not failed yet */
	bool late;
};

/*
 * Field by field, into a variable that is __uninitialized: to clear all of it
 * first costs as much as reading the page.
 */
static inline void vmclock_section_init(struct vmclock_section *section, unsigned int patience_ms)
{
	section->patience_ms = patience_ms;
	section->tries = 0;
	section->deadline = 0;
	section->late = false;
}

int vmclock_section_begin_again(const struct vmclock *vc, struct vmclock_section *section);

static inline bool vmclock_section_try(const struct vmclock *vc, struct vmclock_section *section)
{
	section->state = vmclock_state_now(vc);
	virt_rmb(); /* the count before what it covers */
	return !(section->state.seq & 1);
}

/* Inline, for a reading takes no longer than a few calls of functions do. */
static inline int vmclock_section_begin(const struct vmclock *vc, struct vmclock_section *section)
{
	if (likely(!section->tries && vmclock_section_try(vc, section))) {
		section->tries = 1;
		return 0;
	}
	return vmclock_section_begin_again(vc, section);
}

static inline bool vmclock_section_retry(const struct vmclock *vc,
					 const struct vmclock_section *section)
{
	struct vmclock_state now;

	virt_rmb(); /* what it covers before the count */
	now = vmclock_state_now(vc);
	return !vmclock_same(&now, &section->state);
}

/*
 * A consistent copy of part of the page, and the state it was taken in.
 * -ETIMEDOUT as for a section.
 */
int vmclock_copy(const struct vmclock *vc, void *to, size_t offset, size_t len,
		 unsigned int patience_ms, struct vmclock_state *state);

/*
 * The same for the buffer of a reader, all segments of which get one state. Returns
 * how much of @len it took; -EFAULT: nothing.
 */
ssize_t vmclock_copy_to_iter(const struct vmclock *vc, struct iov_iter *to, size_t offset,
			     size_t len, unsigned int patience_ms, struct vmclock_state *state);

/* The structure alone; fields that the page does not have read as zero. */
int vmclock_copy_page(struct vmclock *vc, struct vmclock_abi *copy, unsigned int patience_ms,
		      struct vmclock_state *state);

/* Has the copy of a page a generation? */
static inline bool vmclock_has_generation(const struct vmclock *vc, const struct vmclock_abi *copy)
{
	return VMCLOCK_COVERS(vc->size, vm_generation_counter) &&
	       le64_to_cpu(copy->flags) & VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT;
}

/* ---- watch.c: how changes are noticed --------------------------------------------- */

int vmclock_watch_setup(void);
void vmclock_watch_teardown(void);

void vmclock_watch_init(struct vmclock *vc);
void vmclock_watch_start(struct vmclock *vc);

/* The page is gone: no more looks, and whoever sleeps wakes up. */
void vmclock_watch_stop(struct vmclock *vc);

/* Look at the page, now; in any context. */
void vmclock_watch_now(struct vmclock *vc);

/* The host says that the page has changed; in any context. */
void vmclock_watch_notified(struct vmclock *vc);

/* Somebody begins to wait for a change: is in the queue or has asked for a signal. */
void vmclock_watch_waiter(struct vmclock *vc);

/* ---- notify.c: notifications of the host --------------------------------------------- */

struct platform_device;

/* -EPROBE_DEFER, or 0: without notifications there are the timers. */
int vmclock_notify_start(struct platform_device *pdev, struct vmclock *vc);

/* Will the host tell us of changes? It may begin to and cease to: the flag is not constant. */
bool vmclock_notified(const struct vmclock *vc);

/* ---- uevent.c: what udev is told ------------------------------------------------------- */

/* Tells what it has still to be told, or in how many ms it may be: 0 if all is. */
unsigned int vmclock_uevent(struct vmclock *vc, const struct vmclock_abi *copy);

/* ---- chardev.c and sysfs.c: the faces of the device -------------------------------- */

extern const struct file_operations vmclock_fops;
extern const struct attribute_group *vmclock_groups[];

/* ---- ptp.c: the page's time as a PTP clock ------------------------------------ */

/*
 * Registers the clock as soon as the page may carry time that counts by this
 * CPU's counter: called at each look. Without it the rest works all the same.
 */
#if defined(CONFIG_X86_64) || defined(CONFIG_ARM64)
void vmclock_ptp_register(struct vmclock *vc);
void vmclock_ptp_unregister(struct vmclock *vc);
#else
static inline void vmclock_ptp_register(struct vmclock *vc)
{
}

static inline void vmclock_ptp_unregister(struct vmclock *vc)
{
}
#endif

#endif /* VMCLOCK_DRIVER_INTERNAL_H */
