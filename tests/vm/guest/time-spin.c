// SPDX-License-Identifier: MIT
/*
 * The guest's side of a comparison of the counters, see exchange.h: prints
 * "spinning", then shows the counter as fast as it can.
 *
 * Usage: time-spin ADDRESS-OF-PAGE
 */
#include <fcntl.h>
#include <sys/mman.h>

#include "guest.h"
#include "../../counter.h"
#include "../exchange.h"

/*
 * Emulators drop a fence before the counter, so the processor may read the counter
 * while it still waits for memory, but not ahead of more instructions than any
 * processor executes at once.
 */
static void let_loads_finish(void)
{
	volatile unsigned int i;

	for (i = 0; i < 300; i++)
		;
}

int main(int argc, char **argv)
{
	struct exchange *x;
	uint64_t round = 0;
	int64_t most = INT64_MAX;
	int fd;

	print_lines();
	expect(argc == 2);
	fd = open("/dev/mem", O_RDWR);
	expect(fd >= 0);
	x = mmap(NULL, sizeof(*x), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		 (off_t)strtoull(argv[1], NULL, 0) + EXCHANGE_OFFSET);
	expect(x != MAP_FAILED);
	puts("spinning");

	for (;;) {
		uint64_t host, counter;

		if (exchange_load(&x->round) != round) {
			round = exchange_load(&x->round);
			most = INT64_MAX;
			exchange_store(&x->most, most);
			exchange_store(&x->guest_round, round);
		}
		host = exchange_load(&x->host);
		let_loads_finish();
		counter = read_counter();
		exchange_store(&x->guest, counter);
		if (host && (int64_t)(counter - host) < most) {
			most = (int64_t)(counter - host);
			exchange_store(&x->most, most);
		}
	}
}
