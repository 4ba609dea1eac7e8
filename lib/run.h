/* SPDX-License-Identifier: MIT */
/*
 * The files of vmclockd as a handle has them mapped; run-layout.h has their
 * layout. They are mapped at open, or later by a wait for them, and stay mapped
 * until the handle is closed. So each pointer changes once, from nothing to a
 * mapping, while other threads and signal handlers may be reading it.
 */
#ifndef VMCLOCK_RUN_H
#define VMCLOCK_RUN_H

#include "internal.h"
#include "run-layout.h"

/*
 * How often to look for a copy that is whole. Both copies are in an update only
 * while vmclockd repairs what a killed one left behind, or if it is killed then.
 */
#define RUN_LOOKS (SECTION_FAST_TRIES * VMCLOCK_RUN_COPIES)

/* Pairs with the exchange that put it there: the file is mapped. */
#define run_load(pointer) __atomic_load_n(&(pointer), __ATOMIC_ACQUIRE)

/* The completed page, two copies; NULL: none. */
static inline const struct vmclock_abi *run_completed(const struct vmclock *vc)
{
	const struct vmclock_abi *page = run_load(vc->time_page);

	return page == vc->page ? NULL : page;
}

/* Two copies of it; NULL: none. */
static inline const struct vmclock_run_state *run_state(const struct vmclock *vc)
{
	return run_load(vc->state);
}

/* At open, last of all: finds out which files belong to the page at @path. */
void vmclock_run_find(struct vmclock *vc, const char *path);

/*
 * Maps the files that are not mapped yet, if they are there now and nobody can
 * write them but users who are trusted with this machine's time. Thread-safe, but it
 * makes system calls.
 */
void vmclock_run_pick_up(const struct vmclock *vc);

void vmclock_run_unmap(struct vmclock *vc);

/*
 * What vmclockd has found out about the time on the hypervisor's own page, which a host that
 * was not told of a migration leaves as it was. @known is false where it never looked.
 */
struct run_judgement {
	bool known;
	bool doubted;
	uint64_t marker;
	uint64_t generation;
	uint64_t valid_until;
};

/*
 * To be asked before the page is read: it then has what was judged, or something newer. 0, or
 * -EBUSY: @once, and vmclockd is writing.
 */
int vmclock_run_judge(const struct vmclock *vc, bool once, struct run_judgement *judgement);

/*
 * May the time be believed that the page had under @marker and @generation (0: none)?
 * Returns 0; -EAGAIN: not yet; or the error of clock_gettime(), which is called only where
 * that depends on whether vmclockd still runs.
 */
int vmclock_run_believed(const struct run_judgement *judgement, uint64_t marker,
			 uint64_t generation);

#endif /* VMCLOCK_RUN_H */
