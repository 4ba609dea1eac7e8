// SPDX-License-Identifier: MIT
/* The time by the raw clock, from an NTP daemon's measurements, judged by a model of both. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "anchor.h"
#include "unit.h"

#define NS    INT64_C(1000000000)
#define EPOCH (INT64_C(1795639261) * NS)

/* True time at an instant of a raw clock that is @fast ppb too fast. */
static int64_t truth(int64_t raw, int64_t fast)
{
	return EPOCH + (int64_t)((__int128)raw * NS / (NS + fast));
}

/* Adds a measurement that is wrong by @off and states the bound @error. */
static void measure(struct anchors *a, int64_t raw, int64_t fast, int64_t off, int64_t error)
{
	const struct anchor anchor = {
		.raw = raw, .utc = truth(raw, fast) + off, .error = error,
		.measured = EPOCH / NS + raw / NS, .stratum = 2, .leap = REPORT_LEAP_NONE,
	};

	anchors_add(a, &anchor);
}

/* The report's distance from the truth, and its bound. */
static int64_t judge(const struct anchors *a, int64_t raw, int64_t fast, int64_t *bound)
{
	/* The value of CLOCK_REALTIME does not matter. */
	const int64_t real = 12345;
	struct report r;

	assert_int_equal(anchors_report(a, raw, real, 0, &r), 0);
	assert_null(report_refusal(&r));
	*bound = r.root_delay / 2 + r.root_dispersion;
	return llabs(real + r.offset - truth(raw, fast));
}

static void truth_is_within_the_bound(void **state)
{
	static const int64_t rates[] = { -500000, -499000, -50000, 0, 50000, 499000, 500000 };
	struct anchors a = { 0 };
	int64_t bound, raw, fast;
	unsigned int i;
	int n;

	(void)state;
	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		fast = rates[i];
		anchors_reset(&a);
		raw = 7 * NS;
		for (n = 0; n < 3000; n++) {
			int64_t error = random() % 40000000;
			int64_t off = error ? random() % (2 * error) - error : 0;
			int64_t until = raw + NS + random() % (2048 * NS);

			measure(&a, raw, fast, off, error);
			assert_true(judge(&a, raw, fast, &bound) <= bound);
			/* Right after the measurement the bound is the measurement's. */
			assert_true(bound <= error + 10);
			raw = (raw + until) / 2;
			assert_true(judge(&a, raw, fast, &bound) <= bound);
			raw = until;
			assert_true(judge(&a, raw, fast, &bound) <= bound);
		}
	}
}

static void a_rate_makes_it_narrower(void **state)
{
	struct anchors a = { 0 };
	int64_t bound;

	(void)state;
	measure(&a, NS, 30000, 0, 1000000);
	judge(&a, 1001 * NS, 30000, &bound);
	/* 500 ppm. */
	assert_uint_in_range(bound, 501000000, 501500000);
	measure(&a, 1001 * NS, 30000, 500000, 1000000);
	judge(&a, 2001 * NS, 30000, &bound);
	/* Twice the error of the measured rate, and the wander. */
	assert_uint_in_range(bound, 4000000, 4100000);
}

static void a_rate_of_long_ago_does_not_count(void **state)
{
	struct anchors a = { 0 };
	int64_t bound;
	int i;

	(void)state;
	/* The rate changes: measurements of the first hours would contradict later ones. */
	for (i = 0; i < 100; i++)
		measure(&a, NS + i * 100 * NS, 400000, 0, 1000);
	for (; i < 400; i++) {
		const struct anchor anchor = {
			.raw = NS + i * 100 * NS,
			.utc = truth(NS + 9900 * NS, 400000) +
			       truth((i - 99) * 100 * NS, -400000) - EPOCH,
			.error = 1000,
		};

		anchors_add(&a, &anchor);
	}
	assert_true(a.last.raw - a.base.raw <= 7200 * NS + 100 * NS);
	a.last.leap = REPORT_LEAP_NONE;
	a.last.stratum = 1;
	a.last.measured = 1;
	judge(&a, a.last.raw + 100 * NS, -400000, &bound);
	assert_true(bound < 200000);
}

/* No rate follows from servers that contradict each other. */
static void a_lie_makes_no_rate(void **state)
{
	struct anchors a = { 0 };
	int64_t bound;

	(void)state;
	measure(&a, NS, 0, 0, 1000);
	measure(&a, 100 * NS, 0, 3600 * NS, 1000);
	judge(&a, 200 * NS, 0, &bound);
	assert_true(bound >= 50000000);
	anchors_reset(&a);
	measure(&a, NS, 0, 0, 1000);
	measure(&a, 101 * NS, 0, -1 * NS, 1000);
	judge(&a, 201 * NS, 0, &bound);
	assert_true(bound >= 50000000);
}

static void what_does_not_follow_begins_anew(void **state)
{
	struct anchors a = { 0 };

	(void)state;
	measure(&a, 100 * NS, 0, 0, 1000);
	measure(&a, 200 * NS, 0, 0, 1000);
	assert_int_equal(a.count, 2);
	/* The time goes back by an hour. */
	measure(&a, 300 * NS, 0, -3600 * NS, 1000);
	assert_int_equal(a.count, 1);
	measure(&a, 300 * NS, 0, 0, 1000);
	assert_int_equal(a.count, 1);
}

static void nothing_is_told_without_a_measurement(void **state)
{
	struct anchors a = { 0 };
	struct report r;

	(void)state;
	assert_int_equal(anchors_report(&a, NS, 0, 0, &r), -ENODATA);
	measure(&a, 100 * NS, 0, 0, 1000);
	assert_int_equal(anchors_report(&a, 100 * NS - 1, 0, 0, &r), -ENODATA);
	assert_int_equal(anchors_report(&a, INT64_MAX, 0, 0, &r), -ENODATA);
	assert_int_equal(anchors_report(&a, 100 * NS, 0, 77, &r), 0);
	assert_uint_in_range(r.root_dispersion, 1077, 1087);
	anchors_reset(&a);
	assert_int_equal(anchors_report(&a, 200 * NS, 0, 0, &r), -ENODATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(truth_is_within_the_bound),
		cmocka_unit_test(a_rate_makes_it_narrower),
		cmocka_unit_test(a_rate_of_long_ago_does_not_count),
		cmocka_unit_test(a_lie_makes_no_rate),
		cmocka_unit_test(what_does_not_follow_begins_anew),
		cmocka_unit_test(nothing_is_told_without_a_measurement),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
