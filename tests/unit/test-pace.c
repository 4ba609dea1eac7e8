// SPDX-License-Identifier: MIT
/* The limit of how often something is done. */
#include <stddef.h>
#include <stdint.h>

#include "pace.h"
#include "unit.h"

#define SEC INT64_C(1000000000)
#define NOW (1000 * SEC)

static void some_times_at_once_and_then_evenly(void **state)
{
	struct pace p;
	int i;

	(void)state;
	pace_init(&p, 3, SEC);
	for (i = 0; i < 3; i++) {
		assert_true(pace_due(&p) <= NOW + i);
		pace_take(&p, NOW + i);
	}
	for (i = 1; i < 10; i++) {
		assert_int_equal(pace_due(&p), NOW + i * SEC);
		pace_take(&p, NOW + i * SEC);
	}
}

static void what_was_not_used_comes_back(void **state)
{
	struct pace p;
	int i;

	(void)state;
	pace_init(&p, 3, SEC);
	for (i = 0; i < 3; i++)
		pace_take(&p, NOW);
	/* Two of them in two seconds. */
	for (i = 0; i < 2; i++) {
		assert_true(pace_due(&p) <= NOW + 2 * SEC);
		pace_take(&p, NOW + 2 * SEC);
	}
	assert_int_equal(pace_due(&p), NOW + 3 * SEC);
	/* Unused ones do not add up. */
	for (i = 0; i < 3; i++) {
		assert_true(pace_due(&p) <= 5 * NOW);
		pace_take(&p, 5 * NOW);
	}
	assert_int_equal(pace_due(&p), 5 * NOW + SEC);
}

static void one_each(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 1, SEC);
	assert_true(pace_due(&p) <= 0);
	pace_take(&p, 0);
	assert_int_equal(pace_due(&p), SEC);
	pace_take(&p, 5 * SEC);
	assert_int_equal(pace_due(&p), 6 * SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(some_times_at_once_and_then_evenly),
		cmocka_unit_test(what_was_not_used_comes_back),
		cmocka_unit_test(one_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
