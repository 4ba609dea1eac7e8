// SPDX-License-Identifier: MIT
/* The cached line: what is stored, for how long it holds, and what is never stored. */
#include <stddef.h>
#include <stdint.h>

#include <endian.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "line-cache.h"
#include "unit.h"

#define SEQ    UINT32_C(0x80000002)
#define MARKER UINT64_C(7)
#define SEC    INT64_C(1700000000) /* of the reference */

/* The hypervisor's page, and the one that gives time: a completed page is another one. */
static struct vmclock_abi page, time_page;
static struct vmclock vc = { .page = &page, .time_page = &time_page };

/* All fields differ. */
static const struct line line = {
	.counter_value = 11,
	.reach = 12,
	.base_ns = 500000013,
	.base_frac = 14,
	.slope_ns = 15,
	.slope_frac = 16,
	.error_ns = 17,
	.error_slope = 18,
};

static int set_up(void **state)
{
	page.disruption_marker = htole64(MARKER);
	time_page.seq_count = htole32(SEQ);
	*state = vc.cache = line_cache_new();
	return !vc.cache;
}

static int tear_down(void **state)
{
	line_cache_free(*state);
	return 0;
}

/* A reading of @result_sec, where the reference is @sec on the scale. */
static void store(enum vmclock_scale scale, int64_t sec, int64_t result_sec)
{
	const struct vmclock_snapshot s = { .marker = MARKER };
	const struct vmclock_time result = {
		.time = { .tv_sec = result_sec },
		.flags = VMCLOCK_FLAG_BOUNDED | VMCLOCK_FLAG_MONOTONIC,
		.status = VMCLOCK_STATUS_FREERUNNING,
		.leap = VMCLOCK_LEAP_PRE_POS,
	};

	line_cache_store(vc.cache, &s, &line, scale, SEQ, sec, &result);
}

static bool holds(enum vmclock_scale scale)
{
	const struct cached_line *cl = &vc.cache->lines[scale];

	return cached_line_holds(cl, cached_line_tag(cl), cache_load(cl->marker), &vc);
}

static bool is_empty(enum vmclock_scale scale)
{
	static const struct cached_line empty;

	return !memcmp(&vc.cache->lines[scale], &empty, sizeof(empty));
}

/* ---- What is stored ------------------------------------------------------------------- */

static void a_new_cache_has_no_line(void **state)
{
	__u64 ns, error;
	int scale;

	(void)state;
	for (scale = 0; scale <= VMCLOCK_SCALE_SMEARED; scale++) {
		assert_true(is_empty(scale));
		assert_false(line_at(&vc.cache->lines[scale].line, 0, &ns, &error));
	}
}

static void a_line_counts_from_the_second_of_its_reading(void **state)
{
	static const int64_t aheads[] = { 0, 1, 86400, -1, -86400 };
	const struct cached_line *cl;
	struct vmclock_time now;
	size_t i;
	int scale;

	(void)state;
	for (scale = 0; scale <= VMCLOCK_SCALE_SMEARED; scale++)
		for (i = 0; i < sizeof(aheads) / sizeof(aheads[0]); i++) {
			store(scale, SEC, SEC + aheads[i]);
			assert_true(holds(scale));
			cl = &vc.cache->lines[scale];
			assert_int_equal(cl->line.counter_value, line.counter_value);
			assert_int_equal(cl->line.reach, line.reach);
			assert_int_equal((int64_t)cl->line.base_ns,
					 (int64_t)line.base_ns - aheads[i] * NS_PER_SEC);
			assert_int_equal(cl->line.base_frac, line.base_frac);
			assert_int_equal(cl->line.slope_ns, line.slope_ns);
			assert_int_equal(cl->line.slope_frac, line.slope_frac);
			assert_int_equal(cl->line.error_ns, line.error_ns);
			assert_int_equal(cl->line.error_slope, line.error_slope);
			assert_int_equal(cl->sec, SEC + aheads[i]);
			assert_int_equal(cl->marker, MARKER);
			memcpy(&now.flags, &cl->state, sizeof(cl->state));
			assert_int_equal(now.flags, VMCLOCK_FLAG_BOUNDED | VMCLOCK_FLAG_MONOTONIC);
			assert_int_equal(now.status, VMCLOCK_STATUS_FREERUNNING);
			assert_int_equal(now.leap, VMCLOCK_LEAP_PRE_POS);
		}
}

static void each_scale_has_its_own(void **state)
{
	int scale, other;

	for (scale = 0; scale <= VMCLOCK_SCALE_SMEARED; scale++) {
		tear_down(state);
		set_up(state);
		store(scale, SEC, SEC);
		for (other = 0; other <= VMCLOCK_SCALE_SMEARED; other++)
			assert_int_equal(is_empty(other), other != scale);
	}
}

