// SPDX-License-Identifier: MIT
/*
 * Records three clocks against the counter, ten times a second, or each MS
 * milliseconds, until it is terminated: the system clock, the same without any steering, and libvmclock.
 * A line per record, times in nanoseconds:
 *
 *	MARKER COUNTER REALTIME WIDTH COUNTER RAW WIDTH COUNTER UTC WIDTH
 *
 * COUNTER is the middle of the shortest of some readings, which took WIDTH
 * ticks. UTC is an error's name where there is no time. Records that a
 * disruption went through are left out. With the page's address, the last
 * counter value of each record is shown to the host, see exchange.h.
 *
 * Usage: time-record [ADDRESS-OF-PAGE [MS]]
 */
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
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
	int64_t time;
};

/* Returns 0 or a negative errno value. */
typedef int (*clock_fn)(const struct vmclock *vc, struct timespec *ts);

static int realtime(const struct vmclock *vc, struct timespec *ts)
{
	(void)vc;
	return clock_gettime(CLOCK_REALTIME, ts);
}

static int raw(const struct vmclock *vc, struct timespec *ts)
{
	(void)vc;
	return clock_gettime(CLOCK_MONOTONIC_RAW, ts);
}

static int library(const struct vmclock *vc, struct timespec *ts)
{
	struct vmclock_time now;
	int ret = vmclock_now(vc, VMCLOCK_UTC, &now);

	if (!ret)
		*ts = now.time;
	return ret;
}

static void read_clock(clock_fn clock, const struct vmclock *vc, struct reading *best)
{
	int i;

	best->width = UINT64_MAX;
	for (i = 0; i < TRIES; i++) {
		uint64_t before = read_counter(), width;
		struct timespec ts = { 0 };
		int ret = clock(vc, &ts);

		width = read_counter() - before;
		if (width >= best->width)
			continue;
		best->error = -ret;
		best->width = width;
		best->counter = before + width / 2;
		best->time = ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
	}
}

static void print_reading(const struct reading *r)
{
	if (r->error)
		printf(" %" PRIu64 " %s %" PRIu64, r->counter, strerrorname_np(r->error), r->width);
	else
		printf(" %" PRIu64 " %" PRId64 " %" PRIu64, r->counter, r->time, r->width);
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
			putchar('\n');
		}
		nanosleep(&rest, NULL);
	}
}
