// SPDX-License-Identifier: MIT
/* Lines of the page: made by one reader for all of them. */
#include <string.h>
#include <sys/mman.h>

#include "line-cache.h"

_Static_assert(sizeof(struct vmclock_time) ==
	       offsetof(struct vmclock_time, flags) + sizeof(((struct known_line *)0)->state),
	       "the state is all that follows the marker");

_Static_assert(sizeof(struct vmclock) <= KNOWN_DISTANCE, "the handle ends before the lines");

#define AHEAD_MAX (INT64_C(1) << 32)	/* seconds between the reference and a line's own second */

struct vmclock *known_new_handle(void)
{
	struct vmclock *vc = mmap(NULL, KNOWN_DISTANCE + sizeof(struct known),
				  PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (vc == MAP_FAILED)
		return NULL;
	/* A child must not inherit a line that is being made: nobody would finish it. */
	(void)madvise((char *)vc + KNOWN_DISTANCE, sizeof(struct known), MADV_WIPEONFORK);
	return vc;
}

void known_free_handle(struct vmclock *vc)
{
	munmap(vc, KNOWN_DISTANCE + sizeof(struct known));
}

static void store_line(struct vmclock_line *to, const struct vmclock_line *from)
{
	known_store(to->counter_value, from->counter_value);
	known_store(to->reach, from->reach);
	known_store(to->base_ns, from->base_ns);
	known_store(to->base_frac, from->base_frac);
	known_store(to->slope_ns, from->slope_ns);
	known_store(to->slope_frac, from->slope_frac);
	known_store(to->error_ns, from->error_ns);
	known_store(to->error_slope, from->error_slope);
}

void known_make(struct known *known, const struct vmclock_snapshot *s,
		const struct vmclock_line *line, enum vmclock_scale scale, uint32_t seq,
		int64_t sec, const struct vmclock_time *result)
{
	struct known_line *kl = &known->lines[scale];
	uint64_t tag = known_tag(kl);
	uint64_t next = ((tag >> 32) + 1) << 32 | seq;
	struct vmclock_line moved = *line;
	uint64_t state;
	int64_t ahead;

	/* No line reaches as far as that; and nanoseconds are to fit in between. */
	if (__builtin_sub_overflow(result->time.tv_sec, sec, &ahead) || ahead < -AHEAD_MAX ||
	    ahead > AHEAD_MAX)
		return;
	/* From the whole second of this reading on, modulo 2^64. */
	moved.base_ns -= (uint64_t)ahead * VMCLOCK_NS_PER_SEC;
	memcpy(&state, &result->flags, sizeof(state));

	/*
	 * If they differ, another thread is writing. Relaxed: known_tag() has
	 * ordered all of the former writer's stores before ours.
	 */
	if (!__atomic_compare_exchange_n(&kl->begun, &tag, next, false, __ATOMIC_RELAXED,
					 __ATOMIC_RELAXED))
		return;
	/* Pairs with the fence in known_holds(): who sees a store below sees that tag. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	store_line(&kl->line, &moved);
	known_store(kl->sec, result->time.tv_sec);
	known_store(kl->marker, s->marker);
	known_store(kl->state, state);
	/* Pairs with known_tag(): who sees this tag sees the stores above. */
	__atomic_store_n(&kl->made, next, __ATOMIC_RELEASE);
}
