// SPDX-License-Identifier: MIT
/*
 * torn-reads: threads read the page as fast as they can while a host
 * publishes as fast as it can. Every field follows from the disruption marker, so
 * each reading shows whether all of it comes from the same update. With --broken
 * the readers ignore the sequence count, and the test must detect them.
 */
#include <endian.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counter.h"
#include "host.h"
#include "calc/scale.h"
#include "calc/time.h"

#define MAX_READERS	64
#define BURST		16		/* updates made beforehand, then published at once */

static unsigned long readings = 2000000;	/* of all threads together */
static unsigned int readers = 2;
static bool broken;

static struct host host;
static struct vmclock *vc;
static struct vmclock_abi constant;	/* fields that no update changes, and the counter's start */
static bool stop;			/* atomic; ends the publisher */
static bool enough;			/* atomic; ends broken readers */

struct reader {
	pthread_t thread;
	unsigned long times, pages, markers;	/* readings of each kind */
	unsigned long updates;			/* readings with a new marker */
	unsigned long timeouts;
	unsigned long torn;
};

static struct reader team[MAX_READERS];
static unsigned int cpus;

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

/*
 * Makes the page of update @n: plausible, and no two alike. Some have no bounds,
 * some are out of reach of the library's fast path.
 */
static void make_page(uint64_t n, struct vmclock_abi *page)
{
	uint64_t a = mix(n), b = mix(n + UINT64_C(0x9e3779b97f4a7c15));
	uint64_t period = UINT64_C(0x89705f4136b4a597) + (a >> 8);

	*page = constant;
	page->disruption_marker = htole64(n);
	page->flags = htole64(VMCLOCK_FLAG_TAI_OFFSET_VALID | VMCLOCK_FLAG_PERIOD_MAXERROR_VALID |
			      (a & 15 ? VMCLOCK_FLAG_TIME_MAXERROR_VALID : 0) |
			      (a & 16 ? VMCLOCK_FLAG_DISRUPTION_SOON : 0) |
			      VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT);
	page->clock_status = a & 32 ? VMCLOCK_STATUS_SYNCHRONIZED : VMCLOCK_STATUS_FREERUNNING;
	page->leap_second_smearing_hint = (uint8_t)(b % 3);
	page->tai_offset_sec = htole16((uint16_t)-(int)(10 + b % 91));
	/* Sometimes shifts of 64 and more, and references in the future. */
	page->counter_period_shift = (uint8_t)((a >> 6) % 16 ? 29 + (b >> 7) % 4 : 64 + b % 64);
	page->counter_value = htole64(le64toh(constant.counter_value) - (b >> 20) +
				      ((b >> 3) % 16 ? 0 : UINT64_C(1) << 52));
	page->counter_period_frac_sec = htole64(period);
	page->counter_period_esterror_rate_frac_sec = htole64(~n);
	page->counter_period_maxerror_rate_frac_sec = htole64(period / (1000 + b % 1000));
	page->time_sec = htole64(1700000000 + (b >> 40));
	page->time_frac_sec = htole64(mix(b));
	page->time_esterror_nanosec = htole64(n ^ b);
	page->time_maxerror_nanosec = htole64(a >> 40);
	page->vm_generation_counter = htole64(mix(a));
}

static void *publisher(void *arg)
{
	static struct vmclock_abi pages[BURST];
	uint64_t n = 1;
	size_t i;

	(void)arg;
	/* The last CPU is the host's own, so that it writes while the others read. */
	host_use_cpu(cpus - 1);
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		for (i = 0; i < BURST; i++)
			make_page(++n, &pages[i]);
		for (i = 0; i < BURST; i++)
			host_publish(&host, &pages[i]);
	}
	return NULL;
}

/* ---- Is a reading from one update? ------------------------------------------ */

static bool same(const struct timespec *ts, const struct vmclock_instant *t)
{
	return ts->tv_sec == t->sec && ts->tv_nsec == (long)t->nsec;
}

/* Compares with the slow path's reading of the page that the marker names. */
static bool time_is_whole(const struct vmclock_time *t)
{
	struct vmclock_instant time, earliest, latest;
	struct vmclock_snapshot s;
	struct vmclock_leap_second second;
	struct vmclock_abi page;
	__u64 error;

	make_page(t->marker, &page);
	vmclock_calc_snapshot(&page, sizeof(page), &s);
	if (t->status != s.status ||
	    !(t->flags & VMCLOCK_FLAG_MAINTENANCE_SOON) !=
		    !(s.flags & VMCLOCK_FLAG_DISRUPTION_SOON) ||
	    vmclock_calc_time(&s, t->counter, &time))
		return false;
	if (vmclock_calc_linear(&s, &time, &second))
		return false;
	earliest = time;
	latest = time;
	if (!same(&t->time, &time))
		return false;
	if (vmclock_calc_error(&s, t->counter, &error) ||
	    vmclock_calc_shift_time(&earliest, -(int64_t)error) ||
	    vmclock_calc_shift_time(&latest, (int64_t)error + 1) ||
	    vmclock_calc_bounds_to_utc(&second, &earliest, &latest))
		return !(t->flags & VMCLOCK_FLAG_BOUNDED);
	return t->flags & VMCLOCK_FLAG_BOUNDED && same(&t->earliest, &earliest) &&
	       same(&t->latest, &latest);
}

static bool page_is_whole(const struct vmclock_abi *copy)
{
	struct vmclock_abi page;

	make_page(le64toh(copy->disruption_marker), &page);
	page.seq_count = copy->seq_count;
	return !(le32toh(copy->seq_count) & 1) && !memcmp(copy, &page, sizeof(page));
}

