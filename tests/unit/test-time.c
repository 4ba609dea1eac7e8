// SPDX-License-Identifier: MIT
/* The library's time: which pages have it, and when it is certain. */
#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "counter.h"
#include "line-cache.h"
#include "pagefile.h"

#define NS INT64_C(1000000000)

/* 2017-01-01T00:00:00Z, TAI - UTC is 37 s from then on. */
#define MIDNIGHT INT64_C(1483228800)

/* The counter's value at the reference time. */
#define REFERENCE UINT64_C(1000000)

/* A TAI page at midnight whose counter ticks at 2.5 GHz, +-1 us and 50 ppm. */
#define TICKS(ns) ((ns) / 2 * 5 + 1) /* and 0.4 ns: on whole ones rounding takes the long way */

static void publish_time(struct pagefile *pf)
{
	struct vmclock_abi *page = pf->page;

	page->counter_id = COUNTER_ID;
	page->time_type = VMCLOCK_TIME_TAI;
	page->clock_status = VMCLOCK_STATUS_SYNCHRONIZED;
	page->flags = htole64(VMCLOCK_FLAG_TAI_OFFSET_VALID | VMCLOCK_FLAG_PERIOD_MAXERROR_VALID |
			      VMCLOCK_FLAG_TIME_MAXERROR_VALID);
	page->tai_offset_sec = htole16((uint16_t)-37);
	page->counter_value = htole64(REFERENCE);
	page->counter_period_shift = 31;
	page->counter_period_frac_sec = htole64(0xdbe6fecebdedd5be);
	page->counter_period_maxerror_rate_frac_sec = htole64(0xdbe6fecebdedd5be / 20000);
	page->time_sec = htole64(MIDNIGHT + 37);
	page->time_frac_sec = htole64(UINT64_C(1) << 63);
	page->time_maxerror_nanosec = htole64(1000);
}

static struct vmclock *open_time(struct pagefile *pf)
{
	publish_time(pf);
	return pagefile_open(pf);
}

static void assert_time(const struct timespec *ts, int64_t sec, long nsec)
{
	assert_int_equal(ts->tv_sec, sec);
	assert_int_equal(ts->tv_nsec, nsec);
}

static void refuse(struct vmclock *vc, enum vmclock_scale scale, int error)
{
	struct vmclock_time t, before;

	memset(&t, 0x5a, sizeof(t));
	before = t;
	assert_int_equal(vmclock_at(vc, scale, REFERENCE, &t), error);
	assert_int_equal(vmclock_now(vc, scale, &t), error);
	assert_int_equal(vmclock_now_relaxed(vc, scale, &t), error);
	assert_memory_equal(&t, &before, sizeof(t));
}

static void a_reading_belongs_together(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = open_time(pf);
	struct vmclock_time t;

	/* A hundred milliseconds later: 5 us of drift. */
	assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_TAI, REFERENCE + TICKS(100000000), &t), 0);
	assert_time(&t.time, MIDNIGHT + 37, 600000000);
	assert_time(&t.earliest, MIDNIGHT + 37, 600000000 - 6001);
	assert_time(&t.latest, MIDNIGHT + 37, 600000000 + 6002);
	assert_int_equal(t.counter, REFERENCE + TICKS(100000000));
	assert_int_equal(t.marker, 1);
	assert_int_equal(t.flags, VMCLOCK_FLAG_BOUNDED);
	assert_int_equal(t.status, VMCLOCK_STATUS_SYNCHRONIZED);
	assert_int_equal(t.leap, VMCLOCK_LEAP_NONE);

	/* Beyond the reference's second. */
	assert_int_equal(
		vmclock_at(vc, VMCLOCK_SCALE_TAI, REFERENCE + TICKS(UINT64_C(3700000000)), &t), 0);
	assert_time(&t.time, MIDNIGHT + 41, 200000000);
	assert_time(&t.earliest, MIDNIGHT + 41, 200000000 - 186001);
	assert_time(&t.latest, MIDNIGHT + 41, 200000000 + 186002);
	vmclock_close(vc);
}

static void the_counter_may_be_before_the_reference(void **state)
{
	struct vmclock *vc = open_time(*state);
	struct vmclock_time t;

	assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_TAI, REFERENCE - TICKS(600000000), &t), 0);
	assert_int_equal(t.time.tv_sec, MIDNIGHT + 36);
	assert_uint_in_range(t.time.tv_nsec, 899999999, 900000000);
	assert_true(t.flags & VMCLOCK_FLAG_BOUNDED);
	vmclock_close(vc);
}

static void scales_differ_by_the_offset(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = open_time(pf);
	struct vmclock_time t;
	int sign;

	for (sign = -1; sign <= 1; sign += 2) {
		pagefile_begin(pf);
		pf->page->tai_offset_sec = htole16((uint16_t)(sign * 37));
		pagefile_end(pf);
		assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_UTC, REFERENCE, &t), 0);
		assert_time(&t.time, MIDNIGHT, 500000000);
		assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_SMEARED, REFERENCE, &t), 0);
		assert_time(&t.time, MIDNIGHT, 500000000);
	}
	vmclock_close(vc);

	pf->page->time_type = VMCLOCK_TIME_UTC;
	pf->page->time_sec = htole64(MIDNIGHT);
	vc = pagefile_open(pf);
	assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_UTC, REFERENCE, &t), 0);
	assert_time(&t.time, MIDNIGHT, 500000000);
	assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_TAI, REFERENCE, &t), 0);
	assert_time(&t.time, MIDNIGHT + 37, 500000000);
	vmclock_close(vc);
}

