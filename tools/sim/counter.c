// SPDX-License-Identifier: MIT
#include <time.h>

#include "calc/base.h"
#include "counter.h"
#include "lib/counter.h"

#define PAIRS		32
#define MEASURE_NS	200000000

const char *sim_counter_check(void)
{
	return counter_steady() ? NULL : "this CPU has no steady counter to count time by";
}

uint8_t sim_counter_id(void)
{
	return COUNTER_ID;
}

uint64_t sim_counter_read(void)
{
	return counter_ordered();
}

void sim_counter_pair(clockid_t clock, long double tick, struct sim_pair *pair)
{
	uint64_t best = UINT64_MAX;
	int i;

	for (i = 0; i < PAIRS; i++) {
		uint64_t before, width;
		struct timespec ts;

		before = sim_counter_read();
		clock_gettime(clock, &ts);
		width = sim_counter_read() - before;
		if (width >= best)
			continue;
		best = width;
		pair->counter = before + width / 2;
		pair->time = sim_time_of(ts.tv_sec, ts.tv_nsec);
	}
	/* The clock was read somewhere in between, and it rounds down to the nanosecond. */
	pair->error = (uint64_t)(((long double)best / 2 + 1) * tick * NS_PER_SEC) + 2;
}

long double sim_counter_measure(void)
{
	const struct timespec rest = { .tv_nsec = MEASURE_NS };
	struct sim_pair first, last;

	sim_counter_pair(CLOCK_MONOTONIC_RAW, 0, &first);
	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, NULL))
		;
	sim_counter_pair(CLOCK_MONOTONIC_RAW, 0, &last);
	if (last.counter == first.counter)
		return 0;
	return (long double)(last.time - first.time) / TWO_TO_64 /
	       (long double)(last.counter - first.counter);
}
