// SPDX-License-Identifier: MIT
/*
 * Reads the time as often as it can until it is terminated, and prints for each 20 ms
 * the two readings with the least margin: the one with the highest earliest time for
 * its counter, and the one with the lowest latest time. With the true time, these two
 * judge all readings. One line for each kind of reading and slice of time; times are
 * UTC in nanoseconds:
 *
 *	KIND MARKER READINGS REFUSED LONGEST COUNTER EARLIEST COUNTER LATEST
 *
 *	now	vmclock_now()
 *	clock	CLOCK_REALTIME while it is trusted, with the bound in
 *		/run/vmclock/state
 *	none	the counter alone: the machine's own delays
 *
 * REFUSED calls gave no time; the slowest of all took LONGEST ns.
 *
 * Usage: time-flat-out [BURST PAUSE]	PAUSE us after each BURST readings
 */
#include <endian.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "vmclock.h"
#include "calc/base.h"
#include "lib/run-layout.h"
#include "../../counter.h"

#define SLICE_NS   20000000

struct point {
	uint64_t counter;
	int64_t ns;
};

struct reading {
	uint64_t marker;
	struct point earliest;
	struct point latest;
};

static const struct vmclock_run_state *state;

static int64_t ns(const struct timespec *ts)
{
	return ts->tv_sec * NS_PER_SEC + ts->tv_nsec;
}

static int64_t now(clockid_t clock)
{
	struct timespec ts;

	expect(!clock_gettime(clock, &ts));
	return ns(&ts);
}

/* ---- The kinds of readings --------------------------------------------------------- */

static int read_now(const struct vmclock *vc, struct reading *r)
{
	struct vmclock_time t;
	int ret = vmclock_now(vc, VMCLOCK_SCALE_UTC, &t);

	if (ret)
		return ret;
	if (!(t.flags & VMCLOCK_FLAG_BOUNDED))
		return -ENODATA;
	r->marker = t.marker;
	r->earliest = (struct point){ t.counter, ns(&t.earliest) };
	r->latest = (struct point){ t.counter, ns(&t.latest) };
	return 0;
}

struct bound {
	uint64_t marker, bound, bound_at, drift;
	uint32_t seq;
	bool trusted;
};

static bool read_bound(struct bound *b)
{
	const volatile struct vmclock_run_state *s = state;

	b->seq = __atomic_load_n(&state->seq_count, __ATOMIC_ACQUIRE);
	b->marker = le64toh(s->marker);
	b->bound = le64toh(s->bound);
	b->bound_at = le64toh(s->bound_at);
	b->drift = le32toh(s->drift);
	b->trusted = s->trust == VMCLOCK_RUN_TRUSTED;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return !(le32toh(b->seq) & 1) && b->seq == s->seq_count && b->trusted;
}

static int read_clock(const struct vmclock *vc, struct reading *r)
{
	struct bound b, after;
	struct timespec ts;
	int64_t error;
	int ret = vmclock_system_trusted(vc, &r->marker);

	if (ret)
		return ret;
	if (!read_bound(&b) || b.marker != r->marker)
		return -EAGAIN;
	/* Read the clock between the two counter values. */
	r->latest.counter = read_counter();
	ret = vmclock_system_time(vc, CLOCK_REALTIME, r->marker, &ts);
	r->earliest.counter = read_counter();
	if (ret)
		return ret;
	/* It may have been set before the reading; vmclockd sets it right under another state. */
	ret = vmclock_system_trusted(vc, &r->marker);
	if (ret)
		return ret;
	if (!read_bound(&after) || after.seq != b.seq)
		return -EAGAIN;
	error = now(CLOCK_MONOTONIC) - (int64_t)b.bound_at;
	error = (int64_t)(b.bound + (uint64_t)error * b.drift / NS_PER_SEC + 1);
	r->earliest.ns = ns(&ts) - error;
	r->latest.ns = ns(&ts) + error;
	return 0;
}

static int read_none(const struct vmclock *vc, struct reading *r)
{
	(void)vc;
	(void)r;
	return -ENODATA;
}

/* ---- Slices ---------------------------------------------------------------------------- */

enum { NOW, CLOCK, NONE, KINDS };

static const struct {
	const char *name;
	int (*read)(const struct vmclock *vc, struct reading *r);
} kinds[KINDS] = {
	[NOW] = { "now", read_now },
	[CLOCK] = { "clock", read_clock },
	[NONE] = { "none", read_none },
};

