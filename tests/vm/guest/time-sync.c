// SPDX-License-Identifier: MIT
/*
 * Checks each millisecond whether the kernel calls its clock synchronised, by the rule
 * of timedatectl(1): a maximum error below 16 s. When it is terminated, it prints each
 * change of the status or of the marker. Printing earlier would take longer than the
 * measured times, because after a migration the emulator translates each function
 * again. COUNTER is from the first look that saw the change, BEFORE from the look
 * before it.
 *
 *	MARKER synchronised|unsynchronised BEFORE COUNTER
 */
#include <inttypes.h>
#include <signal.h>
#include <sys/timex.h>
#include <time.h>

#include "guest.h"
#include "vmclock.h"
#include "../../counter.h"

#define MAXERROR_NONE 16000000 /* us */
#define CHANGES_MAX 1000

struct look {
	uint64_t marker, counter;
	bool synchronised;
};

static volatile sig_atomic_t terminated;

static void terminate(int signal)
{
	(void)signal;
	terminated = true;
}

static struct look look(const struct vmclock *vc)
{
	struct timex tx = { .modes = 0 };
	struct look now = { .marker = vmclock_marker(vc) };

	expect(adjtimex(&tx) >= 0);
	now.synchronised = tx.maxerror < MAXERROR_NONE;
	now.counter = read_counter();
	return now;
}

static void print_change(uint64_t before, const struct look *look)
{
	printf("%" PRIu64 " %s %" PRIu64 " %" PRIu64 "\n", look->marker,
	       look->synchronised ? "synchronised" : "unsynchronised", before, look->counter);
}

int main(void)
{
	const struct sigaction action = { .sa_handler = terminate };
	const struct timespec rest = { .tv_nsec = 1000000 };
	static struct look changes[CHANGES_MAX];
	static uint64_t before[CHANGES_MAX];
	struct vmclock *vc;
	struct look last;
	int count, i;

	expect(!sigaction(SIGTERM, &action, NULL));
	expect(!vmclock_open(&vc, NULL));
	last = look(vc);
	before[0] = last.counter;
	changes[0] = last;
	for (count = 1; !terminated && count < CHANGES_MAX;) {
		struct look now = look(vc);

		if (now.marker != last.marker || now.synchronised != last.synchronised) {
			before[count] = last.counter;
			changes[count++] = now;
		}
		last = now;
		nanosleep(&rest, NULL);
	}
	for (i = 0; i < count; i++)
		print_change(before[i], &changes[i]);
	return 0;
}