static void without_an_offset_only_the_pages_own_scale(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = open_time(pf);
	struct vmclock_time t;

	pagefile_begin(pf);
	pf->page->flags &= ~htole64(VMCLOCK_FLAG_TAI_OFFSET_VALID);
	pagefile_end(pf);
	assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_TAI, REFERENCE, &t), 0);
	refuse(vc, VMCLOCK_SCALE_UTC, -ENODATA);
	refuse(vc, VMCLOCK_SCALE_SMEARED, -ENODATA);
	vmclock_close(vc);

	pf->page->time_type = VMCLOCK_TIME_UTC;
	vc = pagefile_open(pf);
	assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_UTC, REFERENCE, &t), 0);
	refuse(vc, VMCLOCK_SCALE_TAI, -ENODATA);
	vmclock_close(vc);
}

static void an_unknown_scale_is_refused(void **state)
{
	struct vmclock *vc = open_time(*state);

	refuse(vc, (enum vmclock_scale)3, -EINVAL);
	refuse(vc, (enum vmclock_scale)-1, -EINVAL);
	vmclock_close(vc);
}

static void the_status_decides(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = open_time(pf);
	struct vmclock_time t;
	int status;

	for (status = 0; status < 256; status++) {
		pagefile_begin(pf);
		pf->page->clock_status = (uint8_t)status;
		pagefile_end(pf);
		if (status == 2 || status == 3) {
			assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_UTC, REFERENCE, &t), 0);
			assert_int_equal(t.status, status);
		} else {
			refuse(vc, VMCLOCK_SCALE_UTC, -EAGAIN);
		}
	}
	vmclock_close(vc);
}

/* Constant fields, looked at when the page is opened. */
static void pages_that_can_never_have_time(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc;

	publish_time(pf);
	pf->page->counter_id = VMCLOCK_COUNTER_INVALID;
	vc = pagefile_open(pf);
	refuse(vc, VMCLOCK_SCALE_UTC, -ENODATA);
	vmclock_close(vc);

	pf->page->counter_id = !COUNTER_ID;
	vc = pagefile_open(pf);
	refuse(vc, VMCLOCK_SCALE_UTC, -EOPNOTSUPP);
	vmclock_close(vc);

	pf->page->counter_id = COUNTER_ID;
	pf->page->time_type = VMCLOCK_TIME_MONOTONIC;
	vc = pagefile_open(pf);
	refuse(vc, VMCLOCK_SCALE_UTC, -ENODATA);
	vmclock_close(vc);

	pf->page->time_type = VMCLOCK_TIME_TAI;
	pf->page->size = htole32(0x57);
	vc = pagefile_open(pf);
	refuse(vc, VMCLOCK_SCALE_UTC, -ENODATA);
	vmclock_close(vc);
}

static void no_bounds_means_nothing_is_certain(void **state)
{
	static const uint64_t flags[] = {
		VMCLOCK_FLAG_PERIOD_MAXERROR_VALID, VMCLOCK_FLAG_TIME_MAXERROR_VALID, 0,
	};
	const struct timespec past = { .tv_sec = 1 };
	const struct timespec future = { .tv_sec = INT64_MAX };
	struct pagefile *pf = *state;
	struct vmclock *vc = open_time(pf);
	struct vmclock_time t;
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		pagefile_begin(pf);
		pf->page->flags = htole64(flags[i]);
		pagefile_end(pf);
		assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_TAI, REFERENCE, &t), 0);
		assert_time(&t.time, MIDNIGHT + 37, 500000000);
		assert_int_equal(t.flags, 0);
		assert_time(&t.earliest, INT64_MIN, 0);
		assert_time(&t.latest, INT64_MAX, NS - 1);
		assert_false(vmclock_time_before(&t, &future));
		assert_false(vmclock_time_after(&t, &past));
		assert_int_equal(vmclock_wait_past(vc, VMCLOCK_SCALE_TAI, 1, &past, NULL),
				 -ENODATA);
	}
	vmclock_close(vc);
}

static void before_and_after_are_strict(void **state)
{
	struct vmclock *vc = open_time(*state);
	struct vmclock_time t;
	struct timespec ts;

	assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_TAI, REFERENCE, &t), 0);
	ts = t.latest;
	assert_false(vmclock_time_before(&t, &ts));
	ts.tv_nsec++;
	assert_true(vmclock_time_before(&t, &ts));
	ts = t.earliest;
	assert_false(vmclock_time_after(&t, &ts));
	ts.tv_nsec--;
	assert_true(vmclock_time_after(&t, &ts));
	assert_false(vmclock_time_before(&t, &t.time));
	assert_false(vmclock_time_after(&t, &t.time));
	vmclock_close(vc);
}

