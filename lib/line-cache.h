/* SPDX-License-Identifier: MIT */
/*
 * A cache of the page as a line, one line for each timescale: it spares a
 * reading the arithmetic as long as the page does not change. Readers fill it
 * themselves and never wait for each other.
 *
 * A line is guarded like a seqlock, by two words: a writer changes `writing'
 * before the rest and `written' after it, and a reader trusts the line only if
 * both are equal. The lower half of these tags is the sequence count of the
 * page that the line was made from.
 *
 * A writer may be at work at any time, so all fields are read and written by
 * relaxed atomic accesses. Four places put these in order; the reason is beside
 * each of them.
 */
#ifndef VMCLOCK_LINE_CACHE_H
#define VMCLOCK_LINE_CACHE_H

#include "internal.h"
#include "line.h"

#define CACHED_SCALES (VMCLOCK_SCALE_SMEARED + 1)

struct cached_line {
	uint64_t written;	/* low half: a sequence count; high half: how often it was made */
	struct line line;
	int64_t sec;		/* the second, on this scale, from which base_ns counts */
	uint64_t marker;
	uint64_t state;		/* flags, status and leap as in struct vmclock_time */
	uint64_t writing;
} __attribute__((aligned(128)));

/* All zero, a line holds for no counter value. */
struct line_cache {
	struct cached_line lines[CACHED_SCALES];
};

/* NULL: errno has the reason. A child that is forked begins with an empty one. */
struct line_cache *line_cache_new(void);
void line_cache_free(struct line_cache *cache);

/*
 * Stores what a reading found: the page's snapshot, its line, its even sequence
 * count and the result; the reference is @sec on @scale. Does nothing where the
 * reading is too far from the reference, or another thread is writing.
 */
void line_cache_store(struct line_cache *cache, const struct vmclock_snapshot *s,
		      const struct line *line, enum vmclock_scale scale, uint32_t seq, int64_t sec,
		      const struct vmclock_time *result);

#define cache_load(field) __atomic_load_n(&(field), __ATOMIC_RELAXED)
#define cache_store(field, value) __atomic_store_n(&(field), (value), __ATOMIC_RELAXED)

/* The first step of a reading: the tag that the line has now. */
static inline uint64_t cached_line_tag(const struct cached_line *cl)
{
	/* Pairs with the last store of line_cache_store(): the line is at least as new as this tag. */
	return __atomic_load_n(&cl->written, __ATOMIC_ACQUIRE);
}

/*
 * The last step, after all of the line has been read: was it whole, and is it
 * still the page's? The marker is compared too, since a host that restored the
 * machine may count its updates from anew. To compare the generation as well
 * would cost 5 % of a reading.
 *
 * Where the time comes from a completed page, the count is that of its first
 * copy, and the marker still the hypervisor's: vmclockd changes the copy later
 * than that. The completed page is mapped: the reader that stored the line
 * loaded the same pointer, with acquire.
 */
static inline bool cached_line_holds(const struct cached_line *cl, uint64_t tag, uint64_t marker,
				     const struct vmclock *vc)
{
	/*
	 * Pairs with the fence in line_cache_store(): if a load before this one saw
	 * what a later writer stored, `writing' below is that writer's or newer.
	 */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	/* In any order among themselves: each must equal a value that is fixed by now. */
	return likely(page_u32(__atomic_load_n(&vc->time_page, __ATOMIC_RELAXED)->seq_count) ==
		      (uint32_t)tag) &&
	       likely(page_u64(vc->page->disruption_marker) == marker) &&
	       likely(cache_load(cl->writing) == tag);
}

#endif /* VMCLOCK_LINE_CACHE_H */
