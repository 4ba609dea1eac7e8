// SPDX-License-Identifier: MIT
/* Whose time is it after the marker has changed? Looks at pages of two hosts. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <endian.h>

#include "stale.h"
#include "calc/base.h"
#include "unit.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define NS	      INT64_C(1000000000)

/* A counter of 2.5 GHz, +-1 ppm; the time is that of the counter. */
#define SHIFT	  31
#define PERIOD	  UINT64_C(0xdbe6fecebdedd5be)
#define TICKS(ns) ((ns) / 2 * 5)
#define START	  UINT64_C(1000000000000)
#define START_SEC INT64_C(1700000000)

/* A host's clock: its lead and its rate. */
struct host {
	int64_t ahead; /* ns */
	int64_t ppb;
	uint64_t error; /* ns */
};

static const struct host old = { .error = 1000 };
static const struct host new = { .ahead = 10000000, .ppb = -50000, .error = 1000 };

/* The page that @host publishes so long after the start, in ns. */
static struct vmclock_abi page_of(const struct host *host, uint64_t marker, int64_t ns)
{
	int64_t time = ns + host->ahead + ns / 1000 * host->ppb / 1000000;
	vmclock_u128 frac = ((vmclock_u128)(time % NS) << 64) / NS;

	return (struct vmclock_abi){
		.magic = htole32(VMCLOCK_MAGIC),
		.size = htole32(4096),
		.version = htole16(1),
		.counter_id = VMCLOCK_COUNTER_X86_TSC,
		.time_type = VMCLOCK_TIME_TAI,
		.disruption_marker = htole64(marker),
		.flags = htole64(VMCLOCK_FLAG_PERIOD_MAXERROR_VALID |
				 VMCLOCK_FLAG_TIME_MAXERROR_VALID),
		.clock_status = VMCLOCK_STATUS_SYNCHRONIZED,
		.counter_period_shift = SHIFT,
		.counter_value = htole64(START + (uint64_t)TICKS(ns)),
		.counter_period_frac_sec =
			htole64(PERIOD + PERIOD / 1000000000 * (uint64_t)host->ppb),
		.counter_period_maxerror_rate_frac_sec = htole64(PERIOD / 1000000),
		.time_sec = htole64((uint64_t)(START_SEC + time / NS)),
		.time_frac_sec = htole64((uint64_t)frac),
		.time_maxerror_nanosec = htole64(host->error),
	};
}

static bool look_at(struct stale *stale, const struct host *host, uint64_t marker, int64_t ns)
{
	struct vmclock_abi page = page_of(host, marker, ns);

	return stale_look(stale, &page);
}

/* ---- Looks ------------------------------------------------------------------------------ */

static void the_first_page_is_believed(void **state)
{
	struct stale stale = { 0 };

	(void)state;
	assert_true(look_at(&stale, &old, 1, 0));
	assert_true(look_at(&stale, &old, 1, 0));
	assert_true(look_at(&stale, &old, 1, NS));
	assert_memory_equal(&stale.believed, &(struct vmclock_abi[]){ page_of(&old, 1, NS) },
			    sizeof(stale.believed));
}

