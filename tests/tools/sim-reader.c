// SPDX-License-Identifier: MIT
/*
 * Judges vmclock-sim's page, by the arithmetic that guests use:
 *
 *	sim-reader FILE[@OFFSET] get FIELD
 *		prints a field of a consistent copy of the page, or `utc': the
 *		page's time in UTC, to the second
 *	sim-reader FILE[@OFFSET] wait FIELD VALUE...
 *		waits until all these fields of one copy have these values
 *	sim-reader FILE[@OFFSET] wait-odd
 *		waits until the sequence count is odd
 *	sim-reader FILE[@OFFSET] host STEP
 *		the host's clock plus STEP ns stays within the bounds during 10
 *		updates
 *	sim-reader FILE[@OFFSET] nested UPDATES
 *		no update contradicts an earlier promise
 *	sim-reader FILE[@OFFSET] line UPDATES
 *		all references are on one line, to the last bit
 *	sim-reader FILE[@OFFSET] odd MILLISECONDS
 *		the sequence count is odd, and does not change for this long
 *
 * It gives up after two minutes. The exit status is 0, or 1 after a line on stdout
 * that says what was wrong.
 */
#include <endian.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "calc/scale.h"
#include "calc/time.h"
#include "../counter.h"

#define PATIENCE_NS	(120LL * NS_PER_SEC)
#define LENGTH		4096

static const struct vmclock_abi *live;
static __u64 counter_offset;

static int fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static int fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	return 1;
}

static long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * (long long)NS_PER_SEC + ts.tv_nsec;
}

static void rest(void)
{
	const struct timespec ms = { .tv_nsec = 1000000 };

	nanosleep(&ms, NULL);
}

static __u64 host_counter(void)
{
	return read_counter() + counter_offset;
}

static __u8 counter_id(void)
{
#if defined(__x86_64__)
	return VMCLOCK_COUNTER_X86_TSC;
#else
	return VMCLOCK_COUNTER_ARM_VCNT;
#endif
}