static void maintenance_is_told(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = open_time(pf);
	struct vmclock_time t;

	assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_TAI, REFERENCE, &t), 0);
	assert_int_equal(t.flags, VMCLOCK_FLAG_BOUNDED);
	pagefile_begin(pf);
	pf->page->flags |= htole64(VMCLOCK_FLAG_DISRUPTION_SOON);
	pagefile_end(pf);
	assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_TAI, REFERENCE, &t), 0);
	assert_int_equal(t.flags, VMCLOCK_FLAG_BOUNDED | VMCLOCK_FLAG_MAINTENANCE_SOON);
	pagefile_begin(pf);
	pf->page->flags |= htole64(VMCLOCK_FLAG_DISRUPTION_IMMINENT);
	pagefile_end(pf);
	assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_TAI, REFERENCE, &t), 0);
	assert_int_equal(t.flags, VMCLOCK_FLAG_BOUNDED | VMCLOCK_FLAG_MAINTENANCE_SOON |
					  VMCLOCK_FLAG_MAINTENANCE_IMMINENT);
	vmclock_close(vc);
}

/* Real time 10 us to either side of a step of UTC by a second. */
/* A reading has none of the page's other flags, even if their values are the library's. */
static void the_pages_promise_is_told(void **state)
{
	const uint64_t others = ~(uint64_t)(VMCLOCK_FLAG_DISRUPTION_SOON |
					    VMCLOCK_FLAG_DISRUPTION_IMMINENT |
					    VMCLOCK_FLAG_TIME_MONOTONIC);
	struct pagefile *pf = *state;
	struct vmclock *vc = open_time(pf);
	struct vmclock_time t;

	pagefile_begin(pf);
	pf->page->flags |= htole64(others);
	pagefile_end(pf);
	assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_TAI, REFERENCE, &t), 0);
	assert_int_equal(t.flags, VMCLOCK_FLAG_BOUNDED);
	pagefile_begin(pf);
	pf->page->flags |= htole64(VMCLOCK_FLAG_TIME_MONOTONIC);
	pagefile_end(pf);
	/* By the page, and by the line. */
	assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_TAI, REFERENCE, &t), 0);
	assert_int_equal(t.flags, VMCLOCK_FLAG_BOUNDED | VMCLOCK_FLAG_MONOTONIC);
	assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_TAI, REFERENCE + 1, &t), 0);
	assert_int_equal(t.flags, VMCLOCK_FLAG_BOUNDED | VMCLOCK_FLAG_MONOTONIC);
	vmclock_close(vc);
}

static void bounds_hold_across_a_leap_second(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = open_time(pf);
	struct vmclock_time t;

	/* The end of December: half a second before midnight. */
	pf->page->leap_indicator = VMCLOCK_LEAP_PRE_POS;
	pf->page->tai_offset_sec = htole16((uint16_t)-36);
	pf->page->time_sec = htole64(MIDNIGHT + 36 - 1);
	pf->page->time_maxerror_nanosec = htole64(10000);
	assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_UTC, REFERENCE + TICKS(500000000 - 1000), &t),
			 0);
	/* True time may be 23:59:59.99, or the second 23:59:59.00. */
	assert_true(vmclock_time_before(&t, &(struct timespec){ .tv_sec = MIDNIGHT + 1 }));
	assert_false(vmclock_time_after(&t, &(struct timespec){ .tv_sec = MIDNIGHT - 1 }));
	assert_false(vmclock_time_before(&t, &(struct timespec){ .tv_sec = MIDNIGHT - 1,
							     .tv_nsec = NS - 1 }));

	assert_int_equal(
		vmclock_at(vc, VMCLOCK_SCALE_UTC, REFERENCE + TICKS(UINT64_C(1000000000)), &t), 0);
	assert_int_equal(t.leap, VMCLOCK_LEAP_POS);
	assert_int_equal(t.time.tv_sec, MIDNIGHT - 1);
	assert_int_equal(
		vmclock_at(vc, VMCLOCK_SCALE_UTC, REFERENCE + TICKS(UINT64_C(2000000000)), &t), 0);
	assert_int_equal(t.leap, VMCLOCK_LEAP_POST_POS);
	assert_int_equal(t.time.tv_sec, MIDNIGHT);
	vmclock_close(vc);
}

/* A clock and the counter at the same time: the tightest of several pairs. */
static uint64_t read_pair(clockid_t clock, struct timespec *ts)
{
	uint64_t counter = 0, best = UINT64_MAX;
	int i;

	for (i = 0; i < 20; i++) {
		uint64_t before = counter_ordered(), width;
		struct timespec now;

		clock_gettime(clock, &now);
		width = counter_ordered() - before;
		if (width >= best)
			continue;
		best = width;
		counter = before + width / 2;
		*ts = now;
	}
	return counter;
}

/* The host's clock, honest to a millisecond, by the real counter. */
static void publish_host_time(struct pagefile *pf)
{
	const struct timespec rest = { .tv_nsec = 20000000 };
	struct timespec before = { 0 }, after = { 0 }, ts = { 0 };
	uint64_t ticks;
	int64_t ns;

	publish_time(pf);
	ticks = read_pair(CLOCK_MONOTONIC_RAW, &before);
	nanosleep(&rest, NULL);
	ticks = read_pair(CLOCK_MONOTONIC_RAW, &after) - ticks;
	ns = (after.tv_sec - before.tv_sec) * NS + after.tv_nsec - before.tv_nsec;
	/* 2^(64 + 29) / (ticks * 10^9 / ns), in two steps that fit. */
	pf->page->counter_period_shift = 29;
	pf->page->counter_period_frac_sec =
		htole64((uint64_t)(((unsigned __int128)ns << 84) / ticks / NS) << 9);
	pf->page->counter_period_maxerror_rate_frac_sec =
		htole64(le64toh(pf->page->counter_period_frac_sec) / 100);
	pf->page->counter_value = htole64(read_pair(CLOCK_REALTIME, &ts));
	pf->page->time_sec = htole64((uint64_t)ts.tv_sec + 37);
	pf->page->time_frac_sec =
		htole64((uint64_t)(((unsigned __int128)ts.tv_nsec << 64) / NS));
	pf->page->time_maxerror_nanosec = htole64(1000000);
}