/* The host changes marker and time in one update. */
static void a_right_host_is_believed_at_once(void **state)
{
	static const struct host hosts[] = {
		{ .ahead = 10000000, .ppb = -50000, .error = 1000 },
		{ .ahead = 10000000, .error = 1000 },
		/* Each difference alone, and the smallest certain one: two errors apart. */
		{ .ahead = 5000, .error = 1000 },
		{ .ahead = 0, .ppb = 5000, .error = 1000000 },
		{ .ahead = 0, .ppb = -5000, .error = 1000000 },
		{ .ahead = 3600 * NS, .error = 1000 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(hosts); i++) {
		struct stale stale = { 0 };

		assert_true(look_at(&stale, &old, 1, 0));
		assert_true(look_at(&stale, &hosts[i], 2, NS / 2));
		assert_true(look_at(&stale, &hosts[i], 2, NS / 2));
		/* And back. */
		assert_true(look_at(&stale, &old, 3, NS / 2));
	}
}

/* The host publishes ten times a second; the last look may be a second old. */
static void a_former_hosts_last_update_is_not(void **state)
{
	int64_t age;

	(void)state;
	for (age = 0; age <= 10; age++) {
		struct stale stale = { 0 };
		int i;

		assert_true(look_at(&stale, &old, 1, 0));
		for (i = 0; i < 100; i++)
			assert_false(look_at(&stale, &old, 2, age * NS / 10));
		/* Any update under this marker is believed. */
		assert_true(look_at(&stale, &new, 2, 5 * NS));
		assert_true(look_at(&stale, &new, 2, 5 * NS));
	}
}

static void nor_if_it_has_moved_within_its_bounds(void **state)
{
	static const struct host moved[] = {
		{ .ahead = 900, .error = 100 },
		{ .ahead = -900, .error = 100 },
		{ .ahead = 100, .ppb = 900, .error = 900 },
		{ .ahead = -100, .ppb = -900, .error = 900 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(moved); i++) {
		struct stale stale = { 0 };

		assert_true(look_at(&stale, &old, 1, NS));
		assert_false(look_at(&stale, &moved[i], 2, NS + NS / 2));
	}
}

static void a_host_that_goes_on_is_believed_when_it_does(void **state)
{
	struct stale stale = { 0 };

	(void)state;
	assert_true(look_at(&stale, &old, 1, 0));
	assert_false(look_at(&stale, &old, 2, NS));
	assert_true(look_at(&stale, &old, 2, NS + NS / 10));
	/* It stays believed under this marker, even if it goes back. */
	assert_true(look_at(&stale, &old, 2, NS));
}

/* The second host may have published an update that nobody saw. */
static void two_moves_need_another_update(void **state)
{
	struct stale stale = { 0 };

	(void)state;
	assert_true(look_at(&stale, &old, 1, 0));
	assert_false(look_at(&stale, &old, 2, 0));
	assert_false(look_at(&stale, &new, 3, NS));
	assert_false(look_at(&stale, &new, 3, NS));
	assert_true(look_at(&stale, &new, 3, 2 * NS));
}

static void the_status_is_no_time(void **state)
{
	struct stale stale = { 0 };
	struct vmclock_abi page = page_of(&old, 2, NS);

	(void)state;
	assert_true(look_at(&stale, &old, 1, 0));
	page.clock_status = VMCLOCK_STATUS_UNRELIABLE;
	assert_false(stale_look(&stale, &page));
	page.clock_status = VMCLOCK_STATUS_SYNCHRONIZED;
	page.seq_count = htole32(8);
	page.time_maxerror_nanosec = htole64(77);
	page.flags |= htole64(VMCLOCK_FLAG_DISRUPTION_SOON);
	assert_false(stale_look(&stale, &page));
}

/* A host withdraws its time before the migration, and the next one gives its own. */
static void time_that_was_taken_back_still_tells_the_host(void **state)
{
	struct vmclock_abi page = page_of(&old, 1, NS);
	struct stale stale = { 0 };

	(void)state;
	assert_true(look_at(&stale, &old, 1, 0));
	page.clock_status = VMCLOCK_STATUS_UNRELIABLE;
	assert_true(stale_look(&stale, &page));
	assert_true(look_at(&stale, &new, 2, 2 * NS));
}

static void without_a_page_that_had_time_nothing_is_certain(void **state)
{
	struct vmclock_abi page = page_of(&old, 1, 0);
	struct stale stale = { 0 };

	(void)state;
	page.clock_status = VMCLOCK_STATUS_INITIALIZING;
	assert_true(stale_look(&stale, &page));
	assert_false(look_at(&stale, &new, 2, NS));
	assert_true(look_at(&stale, &new, 2, 2 * NS));
	/* Nor with one from before the last marker. */
	page = page_of(&new, 3, 2 * NS);
	page.clock_status = VMCLOCK_STATUS_UNRELIABLE;
	assert_false(stale_look(&stale, &page));
	assert_false(look_at(&stale, &old, 4, 3 * NS));
}

static void a_process_goes_on_for_another(void **state)
{
	const struct vmclock_abi before = page_of(&old, 1, 0), none = { 0 };
	struct stale stale;

	(void)state;
	stale_resume(&stale, &before, 1, 0, false);
	assert_true(look_at(&stale, &old, 1, 0));
	stale_resume(&stale, &before, 1, 0, false);
	assert_false(look_at(&stale, &old, 2, NS));
	assert_true(look_at(&stale, &old, 2, NS + 1000));
	stale_resume(&stale, &before, 1, 0, false);
	assert_true(look_at(&stale, &new, 2, 3600 * NS));
	stale_resume(&stale, &none, 1, 0, false);
	assert_true(look_at(&stale, &old, 1, 0));
	stale_resume(&stale, &none, 1, 0, false);
	assert_false(look_at(&stale, &new, 2, 0));
}

/* Neither under the same marker, nor if the machine goes back to the first host. */
static void what_was_not_believed_is_not_by_another_process(void **state)
{
	const struct vmclock_abi before = page_of(&old, 1, 0), none = { 0 };
	struct stale stale;

	(void)state;
	stale_resume(&stale, &before, 2, 0, true);
	assert_false(look_at(&stale, &old, 2, NS));
	assert_true(look_at(&stale, &old, 2, 2 * NS));
	stale_resume(&stale, &before, 2, 0, true);
	assert_false(look_at(&stale, &old, 1, NS));
	assert_true(look_at(&stale, &old, 1, 2 * NS));
	stale_resume(&stale, &none, 1, 0, true);
	assert_false(look_at(&stale, &old, 1, NS));
	assert_true(look_at(&stale, &old, 1, 2 * NS));
}

static bool look_at_clone(struct stale *stale, const struct host *host, uint64_t generation,
			  int64_t ns)
{
	struct vmclock_abi page = page_of(host, 1, ns);

	page.flags |= htole64(VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT);
	page.vm_generation_counter = htole64(generation);
	return stale_look(stale, &page);
}

/* A clone may have the same marker as the saved machine. */
static void a_clones_time_is_its_own(void **state)
{
	struct stale stale = { 0 };

	(void)state;
	assert_true(look_at_clone(&stale, &old, 1, 0));
	assert_true(look_at_clone(&stale, &old, 1, NS));
	assert_false(look_at_clone(&stale, &old, 2, NS));
	assert_false(look_at_clone(&stale, &old, 2, NS));
	assert_true(look_at_clone(&stale, &old, 2, 2 * NS));
	assert_true(look_at_clone(&stale, &new, 3, 3 * NS));
	stale_resume(&stale, &stale.believed, 1, 3, false);
	assert_true(look_at_clone(&stale, &new, 3, 3 * NS));
	stale_resume(&stale, &stale.believed, 1, 3, false);
	assert_false(look_at_clone(&stale, &new, 4, 3 * NS));
}

/* ---- Contradictions ---------------------------------------------------------------------- */

static void no_bounds_no_contradiction(void **state)
{
	const struct vmclock_abi before = page_of(&old, 1, 0), after = page_of(&new, 2, NS);
	struct vmclock_abi a, b;

	(void)state;
	assert_true(stale_contradicts(&before, &after));
	b = after;
	b.flags = htole64(VMCLOCK_FLAG_PERIOD_MAXERROR_VALID);
	assert_false(stale_contradicts(&before, &b));
	a = before;
	a.flags = htole64(VMCLOCK_FLAG_TIME_MAXERROR_VALID);
	assert_false(stale_contradicts(&a, &after));
	b = after;
	b.clock_status = VMCLOCK_STATUS_UNRELIABLE;
	assert_false(stale_contradicts(&before, &b));
	a = before;
	a.clock_status = VMCLOCK_STATUS_INITIALIZING;
	assert_false(stale_contradicts(&a, &after));
	b = after;
	b.size = htole32(0x60);
	assert_false(stale_contradicts(&before, &b));
	b = after;
	b.time_type = VMCLOCK_TIME_UTC;
	assert_false(stale_contradicts(&before, &b));
	b = after;
	b.counter_id = VMCLOCK_COUNTER_ARM_VCNT;
	assert_false(stale_contradicts(&before, &b));
}

/* The same period in another unit is the same period. */
static void units_make_no_difference(void **state)
{
	const struct vmclock_abi before = page_of(&old, 1, 0);
	struct vmclock_abi page = page_of(&old, 2, NS);

	(void)state;
	page.counter_period_shift = SHIFT - 7;
	page.counter_period_frac_sec = htole64(PERIOD >> 7);
	page.counter_period_maxerror_rate_frac_sec = 0;
	assert_false(stale_contradicts(&before, &page));
	assert_false(stale_contradicts(&page, &before));
	page.counter_period_frac_sec = htole64((PERIOD + PERIOD / 400000) >> 7);
	page.time_maxerror_nanosec = htole64(1000000);
	assert_true(stale_contradicts(&before, &page));
	assert_true(stale_contradicts(&page, &before));
	/* So far apart that it does not fit: no contradiction. */
	page.counter_period_shift = 200;
	page.time_maxerror_nanosec = htole64(10 * NS);
	assert_false(stale_contradicts(&before, &page));
}

/* A leap second between two UTC pages is no contradiction. */
static void a_leap_second_is_no_contradiction(void **state)
{
	const int64_t midnight = INT64_C(1483228800);
	struct vmclock_abi before = page_of(&old, 1, 0), page = page_of(&old, 2, 20 * NS);

	(void)state;
	before.time_type = VMCLOCK_TIME_UTC;
	page.time_type = VMCLOCK_TIME_UTC;
	before.leap_indicator = VMCLOCK_LEAP_PRE_POS;
	before.time_sec = htole64((uint64_t)midnight - 10);
	page.leap_indicator = VMCLOCK_LEAP_POST_POS;
	page.time_sec = htole64((uint64_t)midnight + 9);
	assert_false(stale_contradicts(&before, &page));
	page.time_sec = htole64((uint64_t)midnight + 10);
	assert_true(stale_contradicts(&before, &page));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_page_is_believed),
		cmocka_unit_test(a_right_host_is_believed_at_once),
		cmocka_unit_test(a_former_hosts_last_update_is_not),
		cmocka_unit_test(nor_if_it_has_moved_within_its_bounds),
		cmocka_unit_test(a_host_that_goes_on_is_believed_when_it_does),
		cmocka_unit_test(two_moves_need_another_update),
		cmocka_unit_test(the_status_is_no_time),
		cmocka_unit_test(time_that_was_taken_back_still_tells_the_host),
		cmocka_unit_test(without_a_page_that_had_time_nothing_is_certain),
		cmocka_unit_test(a_process_goes_on_for_another),
		cmocka_unit_test(what_was_not_believed_is_not_by_another_process),
		cmocka_unit_test(a_clones_time_is_its_own),
		cmocka_unit_test(no_bounds_no_contradiction),
		cmocka_unit_test(units_make_no_difference),
		cmocka_unit_test(a_leap_second_is_no_contradiction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
