// SPDX-License-Identifier: MIT
/* Pairs of the counter and the kernel's clocks. */
#include <errno.h>
#include <time.h>

#include "calc/base.h"
#include "lib/counter.h"
#include "pair.h"

static int to_ns(const struct timespec *ts, int64_t *ns)
{
	if (__builtin_mul_overflow((int64_t)ts->tv_sec, NS_PER_SEC, ns) ||
	    __builtin_add_overflow(*ns, (int64_t)ts->tv_nsec, ns))
		return -EIO;
	return 0;
}

static int read_bracket(struct bracket *b)
{
	struct timespec real, raw;

	b->begin = counter_ordered();
	if (clock_gettime(CLOCK_MONOTONIC_RAW, &raw) || clock_gettime(CLOCK_REALTIME, &real))
		return -errno;
	b->end = counter_ordered();
	return to_ns(&real, &b->real) ?: to_ns(&raw, &b->raw);
}

int pair_tightest(const struct bracket *brackets, unsigned int count, struct pair *pair)
{
	const struct bracket *best = NULL;
	unsigned int i;

	for (i = 0; i < count; i++) {
		const struct bracket *b = &brackets[i];

		/* The counter went backward: the machine was moved within the bracket. */
		if ((b->end - b->begin) >> 63)
			continue;
		if (!best || b->end - b->begin < best->end - best->begin)
			best = b;
	}
	if (!best)
		return -EIO;
	pair->width = best->end - best->begin;
	pair->counter = best->begin + pair->width / 2;
	pair->real = best->real;
	pair->raw = best->raw;
	return 0;
}

int pair_read(struct pair *pair, unsigned int tries)
{
	struct bracket brackets[PAIR_TRIES] = { 0 };
	unsigned int i;
	int ret;

	if (tries < 1 || tries > PAIR_TRIES)
		return -EINVAL;
	for (i = 0; i < tries; i++) {
		ret = read_bracket(&brackets[i]);
		if (ret)
			return ret;
	}
	return pair_tightest(brackets, tries, pair);
}