static void now_is_between_the_bounds_and_goes_on(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock_time t, at;
	struct timespec before, after, last = { 0 };
	struct vmclock *vc;
	int i;

	publish_host_time(pf);
	vc = pagefile_open(pf);
	for (i = 0; i < 100000; i++) {
		clock_gettime(CLOCK_REALTIME, &before);
		assert_int_equal(i % 2 ? vmclock_now(vc, VMCLOCK_SCALE_UTC, &t) :
					 vmclock_now_relaxed(vc, VMCLOCK_SCALE_UTC, &t), 0);
		clock_gettime(CLOCK_REALTIME, &after);
		assert_false(vmclock_time_before(&t, &before));
		assert_false(vmclock_time_after(&t, &after));
		if (i % 2) {
			assert_true(t.time.tv_sec > last.tv_sec ||
				    (t.time.tv_sec == last.tv_sec &&
				     t.time.tv_nsec >= last.tv_nsec));
			last = t.time;
		}
		assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_UTC, t.counter, &at), 0);
		assert_memory_equal(&t, &at, offsetof(struct vmclock_time, reserved));
	}
	vmclock_close(vc);
}

static void a_commit_waits_until_its_time_is_over(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock_time t, later;
	struct vmclock *vc;

	publish_host_time(pf);
	vc = pagefile_open(pf);
	assert_int_equal(vmclock_now(vc, VMCLOCK_SCALE_UTC, &t), 0);
	assert_false(vmclock_time_after(&t, &t.latest));
	assert_int_equal(vmclock_wait_past(vc, VMCLOCK_SCALE_UTC, t.marker, &t.latest, NULL), 0);
	assert_int_equal(vmclock_now(vc, VMCLOCK_SCALE_UTC, &later), 0);
	assert_true(vmclock_time_after(&later, &t.latest));

	/* What is over already is no reason to wait; what was disrupted, none to trust. */
	assert_int_equal(vmclock_wait_past(vc, VMCLOCK_SCALE_UTC, t.marker, &t.earliest, NULL), 0);
	assert_int_equal(vmclock_wait_past(vc, VMCLOCK_SCALE_UTC, t.marker,
					   &(struct timespec){ .tv_nsec = NS }, NULL), -EINVAL);
	pagefile_disrupt(pf);
	assert_int_equal(vmclock_wait_past(vc, VMCLOCK_SCALE_UTC, t.marker, &t.earliest, NULL),
			 -ESTALE);
	vmclock_close(vc);
}

static void expect_invalid(struct pagefile *pf, enum vmclock_scale scale)
{
	const struct timespec never = { .tv_nsec = NS }, past = { 0 };
	struct vmclock *vc = pagefile_open(pf);

	refuse(vc, scale, -EINVAL);
	assert_int_equal(vmclock_wait_past(vc, scale, 1, &past, NULL), -EINVAL);
	assert_int_equal(vmclock_wait_past(vc, scale, 2, &past, NULL), -EINVAL);
	assert_int_equal(vmclock_wait_past(vc, VMCLOCK_SCALE_UTC, 2, &never, NULL), -EINVAL);
	vmclock_close(vc);
}

/* An error of the program is reported before errors of the page. */
static void an_unknown_scale_is_told_before_all_else(void **state)
{
	static const int scales[] = { 3, 4, 99, INT_MAX, INT_MIN, -1 };
	struct pagefile *pf = *state;
	size_t i;

	for (i = 0; i < sizeof(scales) / sizeof(scales[0]); i++) {
		enum vmclock_scale scale = (enum vmclock_scale)scales[i];

		publish_time(pf);
		pf->page->time_sec = htole64(INT64_MAX);
		pf->page->counter_value = 0;	/* -EOVERFLOW */
		expect_invalid(pf, scale);
		pf->page->clock_status = VMCLOCK_STATUS_UNRELIABLE;	/* -EAGAIN */
		expect_invalid(pf, scale);
		pf->page->flags = 0;		/* -ENODATA */
		expect_invalid(pf, scale);
		pagefile_begin(pf);		/* -ETIMEDOUT */
		expect_invalid(pf, scale);
		pagefile_end(pf);
		pf->page->time_type = VMCLOCK_TIME_MONOTONIC;
		expect_invalid(pf, scale);
		pf->page->counter_id = COUNTER_ID ^ 1;	/* -EOPNOTSUPP */
		expect_invalid(pf, scale);
		pf->page->counter_id = VMCLOCK_COUNTER_INVALID;
		expect_invalid(pf, scale);
	}
}

