// SPDX-License-Identifier: MIT
/*
 * Where the last bit decides: times closer to a whole nanosecond than 2^-64 of
 * it are rounded down all the same, and errors may be as large as they can be.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "calc/time.h"
#include "lib/line.h"
#include "unit.h"

#define NS NS_PER_SEC

/* x, such that x * 10^9 = 512 * @n modulo 2^64; below 2^55. */
static uint64_t divided(uint64_t n)
{
	const uint64_t odd = NS / 512;
	uint64_t inverse = odd;
	int i;

	/* Right in 3 bits, then in twice as many bits in each round. */
	for (i = 0; i < 5; i++)
		inverse *= 2 - odd * inverse;
	return (n * inverse) & ((UINT64_C(1) << 55) - 1);
}

static void check(const struct vmclock_snapshot *s, uint64_t counter, int64_t ns)
{
	struct vmclock_instant t = { 0 };

	assert_int_equal(vmclock_calc_time(s, counter, &t), 0);
	assert_int_equal((t.sec - 1000) * NS + t.nsec, ns);
}

/*
 * One tick is 512 * @n / 2^64 ns and @more / 2^64 of a billionth part of what a
 * shift leaves, from the reference to a whole nanosecond on either side.
 */
static void check_tick(unsigned int shift, uint64_t n, int more)
{
	vmclock_u128 tick = (vmclock_u128)n * 512 << shift;
	struct vmclock_snapshot s = { .time_sec = 1000, .shift = (uint8_t)shift };
	uint64_t whole;

	s.period = (uint64_t)((tick - 1) / NS) + (uint64_t)more;

	/* Just before the next nanosecond, or after it. */
	s.time_frac = divided(-n);
	whole = (uint64_t)(((vmclock_u128)s.time_frac * NS) >> 64) + 1;
	check(&s, 1, (int64_t)whole - (more < 1));

	/* Back to the previous nanosecond, or just after it. */
	s.time_frac = divided(n);
	whole = (uint64_t)(((vmclock_u128)s.time_frac * NS) >> 64);
	check(&s, (uint64_t)-1, (int64_t)whole - (more > 0));
}

static void less_than_any_unit_decides(void **state)
{
	unsigned int shift, seed = 1;
	uint64_t n, most;
	int i;

	(void)state;
	for (shift = 1; shift < 84; shift++) {
		/* The period has 64 bits, and a tick takes less than a second. */
		most = shift < 64 ? (UINT64_C(1) << 20) : (UINT64_C(1) << (84 - shift));
		for (i = 0; i < 1000; i++) {
			n = 1 + (uint64_t)rand_r(&seed) % most;
			check_tick(shift, n, 0);
			check_tick(shift, n, 1);
		}
	}
}

/* Rounded up and with one more, it must fit in signed nanoseconds. */
static void the_largest_error_leaves_room_for_one(void **state)
{
	struct vmclock_snapshot s = {
		.size = sizeof(struct vmclock_abi),
		.flags = VMCLOCK_FLAG_PERIOD_MAXERROR_VALID | VMCLOCK_FLAG_TIME_MAXERROR_VALID,
	};
	__u64 ns = 7;

	(void)state;
	for (s.time_maxerror = INT64_MAX; s.time_maxerror > INT64_MAX - 2; s.time_maxerror--) {
		assert_int_equal(vmclock_calc_error(&s, 0, &ns), -EOVERFLOW);
		assert_true(ns == 7);
	}
	assert_int_equal(vmclock_calc_error(&s, 0, &ns), 0);
	assert_true(ns == INT64_MAX - 1);
}

/* Readings on the line do not check for overflow. */
static void no_line_ends_beyond_all_seconds(void **state)
{
	struct vmclock_snapshot s = {
		.size = sizeof(struct vmclock_abi),
		.flags = VMCLOCK_FLAG_PERIOD_MAXERROR_VALID | VMCLOCK_FLAG_TIME_MAXERROR_VALID,
		.period = UINT64_C(1) << 63,
		.shift = 29,
	};
	struct line line;

	(void)state;
	s.time_sec = 1700000000;
	assert_true(line_draw(&s, &line));
	s.time_sec = INT64_MAX - 1000;
	assert_false(line_draw(&s, &line));
	s.time_sec = UINT64_MAX;
	assert_false(line_draw(&s, &line));
}

static bool limited(struct line line, int64_t from, int64_t until)
{
	return line_limit(&line, from, until);
}

/* A line of ticks of 0.5 ns, as it is, with another error, and with one that grows as fast. */
static void a_line_stays_within_what_is_known(void **state)
{
	const struct line line = {
		.reach = 1 << 20, .base_ns = 1000, .slope_frac = UINT64_C(1) << 63,
		.error_ns = 1000, .error_slope = 1,
	};
	struct line other = line;
	int64_t until;

	(void)state;
	assert_true(limited(line, 0, 100));
	assert_false(limited(line, 1, 100));
	assert_false(limited(line, 2, 100));
	for (until = -5; until < 3; until++)
		assert_false(limited(line, 0, until));
	assert_true(limited(line, 0, 3));

	other.error_ns = 1001;
	assert_false(limited(other, 0, 100));
	assert_true(limited(other, -1, 100));
	other = line;
	other.error_slope = line.slope_frac;
	assert_true(limited(other, 0, 100));
	other.error_slope++;
	assert_false(limited(other, 0, 100));
	assert_true(limited(other, -1, 100));
	other.slope_ns = 1;
	assert_true(limited(other, 0, 100));
}

/* It ends two seconds before: for the error, and for what rounding may hide. */
static void a_line_is_halved_until_it_fits(void **state)
{
	struct line line = { .reach = NS };

	(void)state;
	/* A tick takes a nanosecond, at most. */
	assert_true(line_limit(&line, -1, 4));
	assert_true(line.reach == NS);
	assert_true(line_limit(&line, -1, 3));
	assert_true(line.reach == NS / 2);

	/* Or four. */
	line.reach = NS;
	line.slope_ns = 3;
	assert_true(line_limit(&line, -1, 7));
	assert_true(line.reach == NS);
	assert_true(line_limit(&line, -1, 6));
	assert_true(line.reach == NS / 2);
	assert_true(line_limit(&line, -1, 3));
	assert_true(line.reach == NS / 8);

	line.reach = 0;
	assert_false(line_limit(&line, -1, 100));
}

static bool is_on(const struct line *line, uint64_t ticks)
{
	__u64 ns, error;

	return line_after(line, ticks, &ns, &error);
}

static void a_line_ends_where_rounding_could_matter(void **state)
{
	struct line line = { .reach = 1000, .base_frac = -LINE_TICKS };

	(void)state;
	assert_true(is_on(&line, 0));
	assert_true(is_on(&line, 999));
	assert_false(is_on(&line, 1000));
	assert_false(is_on(&line, (uint64_t)-1));
	line.base_frac++;
	assert_false(is_on(&line, 0));
	assert_false(is_on(&line, 999));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(less_than_any_unit_decides),
		cmocka_unit_test(the_largest_error_leaves_room_for_one),
		cmocka_unit_test(no_line_ends_beyond_all_seconds),
		cmocka_unit_test(a_line_stays_within_what_is_known),
		cmocka_unit_test(a_line_is_halved_until_it_fits),
		cmocka_unit_test(a_line_ends_where_rounding_could_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
