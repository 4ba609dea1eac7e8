// SPDX-License-Identifier: MIT
/* Pairs: both clocks belong to the counter's value, within the width that the pair states. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/pair.h"
#include "counter.h"
#include "unit.h"

static void the_tightest_bracket_counts(void **state)
{
	const struct bracket brackets[] = {
		{ .begin = 1000, .end = 1100, .real = 1, .raw = 2 },
		{ .begin = 2000, .end = 2041, .real = 3, .raw = 4 },
		{ .begin = 3000, .end = 3042, .real = 5, .raw = 6 },
		{ .begin = 4000, .end = 3990, .real = 7, .raw = 8 }, /* backward */
	};
	struct pair pair;

	(void)state;
	assert_int_equal(pair_tightest(brackets, 4, &pair), 0);
	assert_int_equal(pair.counter, 2020);
	assert_int_equal(pair.width, 41);
	assert_int_equal(pair.real, 3);
	assert_int_equal(pair.raw, 4);
	/* The first of equals, and one alone. */
	assert_int_equal(pair_tightest(brackets + 2, 2, &pair), 0);
	assert_int_equal(pair.counter, 3021);
	assert_int_equal(pair_tightest(brackets + 3, 1, &pair), -EIO);
}

static void the_counter_may_wrap(void **state)
{
	const struct bracket bracket = { .begin = UINT64_MAX - 9, .end = 10 };
	struct pair pair;

	(void)state;
	assert_int_equal(pair_tightest(&bracket, 1, &pair), 0);
	assert_int_equal(pair.width, 20);
	assert_int_equal(pair.counter, 0);
}

static void wrong_numbers_of_tries_are_refused(void **state)
{
	struct pair pair;

	(void)state;
	assert_int_equal(pair_read(&pair, 0), -EINVAL);
	assert_int_equal(pair_read(&pair, PAIR_TRIES + 1), -EINVAL);
}

static int64_t now(clockid_t clock)
{
	struct timespec ts;

	assert_int_equal(clock_gettime(clock, &ts), 0);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* A pair lies between what is read before and after it, on all three clocks. */
static void pairs_are_of_their_moment(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		uint64_t counter = counter_ordered();
		int64_t raw = now(CLOCK_MONOTONIC_RAW), real = now(CLOCK_REALTIME);
		unsigned int tries = 1 + (unsigned int)i % PAIR_TRIES;
		struct pair p;

		assert_int_equal(pair_read(&p, tries), 0);
		assert_true(p.counter - p.width / 2 >= counter);
		assert_true(counter_ordered() >= p.counter + p.width - p.width / 2);
		assert_uint_in_range(p.raw, raw, now(CLOCK_MONOTONIC_RAW));
		assert_uint_in_range(p.real, real, now(CLOCK_REALTIME));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tightest_bracket_counts),
		cmocka_unit_test(the_counter_may_wrap),
		cmocka_unit_test(wrong_numbers_of_tries_are_refused),
		cmocka_unit_test(pairs_are_of_their_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
