// SPDX-License-Identifier: MIT
/*
 * Records three clocks against the counter, ten times a second, or each MS
 * milliseconds, until it is terminated: the system clock, the raw clock, and
 * libvmclock. One line for each record, times in nanoseconds:
 *
 *	MARKER COUNTER REALTIME WIDTH COUNTER RAW WIDTH COUNTER UTC WIDTH
 *		EARLIEST LATEST MAXERROR
 *
 * COUNTER is the middle of the shortest of some readings, which took WIDTH
 * ticks. UTC is an error's name if there is no time. EARLIEST and LATEST are
 * libvmclock's bounds, "-" if it gives none; MAXERROR is the kernel's bound of the
 * system clock. Records with a disruption in the middle are left out. With the page's
 * address, the host can see the last counter value of each record, see exchange.h.
 *
 * Usage: time-record [ADDRESS-OF-PAGE [MS]]
 */
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/timex.h>
#include <time.h>

#include "guest.h"
#include "vmclock.h"
#include "../../counter.h"
#include "../exchange.h"

#define TRIES	12

struct reading {
	int error;
	uint64_t counter;
	uint64_t width;
	struct vmclock_time now;	/* of the system's clocks, only the time */
};

/* Returns 0 or a negative errno value. */
typedef int (*clock_fn)(const struct vmclock *vc, struct vmclock_time *now);

static int realtime(const struct vmclock *vc, struct vmclock_time *now)
{
	(void)vc;
	return clock_gettime(CLOCK_REALTIME, &now->time);
}

static int raw(const struct vmclock *vc, struct vmclock_time *now)
{
	(void)vc;
	return clock_gettime(CLOCK_MONOTONIC_RAW, &now->time);
}

static int library(const struct vmclock *vc, struct vmclock_time *now)
{
	return vmclock_now(vc, VMCLOCK_SCALE_UTC, now);
}

static int64_t ns(const struct timespec *ts)
{
	return ts->tv_sec * INT64_C(1000000000) + ts->tv_nsec;
}

static void read_clock(clock_fn clock, const struct vmclock *vc, struct reading *best)
{
	int i;

	best->width = UINT64_MAX;
	for (i = 0; i < TRIES; i++) {
		uint64_t before = read_counter(), width;
		struct vmclock_time now = { .flags = 0 };
		int ret = clock(vc, &now);

		width = read_counter() - before;
		if (width >= best->width)
			continue;
		best->error = -ret;
		best->width = width;
		best->counter = before + width / 2;
		best->now = now;
	}
}

static void print_reading(const struct reading *r)
{
	if (r->error)
		printf(" %" PRIu64 " %s %" PRIu64, r->counter, strerrorname_np(r->error), r->width);
	else
		printf(" %" PRIu64 " %" PRId64 " %" PRIu64, r->counter, ns(&r->now.time), r->width);
}

static void print_bounds(const struct reading *r)
{
	struct timex t = { 0 };

	if (!r->error && r->now.flags & VMCLOCK_FLAG_BOUNDED)
		printf(" %" PRId64 " %" PRId64, ns(&r->now.earliest), ns(&r->now.latest));
	else
		printf(" - -");
	expect(adjtimex(&t) >= 0);
	printf(" %" PRId64 "\n", (int64_t)t.maxerror * 1000);
}

int main(int argc, char **argv)
{
	static const clock_fn clocks[] = { realtime, raw, library };
	const struct timespec rest = { .tv_nsec = 1000000 * (argc > 2 ? atol(argv[2]) : 100) };
	struct exchange *x = NULL;
	struct vmclock *vc;

	print_lines();
	expect(!vmclock_open(&vc, NULL));
	if (argc > 1) {
		int fd = open("/dev/mem", O_RDWR);

		expect(fd >= 0);
		x = mmap(NULL, sizeof(*x), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			 (off_t)strtoull(argv[1], NULL, 0) + EXCHANGE_OFFSET);
		expect(x != MAP_FAILED);
	}

	for (;;) {
		uint64_t marker = vmclock_marker(vc);
		struct reading readings[3];
		int i;

		for (i = 0; i < 3; i++)
			read_clock(clocks[i], vc, &readings[i]);
		if (!vmclock_disrupted(vc, marker)) {
			if (x)
				exchange_store(&x->guest, read_counter());
			printf("%" PRIu64, marker);
			for (i = 0; i < 3; i++)
				print_reading(&readings[i]);
			print_bounds(&readings[2]);
		}
		nanosleep(&rest, NULL);
	}
}
