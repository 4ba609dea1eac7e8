// SPDX-License-Identifier: MIT
/* Readings by a line: lib/time.c, on a counter that the test moves. */
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <string.h>

#include "counter.h"
#include "unit.h"

static uint64_t host_counter;

#define counter_ordered_since(start) (host_counter - (start))
#define counter_relaxed_since(start) (host_counter - (start))
#include "time.c"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* 2^21 ticks are exactly a second, so that times lie exactly on its limits. */
#define SECOND	 ((uint64_t)1 << 21)
#define FIRST	 ((uint64_t)1 << 62)
#define SECONDS	 INT64_C(1483228800)
#define MAXERROR 1000

/* ---- The page that gives time --------------------------------------------------------- */

static struct vmclock_abi page;
static struct vmclock vc = { .page = &page, .time_page = &page, .counter_usable = true };
static int pages_taken, take_error;

int vmclock_take_basis(const struct vmclock *handle, enum counter_source source, bool once,
		       uint64_t *at, struct basis *basis)
{
	(void)handle;
	(void)once;
	pages_taken++;
	if (source != GIVEN)
		*at = host_counter;
	*basis = (struct basis){
		.s = {
			.size = sizeof(page),
			.counter_id = COUNTER_ID,
			.time_type = VMCLOCK_TIME_TAI,
			.status = VMCLOCK_STATUS_SYNCHRONIZED,
			.flags = VMCLOCK_FLAG_PERIOD_MAXERROR_VALID |
				 VMCLOCK_FLAG_TIME_MAXERROR_VALID,
			.counter_value = FIRST,
			.period = (uint64_t)1 << 63,
			.shift = 20,
			.time_sec = SECONDS,
			.time_maxerror = MAXERROR,
		},
		.reach = UINT64_MAX,
		.lasts = true,
	};
	return take_error;
}

int vmclock_check_basis(const struct basis *basis, uint64_t at)
{
	(void)basis;
	(void)at;
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	host_counter = FIRST;
	pages_taken = take_error = 0;
	vc.cache = line_cache_new();
	assert_non_null(vc.cache);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	line_cache_free(vc.cache);
	return 0;
}

/* ---- Readings --------------------------------------------------------------------------- */

static int at_counter(const struct vmclock *handle, enum vmclock_scale scale,
		      struct vmclock_time *t)
{
	return vmclock_at(handle, scale, host_counter, t);
}

typedef int reading(const struct vmclock *, enum vmclock_scale, struct vmclock_time *);

static reading *const readings[] = {
	vmclock_now, vmclock_now_relaxed, vmclock_try_now, at_counter,
};

static void assert_ns(const struct timespec *ts, int64_t ns)
{
	assert_int_equal(ts->tv_sec, SECONDS + ns / NS);
	assert_int_equal(ts->tv_nsec, ns % NS);
}

/* @t is of so many ticks after the reference. */
static void check(const struct vmclock_time *t, uint64_t ticks)
{
	int64_t ns = (int64_t)((vmclock_u128)ticks * NS / SECOND);

	assert_ns(&t->time, ns);
	assert_ns(&t->earliest, ns - MAXERROR - 1);
	assert_ns(&t->latest, ns + MAXERROR + 2);
	assert_int_equal(t->counter, FIRST + ticks);
}

/* ---- Tests -------------------------------------------------------------------------------- */

/* The line begins in one second, and the reading is of any other one. */
static void each_second_is_whole(void **state)
{
	static const uint64_t ticks[] = {
		10 * SECOND, 11 * SECOND - 1, 11 * SECOND, 11 * SECOND + 1, 12 * SECOND,
		14 * SECOND, 13 * SECOND - 1, 13 * SECOND, 13 * SECOND + 1, 1 * SECOND,
		9 * SECOND,  1000 * SECOND,   10 * SECOND,
	};
	struct vmclock_time t;
	size_t i, n;

	for (n = 0; n < ARRAY_SIZE(readings); n++) {
		tear_down(state);
		set_up(state);
		for (i = 0; i < ARRAY_SIZE(ticks); i++) {
			host_counter = FIRST + ticks[i];
			assert_int_equal(readings[n](&vc, VMCLOCK_SCALE_TAI, &t), 0);
			check(&t, ticks[i]);
		}
	}
}

/* Within a second the page is read once, and a conversion of any second needs it no more. */
static void a_line_spares_the_page(void **state)
{
	struct vmclock_time t;
	uint64_t ticks;
	size_t n;

	for (n = 0; n < ARRAY_SIZE(readings); n++) {
		tear_down(state);
		set_up(state);
		for (ticks = SECOND; ticks < 2 * SECOND; ticks += SECOND / 16) {
			host_counter = FIRST + ticks;
			assert_int_equal(readings[n](&vc, VMCLOCK_SCALE_TAI, &t), 0);
			check(&t, ticks);
		}
		assert_int_equal(pages_taken, 1);
	}
	for (ticks = 0; ticks < 20 * SECOND; ticks += SECOND / 2)
		assert_int_equal(vmclock_at(&vc, VMCLOCK_SCALE_TAI, FIRST + ticks, &t), 0);
	assert_int_equal(pages_taken, 1);
}

static void no_other_scale_is_known(void **state)
{
	static const unsigned int scales[] = { CACHED_SCALES, CACHED_SCALES + 1, UINT32_MAX };
	const uint64_t first = FIRST;
	struct vmclock_time t;
	size_t i, n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(scales); i++) {
		enum vmclock_scale scale = (enum vmclock_scale)scales[i];

		for (n = 0; n < ARRAY_SIZE(readings); n++)
			assert_int_equal(readings[n](&vc, scale, &t), -EINVAL);
		assert_int_equal(vmclock_at_many(&vc, scale, &first, 1, &t), -EINVAL);
		assert_int_equal(vmclock_at_many(&vc, scale, NULL, 0, NULL), -EINVAL);
	}
	assert_int_equal(pages_taken, 0);
}

/* Leaves numbers on the stack that look like a line which holds from 2^62 on. */
static __attribute__((noinline)) void spoil_stack(void)
{
	volatile uint64_t words[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		words[i] = FIRST;
}

static void the_first_of_many_is_of_the_page(void **state)
{
	const uint64_t counters[] = { FIRST + 5, FIRST + SECOND, FIRST + 11 * SECOND - 1,
				      FIRST + 4 };
	struct vmclock_time times[ARRAY_SIZE(counters)];
	size_t i;

	(void)state;
	spoil_stack();
	assert_int_equal(vmclock_at_many(&vc, VMCLOCK_SCALE_TAI, counters, ARRAY_SIZE(counters),
					 times), 0);
	for (i = 0; i < ARRAY_SIZE(counters); i++)
		check(&times[i], counters[i] - FIRST);
	take_error = -EAGAIN;
	assert_int_equal(vmclock_at_many(&vc, VMCLOCK_SCALE_TAI, NULL, 0, NULL), -EAGAIN);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_second_is_whole),
		TEST(a_line_spares_the_page),
		TEST(no_other_scale_is_known),
		TEST(the_first_of_many_is_of_the_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
