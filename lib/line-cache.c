// SPDX-License-Identifier: MIT
#include <string.h>
#include <sys/mman.h>

#include "line-cache.h"

_Static_assert(offsetof(struct vmclock_time, reserved) - offsetof(struct vmclock_time, flags) <=
		       sizeof(((struct cached_line *)0)->state),
	       "the state has all that follows the marker");

#define AHEAD_MAX (INT64_C(1) << 32)	/* seconds between the reference and a line's own second */

struct line_cache *line_cache_new(void)
{
	struct line_cache *cache = mmap(NULL, sizeof(*cache), PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (cache == MAP_FAILED)
		return NULL;
	/* A child must not inherit a line that is being written: nobody would finish it. */
	(void)madvise(cache, sizeof(*cache), MADV_WIPEONFORK);
	return cache;
}

void line_cache_free(struct line_cache *cache)
{
	munmap(cache, sizeof(*cache));
}

static void store_line(struct line *to, const struct line *from)
{
	cache_store(to->counter_value, from->counter_value);
	cache_store(to->reach, from->reach);
	cache_store(to->base_ns, from->base_ns);
	cache_store(to->base_frac, from->base_frac);
	cache_store(to->slope_ns, from->slope_ns);
	cache_store(to->slope_frac, from->slope_frac);
	cache_store(to->error_ns, from->error_ns);
	cache_store(to->error_slope, from->error_slope);
}

void line_cache_store(struct line_cache *cache, const struct vmclock_snapshot *s,
		      const struct line *line, enum vmclock_scale scale, uint32_t seq, int64_t sec,
		      const struct vmclock_time *result)
{
	struct cached_line *cl = &cache->lines[scale];
	uint64_t tag = cached_line_tag(cl);
	uint64_t next = ((tag >> 32) + 1) << 32 | seq;
	struct line moved = *line;
	uint64_t state;
	int64_t ahead;

	/* Keep the distance representable in nanoseconds; no line reaches further. */
	if (__builtin_sub_overflow(result->time.tv_sec, sec, &ahead) || ahead < -AHEAD_MAX ||
	    ahead > AHEAD_MAX)
		return;
	/* Count from the whole second of this reading, modulo 2^64. */
	moved.base_ns -= (uint64_t)ahead * NS_PER_SEC;
	memcpy(&state, &result->flags, sizeof(state));

	/*
	 * If the tags differ, another thread is writing: leave the line alone. Relaxed,
	 * because cached_line_tag() has ordered the last writer's stores before ours.
	 */
	if (!__atomic_compare_exchange_n(&cl->writing, &tag, next, false, __ATOMIC_RELAXED,
					 __ATOMIC_RELAXED))
		return;
	/* Pairs with the fence in cached_line_holds(): a reader of a store below sees this tag. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	store_line(&cl->line, &moved);
	cache_store(cl->sec, result->time.tv_sec);
	cache_store(cl->marker, s->marker);
	cache_store(cl->state, state);
	/* Pairs with cached_line_tag(): a reader of this tag sees the stores above. */
	__atomic_store_n(&cl->written, next, __ATOMIC_RELEASE);
}
