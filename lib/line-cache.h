/* SPDX-License-Identifier: MIT */
/*
 * What is known of the page since its last update: a line for each timescale,
 * so that a reading need not work it out again. Readers make it themselves and
 * never wait for each other. A line is a seqlock with two words: its writer
 * changes `begun' before the rest and `made' after it, and readers trust the
 * line only if both are equal. One half of these tags is the sequence count of
 * the page for which the line holds.
 *
 * Everything in a line is read and written by relaxed atomic accesses, for a
 * writer may be at it at any time; four places put them in order, each with
 * its reason beside it.
 */
#ifndef VMCLOCK_LINE_CACHE_H
#define VMCLOCK_LINE_CACHE_H

#include "internal.h"
#include "line.h"

#define KNOWN_SCALES (VMCLOCK_SMEARED + 1)

struct known_line {
	uint64_t made;		/* low half: a sequence count; high half: how often it was made */
	struct vmclock_line line;
	int64_t sec;		/* which second base_ns counts from, on this scale */
	uint64_t marker;
	uint64_t state;		/* flags, status and leap as in struct vmclock_time */
	uint64_t begun;		/* the other tag */
} __attribute__((aligned(128)));

/* Zeroes are lines that reach nowhere. */
struct known {
	struct known_line lines[KNOWN_SCALES];
};

/* Handles have it in a page of its own, at a distance that no page size exceeds. */
#define KNOWN_DISTANCE 65536

static inline struct known *known(const struct vmclock *vc)
{
	return (struct known *)((uintptr_t)vc + KNOWN_DISTANCE);
}

/* NULL: no memory. */
struct vmclock *known_new_handle(void);
void known_free_handle(struct vmclock *vc);

/*
 * What a reading found: the page's snapshot, its line, its even sequence count
 * and the result; the reference is @sec on @scale. In vain where the reading
 * is too far from it, or where somebody else is at it.
 */
void known_make(struct known *known, const struct vmclock_snapshot *s,
		const struct vmclock_line *line, enum vmclock_scale scale, uint32_t seq,
		int64_t sec, const struct vmclock_time *result);

#define known_load(field) __atomic_load_n(&(field), __ATOMIC_RELAXED)
#define known_store(field, value) __atomic_store_n(&(field), (value), __ATOMIC_RELAXED)

/* The tag to begin a reading with. */
static inline uint64_t known_tag(const struct known_line *kl)
{
	/* Pairs with the last store of known_make(): the line is at least as new as this tag. */
	return __atomic_load_n(&kl->made, __ATOMIC_ACQUIRE);
}

/*
 * To be asked when all of the line has been read: was it whole, and is it still
 * the page's? The marker too is asked, for a host that restored the machine may
 * have begun to count anew. To ask the generation as well costs 5 % of a reading.
 *
 * Time may come from a completed page. Then the count is that of its first copy,
 * and the marker still the hypervisor's: who completes the page changes it later.
 * The page is there: who made the line had it from the same pointer, by acquire.
 */
static inline bool known_holds(const struct known_line *kl, uint64_t tag, uint64_t marker,
			       const struct vmclock *vc)
{
	/*
	 * Pairs with the fence in known_make(): if a load before this one saw
	 * what a later writer stored, `begun' below is that writer's or newer.
	 */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	/* In any order among themselves: each must equal a value that is fixed by now. */
	return likely(page_u32(__atomic_load_n(&vc->time_page, __ATOMIC_RELAXED)->seq_count) ==
		      (uint32_t)tag) &&
	       likely(page_u64(vc->page->disruption_marker) == marker) &&
	       likely(known_load(kl->begun) == tag);
}

#endif /* VMCLOCK_LINE_CACHE_H */