static double cpu_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Half a second before a leap second, in UTC: @wait is a number that comes twice. */
static void commit_in_a_leap_second(struct pagefile *pf, long wait)
{
	const struct timespec number = { MIDNIGHT - 1, wait };
	struct timespec start, now;
	struct vmclock_time t;
	struct vmclock *vc;
	double cpu, passed;

	publish_host_time(pf);
	pf->page->time_type = VMCLOCK_TIME_UTC;
	pf->page->leap_indicator = VMCLOCK_LEAP_PRE_POS;
	pf->page->time_sec = htole64(MIDNIGHT - 1);
	pf->page->time_frac_sec = htole64(UINT64_C(1) << 63);
	vc = pagefile_open(pf);
	clock_gettime(CLOCK_MONOTONIC, &start);
	cpu = cpu_seconds();
	assert_int_equal(vmclock_wait_past(vc, VMCLOCK_SCALE_UTC, 1, &number, NULL), 0);
	clock_gettime(CLOCK_MONOTONIC, &now);
	cpu = cpu_seconds() - cpu;
	passed = (double)(now.tv_sec - start.tv_sec) + (double)(now.tv_nsec - start.tv_nsec) / 1e9;
	/* It slept, in the first of the two seconds as well. */
	assert_true(cpu < passed / 8 + 0.01);
	assert_int_equal(vmclock_now(vc, VMCLOCK_SCALE_UTC, &t), 0);
	assert_true(t.leap == VMCLOCK_LEAP_POS || t.leap == VMCLOCK_LEAP_POST_POS);
	assert_true(vmclock_time_after(&t, &number));
	vmclock_close(vc);
}

static void a_commit_waits_for_both_times_of_its_number(void **state)
{
	commit_in_a_leap_second(*state, 5);
	commit_in_a_leap_second(*state, 400000000);
}

static void a_try_does_not_wait_for_an_update(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = open_time(pf);
	struct vmclock_time t, at, before;

	memset(&t, 0x5a, sizeof(t));
	before = t;
	pagefile_begin(pf);
	assert_int_equal(vmclock_try_now(vc, VMCLOCK_SCALE_TAI, &t), -EBUSY);
	assert_memory_equal(&t, &before, sizeof(t));
	pagefile_end(pf);
	/* By the page, and by the line. */
	publish_host_time(pf);
	assert_int_equal(vmclock_try_now(vc, VMCLOCK_SCALE_TAI, &t), 0);
	assert_int_equal(vmclock_try_now(vc, VMCLOCK_SCALE_TAI, &t), 0);
	assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_TAI, t.counter, &at), 0);
	assert_memory_equal(&t, &at, offsetof(struct vmclock_time, reserved));
	pagefile_begin(pf);
	assert_int_equal(vmclock_try_now(vc, VMCLOCK_SCALE_TAI, &t), -EBUSY);
	/* What is wrong in another way is told as ever. */
	assert_int_equal(vmclock_try_now(vc, (enum vmclock_scale)3, &t), -EINVAL);
	pf->page->clock_status = VMCLOCK_STATUS_UNRELIABLE;
	pagefile_end(pf);
	assert_int_equal(vmclock_try_now(vc, VMCLOCK_SCALE_TAI, &t), -EAGAIN);
	vmclock_close(vc);
}

static void an_update_that_never_ends_is_an_error(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = open_time(pf);

	pagefile_begin(pf);
	refuse(vc, VMCLOCK_SCALE_UTC, -ETIMEDOUT);
	vmclock_close(vc);
}

/* ---- The line cache ------------------------------------------------------------------ */

static void read_at(const struct vmclock *vc, uint64_t counter, struct vmclock_time *t)
{
	assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_UTC, counter, t), 0);
}

static void assert_normal(const struct timespec *ts)
{
	assert_uint_in_range(ts->tv_nsec, 0, NS - 1);
}

/* Compares with a new handle, whose first reading takes the slow path. */
static void agree(struct pagefile *pf, const struct vmclock *vc, uint64_t counter)
{
	struct vmclock *fresh = pagefile_open(pf);
	struct vmclock_time t, first;

	read_at(fresh, counter, &first);
	read_at(vc, counter, &t);
	vmclock_close(fresh);
	assert_normal(&t.earliest);
	assert_normal(&t.latest);
	assert_memory_equal(&t, &first, offsetof(struct vmclock_time, reserved));
	/* UTC has no line at the end of a month, where most pages here are. */
	fresh = pagefile_open(pf);
	assert_int_equal(vmclock_at(fresh, VMCLOCK_SCALE_TAI, counter, &first), 0);
	assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_TAI, counter, &t), 0);
	vmclock_close(fresh);
	assert_memory_equal(&t, &first, offsetof(struct vmclock_time, reserved));
}

/* Otherwise each reading would take the slow path unnoticed. */
static void a_reading_makes_a_line(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = open_time(pf);
	const struct cached_line *cl = &vc->cache->lines[VMCLOCK_SCALE_TAI];
	struct vmclock_time t;
	uint64_t n;

	for (n = 1; n <= 3; n++) {
		uint32_t seq = le32toh(pf->page->seq_count);

		assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_TAI, REFERENCE + TICKS(1000), &t), 0);
		assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_TAI, REFERENCE + TICKS(2000), &t), 0);
		assert_true(cl->written == (n << 32 | seq));
		assert_true(cl->writing == cl->written);
		assert_true(cl->marker == le64toh(pf->page->disruption_marker));
		assert_true(cl->line.counter_value == REFERENCE);
		assert_uint_in_range(cl->line.reach, TICKS(1000000), UINT64_MAX);
		assert_int_equal(cl->sec, MIDNIGHT + 37);
		pagefile_disrupt(pf);
	}
	vmclock_close(vc);
}

