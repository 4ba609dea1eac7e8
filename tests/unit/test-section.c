// SPDX-License-Identifier: MIT
/*
 * The sequence-count section, under a host that acts just when a reader looks at the
 * page or at the clock: for how long it is waited, by what, and what is then read.
 */
#include <stddef.h>
#include <stdint.h>

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "section.h"
#include "unit.h"

#define NS INT64_C(1000000000)
#define MS INT64_C(1000000)

/* ---- The host ------------------------------------------------------------------------- */

/* The marker in the middle of an update, and after it. */
#define HALF UINT64_C(0xdead)

static struct {
	struct vmclock_abi page;
	struct vmclock vc;
	int64_t now;
	int64_t step;		/* by which each reading of the clock moves it */
	int update_looks;	/* an update ends at that look, which is the slow way's ... */
	int update_readings;	/* ... or at that reading of the clock; 0: not by it */
	int torn;		/* so many loads of a field are in the middle of an update */
	bool busy;		/* between these, too, an update is under way */

	int looks;
	int pauses;
	int readings;
	int loads;
} host;

static bool is_updating(void)
{
	return le32toh(host.page.seq_count) & 1;
}

static void begin_update(void)
{
	host.page.seq_count = htole32(le32toh(host.page.seq_count) + 1);
	host.looks = 0;
}

static void end_update(void)
{
	host.page.seq_count = htole32(le32toh(host.page.seq_count) + 1);
}

static uint32_t own_look(const __le32 *seq_count)
{
	host.looks++;
	if (is_updating() && host.looks == host.update_looks)
		end_update();
	return count_try(seq_count);
}

static void own_pause(void)
{
	host.pauses++;
}

static uint64_t own_load(const __le64 *field)
{
	const __le64 whole = host.page.disruption_marker;
	uint64_t value;

	if (++host.loads > host.torn)
		return le64toh(*field);
	begin_update();
	host.page.disruption_marker = htole64(HALF);
	value = le64toh(*field);
	host.page.disruption_marker = htole64(le64toh(whole) + 1);
	end_update();
	if (host.busy)
		begin_update();
	return value;
}

static int own_clock(clockid_t clock, struct timespec *ts)
{
	assert_int_equal(clock, CLOCK_MONOTONIC);
	host.now += host.step;
	if (++host.readings == host.update_readings)
		end_update();
	*ts = (struct timespec){ .tv_sec = host.now / NS, .tv_nsec = host.now % NS };
	return 0;
}

#define section_try(page) own_look(&(page)->seq_count)
#define cpu_relax own_pause
#define clock_gettime own_clock
#undef page_u64
#define page_u64(field) own_load(&(field))
#include "page.c"

/* ---- Readings --------------------------------------------------------------------------- */

static int set_up(void **state)
{
	(void)state;
	memset(&host, 0, sizeof(host));
	host.page.disruption_marker = htole64(10);
	host.page.flags = htole64(VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT);
	host.page.vm_generation_counter = htole64(7);
	host.vc = (struct vmclock){ .page = &host.page, .size = sizeof(host.page) };
	host.now = 1000 * NS;
	host.step = MS;
	/* A test that waits for ever is ended by it. */
	alarm(60);
	return 0;
}

/* Two loads each time. */
static int read_generation(void)
{
	uint64_t generation = 0;
	int ret = vmclock_generation(&host.vc, &generation);

	assert_int_equal(generation, ret ? 0 : 7);
	return ret;
}

static void a_page_at_rest_is_read_at_once(void **state)
{
	(void)state;
	assert_int_equal(read_generation(), 0);
	assert_int_equal(host.loads, 2);
	assert_int_equal(host.looks + host.pauses + host.readings, 0);
}

/* Neither looks again, nor asks the clock. */
static void a_try_looks_once(void **state)
{
	struct vmclock_state told, before;

	(void)state;
	memset(&told, 0x5a, sizeof(told));
	before = told;
	begin_update();
	host.update_looks = 2;
	assert_int_equal(vmclock_try_state(&host.vc, &told), -EBUSY);
	set_up(state);
	host.torn = 1;
	assert_int_equal(vmclock_try_state(&host.vc, &told), -EBUSY);
	assert_int_equal(host.loads, 3);
	assert_int_equal(host.looks + host.pauses + host.readings, 0);
	assert_memory_equal(&told, &before, sizeof(told));

	assert_int_equal(vmclock_try_state(&host.vc, &told), 0);
	assert_int_equal(told.marker, 11);
	assert_int_equal(told.generation, 7);
	assert_int_equal(told.flags, VMCLOCK_FLAG_GENERATION_PRESENT);
}

/* ---- One update ------------------------------------------------------------------------- */

