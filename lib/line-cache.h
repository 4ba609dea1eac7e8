/* SPDX-License-Identifier: MIT */
/*
 * A cache of the page as a line, one line for each timescale: while the page
 * does not change, a reading needs no other arithmetic. Readers fill the cache
 * themselves and never wait for each other.
 *
 * Two words guard a line, as in a seqlock: a writer changes `writing' before the
 * other fields and `written' after them, and a reader trusts the line only if
 * both words are equal. The lower half of these tags is the sequence count of
 * the page that the line was made from.
 *
 * A writer may run at any time, so all fields are read and written by relaxed
 * atomic accesses. Four places order these accesses; a comment at each place
 * gives the reason.
 */
#ifndef VMCLOCK_LINE_CACHE_H
#define VMCLOCK_LINE_CACHE_H

#include "line.h"
#include "section.h"

#define CACHED_SCALES (VMCLOCK_SCALE_SMEARED + 1)

struct cached_line {
	uint64_t written;	/* low half: a sequence count; high half: number of writes */
	struct line line;
	int64_t sec;		/* the second, on this scale, from which base_ns counts */
	uint64_t marker;
	uint64_t state;		/* flags, status and leap as in struct vmclock_time */
	uint64_t writing;
} __attribute__((aligned(128)));

/* A line that is all zero holds for no counter value. */
struct line_cache {
	struct cached_line lines[CACHED_SCALES];
};

/* NULL: errno has the reason. A forked child begins with an empty cache. */
struct line_cache *line_cache_new(void);
void line_cache_free(struct line_cache *cache);

/*
 * Stores a reading: the page's snapshot, its line, its even sequence count and
 * the result; the reference is @sec on @scale. Does nothing if the reading is too
 * far from the reference, or if another thread is writing.
 */
void line_cache_store(struct line_cache *cache, const struct vmclock_snapshot *s,
		      const struct line *line, enum vmclock_scale scale, uint32_t seq, int64_t sec,
		      const struct vmclock_time *result);

#define cache_load(field) __atomic_load_n(&(field), __ATOMIC_RELAXED)
#define cache_store(field, value) __atomic_store_n(&(field), (value), __ATOMIC_RELAXED)

/* The first step of a reading: gets the line's tag. */
static inline uint64_t cached_line_tag(const struct cached_line *cl)
{
	/* Pairs with the last store of line_cache_store(): the line is at least as new as this tag. */
	return __atomic_load_n(&cl->written, __ATOMIC_ACQUIRE);
}

/*
 * The last step, after reading all fields of the line: was the line whole, and
 * does it still belong to the page? The marker is compared too, because a host
 * that restored the machine may restart the sequence count. Comparing the
 * generation as well would cost 5 % of a reading.
 *
 * If the time comes from a completed page, the count is that of its first copy,
 * but the marker is the hypervisor's, which changes first. The completed page is
 * mapped: the reader that stored the line loaded the same pointer with acquire.
 */
static inline bool cached_line_holds(const struct cached_line *cl, uint64_t tag, uint64_t marker,
				     const struct vmclock *vc)
{
	/*
	 * Pairs with the fence in line_cache_store(): if an earlier load saw a store
	 * of a later writer, `writing' below has that writer's tag or a newer one.
	 */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	/* The order of these loads does not matter: each is compared with a fixed value. */
	return likely(page_u32(__atomic_load_n(&vc->time_page, __ATOMIC_RELAXED)->seq_count) ==
		      (uint32_t)tag) &&
	       likely(page_u64(vc->page->disruption_marker) == marker) &&
	       likely(cache_load(cl->writing) == tag);
}

#endif /* VMCLOCK_LINE_CACHE_H */