/* A line starts in the second of the first reading, where the next ones are likely. */
static void a_line_begins_in_the_second_of_its_reading(void **state)
{
	const uint64_t later = TICKS(UINT64_C(5000000000));
	struct vmclock *vc = open_time(*state);
	const struct cached_line *cl = &vc->cache->lines[VMCLOCK_SCALE_TAI];
	struct vmclock_time t;

	assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_TAI, REFERENCE + later, &t), 0);
	assert_time(&t.time, MIDNIGHT + 42, 500000000);
	assert_int_equal(cl->sec, MIDNIGHT + 42);
	assert_int_equal(cl->written >> 32, 1);
	vmclock_close(vc);
}

static void what_does_not_fit_is_refused(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = open_time(pf);

	pagefile_begin(pf);
	pf->page->time_sec = htole64(UINT64_C(1) << 63);
	pagefile_end(pf);
	refuse(vc, VMCLOCK_SCALE_TAI, -EOVERFLOW);
	refuse(vc, VMCLOCK_SCALE_UTC, -EOVERFLOW);
	vmclock_close(vc);
}

static void an_unknown_hint_is_no_smear(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = open_time(pf);

	pagefile_begin(pf);
	pf->page->leap_second_smearing_hint = VMCLOCK_SMEARING_UTC_SLS + 1;
	pagefile_end(pf);
	refuse(vc, VMCLOCK_SCALE_SMEARED, -ENODATA);
	vmclock_close(vc);
}

/* Whatever the caller's memory holds. */
static void an_error_is_not_remembered(void **state)
{
	struct vmclock_time t = {
		.time = { .tv_sec = MIDNIGHT + 42 }, .flags = VMCLOCK_FLAG_BOUNDED, .status = 2,
	};
	struct pagefile *pf = *state;
	struct vmclock *vc = open_time(pf);

	pagefile_begin(pf);
	pf->page->clock_status = VMCLOCK_STATUS_UNRELIABLE;
	pagefile_end(pf);
	assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_TAI, REFERENCE + TICKS(5000000000), &t),
			 -EAGAIN);
	assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_TAI, REFERENCE + TICKS(5000000000), &t),
			 -EAGAIN);
	vmclock_close(vc);
}

/* The first reading uses the page, the next ones the line. */
static void each_reading_reads_the_counter(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock_time t;
	struct vmclock *vc;
	uint64_t before;
	int i;

	publish_time(pf);
	pf->page->counter_value = htole64(counter_ordered() - TICKS(1000000));
	pf->page->time_frac_sec = 0;
	vc = pagefile_open(pf);
	for (i = 0; i < 20; i++) {
		before = counter_ordered();
		assert_int_equal(i % 2 ? vmclock_now(vc, VMCLOCK_SCALE_TAI, &t) :
					 vmclock_now_relaxed(vc, VMCLOCK_SCALE_TAI, &t), 0);
		/* The relaxed one may be read a little before. */
		assert_uint_in_range(t.counter, before - 1000, counter_ordered());
	}
	vmclock_close(vc);
}

static void the_next_readings_agree_with_the_first(void **state)
{
	const uint64_t second = 1000000000;
	struct pagefile *pf = *state;
	struct vmclock *vc = open_time(pf);
	struct vmclock_time t;
	uint64_t k;

	pagefile_begin(pf);
	pf->page->time_frac_sec = 0;
	pagefile_end(pf);
	/* Start in the middle: later readings are within 20 s, on both sides of a second's end. */
	read_at(vc, REFERENCE + TICKS(10 * second), &t);
	assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_TAI, REFERENCE + TICKS(10 * second), &t), 0);
	for (k = 1; k < 200; k++)
		agree(pf, vc, REFERENCE + TICKS(k * 7919 % 200 * (second / 10) + k / 10 % 5 * 500 - 1000));
	vmclock_close(vc);
}

/* A first reading so far away that the distance in ns does not fit in a word. */
static void a_far_reading_does_no_harm(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = open_time(pf);
	struct vmclock_time t;

	pagefile_begin(pf);
	pf->page->counter_period_shift = 29;
	pagefile_end(pf);
	read_at(vc, REFERENCE + (UINT64_C(1) << 63), &t);
	agree(pf, vc, REFERENCE + TICKS(UINT64_C(1000000000)));
	vmclock_close(vc);
}

/* On both sides, with a slow counter, whose tick takes whole nanoseconds. */
static void far_readings_by_a_slow_counter_do_no_harm(void **state)
{
	static const uint64_t far[] = { (UINT64_C(1) << 63) - 1, UINT64_C(1) << 63, -UINT64_C(1) << 60 };
	struct pagefile *pf = *state;
	struct vmclock *vc = open_time(pf);
	struct vmclock_time t, first;
	struct vmclock *fresh;
	uint64_t ticks;
	size_t i;

	for (i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
		pagefile_begin(pf);
		/* 13 ns. */
		pf->page->counter_period_shift = 26;
		pagefile_end(pf);
		assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_TAI, REFERENCE + far[i], &t), 0);
		assert_true(t.flags & VMCLOCK_FLAG_BOUNDED);
		for (ticks = 1; ticks < UINT64_C(1) << 34; ticks *= 3) {
			assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_TAI, REFERENCE + ticks, &t),
					 0);
			fresh = pagefile_open(pf);
			assert_int_equal(
				vmclock_at(fresh, VMCLOCK_SCALE_TAI, REFERENCE + ticks, &first), 0);
			vmclock_close(fresh);
			assert_memory_equal(&t, &first, offsetof(struct vmclock_time, reserved));
		}
	}
	vmclock_close(vc);
}

