// SPDX-License-Identifier: MIT
/* The rate of the system clock, by a page with time. */
#include <endian.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "clocks.h"
#include "steer.h"
#include "unit.h"

/* A tick is one ns by the kernel, and by a page of 0 ppm. */
#define SHIFT  29
#define PERIOD UINT64_C(0x89705f4136b4a597)
#define PPM    UINT64_C(9903520314283)

static double set; /* ppm */

int clock_set_frequency(double ppm)
{
	set = ppm;
	return 0;
}

static struct steer begin(void)
{
	struct steer steer = { 0 };
	struct pair pair = { .width = 10 };
	int i;

	steer_disrupted(&steer);
	for (i = 0; i < 10; i++) {
		assert_int_equal(steer_pair(&steer, &pair), 0);
		pair.counter += (uint64_t)NS_PER_SEC;
		pair.raw += NS_PER_SEC;
	}
	return steer;
}

/* The rate for an offset in ns, with a page's rate of @ppm. */
static double rate(int64_t ppm, int64_t offset)
{
	const struct steer steer = begin();
	const struct vmclock_abi page = {
		.counter_period_shift = SHIFT,
		.counter_period_frac_sec = htole64(PERIOD + (uint64_t)ppm * PPM),
	};

	set = 0;
	assert_int_equal(steer_set(&steer, &page, offset), 0);
	return set;
}

static bool is_near(double a, double b)
{
	return a - b < 0.01 && b - a < 0.01;
}

static void an_offset_decays_in_seconds(void **state)
{
	int64_t ppm;

	(void)state;
	for (ppm = -100; ppm <= 100; ppm += 50) {
		assert_true(is_near(rate(ppm, 0), (double)ppm));
		/* 8 us in 8 s. */
		assert_true(is_near(rate(ppm, 8000), (double)ppm + 1));
		assert_true(is_near(rate(ppm, -8000), (double)ppm - 1));
	}
}

/* Nobody may be left to end the decay: the kernel's bound grows by 500 ppm. */
static void whoever_dies_leaves_no_wild_clock(void **state)
{
	int64_t offset;

	(void)state;
	for (offset = 1; offset < NS_PER_SEC; offset *= 3) {
		assert_true(rate(0, offset) < 500);
		assert_true(rate(0, -offset) > -500);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_offset_decays_in_seconds),
		cmocka_unit_test(whoever_dies_leaves_no_wild_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
