/* SPDX-License-Identifier: MIT */
/*
 * What is known of the page since its last update: a line for each timescale,
 * so that a reading need not work it out again. Readers make it themselves and
 * never wait for each other. A line has two tags: who makes it changes the one
 * before and the other after, so it is whole where both are the same. One half
 * of a tag is the sequence count of the page for which the line holds.
 */
#ifndef VMCLOCK_KNOWN_H
#define VMCLOCK_KNOWN_H

#include "internal.h"
#include "vmclock-calc.h"

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
 * What a reading found: the page's snapshot, its even sequence count and the
 * result. In vain where that is no line, or where somebody else is at it.
 */
void known_make(struct known *known, const struct vmclock_snapshot *s, enum vmclock_scale scale,
		uint32_t seq, int64_t sec, const struct vmclock_time *result);

/* The tag to begin a reading with. */
static inline uint64_t known_tag(const struct known_line *line)
{
	return __atomic_load_n(&line->made, __ATOMIC_ACQUIRE);
}

/*
 * Was the line whole, and is it still the page's? The marker too is asked: a
 * host that restored the machine may have begun to count anew.
 */
static inline bool known_holds(const struct known_line *line, uint64_t tag,
			       const struct vmclock_abi *page, uint64_t *marker)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return likely(page_u32(page->seq_count) == (uint32_t)tag) &&
	       likely((*marker = page_u64(page->disruption_marker)) == line->marker) &&
	       likely(__atomic_load_n(&line->begun, __ATOMIC_RELAXED) == tag);
}

#endif /* VMCLOCK_KNOWN_H */