/* UTC is known until midnight, smeared time until the noon before. */
static void a_line_ends_where_no_smear_is_known(void **state)
{
	/* 2017-03-01T00:00:00Z: a page of January does not know a leap second there. */
	const int64_t noon = INT64_C(1488326400) - 43200;
	struct pagefile *pf = *state;
	struct vmclock *vc = open_time(pf);
	struct vmclock_time t;
	int64_t sec;

	pagefile_begin(pf);
	pf->page->leap_second_smearing_hint = VMCLOCK_SMEARING_NOON_LINEAR;
	pf->page->counter_period_shift = 25;
	pf->page->counter_period_frac_sec = htole64(UINT64_C(1) << 63);	/* 2^26 Hz */
	/* Errors, so that a line reaches from the last of January until a time between both. */
	pf->page->counter_period_maxerror_rate_frac_sec = htole64(UINT64_C(600000000000));
	pf->page->time_maxerror_nanosec = htole64(219000000);
	pf->page->time_sec = htole64((uint64_t)MIDNIGHT + 37 + 86400 * 30);
	pf->page->time_frac_sec = 0;
	pagefile_end(pf);
	for (sec = noon - 10; sec < noon + 10; sec++) {
		uint64_t ticks = (uint64_t)(sec - MIDNIGHT - 86400 * 30) << 26;

		assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_UTC, REFERENCE + ticks, &t), 0);
		assert_true(t.flags & VMCLOCK_FLAG_BOUNDED);
		assert_true(vc->cache->lines[VMCLOCK_SCALE_UTC].line.reach > ticks);
		assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_SMEARED, REFERENCE + ticks / 2, &t),
				 0);
		assert_true(t.flags & VMCLOCK_FLAG_BOUNDED);
		assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_SMEARED, REFERENCE + ticks, &t), 0);
		assert_int_equal(!!(t.flags & VMCLOCK_FLAG_BOUNDED), sec < noon);
	}
	vmclock_close(vc);
}

static void an_update_is_seen_at_once(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = open_time(pf);
	struct vmclock_time t;
	int i;

	for (i = 0; i < 3; i++) {
		read_at(vc, REFERENCE, &t);
		read_at(vc, REFERENCE, &t);
		assert_time(&t.time, MIDNIGHT + i, 500000000);
		pagefile_begin(pf);
		pf->page->time_sec = htole64(MIDNIGHT + 37 + (uint64_t)i + 1);
		pagefile_end(pf);
	}
	/* Withdrawing the time is an update, too. */
	pagefile_begin(pf);
	pf->page->clock_status = VMCLOCK_STATUS_UNRELIABLE;
	pagefile_end(pf);
	refuse(vc, VMCLOCK_SCALE_UTC, -EAGAIN);
	vmclock_close(vc);
}

/* The machine was restored by a host whose count happens to be the same. */
static void a_host_may_begin_to_count_anew(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = open_time(pf);
	struct vmclock_time t;

	read_at(vc, REFERENCE, &t);
	pf->page->disruption_marker = htole64(77);
	pf->page->time_sec = htole64(MIDNIGHT + 1000);
	read_at(vc, REFERENCE, &t);
	assert_int_equal(t.marker, 77);
	assert_time(&t.time, MIDNIGHT + 1000 - 37, 500000000);
	vmclock_close(vc);
}

/* A thread was stopped while it wrote a line; a forked child never sees its end. */
static void what_is_half_made_is_not_used(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = open_time(pf);
	struct vmclock_time t;
	struct cached_line *line = &vc->cache->lines[VMCLOCK_SCALE_UTC];
	int status;
	pid_t child;

	read_at(vc, REFERENCE, &t);
	assert_int_equal(line->written, line->writing);
	line->writing += UINT64_C(1) << 32;
	line->sec = 1;
	read_at(vc, REFERENCE, &t);
	assert_time(&t.time, MIDNIGHT, 500000000);
	assert_int_equal(line->sec, 1);

	child = fork();
	assert_true(child >= 0);
	if (!child) {
		bool right = !vmclock_at(vc, VMCLOCK_SCALE_UTC, REFERENCE, &t) &&
			     t.time.tv_sec == MIDNIGHT && line->sec == MIDNIGHT;

		_exit(right ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	vmclock_close(vc);
}

/* ---- Bounds in a smear, by exact arithmetic: from midnight, in 1 / (2^54 * 10^9) s -- */

typedef __int128 exact;

#define EXACT_SEC	((exact)NS << 54)
#define TICKS_A_SEC	(UINT64_C(1) << 30)
#define ERROR_NS	920
#define ERROR_A_TICK	31	/* 2^-54 s */

struct smear {
	uint8_t leap;
	uint8_t hint;
	int sign;
	int before;		/* seconds from the beginning of the window to midnight */
	int window;
};

/* The smeared time of a time that goes on as if there were no leap second, times the window. */
static exact smeared_by_window(const struct smear *smear, exact time)
{
	exact since_start = time + smear->before * EXACT_SEC;

	return time * smear->window - smear->sign * since_start;
}

static exact exactly(const struct timespec *ts)
{
	return (ts->tv_sec - MIDNIGHT) * EXACT_SEC + ((exact)ts->tv_nsec << 54);
}

static void check_smeared_bounds(struct vmclock *vc, const struct smear *smear, int64_t reference,
				 uint64_t counter)
{
	exact window = smear->window;
	exact time = (reference - MIDNIGHT) * EXACT_SEC + ((exact)counter * NS << 24);
	exact error = ((exact)ERROR_NS << 54) + (exact)counter * ERROR_A_TICK * NS;
	exact earliest, latest, slack = window << 56;
	struct vmclock_time t;

	assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_SMEARED, counter, &t), 0);
	earliest = exactly(&t.earliest) * window;
	latest = exactly(&t.latest) * window;
	assert_true(earliest <= smeared_by_window(smear, time - error));
	assert_true(latest >= smeared_by_window(smear, time + error));
	/* Rounded outwards, and no more than that. */
	assert_true(smeared_by_window(smear, time - error) - earliest < slack);
	assert_true(latest - smeared_by_window(smear, time + error) < slack);
}