/* Nanoseconds of such distances fit in no word. */
static void a_reading_of_another_age_is_not_stored(void **state)
{
	static const struct {
		int64_t sec, result_sec;
	} cases[] = {
		{ SEC, SEC + (INT64_C(1) << 40) },
		{ SEC, SEC - (INT64_C(1) << 40) },
		{ 0, INT64_MAX },
		{ 0, INT64_MIN },
		{ -2, INT64_MAX },
		{ 2, INT64_MIN },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		store(VMCLOCK_SCALE_TAI, cases[i].sec, cases[i].result_sec);
		assert_true(is_empty(VMCLOCK_SCALE_TAI));
	}
}

/* ---- How long it holds ------------------------------------------------------------------ */

static void a_change_of_the_page_ends_it(void **state)
{
	static const uint32_t counts[] = { 0, SEQ - 2, SEQ - 1, SEQ + 1, SEQ + 2, SEQ & 0xffff };
	static const uint64_t markers[] = { 0, MARKER - 1, MARKER + 1, MARKER | UINT64_C(1) << 63 };
	size_t i;

	(void)state;
	store(VMCLOCK_SCALE_UTC, SEC, SEC);
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		time_page.seq_count = htole32(counts[i]);
		assert_false(holds(VMCLOCK_SCALE_UTC));
		time_page.seq_count = htole32(SEQ);
		assert_true(holds(VMCLOCK_SCALE_UTC));
	}
	for (i = 0; i < sizeof(markers) / sizeof(markers[0]); i++) {
		page.disruption_marker = htole64(markers[i]);
		assert_false(holds(VMCLOCK_SCALE_UTC));
		page.disruption_marker = htole64(MARKER);
		assert_true(holds(VMCLOCK_SCALE_UTC));
	}
	/* The count of the other page says nothing. */
	page.seq_count = htole32(SEQ + 2);
	time_page.disruption_marker = htole64(MARKER + 1);
	assert_true(holds(VMCLOCK_SCALE_UTC));
}

/* Another thread stores a line of the same update while this one reads: fields of both. */
static void a_reader_notices_each_writer(void **state)
{
	const struct cached_line *cl = &vc.cache->lines[VMCLOCK_SCALE_UTC];
	uint64_t tag;
	int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		tag = cached_line_tag(cl);
		store(VMCLOCK_SCALE_UTC, SEC, SEC + i);
		assert_false(cached_line_holds(cl, tag, MARKER, &vc));
		assert_true(holds(VMCLOCK_SCALE_UTC));
	}
}

/* The number of writes is half a word. */
static void so_it_does_after_very_many(void **state)
{
	struct cached_line *cl = &vc.cache->lines[VMCLOCK_SCALE_UTC];

	(void)state;
	cl->written = cl->writing = UINT64_C(0xffffffff) << 32 | SEQ;
	store(VMCLOCK_SCALE_UTC, SEC, SEC);
	assert_true(holds(VMCLOCK_SCALE_UTC));
	assert_int_equal(cl->written >> 32, 0);
}

/* It was suspended in the middle: its line holds for nobody, and nobody helps it. */
static void a_writer_at_work_is_left_alone(void **state)
{
	struct cached_line *cl = &vc.cache->lines[VMCLOCK_SCALE_UTC];
	struct cached_line before;

	(void)state;
	store(VMCLOCK_SCALE_UTC, SEC, SEC);
	cl->writing += UINT64_C(1) << 32;
	assert_false(holds(VMCLOCK_SCALE_UTC));
	before = *cl;
	store(VMCLOCK_SCALE_UTC, SEC, SEC + 5);
	assert_memory_equal(cl, &before, sizeof(before));
}

/* It might have been forked while another thread was writing. */
static void a_child_begins_with_an_empty_cache(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	store(VMCLOCK_SCALE_UTC, SEC, SEC);
	pid = fork();
	if (!pid)
		_exit(!is_empty(VMCLOCK_SCALE_UTC));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(holds(VMCLOCK_SCALE_UTC));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_cache_has_no_line),
		TEST(a_line_counts_from_the_second_of_its_reading),
		TEST(each_scale_has_its_own),
		TEST(a_reading_of_another_age_is_not_stored),
		TEST(a_change_of_the_page_ends_it),
		TEST(a_reader_notices_each_writer),
		TEST(so_it_does_after_very_many),
		TEST(a_writer_at_work_is_left_alone),
		TEST(a_child_begins_with_an_empty_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
