// SPDX-License-Identifier: MIT
/* The schedule of bursts. */
#include <string.h>

#include "bursts.h"
#include "clocks.h"

#define FIRST_NS (8 * NS_PER_SEC)
#define LAST_NS	 (64 * NS_PER_SEC)

void bursts_init(struct bursts *b)
{
	*b = (struct bursts){ .next = INT64_MAX };
}

static void want(struct bursts *b, unsigned int share)
{
	if (b->share < share)
		b->share = share;
}

void bursts_reaction(struct bursts *b, int64_t now)
{
	b->repeated = 0;
	b->next = now;
	want(b, BURSTS_MAX);
}

void bursts_marker(struct bursts *b)
{
	want(b, BURSTS_BY_MARKERS);
}

void bursts_network(struct bursts *b)
{
	want(b, BURSTS_MAX);
}

/* The time from which on fewer than @share bursts are in the window. */
static int64_t has_room(const struct bursts *b, unsigned int share)
{
	return b->count < share ? INT64_MIN : b->made[share - 1] + BURSTS_WINDOW_NS;
}

int64_t bursts_due(const struct bursts *b)
{
	int64_t due = has_room(b, BURSTS_BY_TIME), at_once;

	if (due < b->next)
		due = b->next;
	if (!b->share)
		return due;
	at_once = has_room(b, b->share);
	return at_once < due ? at_once : due;
}

/* Varies a time by a quarter. */
static int64_t spread(int64_t ns, uint32_t random)
{
	return ns - ns / 4 + (int64_t)((unsigned __int128)(ns / 2) * random >> 32);
}

void bursts_made(struct bursts *b, int64_t now, uint32_t random)
{
	int64_t patience = FIRST_NS << b->repeated;

	memmove(b->made + 1, b->made, sizeof(b->made) - sizeof(b->made[0]));
	b->made[0] = now;
	b->count += b->count < BURSTS_MAX;
	if (patience < LAST_NS)
		b->repeated++;
	b->share = 0;
	b->next = now + spread(patience, random);
}