static void smeared_bounds_enclose_the_truth(void **state)
{
	static const struct smear smears[] = {
		{ VMCLOCK_LEAP_PRE_POS, VMCLOCK_SMEARING_NOON_LINEAR, 1, 43200, 86401 },
		{ VMCLOCK_LEAP_PRE_NEG, VMCLOCK_SMEARING_NOON_LINEAR, -1, 43200, 86399 },
		{ VMCLOCK_LEAP_PRE_POS, VMCLOCK_SMEARING_UTC_SLS, 1, 999, 1000 },
		{ VMCLOCK_LEAP_PRE_NEG, VMCLOCK_SMEARING_UTC_SLS, -1, 1001, 1000 },
	};
	struct pagefile *pf = *state;
	struct vmclock *vc;
	size_t i;
	int n;

	publish_time(pf);
	pf->page->tai_offset_sec = htole16((uint16_t)-36);
	pf->page->counter_value = 0;
	pf->page->counter_period_shift = 0;
	pf->page->counter_period_frac_sec = htole64(UINT64_C(1) << 34);
	pf->page->counter_period_maxerror_rate_frac_sec = htole64(ERROR_A_TICK << 10);
	pf->page->time_frac_sec = 0;
	pf->page->time_maxerror_nanosec = htole64(ERROR_NS);
	vc = pagefile_open(pf);
	srandom(1);
	for (i = 0; i < sizeof(smears) / sizeof(smears[0]); i++) {
		int64_t reference = MIDNIGHT - smears[i].before + 1;

		pagefile_begin(pf);
		pf->page->leap_indicator = smears[i].leap;
		pf->page->leap_second_smearing_hint = smears[i].hint;
		pf->page->time_sec = htole64((uint64_t)reference + 36);
		pagefile_end(pf);
		for (n = 0; n < 20000; n++) {
			uint64_t sec = (uint64_t)random() % (uint64_t)(smears[i].window - 4);

			check_smeared_bounds(vc, &smears[i], reference,
					     sec * TICKS_A_SEC + (uint64_t)random() % TICKS_A_SEC);
		}
	}
	vmclock_close(vc);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, pagefile_setup, pagefile_teardown)

/* Not even if the caller has filled in bounds. */
static void without_the_flag_nothing_is_certain(void **state)
{
	const struct vmclock_time t = { .latest = { .tv_sec = 1 }, .earliest = { .tv_sec = 3 } };
	const struct timespec between = { .tv_sec = 2 };

	(void)state;
	assert_false(vmclock_time_before(&t, &between));
	assert_false(vmclock_time_after(&t, &between));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_reading_belongs_together),
		TEST(the_counter_may_be_before_the_reference),
		TEST(scales_differ_by_the_offset),
		TEST(without_an_offset_only_the_pages_own_scale),
		TEST(an_unknown_scale_is_refused),
		TEST(the_status_decides),
		TEST(pages_that_can_never_have_time),
		TEST(no_bounds_means_nothing_is_certain),
		TEST(before_and_after_are_strict),
		TEST(maintenance_is_told),
		TEST(the_pages_promise_is_told),
		TEST(bounds_hold_across_a_leap_second),
		TEST(now_is_between_the_bounds_and_goes_on),
		TEST(a_commit_waits_until_its_time_is_over),
		TEST(an_unknown_scale_is_told_before_all_else),
		TEST(an_update_that_never_ends_is_an_error),
		TEST(a_try_does_not_wait_for_an_update),
		TEST(a_reading_makes_a_line),
		TEST(a_line_begins_in_the_second_of_its_reading),
		TEST(what_does_not_fit_is_refused),
		TEST(an_unknown_hint_is_no_smear),
		TEST(an_error_is_not_remembered),
		TEST(each_reading_reads_the_counter),
		TEST(the_next_readings_agree_with_the_first),
		TEST(a_far_reading_does_no_harm),
		TEST(far_readings_by_a_slow_counter_do_no_harm),
		TEST(a_line_ends_where_no_smear_is_known),
		TEST(an_update_is_seen_at_once),
		TEST(a_host_may_begin_to_count_anew),
		TEST(what_is_half_made_is_not_used),
		TEST(smeared_bounds_enclose_the_truth),
		TEST(a_commit_waits_for_both_times_of_its_number),
		TEST(without_the_flag_nothing_is_certain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