/* Makes a consistent copy, and reads the counter within. -1: this is not possible. */
static int copy_page(struct vmclock_abi *copy, __u64 *counter)
{
	const __u64 *words = (const __u64 *)live;
	long long deadline = now_ns() + PATIENCE_NS;
	__u64 to[sizeof(*copy) / sizeof(__u64)];
	__u32 seq;
	size_t i;

	do {
		do {
			if (now_ns() > deadline)
				return -1;
			seq = le32toh(__atomic_load_n(&live->seq_count, __ATOMIC_ACQUIRE));
		} while (seq & 1);
		for (i = 0; i < sizeof(to) / sizeof(to[0]); i++)
			to[i] = __atomic_load_n(&words[i], __ATOMIC_RELAXED);
		*counter = host_counter();
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (le32toh(__atomic_load_n(&live->seq_count, __ATOMIC_RELAXED)) != seq);
	memcpy(copy, to, sizeof(to));
	return 0;
}

/* ---- Fields --------------------------------------------------------------------- */

#define FIELD(field)								\
	{									\
		#field, offsetof(struct vmclock_abi, field),			\
		sizeof(((struct vmclock_abi *)NULL)->field)			\
	}

static const struct {
	const char *name;
	size_t offset, width;
} fields[] = {
	FIELD(magic), FIELD(size), FIELD(version), FIELD(counter_id), FIELD(time_type),
	FIELD(seq_count), FIELD(disruption_marker), FIELD(flags), FIELD(clock_status),
	FIELD(leap_second_smearing_hint), FIELD(tai_offset_sec), FIELD(leap_indicator),
	FIELD(counter_period_shift), FIELD(counter_value), FIELD(counter_period_frac_sec),
	FIELD(counter_period_maxerror_rate_frac_sec), FIELD(time_sec), FIELD(time_frac_sec),
	FIELD(time_maxerror_nanosec), FIELD(vm_generation_counter),
};

static int print_utc(const struct vmclock_abi *copy, __u64 counter, char *to, size_t size)
{
	struct vmclock_snapshot s;
	struct vmclock_instant t;
	struct tm tm;
	time_t sec;
	__u8 leap;

	vmclock_calc_snapshot(copy, le32toh(copy->size), &s);
	if (vmclock_calc_usable(&s, counter_id()) || vmclock_calc_time(&s, counter, &t) ||
	    vmclock_calc_to_utc(&s, &t, &leap))
		return -1;
	sec = t.sec;
	strftime(to, size, "%Y-%m-%dT%H:%M:%S", gmtime_r(&sec, &tm));
	return 0;
}

static int print_field(const struct vmclock_abi *copy, __u64 counter, const char *name, char *to,
		       size_t size)
{
	__u64 value = 0;
	size_t i;

	if (!strcmp(name, "utc"))
		return print_utc(copy, counter, to, size);
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (!strcmp(fields[i].name, name))
			break;
	if (i == sizeof(fields) / sizeof(fields[0]))
		return -1;
	memcpy(&value, (const char *)copy + fields[i].offset, fields[i].width);
	value = le64toh(value);
	if (!strcmp(name, "tai_offset_sec"))
		snprintf(to, size, "%d", (__s16)value);
	else
		snprintf(to, size, "%llu", (unsigned long long)value);
	return 0;
}

static int get(const char *name)
{
	struct vmclock_abi copy;
	char text[64];
	__u64 counter;

	if (copy_page(&copy, &counter))
		return fail("the sequence count stays odd");
	if (print_field(&copy, counter, name, text, sizeof(text)))
		return fail("there is no %s", name);
	puts(text);
	return 0;
}

static bool fields_are(char **pairs, char *text, size_t size)
{
	struct vmclock_abi copy;
	__u64 counter;

	if (copy_page(&copy, &counter))
		return false;
	for (; pairs[0] && pairs[1]; pairs += 2)
		if (print_field(&copy, counter, pairs[0], text, size) || strcmp(text, pairs[1]) != 0)
			return false;
	return true;
}

static int wait_for(char **pairs)
{
	long long deadline = now_ns() + PATIENCE_NS;
	char text[64] = "unknown";

	while (now_ns() < deadline) {
		if (fields_are(pairs, text, sizeof(text)))
			return 0;
		rest();
	}
	return fail("something is %s", text);
}

static int wait_odd(void)
{
	long long deadline = now_ns() + PATIENCE_NS;

	while (now_ns() < deadline) {
		if (le32toh(__atomic_load_n(&live->seq_count, __ATOMIC_ACQUIRE)) & 1)
			return 0;
		rest();
	}
	return fail("the sequence count is even");
}

static int odd(long long ms)
{
	__u32 first = le32toh(__atomic_load_n(&live->seq_count, __ATOMIC_ACQUIRE));
	long long end = now_ns() + ms * 1000000;

	if (!(first & 1))
		return fail("the sequence count is even");
	while (now_ns() < end) {
		if (le32toh(__atomic_load_n(&live->seq_count, __ATOMIC_ACQUIRE)) != first)
			return fail("the sequence count moved");
		rest();
	}
	return 0;
}

/* ---- Time ------------------------------------------------------------------------ */

struct interval {
	struct vmclock_instant earliest, time, latest;
};

static int interval_at(const struct vmclock_snapshot *s, __u64 counter, struct interval *i)
{
	__u64 error;
	int offset = 0;

	if (vmclock_calc_usable(s, counter_id()) || vmclock_calc_time(s, counter, &i->time) ||
	    vmclock_calc_error(s, counter, &error))
		return fail("the page gives no time, or no bounds");
	/* To TAI, where no leap second makes a difference. */
	if (s->time_type == VMCLOCK_TIME_UTC) {
		if (vmclock_calc_tai_offset(s, &offset))
			return fail("the page has no TAI offset");
		i->time.sec += offset;
	}
	i->earliest = i->time;
	i->latest = i->time;
	if (vmclock_calc_shift_time(&i->earliest, -(__s64)error) ||
	    vmclock_calc_shift_time(&i->latest, (__s64)error))
		return fail("the bounds do not fit");
	return 0;
}

static bool before(const struct vmclock_instant *a, const struct vmclock_instant *b)
{
	return a->sec < b->sec || (a->sec == b->sec && a->nsec < b->nsec);
}

static void host_tai(struct vmclock_instant *t)
{
	struct timex tx = { .modes = 0 };
	struct timespec ts;

	adjtimex(&tx);
	clock_gettime(tx.tai ? CLOCK_TAI : CLOCK_REALTIME, &ts);
	t->sec = ts.tv_sec + (tx.tai ? 0 : 37);
	t->nsec = (__u32)ts.tv_nsec;
}

/* The host's clock was read between two readings of the counter. */
static int compare_host(long long step, __u32 *seq)
{
	struct vmclock_instant host, host_end;
	struct interval first, last;
	struct vmclock_snapshot s;
	struct vmclock_abi copy;
	__u64 from, to;

	if (copy_page(&copy, &from))
		return fail("the sequence count stays odd");
	vmclock_calc_snapshot(&copy, le32toh(copy.size), &s);
	*seq = le32toh(copy.seq_count);
	from = host_counter();
	host_tai(&host);
	to = host_counter();
	if (interval_at(&s, from, &first) || interval_at(&s, to, &last))
		return 1;
	/* The host's time is cut to the nanosecond. */
	host_end = host;
	if (vmclock_calc_shift_time(&host, step) || vmclock_calc_shift_time(&host_end, step + 1))
		return fail("the step does not fit");
	if (before(&host_end, &first.earliest) || before(&last.latest, &host))
		return fail("%lld.%09u by the host is not within %lld.%09u .. %lld.%09u",
			    (long long)host.sec, host.nsec, (long long)first.earliest.sec,
			    first.earliest.nsec, (long long)last.latest.sec, last.latest.nsec);
	return 0;
}

static int compare_with_host(long long step)
{
	long long deadline = now_ns() + PATIENCE_NS;
	__u32 seq, first;

	if (compare_host(step, &first))
		return 1;
	do {
		if (compare_host(step, &seq))
			return 1;
		if (now_ns() > deadline)
			return fail("there were only %u updates", (seq - first) / 2);
	} while (seq - first < 20);
	return 0;
}

/* ---- Promises --------------------------------------------------------------------- */

static int check_inside(const struct vmclock_snapshot *old, const struct vmclock_snapshot *new,
			__u64 counter)
{
	struct interval was, is;

	if (interval_at(old, counter, &was) || interval_at(new, counter, &is))
		return 1;
	if (before(&is.earliest, &was.earliest) || before(&was.latest, &is.latest))
		return fail("at %llu, %lld.%09u .. %lld.%09u became %lld.%09u .. %lld.%09u",
			    (unsigned long long)(counter - old->counter_value),
			    (long long)was.earliest.sec, was.earliest.nsec,
			    (long long)was.latest.sec, was.latest.nsec,
			    (long long)is.earliest.sec, is.earliest.nsec,
			    (long long)is.latest.sec, is.latest.nsec);
	return 0;
}

/* The rule of the specification: an earlier reading, calculated again by the new page. */
static int check_between(const struct vmclock_snapshot *old, const struct vmclock_snapshot *new)
{
	struct interval was, is;

	if (interval_at(old, old->counter_value, &was) || interval_at(new, old->counter_value, &is))
		return 1;
	if (before(&is.time, &was.earliest) || before(&was.latest, &is.time))
		return fail("a reading of then is %lld.%09u now, not within %lld.%09u .. %lld.%09u",
			    (long long)is.time.sec, is.time.nsec, (long long)was.earliest.sec,
			    was.earliest.nsec, (long long)was.latest.sec, was.latest.nsec);
	return 0;
}

static int check_update(const struct vmclock_snapshot *old, const struct vmclock_snapshot *new)
{
	__u64 from = new->counter_value;
	int bits;

	if ((__s64)(from - old->counter_value) < 0)
		return fail("the reference went back");
	for (bits = 0; bits < 60; bits++)
		if (check_inside(old, new, from + ((__u64)1 << bits) - 1))
			return 1;
	return check_between(old, new);
}

static int check_line(const struct vmclock_snapshot *old, const struct vmclock_snapshot *new)
{
	vmclock_u128 way = (vmclock_u128)(new->counter_value - old->counter_value) * old->period;
	vmclock_u128 was = ((vmclock_u128)old->time_sec << 64) + old->time_frac;
	vmclock_u128 is = ((vmclock_u128)new->time_sec << 64) + new->time_frac;

	if (old->period != new->period || old->shift != new->shift)
		return fail("the period changed");
	if (way >> new->shift << new->shift != way || was + (way >> new->shift) != is)
		return fail("the reference left its line");
	return 0;
}

static int check_updates(long updates,
			 int (*check)(const struct vmclock_snapshot *old,
				      const struct vmclock_snapshot *new))
{
	long long deadline = now_ns() + PATIENCE_NS;
	struct vmclock_snapshot first, last, s;
	struct vmclock_abi copy;
	long seen = 0, moved = 0;
	__u64 counter;
	__u32 seq;

	if (copy_page(&copy, &counter))
		return fail("the sequence count stays odd");
	seq = le32toh(copy.seq_count);
	vmclock_calc_snapshot(&copy, le32toh(copy.size), &first);
	last = first;
	/*
	 * An update that does not move the line proves nothing. On a busy machine most
	 * updates do not move it, and before the next reading of the clock none does.
	 */
	while (seen < updates || moved <= updates / 50) {
		if (now_ns() > deadline)
			return fail("there were only %ld updates, and %ld moved the reference",
				    seen, moved);
		if (copy_page(&copy, &counter))
			return fail("the sequence count stays odd");
		if (le32toh(copy.seq_count) == seq) {
			/* On a busy machine, the publisher may wait for this CPU. */
			sched_yield();
			continue;
		}
		seq = le32toh(copy.seq_count);
		vmclock_calc_snapshot(&copy, le32toh(copy.size), &s);
		if (s.marker != first.marker)
			return fail("the marker changed");
		if (check(&first, &s) || check(&last, &s))
			return 1;
		seen++;
		moved += s.counter_value != last.counter_value;
		last = s;
	}
	return 0;
}

/* ------------------------------------------------------------------------------------ */

static int map(char *path)
{
	char *at = strrchr(path, '@');
	int fd;

	if (at)
		*at++ = '\0';
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		perror(path);
		return -1;
	}
	live = mmap(NULL, LENGTH, PROT_READ, MAP_SHARED, fd, at ? strtoll(at, NULL, 0) : 0);
	close(fd);
	return live == MAP_FAILED ? -1 : 0;
}

int main(int argc, char **argv)
{
	const char *offset = getenv("SIM_READER_COUNTER_OFFSET");

	if (offset)
		counter_offset = strtoull(offset, NULL, 0);
	if (argc < 3 || map(argv[1]))
		return 2;
	if (!strcmp(argv[2], "wait-odd"))
		return wait_odd();
	if (argc < 4)
		return 2;
	if (!strcmp(argv[2], "get"))
		return get(argv[3]);
	if (!strcmp(argv[2], "wait"))
		return wait_for(argv + 3);
	if (!strcmp(argv[2], "host"))
		return compare_with_host(atoll(argv[3]));
	if (!strcmp(argv[2], "nested"))
		return check_updates(atol(argv[3]), check_update);
	if (!strcmp(argv[2], "line"))
		return check_updates(atol(argv[3]), check_line);
	if (!strcmp(argv[2], "odd"))
		return odd(atoll(argv[3]));
	return 2;
}
