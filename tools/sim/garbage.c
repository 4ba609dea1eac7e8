// SPDX-License-Identifier: MIT
#include <string.h>
#include <sys/random.h>

#include "garbage.h"

#define WORD sizeof(uint64_t)

void sim_garble(struct publisher *page)
{
	uint64_t words[sizeof(struct vmclock_abi) / WORD];
	uint64_t *live = (uint64_t *)page->live;
	size_t i;

	if (getrandom(words, sizeof(words), GRND_NONBLOCK) != sizeof(words))
		memset(words, 0x5a, sizeof(words));
	for (i = 0; i < page->length / WORD; i++)
		__atomic_store_n(&live[i], words[i], __ATOMIC_RELAXED);
}
