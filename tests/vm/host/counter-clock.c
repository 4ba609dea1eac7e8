// SPDX-License-Identifier: MIT
/*
 * The host's time on its counter: prints "COUNTER NANOSECONDS WIDTH" every 20 ms,
 * vmclock-sim's TAI and its error in ticks, until it is terminated.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/timex.h>
#include <time.h>

#include "../../counter.h"

#define TRIES		16
#define TAI		37	/* if the kernel does not know it */

static void print_pair(bool knows_tai)
{
	uint64_t counter = 0, best = UINT64_MAX;
	struct timespec time = { 0 };
	int i;

	for (i = 0; i < TRIES; i++) {
		struct timespec ts;
		uint64_t before, width;

		before = read_counter();
		clock_gettime(knows_tai ? CLOCK_TAI : CLOCK_REALTIME, &ts);
		width = read_counter() - before;
		if (width < best) {
			best = width;
			counter = before + width / 2;
			time = ts;
		}
	}
	printf("%" PRIu64 " %" PRId64 " %" PRIu64 "\n", counter,
	       (time.tv_sec + (knows_tai ? 0 : TAI)) * INT64_C(1000000000) + time.tv_nsec, best);
}

int main(void)
{
	const struct timespec rest = { .tv_nsec = 20000000 };
	struct timex tx = { .modes = 0 };
	bool knows_tai;

	setvbuf(stdout, NULL, _IOLBF, 0);
	adjtimex(&tx);
	knows_tai = tx.tai;
	for (;;) {
		print_pair(knows_tai);
		nanosleep(&rest, NULL);
	}
}
