// SPDX-License-Identifier: MIT
/*
 * Reads the system clock and its bound from ClockBound's segment, with the
 * rules of its clients, and compares with the page, which has the true time:
 *
 *	bound-read SEGMENT	until SIGTERM; then one line:
 *	READINGS TRUSTED WRONG REFUSED WORST WIDEST
 *
 * TRUSTED: readings with the status synchronised or free running. REFUSED: the
 * client's clock had not reached as_of. WORST: how far the truth was outside,
 * WIDEST: half of the widest interval; both in ns.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "vmclock.h"

#include "../../counter.h"

#define NS   INT64_C(1000000000)
#define SIZE 80
/* ns: a client accepts an as_of that is ahead of its clock by this much, and fails beyond. */
#define BLUR	     1000
#define SYNCHRONIZED 1
#define FREERUNNING  2

static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

static int64_t ns(const struct timespec *ts)
{
	return ts->tv_sec * NS + ts->tv_nsec;
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ns(&ts);
}

struct bound {
	int64_t as_of, void_after, half;
	uint64_t marker;
	uint32_t drift;
	int32_t status;
};

/* False: the segment is being written, or was never written. */
static bool read_segment(const unsigned char *map, struct bound *bound)
{
	const uint16_t *count = (const uint16_t *)(map + 14);
	uint16_t before = __atomic_load_n(count, __ATOMIC_ACQUIRE);
	int64_t words[SIZE / 8];
	int i;

	for (i = 0; i < SIZE / 8; i++)
		words[i] = __atomic_load_n((const int64_t *)map + i, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (!before || before & 1 || __atomic_load_n(count, __ATOMIC_RELAXED) != before)
		return false;
	bound->as_of = words[2] * NS + words[3];
	bound->void_after = words[4] * NS + words[5];
	bound->half = words[6];
	bound->marker = (uint64_t)words[7];
	memcpy(&bound->drift, &words[8], 4);
	memcpy(&bound->status, (char *)&words[8] + 4, 4);
	return true;
}

struct totals {
	uint64_t readings, trusted, wrong, refused;
	int64_t worst, widest;
};

static void judge(struct totals *totals, const struct vmclock *vc, const unsigned char *map)
{
	struct vmclock_time from, to;
	struct bound bound;
	uint64_t begin, end;
	int64_t real, now, outside;

	totals->readings++;
	if (!read_segment(map, &bound))
		return;
	begin = read_counter();
	real = clock_ns(CLOCK_REALTIME);
	end = read_counter();
	now = clock_ns(CLOCK_MONOTONIC_COARSE);
	/* Read the marker after the clock. */
	if (vmclock_at(vc, VMCLOCK_SCALE_UTC, begin, &from) ||
	    vmclock_at(vc, VMCLOCK_SCALE_UTC, end, &to) || from.marker != bound.marker ||
	    to.marker != bound.marker)
		return;
	if ((bound.status != SYNCHRONIZED && bound.status != FREERUNNING) ||
	    now >= bound.void_after)
		return;
	if (now < bound.as_of) {
		if (now <= bound.as_of - BLUR) {
			totals->refused++;
			return;
		}
		now = bound.as_of;
	}
	totals->trusted++;
	bound.half += (int64_t)((double)(now - bound.as_of) * bound.drift / NS);
	outside = real - bound.half - ns(&to.latest);
	if (ns(&from.earliest) - real - bound.half > outside)
		outside = ns(&from.earliest) - real - bound.half;
	totals->wrong += outside > 0;
	if (outside > totals->worst)
		totals->worst = outside;
	if (bound.half > totals->widest)
		totals->widest = bound.half;
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = end };
	struct totals totals = { 0 };
	const unsigned char *map;
	struct vmclock *vc;
	int fd;

	expect(argc == 2);
	expect(!vmclock_open(&vc, NULL));
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	expect(fd >= 0);
	map = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	expect(map != MAP_FAILED);
	sigaction(SIGTERM, &action, NULL);
	while (!ended)
		judge(&totals, vc, map);
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 "\n",
	       totals.readings, totals.trusted, totals.wrong, totals.refused, totals.worst,
	       totals.widest);
	vmclock_close(vc);
	return 0;
}
