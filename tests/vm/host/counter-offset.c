// SPDX-License-Identifier: MIT
/*
 * The host's side of a comparison of the counters, see exchange.h: prints the guest's
 * counter minus the host's, and the error of this difference, in ticks.
 *
 * Usage: counter-offset RAM-FILE OFFSET-OF-PAGE
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "../../counter.h"
#include "../exchange.h"

#define PATIENCE	10000000000	/* ns, for a guest that does not answer */
#define MEASURE		300000000	/* ns */

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

static bool begin(struct exchange *x)
{
	int64_t end = now() + PATIENCE;
	uint64_t round = x->round + 1;

	exchange_store(&x->host, 0);
	exchange_store(&x->round, round);
	while (exchange_load(&x->guest_round) != round) {
		if (now() > end)
			return false;
	}
	return true;
}

/* The most that the guest's counter was seen ahead. */
static int64_t measure(struct exchange *x)
{
	int64_t end = now() + MEASURE;
	uint64_t last = exchange_load(&x->guest);
	int64_t least = INT64_MIN;
	int i;

	while (now() < end) {
		for (i = 0; i < 1000; i++) {
			uint64_t counter, guest = exchange_load(&x->guest);

			counter = read_counter();
			exchange_store(&x->host, counter);
			if (guest == last)
				continue;
			last = guest;
			if ((int64_t)(guest - counter) > least)
				least = (int64_t)(guest - counter);
		}
	}
	return least;
}

int main(int argc, char **argv)
{
	struct exchange *x;
	int64_t least, most;
	int fd;

	if (argc != 3) {
		fputs("usage: counter-offset RAM-FILE OFFSET-OF-PAGE\n", stderr);
		return 3;
	}
	fd = open(argv[1], O_RDWR);
	x = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*x), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
				       (off_t)strtoull(argv[2], NULL, 0) + EXCHANGE_OFFSET);
	if (x == MAP_FAILED) {
		perror("counter-offset");
		return 2;
	}
	if (!begin(x)) {
		fputs("counter-offset: the guest does not answer\n", stderr);
		return 1;
	}
	least = measure(x);
	most = exchange_load(&x->most);
	if (least == INT64_MIN || most == INT64_MAX || least > most) {
		fprintf(stderr, "counter-offset: ahead by %" PRId64 " to %" PRId64 "\n", least, most);
		return 1;
	}
	printf("%" PRId64 " %" PRId64 "\n", least + (most - least) / 2, (most - least + 1) / 2);
	return 0;
}
