/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the driver's files share, grouped by the file that provides it. */
#ifndef VMCLOCK_DRIVER_INTERNAL_H
#define VMCLOCK_DRIVER_INTERNAL_H

#include <linux/atomic.h>
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
 * Identifies a content of the page. The count alone is not enough: a hypervisor
 * that restores a machine may restart both the count and the marker.
 */
struct vmclock_page_state {
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

/* At most this many uevents of each kind are sent in a second. */
#define VMCLOCK_UEVENTS		10

/* Uevents that are still to be sent, and when the last ones were sent. */
struct vmclock_uevents {
	bool disruption;
	bool generation;
	unsigned long sent[VMCLOCK_UEVENTS];
	unsigned int oldest;		/* the first of these times */
};

struct vmclock {
	struct kref ref;
	struct miscdevice misc;
	char name[20];
	int index;

	const struct vmclock_abi *page;	/* mapped for as long as this structure lives */
	bool gone;			/* unbound: reads must fail from now on */
	phys_addr_t phys;
	size_t len;			/* bytes that may be read */
	size_t size;			/* the page's own size, as found at probe */
	bool mappable;

	wait_queue_head_t wait;
	struct fasync_struct *fasync;
	const char *notifier;		/* NULL: we cannot hear of changes */
	bool deaf;			/* the device may notify, but we failed to listen */

	struct list_head watched;
	struct delayed_work look;
	spinlock_t look_lock;		/* guards the next five fields */
	bool look_wanted;
	bool look_due_set;
	unsigned long look_due;
	struct vmclock_page_state woken_for;
	bool wake_anyway;		/* even if the next look finds that state again */
	atomic64_t notifications;	/* heard since bound; here, near what each of them writes */

	/* Used by the look only: what the last look saw, and what is left to do. */
	bool seen_any;
	bool seen_any_generation;
	struct vmclock_page_state seen;
	u64 seen_generation;
	struct vmclock_unfinished unfinished;
	struct vmclock_uevents uevents;

	struct ptp_clock_info ptp_info;
	struct ptp_clock *ptp;
	bool ptp_failed;
	unsigned long ptp_retry;	/* after a failure: no new attempt before this time */
};

/* ---- vmclock.c: the device ------------------------------------------------------ */

void vmclock_put(struct vmclock *vc);

/* Has the device been unbound? It may be right after the answer: the page stays readable. */
static inline bool vmclock_gone(const struct vmclock *vc)
{
	return READ_ONCE(vc->gone);
}

/* ---- name.c: a unique name for the device ------------------------------------------ */

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

/* The current state, perhaps in the middle of an update. */
static inline struct vmclock_page_state vmclock_page_state_now(const struct vmclock *vc)
{
	return (struct vmclock_page_state) {
		.seq = vmclock_page_seq(vc->page),
		.marker = vmclock_page_marker(vc->page),
		.generation = vmclock_page_generation(vc),
	};
}

static inline bool vmclock_same(const struct vmclock_page_state *a,
				const struct vmclock_page_state *b)
{
	return a->seq == b->seq && a->marker == b->marker && a->generation == b->generation;
}

/*
 * A read section: repeat it until no update of the host has overlapped it.
 *
 *	struct vmclock_section section __uninitialized;
 *
 *	vmclock_section_init(&section, patience_ms);
 *	do {
 *		ret = vmclock_section_begin(vc, &section);
 *		if (ret)
 *			break;
 *		(read the fields)
 *	} while (vmclock_section_retry(vc, &section));
 *
 * vmclock_section_begin() returns -ETIMEDOUT if the host has not finished its
 * updates patience_ms after the first try. It may sleep, unless patience_ms is 0.
 */
struct vmclock_section {
	struct vmclock_page_state state;	/* of the page, throughout the section */
	unsigned int patience_ms;
	unsigned int tries;
	unsigned long deadline;		/* 0: the first try has not failed yet */
	bool late;
};

/*
 * Sets the fields one by one, because the variable is __uninitialized: clearing
 * the whole structure first costs as much as reading the page.
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
	section->state = vmclock_page_state_now(vc);
	virt_rmb(); /* read the state before the fields */
	return !(section->state.seq & 1);
}

/* Inline, because a whole reading takes no longer than a few function calls. */
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
	struct vmclock_page_state now;

	virt_rmb(); /* read the fields before the state */
	now = vmclock_page_state_now(vc);
	return !vmclock_same(&now, &section->state);
}

/*
 * Makes a consistent copy of part of the page, and stores the state of the page
 * at that time. Returns -ETIMEDOUT as vmclock_section_begin() does.
 */
int vmclock_copy(const struct vmclock *vc, void *to, size_t offset, size_t len,
		 unsigned int patience_ms, struct vmclock_page_state *state);

/*
 * The same for the buffer of a reader; all segments get the same state. Returns
 * the number of bytes copied, at most @len; -EFAULT: none.
 */
ssize_t vmclock_copy_to_iter(const struct vmclock *vc, struct iov_iter *to, size_t offset,
			     size_t len, unsigned int patience_ms,
			     struct vmclock_page_state *state);

/* The same for the structure; fields that the page does not have are zero. */
int vmclock_copy_page(struct vmclock *vc, struct vmclock_abi *copy, unsigned int patience_ms,
		      struct vmclock_page_state *state);

/* Does this copy of the page have a generation? */
static inline bool vmclock_has_generation(const struct vmclock *vc, const struct vmclock_abi *copy)
{
	return VMCLOCK_COVERS(vc->size, vm_generation_counter) &&
	       le64_to_cpu(copy->flags) & VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT;
}

/* ---- watch.c: noticing changes ----------------------------------------------------- */

int vmclock_watch_setup(void);
void vmclock_watch_teardown(void);

void vmclock_watch_init(struct vmclock *vc);
void vmclock_watch_start(struct vmclock *vc);

/* The device is being unbound: stops the looks and wakes all sleepers. */
void vmclock_watch_stop(struct vmclock *vc);

/* Schedules a look at the page now; callable in any context. */
void vmclock_watch_now(struct vmclock *vc);

/* The host has notified; callable in any context. */
void vmclock_watch_notified(struct vmclock *vc);

/* Somebody waits for a state other than @known: call after entering vc->wait or vc->fasync. */
void vmclock_watch_waiter(struct vmclock *vc, const struct vmclock_page_state *known);

/* Somebody has read the page in the state @known, and may be waiting for another one. */
void vmclock_watch_known(struct vmclock *vc, const struct vmclock_page_state *known);

/* ---- notify.c: notifications of the host --------------------------------------------- */

struct platform_device;

/* Returns -EPROBE_DEFER, or 0 even on failure: then only the periodic looks notice changes. */
int vmclock_notify_start(struct platform_device *pdev, struct vmclock *vc);

/* Does the host notify now? The page's flag may change. */
bool vmclock_notified(const struct vmclock *vc);

/* ---- uevent.c: uevents for udev --------------------------------------------------------- */

void vmclock_uevent_init(struct vmclock *vc);

/* Sends the uevents that are due. Returns 0, or the ms after which to call again. */
unsigned int vmclock_uevent(struct vmclock *vc, const struct vmclock_abi *copy);

/* ---- chardev.c and sysfs.c: the device node and its attributes ---------------------- */

extern const struct file_operations vmclock_fops;
extern const struct attribute_group *vmclock_groups[];

/* ---- ptp.c: the page's time as a PTP clock ------------------------------------ */

/*
 * Registers the clock as soon as the page may carry time on this CPU's counter;
 * called at each look. A failure leaves the rest of the driver working.
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
