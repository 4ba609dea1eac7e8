// SPDX-License-Identifier: MIT
/* Bursts: soon at first, then less and less often, and never too many for the servers. */
#include <stddef.h>
#include <stdint.h>

#include "bursts.h"
#include "unit.h"

#define SEC    INT64_C(1000000000)
#define HALF   0x80000000U
#define WINDOW BURSTS_WINDOW_NS

/* The schedule may begin at any time. */
static const int64_t starts[] = { 0, 1, 7654321 * SEC };

static void assert_made(struct bursts *b, int64_t at)
{
	assert_int_equal(bursts_due(b), at);
	bursts_made(b, at, HALF);
}

static void assert_made_at_once(struct bursts *b, int64_t at)
{
	assert_true(bursts_due(b) <= at);
	bursts_made(b, at, HALF);
}

static void they_come_later_and_later(void **state)
{
	static const int after[] = { 8, 16, 32, 64 };
	struct bursts b;
	size_t s, i;
	int64_t at;

	(void)state;
	for (s = 0; s < sizeof(starts) / sizeof(starts[0]); s++) {
		at = starts[s];
		bursts_init(&b);
		assert_int_equal(bursts_due(&b), INT64_MAX);
		bursts_reaction(&b, at);
		assert_made_at_once(&b, at);
		for (i = 0; i < sizeof(after) / sizeof(after[0]); i++) {
			at += after[i] * SEC;
			assert_made(&b, at);
		}
		/* Repetitions must not use the last burst of the window. */
		assert_made(&b, starts[s] + WINDOW);
		assert_made(&b, starts[s] + WINDOW + 64 * SEC);
		assert_made(&b, starts[s] + WINDOW + 128 * SEC);
	}
}

static void a_quarter_more_or_less(void **state)
{
	struct bursts b;

	(void)state;
	bursts_init(&b);
	bursts_reaction(&b, 0);
	bursts_made(&b, 0, 0);
	assert_int_equal(bursts_due(&b), 6 * SEC);
	bursts_reaction(&b, 0);
	bursts_made(&b, 0, UINT32_MAX);
	assert_uint_in_range(bursts_due(&b), 10 * SEC - 2, 10 * SEC);
	bursts_made(&b, 0, UINT32_MAX);
	assert_uint_in_range(bursts_due(&b), 20 * SEC - 4, 20 * SEC);
	bursts_made(&b, 0, UINT32_MAX / 2 + 1);
	assert_int_equal(bursts_due(&b), 32 * SEC);
}

/* Distances count from when bursts were made, however late. */
static void late_ones_count_from_when_they_were_made(void **state)
{
	struct bursts b;

	(void)state;
	bursts_init(&b);
	bursts_reaction(&b, 0);
	bursts_made(&b, 3 * SEC, HALF);
	assert_int_equal(bursts_due(&b), 11 * SEC);
}

static void the_network_makes_it_at_once(void **state)
{
	struct bursts b;

	(void)state;
	bursts_init(&b);
	bursts_reaction(&b, 0);
	assert_made_at_once(&b, 0);
	bursts_network(&b);
	assert_made_at_once(&b, SEC);
	/* Only once. */
	assert_made(&b, 17 * SEC);
	assert_made(&b, 49 * SEC);
	assert_made(&b, 113 * SEC);
	/* The same when repetitions have used up their share. */
	assert_int_equal(bursts_due(&b), WINDOW);
	bursts_network(&b);
	assert_made_at_once(&b, 300 * SEC);
	/* A burst for the network has to wait then, but is not forgotten. */
	bursts_network(&b);
	assert_made(&b, WINDOW);
	assert_int_equal(bursts_due(&b), WINDOW + 64 * SEC);
}

static void each_reaction_begins_anew(void **state)
{
	struct bursts b;

	(void)state;
	bursts_init(&b);
	bursts_reaction(&b, 0);
	assert_made_at_once(&b, 0);
	assert_made(&b, 8 * SEC);
	bursts_reaction(&b, 20 * SEC);
	assert_made_at_once(&b, 20 * SEC);
	assert_made(&b, 28 * SEC);
	/* But in the same window. */
	bursts_reaction(&b, 40 * SEC);
	assert_made_at_once(&b, 40 * SEC);
	bursts_reaction(&b, 50 * SEC);
	assert_made_at_once(&b, 50 * SEC);
	bursts_reaction(&b, 60 * SEC);
	assert_made(&b, WINDOW);
}

static void markers_leave_something(void **state)
{
	struct bursts b;
	int64_t now;
	int made = 0;

	(void)state;
	bursts_init(&b);
	bursts_reaction(&b, 0);
	for (now = 0; now < 40 * SEC; now += SEC / 100) {
		if (now)
			bursts_marker(&b);
		if (now < bursts_due(&b))
			continue;
		bursts_made(&b, now, HALF);
		made++;
	}
	assert_int_equal(made, BURSTS_BY_MARKERS + 1);
	assert_true(bursts_due(&b) < 120 * SEC);
}

/* Random reactions, markers and network changes. */
static void never_more_than_the_limit(void **state)
{
	int64_t made[BURSTS_MAX] = { 0 }, now = 0;
	unsigned int seed = 1, total = 0, i;
	struct bursts b;

	(void)state;
	bursts_init(&b);
	for (i = 0; i < 200000; i++) {
		seed = seed * 1103515245 + 12345;
		now += (seed >> 16) % 1000 * (SEC / 1000);
		if (seed >> 28 == 1)
			bursts_reaction(&b, now);
		if (seed >> 28 == 2)
			bursts_marker(&b);
		if (seed >> 28 == 3)
			bursts_network(&b);
		if (now < bursts_due(&b))
			continue;
		bursts_made(&b, now, seed);
		if (total >= BURSTS_MAX)
			assert_true(now - made[total % BURSTS_MAX] >= WINDOW);
		made[total++ % BURSTS_MAX] = now;
	}
	/* Bursts never stop for ever. */
	assert_true(total >= now / WINDOW * BURSTS_BY_TIME);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_come_later_and_later),
		cmocka_unit_test(a_quarter_more_or_less),
		cmocka_unit_test(late_ones_count_from_when_they_were_made),
		cmocka_unit_test(the_network_makes_it_at_once),
		cmocka_unit_test(each_reaction_begins_anew),
		cmocka_unit_test(markers_leave_something),
		cmocka_unit_test(never_more_than_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