/* ---- Readers ------------------------------------------------------------------- */

static void count(struct reader *r, int ret, bool whole)
{
	if (ret == -ETIMEDOUT)
		r->timeouts++;
	else if (ret || !whole)
		r->torn++;
}

static void read_once(struct reader *r, unsigned long i, uint64_t *last)
{
	struct vmclock_time t = { 0 };
	struct vmclock_abi copy = { 0 };
	uint64_t marker;
	int ret;

	switch (i % 8) {
	case 0:
		ret = vmclock_read_page(vc, &copy, sizeof(copy));
		count(r, ret, page_is_whole(&copy));
		marker = le64toh(copy.disruption_marker);
		r->pages++;
		break;
	case 1:
		/* One word cannot be torn, but a marker must never come back. */
		marker = vmclock_marker(vc);
		count(r, 0, marker >= *last);
		r->markers++;
		break;
	default:
		ret = i % 2 ? vmclock_now(vc, VMCLOCK_SCALE_UTC, &t) :
			      vmclock_now_relaxed(vc, VMCLOCK_SCALE_UTC, &t);
		count(r, ret, time_is_whole(&t));
		marker = t.marker;
		r->times++;
	}
	if (marker > *last) {
		r->updates++;
		*last = marker;
	}
}

static void read_broken(struct reader *r)
{
	const uint64_t *page = (const uint64_t *)host.page;
	uint64_t words[sizeof(struct vmclock_abi) / sizeof(uint64_t)];
	struct vmclock_abi copy;
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		words[i] = __atomic_load_n(&page[i], __ATOMIC_RELAXED);
	memcpy(&copy, words, sizeof(copy));
	copy.seq_count = 0;
	if (page_is_whole(&copy))
		return;
	r->torn++;
	__atomic_store_n(&enough, true, __ATOMIC_RELAXED);
}

static void *reader(void *arg)
{
	struct reader *r = arg;
	uint64_t last = 0;
	unsigned long i;

	host_use_cpu(cpus > 1 ? (unsigned int)(r - team) % (cpus - 1) : 0);
	for (i = 0; i < readings / readers; i++) {
		if (!broken) {
			read_once(r, i, &last);
			continue;
		}
		r->pages++;
		read_broken(r);
		if (__atomic_load_n(&enough, __ATOMIC_RELAXED))
			break;
	}
	return NULL;
}

static unsigned long number(const char *text, unsigned long max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (!n || *end || n > max)
		errx(2, "%s: not a number from 1 to %lu", text, max);
	return n;
}

static void usage(FILE *to)
{
	fprintf(to, "Usage: torn-reads [--readings N] [--readers N] [--broken]\n"
		    "Reads a page under constant updates; no reading may mix two of them.\n"
		    "  --readings N  of all threads together [%lu]\n"
		    "  --readers N   threads [%u]\n"
		    "  --broken      ignore the sequence count: must be found out\n",
		readings, readers);
}

int main(int argc, char *argv[])
{
	static const struct option options[] = {
		{ "broken", no_argument, NULL, 'b' },
		{ "help", no_argument, NULL, 'h' },
		{ "readers", required_argument, NULL, 'r' },
		{ "readings", required_argument, NULL, 'n' },
		{ 0 },
	};
	struct reader sum = { 0 };
	struct vmclock_abi first;
	pthread_t writer;
	unsigned int i;
	int opt;

	while ((opt = getopt_long(argc, argv, "bhr:n:", options, NULL)) != -1)
		switch (opt) {
		case 'b':
			broken = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'r':
			readers = (unsigned int)number(optarg, MAX_READERS);
			break;
		case 'n':
			readings = number(optarg, 1UL << 62);
			break;
		default:
			usage(stderr);
			return 2;
		}
	if (optind < argc) {
		usage(stderr);
		return 2;
	}

	cpus = host_cpus();
	constant.magic = htole32(VMCLOCK_MAGIC);
	constant.size = htole32(sizeof(constant));
	constant.version = htole16(VMCLOCK_PAGE_VERSION);
	constant.counter_id = COUNTER_ID;
	constant.time_type = VMCLOCK_TIME_TAI;
	constant.counter_value = htole64(counter_ordered());
	make_page(1, &first);
	host_create(&host, &first);
	vc = host_open(&host);
	host_join(&host, vc);
	if (vmclock_now(vc, VMCLOCK_SCALE_UTC, &(struct vmclock_time){ 0 }) == -EOPNOTSUPP) {
		fprintf(stderr, "torn-reads: no steady counter on this machine\n");
		return 77;
	}

	if (pthread_create(&writer, NULL, publisher, NULL))
		errx(2, "no thread for the publisher");
	for (i = 0; i < readers; i++)
		if (pthread_create(&team[i].thread, NULL, reader, &team[i]))
			errx(2, "no thread for a reader");
	for (i = 0; i < readers; i++) {
		pthread_join(team[i].thread, NULL);
		sum.times += team[i].times;
		sum.pages += team[i].pages;
		sum.markers += team[i].markers;
		sum.updates += team[i].updates;
		sum.timeouts += team[i].timeouts;
		sum.torn += team[i].torn;
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(writer, NULL);
	printf("%lu readings by %u threads (%lu times, %lu pages, %lu markers), %lu met a new update "
	       "of %" PRIu64 "; %lu timed out, %lu inconsistent\n",
	       sum.times + sum.pages + sum.markers, readers, sum.times, sum.pages, sum.markers,
	       sum.updates, le64toh(host.page->disruption_marker), sum.timeouts, sum.torn);
	host_destroy(&host);
	vmclock_close(vc);
	return broken ? !sum.torn : sum.torn != 0;
}
