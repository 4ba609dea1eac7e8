/* SPDX-License-Identifier: MIT */
/*
 * The files of vmclockd that a handle has mapped; run-layout.h defines them.
 * They are mapped at open, or later by vmclock_system_wait_trusted(), and stay mapped
 * until the handle is closed. So each pointer changes once, from NULL to a
 * mapping, while other threads and signal handlers may be reading it.
 */
#ifndef VMCLOCK_RUN_H
#define VMCLOCK_RUN_H

#include "run-layout.h"
#include "section.h"

/*
 * The number of looks for a consistent copy. Both copies are in an update only while
 * vmclockd repairs the copy of a killed vmclockd, or if it is killed meanwhile.
 */
#define RUN_LOOKS (SECTION_FAST_TRIES * VMCLOCK_RUN_COPIES)

/* Pairs with the exchange that sets the pointer: the file is mapped. */
#define run_load(pointer) __atomic_load_n(&(pointer), __ATOMIC_ACQUIRE)

/* The completed page, two copies; NULL: none. */
static inline const struct vmclock_abi *run_completed(const struct vmclock *vc)
{
	const struct vmclock_abi *page = run_load(vc->time_page);

	return page == vc->page ? NULL : page;
}

/* The state, two copies; NULL: none. */
static inline const struct vmclock_run_state *run_state(const struct vmclock *vc)
{
	return run_load(vc->state);
}

/* The last step of open: finds out which files belong to the page at @path. */
void vmclock_run_find(struct vmclock *vc, const char *path);

/*
 * Maps files that exist and are not mapped yet, if only users who are trusted with
 * this machine's time can write them. Thread-safe, but makes system calls.
 */
void vmclock_run_pick_up(const struct vmclock *vc);

void vmclock_run_unmap(struct vmclock *vc);

/*
 * vmclockd's judgement of the time on the hypervisor's own page: a host that does not
 * know of a migration leaves the former host's time there. @known is false if vmclockd
 * has never looked.
 */
struct run_judgement {
	bool known;
	bool doubted;
	uint64_t marker;
	uint64_t generation;
	uint64_t valid_until;
};

/*
 * Call it before reading the page: the page then is the one that vmclockd judged, or a newer
 * one. Returns 0, or -EBUSY: @once, and vmclockd is writing.
 */
int vmclock_run_judge(const struct vmclock *vc, bool once, struct run_judgement *judgement);

/*
 * May the page's time under @marker and @generation (0: none) be believed? Returns 0;
 * -EAGAIN: not yet; or the error of clock_gettime(), which is called only if the answer
 * depends on whether vmclockd still runs.
 */
int vmclock_run_believed(const struct run_judgement *judgement, uint64_t marker,
			 uint64_t generation);

#endif /* VMCLOCK_RUN_H */
