// SPDX-License-Identifier: MIT
/* Publishing a VMClock page. */
#include <endian.h>
#include <string.h>

#include "page.h"

#define WORD		sizeof(uint64_t)
#define FIRST_FIELD	offsetof(struct vmclock_abi, disruption_marker)

/*
 * Readers read while we write. So each word is written by one store, which the
 * compiler may neither split nor repeat. No field crosses a word.
 */
static void store_words(struct publisher *p, size_t from, size_t to)
{
	uint64_t *live = (uint64_t *)p->live;
	const unsigned char *next = (const unsigned char *)p->next;
	uint64_t word;
	size_t i;

	for (i = from; i < to; i += WORD) {
		memcpy(&word, next + i, WORD);
		__atomic_store_n(&live[i / WORD], word, __ATOMIC_RELAXED);
	}
}

void publisher_stall(struct publisher *p)
{
	__atomic_store_n(&p->live->seq_count, htole32(p->seq + 1), __ATOMIC_RELAXED);
	/*
	 * Pairs with the acquire fence of readers: a reader that sees a field
	 * that is stored later also sees the odd count, or a newer count.
	 */
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

void publisher_fields(struct publisher *p)
{
	store_words(p, FIRST_FIELD, p->length);
}

void publisher_constants(struct publisher *p)
{
	/* The count first: readers may be reading the old page. */
	publisher_stall(p);
	p->next->seq_count = htole32(p->seq + 1);
	store_words(p, 0, FIRST_FIELD);
}

void publisher_begin(struct publisher *p, struct vmclock_abi *live, struct vmclock_abi *next,
		     size_t length, uint32_t seq)
{
	*p = (struct publisher){
		.live = live,
		.next = next,
		.length = length,
		.seq = (seq + 1) & ~UINT32_C(1),
	};
	publisher_constants(p);
}

void publisher_update(struct publisher *p)
{
	publisher_stall(p);
	publisher_fields(p);
	p->seq += 2;
	/* Pairs with the acquire load of readers: a reader of this count sees the fields above. */
	__atomic_store_n(&p->live->seq_count, htole32(p->seq), __ATOMIC_RELEASE);
}