static void a_short_update_is_waited_for_without_the_clock(void **state)
{
	static const int looks[] = { 1, 2, 500, SECTION_FAST_TRIES };
	size_t i;

	for (i = 0; i < 2 * sizeof(looks) / sizeof(looks[0]); i++) {
		set_up(state);
		/* An odd count of either kind. */
		host.page.seq_count = htole32(i % 2 ? 2 : 0);
		begin_update();
		host.update_looks = looks[i / 2];
		assert_int_equal(read_generation(), 0);
		assert_int_equal(host.looks, host.update_looks);
		assert_int_equal(host.pauses, host.looks - 1);
		assert_int_equal(host.readings, 0);
		/* No field is read before the update has ended. */
		assert_int_equal(host.loads, 2);
	}
}

static void a_long_update_is_waited_for_by_the_clock(void **state)
{
	static const int readings[] = { 1, 2, 100, 101 };
	size_t i;

	for (i = 0; i < 2 * sizeof(readings) / sizeof(readings[0]); i++) {
		set_up(state);
		host.page.seq_count = htole32(i % 2 ? 2 : 0);
		begin_update();
		host.update_readings = readings[i / 2];
		assert_int_equal(read_generation(), 0);
		assert_int_equal(host.readings, host.update_readings);
		assert_int_equal(host.looks, SECTION_FAST_TRIES + host.readings);
		assert_int_equal(host.pauses, SECTION_FAST_TRIES - 1 + host.readings - 1);
		assert_int_equal(host.loads, 2);
	}
}

static void an_update_may_take_100_ms(void **state)
{
	(void)state;
	begin_update();
	assert_int_equal(read_generation(), -ETIMEDOUT);
	/* The first reading is the start, and the last one is after the limit. */
	assert_int_equal(host.readings, 1 + 100 + 1);
	assert_int_equal(host.looks, SECTION_FAST_TRIES + host.readings);
	assert_int_equal(host.loads, 0);
}

static void who_was_not_running_looks_once_more(void **state)
{
	(void)state;
	host.step = 10 * NS;
	begin_update();
	host.update_readings = 2;
	assert_int_equal(read_generation(), 0);
}

/* ---- Many updates ----------------------------------------------------------------------- */

/* @readings: two loads each, that the host spoils. */
static void spoil(int readings, bool busy)
{
	host.torn = 2 * readings;
	host.busy = busy;
	host.update_looks = 1;
	if (busy)
		begin_update();
}

static void a_host_that_updates_often_is_read_without_the_clock(void **state)
{
	(void)state;
	spoil(500, false);
	assert_int_equal(read_generation(), 0);
	assert_int_equal(host.loads, 2 * 501);
	assert_int_equal(host.looks + host.readings, 0);
	set_up(state);
	spoil(500, true);
	assert_int_equal(read_generation(), 0);
	assert_int_equal(host.loads, 2 * 501);
	assert_int_equal(host.readings, 0);
}

static void a_host_that_rests_in_the_end_is_read(void **state)
{
	int busy;

	for (busy = 0; busy < 2; busy++) {
		set_up(state);
		spoil(SECTION_FAST_TRIES + 20, busy);
		assert_int_equal(read_generation(), 0);
		assert_uint_in_range(host.readings, 10, 30);
	}
}

static void a_host_that_never_rests_has_100_ms(void **state)
{
	int busy;

	for (busy = 0; busy < 2; busy++) {
		set_up(state);
		spoil(INT32_MAX / 2, busy);
		assert_int_equal(read_generation(), -ETIMEDOUT);
		assert_int_equal(host.readings, 1 + 100 + 1);
		assert_uint_in_range(host.loads, 2 * SECTION_FAST_TRIES,
				2 * (SECTION_FAST_TRIES + 110));
	}
}

/* ---- What is read ----------------------------------------------------------------------- */

static void no_marker_is_out_of_the_middle_of_an_update(void **state)
{
	(void)state;
	begin_update();
	host.update_looks = 1;
	host.torn = 3;
	assert_int_equal(vmclock_marker(&host.vc), 13);
	set_up(state);
	begin_update();
	host.update_looks = 1;
	host.torn = 3;
	assert_false(vmclock_disrupted(&host.vc, 13));
	set_up(state);
	host.torn = 3;
	assert_int_equal(vmclock_check_current(&host.vc, 13, NULL, false), 0);
}

#define TEST(f) cmocka_unit_test_setup(f, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_page_at_rest_is_read_at_once),
		TEST(a_try_looks_once),
		TEST(a_short_update_is_waited_for_without_the_clock),
		TEST(a_long_update_is_waited_for_by_the_clock),
		TEST(an_update_may_take_100_ms),
		TEST(who_was_not_running_looks_once_more),
		TEST(a_host_that_updates_often_is_read_without_the_clock),
		TEST(a_host_that_rests_in_the_end_is_read),
		TEST(a_host_that_never_rests_has_100_ms),
		TEST(no_marker_is_out_of_the_middle_of_an_update),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