struct slice {
	unsigned long readings, refused;
	double longest;
	struct reading worst;
};

struct slices {
	struct slice of[KINDS];
	uint64_t marker, start;
	double ns_per_tick;
};

/* By how much @a is ahead of @b, on a clock that goes as the counter does. */
static double ahead(const struct slices *s, const struct point *a, const struct point *b)
{
	return (double)(a->ns - b->ns) -
	       (double)(int64_t)(a->counter - b->counter) * s->ns_per_tick;
}

static void take(struct slices *s, struct slice *slice, const struct reading *r)
{
	if (!slice->readings || ahead(s, &r->earliest, &slice->worst.earliest) > 0)
		slice->worst.earliest = r->earliest;
	if (!slice->readings || ahead(s, &r->latest, &slice->worst.latest) < 0)
		slice->worst.latest = r->latest;
	slice->readings++;
}

/* The page's period or, without one, the kernel's first measurement. */
static double period(const struct vmclock *vc, double measured)
{
	struct vmclock_abi page;

	if (vmclock_read_page(vc, &page, sizeof(page)) ||
	    page.counter_id == VMCLOCK_COUNTER_INVALID)
		return measured;
	return ldexp((double)le64toh(page.counter_period_frac_sec),
		     -64 - page.counter_period_shift) *
	       (double)NS_PER_SEC;
}

static void end_slice(struct slices *s)
{
	int i;

	for (i = 0; i < KINDS; i++) {
		const struct slice *slice = &s->of[i];
		const struct reading *w = &slice->worst;

		printf("%s %" PRIu64 " %lu %lu %.0f %" PRIu64 " %" PRId64 " %" PRIu64 " %" PRId64
		       "\n",
		       kinds[i].name, s->marker, slice->readings, slice->refused, slice->longest,
		       w->earliest.counter, w->earliest.ns, w->latest.counter, w->latest.ns);
	}
	memset(s->of, 0, sizeof(s->of));
}

static void read_kind(const struct vmclock *vc, struct slices *s, int kind, double measured)
{
	struct slice *slice = &s->of[kind];
	uint64_t before = read_counter();
	struct reading r;
	int ret = kinds[kind].read(vc, &r);
	double took;

	took = (double)(read_counter() - before) * measured;
	if ((!ret && r.marker != s->marker) || (double)(before - s->start) * measured > SLICE_NS) {
		end_slice(s);
		s->marker = ret ? vmclock_marker(vc) : r.marker;
		s->start = before;
		s->ns_per_tick = period(vc, measured);
	}
	if (took > slice->longest)
		slice->longest = took;
	if (ret)
		slice->refused++;
	else
		take(s, slice, &r);
}

static double measure_period(void)
{
	const struct timespec rest = { .tv_nsec = 200000000 };
	uint64_t counter = read_counter();
	int64_t raw = now(CLOCK_MONOTONIC_RAW);

	nanosleep(&rest, NULL);
	counter = read_counter() - counter;
	return (double)(now(CLOCK_MONOTONIC_RAW) - raw) / (double)counter;
}

static const void *map_state(void)
{
	int fd = open(VMCLOCK_RUN_FOLDER "/" VMCLOCK_RUN_STATE_NAME, O_RDONLY | O_CLOEXEC);
	void *map;

	expect(fd >= 0);
	map = mmap(NULL, VMCLOCK_RUN_STATE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	expect(map != MAP_FAILED);
	close(fd);
	return map;
}

int main(int argc, char **argv)
{
	const struct timespec rest = { .tv_nsec = 1000 * (argc > 2 ? atol(argv[2]) : 0) };
	long left, burst = argc > 2 ? atol(argv[1]) : 0;
	double measured = measure_period();
	struct slices s = { .ns_per_tick = measured };
	struct vmclock *vc;
	int i;

	print_lines();
	state = map_state();
	expect(!vmclock_open(&vc, NULL));
	s.marker = vmclock_marker(vc);
	s.start = read_counter();
	for (left = burst;; left--) {
		for (i = 0; i < KINDS; i++)
			read_kind(vc, &s, i, measured);
		if (burst && left <= 0) {
			nanosleep(&rest, NULL);
			left = burst;
		}
	}
}
