// SPDX-License-Identifier: MIT
/*
 * Looks each millisecond whether the kernel calls its clock synchronised, as
 * timedatectl(1) judges it: a maximum error below 16 s. Tells of each change of
 * that or of the marker, until it is terminated. COUNTER is from after the look
 * that saw it first, BEFORE from the look before it.
 *
 *	MARKER synchronised|unsynchronised BEFORE COUNTER
 */
#include <inttypes.h>
#include <sys/timex.h>
#include <time.h>

#include "guest.h"
#include "vmclock.h"
#include "../../counter.h"

#define MAXERROR_NONE 16000000 /* us */

int main(void)
{
	const struct timespec rest = { .tv_nsec = 1000000 };
	uint64_t before = read_counter(), last_marker = 0;
	bool last_synchronised = false, first = true;
	struct vmclock *vc;

	print_lines();
	expect(!vmclock_open(&vc, NULL));
	for (;;) {
		struct timex tx = { .modes = 0 };
		uint64_t marker, counter;
		bool synchronised;

		marker = vmclock_marker(vc);
		expect(adjtimex(&tx) >= 0);
		synchronised = tx.maxerror < MAXERROR_NONE;
		counter = read_counter();
		if (first || marker != last_marker || synchronised != last_synchronised)
			printf("%" PRIu64 " %s %" PRIu64 " %" PRIu64 "\n", marker,
			       synchronised ? "synchronised" : "unsynchronised", before, counter);
		first = false;
		last_marker = marker;
		last_synchronised = synchronised;
		before = counter;
		nanosleep(&rest, NULL);
	}
}
