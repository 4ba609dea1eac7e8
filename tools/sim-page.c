// SPDX-License-Identifier: MIT
/* How the page is published. */
#include <endian.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "sim.h"

#define WORD		sizeof(uint64_t)
#define FIRST_FIELD	offsetof(struct vmclock_abi, disruption_marker)

/*
 * Readers look while we write: one store for each word, which the compiler
 * may neither split nor repeat. No field crosses a word.
 */
static void store_words(struct sim_page *page, size_t from, size_t to)
{
	uint64_t *live = (uint64_t *)page->live;
	const unsigned char *next = (const unsigned char *)&page->next;
	uint64_t word;
	size_t i;

	for (i = from; i < to; i += WORD) {
		memcpy(&word, next + i, WORD);
		__atomic_store_n(&live[i / WORD], word, __ATOMIC_RELAXED);
	}
}

void sim_page_begin(struct sim_page *page, struct vmclock_abi *live, uint32_t seq)
{
	page->live = live;
	page->seq = (seq + 1) & ~UINT32_C(1);
	page->covered = le32toh(page->next.size);
	if (page->covered > sizeof(page->next))
		page->covered = sizeof(page->next);
	/* First the count, for readers of a page that is taken over. */
	sim_page_stall(page);
	page->next.seq_count = htole32(page->seq + 1);
	store_words(page, 0, FIRST_FIELD);
}

void sim_page_stall(struct sim_page *page)
{
	__atomic_store_n(&page->live->seq_count, htole32(page->seq + 1), __ATOMIC_RELAXED);
	/*
	 * Pairs with the acquire fence of readers: who sees a field that is
	 * stored after this sees the odd count too, or a newer one.
	 */
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

void sim_page_publish(struct sim_page *page)
{
	sim_page_stall(page);
	store_words(page, FIRST_FIELD, page->covered);
	page->seq += 2;
	/* Pairs with the acquire load of readers: who sees this count sees the fields above. */
	__atomic_store_n(&page->live->seq_count, htole32(page->seq), __ATOMIC_RELEASE);
}

void sim_page_garble(struct sim_page *page)
{
	uint64_t words[sizeof(struct vmclock_abi) / WORD];
	uint64_t *live = (uint64_t *)page->live;
	size_t i;

	if (getrandom(words, sizeof(words), GRND_NONBLOCK) != sizeof(words))
		memset(words, 0x5a, sizeof(words));
	for (i = 0; i < page->covered / WORD; i++)
		__atomic_store_n(&live[i], words[i], __ATOMIC_RELAXED);
}

void sim_page_restore(struct sim_page *page)
{
	sim_page_stall(page);
	page->next.seq_count = htole32(page->seq + 1);
	store_words(page, 0, FIRST_FIELD);
}
