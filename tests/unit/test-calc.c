// SPDX-License-Identifier: MIT
/*
 * The arithmetic against GMP's integers of any size, and the timescales
 * against tables written by hand.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <gmp.h>

#include "calc/scale.h"
#include "calc/time.h"
#include "lib/line.h"
#include "drawn.h"
#include "unit.h"

#define NS NS_PER_SEC

/* The number of random pages of each kind; set VMCLOCK_TEST_PAGES if a million take too long. */
static int pages(void)
{
	const char *number = getenv("VMCLOCK_TEST_PAGES");

	return number ? atoi(number) : 1000000;
}

/* ---- Numbers ------------------------------------------------------------------ */

/* Of any magnitude, and often next to a power of two. */
static uint64_t random_wide(void)
{
	uint64_t r = random_u64();
	unsigned int bits = random_u64() % 65;
	uint64_t top = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;

	switch (random_u64() % 4) {
	case 0:
		return top;
	case 1:
		return top + r % 3;
	default:
		return r & top;
	}
}

static const uint64_t edges[] = {
	0, 1, 2, 999999999, 1000000000, 1000000001, 0x7fffffff, 0xffffffff, 0x100000000,
	0x7ffffffffffffffe, 0x7fffffffffffffff, 0x8000000000000000, 0x8000000000000001,
	0xfffffffffffffffe, 0xffffffffffffffff,
};
#define EDGES (sizeof(edges) / sizeof(edges[0]))

static void set_u64(mpz_t z, uint64_t value)
{
	mpz_import(z, 1, 1, sizeof(value), 0, 0, &value);
}

/* ---- Time and error ------------------------------------------------------------- */

struct reference {
	mpz_t time;		/* in 1 / 2^(64 + shift) s */
	mpz_t error;		/* in ns / 2^(64 + shift) */
	mpz_t x;
};

static void reference_init(struct reference *r)
{
	mpz_inits(r->time, r->error, r->x, NULL);
}

static void reference_clear(struct reference *r)
{
	mpz_clears(r->time, r->error, r->x, NULL);
}

static void reference_compute(struct reference *r, const struct vmclock_snapshot *s,
			      uint64_t counter)
{
	int64_t distance = (int64_t)(counter - s->counter_value);

	set_u64(r->time, s->time_sec);
	mpz_mul_2exp(r->time, r->time, 64);
	set_u64(r->x, s->time_frac);
	mpz_add(r->time, r->time, r->x);
	mpz_mul_2exp(r->time, r->time, s->shift);

	set_u64(r->error, s->time_maxerror);
	mpz_mul_2exp(r->error, r->error, 64 + s->shift);

	mpz_set_si(r->x, distance);
	mpz_abs(r->x, r->x);
	{
		mpz_t factor;

		mpz_init(factor);
		set_u64(factor, s->period_maxerror);
		mpz_mul(factor, factor, r->x);
		mpz_mul_ui(factor, factor, NS);
		mpz_add(r->error, r->error, factor);

		set_u64(factor, s->period);
		mpz_mul(factor, factor, r->x);
		if (distance < 0)
			mpz_sub(r->time, r->time, factor);
		else
			mpz_add(r->time, r->time, factor);
		mpz_clear(factor);
	}
}

/* Floor of the time in ns must be sec * 10^9 + nsec. */
static void check_time(struct reference *r, const struct vmclock_snapshot *s, uint64_t counter)
{
	struct vmclock_instant t = { .sec = -7, .nsec = 7 };
	int ret = vmclock_calc_time(s, counter, &t);

	mpz_mul_ui(r->x, r->time, NS);
	mpz_fdiv_q_2exp(r->x, r->x, 64 + s->shift);
	mpz_t sec;
	mpz_init(sec);
	unsigned long nsec = mpz_fdiv_q_ui(sec, r->x, NS);

	if (ret) {
		assert_int_equal(ret, -EOVERFLOW);
		assert_int_equal(t.sec, -7);
		assert_int_equal(t.nsec, 7);
		/* A refusal must have been necessary. */
		assert_true(s->time_sec > INT64_MAX || !mpz_fits_slong_p(sec));
	} else {
		assert_true(mpz_fits_slong_p(sec));
		assert_int_equal(t.sec, mpz_get_si(sec));
		assert_int_equal(t.nsec, nsec);
	}
	mpz_clear(sec);
}

/* Not below the exact error, and not more than two nanoseconds above it. */
static void check_error(struct reference *r, const struct vmclock_snapshot *s, uint64_t counter)
{
	__u64 ns = 7;
	int ret = vmclock_calc_error(s, counter, &ns);

	mpz_cdiv_q_2exp(r->x, r->error, 64 + s->shift);
	if (ret) {
		assert_int_equal(ret, -EOVERFLOW);
		assert_int_equal(ns, 7);
		mpz_add_ui(r->x, r->x, 2);
		assert_true(mpz_sizeinbase(r->x, 2) > 63);
		return;
	}
	assert_true(mpz_cmp_ui(r->x, ns) <= 0);
	mpz_add_ui(r->x, r->x, 2);
	assert_true(mpz_cmp_ui(r->x, ns) >= 0);
	assert_true(ns > 0);
}

static unsigned long lines_drawn;

/* Where a line holds, it gives the same time and the same error. */
static void check_line(struct reference *r, const struct vmclock_snapshot *s, uint64_t counter)
{
	struct line line;
	__u64 ns, error, long_way;

	if (!line_draw(s, &line) || !line_at(&line, counter, &ns, &error))
		return;
	lines_drawn++;
	assert_true(error < LINE_ERROR);
	assert_int_equal(vmclock_calc_error(s, counter, &long_way), 0);
	assert_int_equal(error, long_way);

	set_u64(r->x, s->time_sec);
	mpz_mul_2exp(r->x, r->x, 64 + s->shift);
	mpz_sub(r->time, r->time, r->x);
	mpz_mul_ui(r->time, r->time, NS);
	mpz_fdiv_q_2exp(r->time, r->time, 64 + s->shift);
	assert_int_equal(mpz_cmp_ui(r->time, ns), 0);
}

static void check_both(struct reference *r, const struct vmclock_snapshot *s, uint64_t counter)
{
	reference_compute(r, s, counter);
	check_time(r, s, counter);
	check_error(r, s, counter);
	check_line(r, s, counter);
}

static void bounded(struct vmclock_snapshot *s)
{
	memset(s, 0, sizeof(*s));
	s->size = sizeof(struct vmclock_abi);
	s->flags = VMCLOCK_FLAG_PERIOD_MAXERROR_VALID | VMCLOCK_FLAG_TIME_MAXERROR_VALID;
}

static void agrees_with_gmp_on_random_pages(void **state)
{
	struct vmclock_snapshot s;
	struct reference r;
	int i, count = pages();

	(void)state;
	reference_init(&r);
	for (i = 0; i < count; i++) {
		uint64_t distance = random_wide();

		bounded(&s);
		s.counter_value = random_u64();
		s.period = random_wide();
		s.period_maxerror = random_wide();
		s.shift = random_u64() % 2 ? random_u64() % 96 : random_u64();
		s.time_sec = random_u64() % 8 ? random_u64() % (UINT64_C(1) << 34) : random_wide();
		s.time_frac = random_wide();
		s.time_maxerror = random_wide();
		check_both(&r, &s, s.counter_value + distance);
	}
	reference_clear(&r);
}

/* What real hosts publish: about 2^63..2^64 for the period, seconds to days away. */
static void agrees_with_gmp_on_likely_pages(void **state)
{
	struct vmclock_snapshot s;
	struct reference r;
	int i, count = pages();

	(void)state;
	reference_init(&r);
	for (i = 0; i < count; i++) {
		bounded(&s);
		s.counter_value = random_u64();
		s.period = random_u64() | (UINT64_C(1) << 63);
		s.period_maxerror = s.period >> (10 + random_u64() % 10);
		s.shift = 24 + random_u64() % 10;
		s.time_sec = 1700000000 + random_u64() % (UINT64_C(1) << 30);
		s.time_frac = random_u64();
		s.time_maxerror = random_u64() % 1000000;
		check_both(&r, &s, s.counter_value + (random_u64() >> (64 - 48)) - (1 << 20));
	}
	reference_clear(&r);
	/* Otherwise lines were not tested. A line ends where the error exceeds half a second. */
	assert_true(lines_drawn > (unsigned long)count / 10);
}

static void agrees_with_gmp_on_all_boundaries(void **state)
{
	static const uint8_t shifts[] = { 0, 1, 29, 63, 64, 65, 127, 128, 129, 191, 192, 193, 255 };
	size_t period, distance, sec, frac, shift;
	struct vmclock_snapshot s;
	struct reference r;

	(void)state;
	reference_init(&r);
	bounded(&s);
	for (period = 0; period < EDGES; period++)
		for (distance = 0; distance < EDGES; distance++)
			for (sec = 0; sec < EDGES; sec++)
				for (frac = 0; frac < EDGES; frac++)
					for (shift = 0; shift < sizeof(shifts); shift++) {
						s.counter_value = edges[frac];
						s.period = edges[period];
						s.period_maxerror = edges[sec];
						s.time_sec = edges[sec];
						s.time_frac = edges[frac];
						s.time_maxerror = edges[period];
						s.shift = shifts[shift];
						check_both(&r, &s,
							   s.counter_value + edges[distance]);
					}
	reference_clear(&r);
}

/*
 * The reference's fraction of a second that puts the time of @counter next to
 * a whole nanosecond, but for @off units of 2^-64 s and what is less than one.
 */
static uint64_t frac_next_to_whole(const struct vmclock_snapshot *s, uint64_t counter, int off)
{
	int64_t distance = (int64_t)(counter - s->counter_value);
	mpz_t way, whole;
	uint64_t frac;

	mpz_inits(way, whole, NULL);
	set_u64(way, s->period);
	mpz_mul_si(way, way, distance);
	mpz_fdiv_q_2exp(way, way, s->shift);
	mpz_set_ui(whole, random_u64() % NS);
	mpz_mul_2exp(whole, whole, 64);
	mpz_cdiv_q_ui(whole, whole, NS);
	mpz_sub(whole, whole, way);
	mpz_add_ui(whole, whole, 2);
	mpz_sub_ui(whole, whole, (unsigned long)(2 - off));
	mpz_fdiv_r_2exp(whole, whole, 64);
	frac = mpz_get_ui(whole);
	mpz_clears(way, whole, NULL);
	return frac;
}

/* With every shift, on both sides of the reference, where less than a unit decides. */
static void rounds_down_next_to_whole_nanoseconds(void **state)
{
	struct vmclock_snapshot s;
	struct reference r;
	int shift, n, off;

	(void)state;
	reference_init(&r);
	bounded(&s);
	s.time_sec = 1700000000;
	for (shift = 0; shift < 256; shift++) {
		s.shift = (uint8_t)shift;
		for (n = 0; n < 1 + pages() / 4000; n++) {
			uint64_t distance = random_wide() >> 1;

			s.counter_value = random_u64();
			s.period = random_wide() | n % 2;
			s.time_maxerror = random_u64() % NS;
			s.period_maxerror = random_wide() | 1;
			for (off = -2; off <= 2; off++) {
				uint64_t after = s.counter_value + distance;
				uint64_t before = s.counter_value - distance;

				s.time_frac = frac_next_to_whole(&s, after, off);
				check_both(&r, &s, after);
				s.time_frac = frac_next_to_whole(&s, before, off);
				check_both(&r, &s, before);
			}
		}
	}
	reference_clear(&r);
}

/* Ticks of a nanosecond, but for 1.1e-11; the second ends 2^-64 s after the reference. */
static void the_rest_of_a_unit_is_not_lost_before_the_reference(void **state)
{
	struct vmclock_snapshot s = {
		.time_sec = 5, .time_frac = UINT64_MAX, .period = 36893488147, .shift = 1,
	};
	struct vmclock_instant t;

	(void)state;
	assert_int_equal(vmclock_calc_time(&s, (uint64_t)-3, &t), 0);
	assert_int_equal(t.sec, 5);
	assert_int_equal(t.nsec, 999999996);
}

static void bounds_need_both_flags_and_the_fields(void **state)
{
	struct vmclock_snapshot s;
	__u64 ns = 7;

	(void)state;
	bounded(&s);
	s.time_maxerror = 1000;
	assert_int_equal(vmclock_calc_error(&s, 0, &ns), 0);
	assert_int_equal(ns, 1001);
	s.flags = VMCLOCK_FLAG_PERIOD_MAXERROR_VALID;
	assert_int_equal(vmclock_calc_error(&s, 0, &ns), -ENODATA);
	s.flags = VMCLOCK_FLAG_TIME_MAXERROR_VALID;
	assert_int_equal(vmclock_calc_error(&s, 0, &ns), -ENODATA);
	bounded(&s);
	s.size = 0x67;
	assert_int_equal(vmclock_calc_error(&s, 0, &ns), -ENODATA);
	s.size = 0x68;
	assert_int_equal(vmclock_calc_error(&s, 0, &ns), 0);
}

/* ---- Which pages have time -------------------------------------------------------- */

static void only_pages_that_say_so_have_time(void **state)
{
	unsigned int status, type, id;

	(void)state;
	for (status = 0; status < 256; status++)
		for (type = 0; type < 256; type++)
			for (id = 0; id < 256; id++) {
				struct vmclock_snapshot s = {
					.size = 0x70, .period = 1, .counter_id = (uint8_t)id,
					.time_type = (uint8_t)type, .status = (uint8_t)status,
				};
				int expected = 0;

				if (id == 0xff || type > 1)
					expected = -ENODATA;
				else if (id != VMCLOCK_COUNTER_X86_TSC)
					expected = -EOPNOTSUPP;
				else if (status != 2 && status != 3)
					expected = -EAGAIN;
				assert_int_equal(vmclock_calc_usable(&s, VMCLOCK_COUNTER_X86_TSC),
						 expected);
			}
}

static void a_page_without_the_fields_has_no_time(void **state)
{
	struct vmclock_snapshot s = { .size = 0x57, .period = 1, .status = 2 };

	(void)state;
	assert_int_equal(vmclock_calc_usable(&s, 0), -ENODATA);
	s.size = 0x58;
	assert_int_equal(vmclock_calc_usable(&s, 0), 0);
	s.period = 0;
	assert_int_equal(vmclock_calc_usable(&s, 0), -ENODATA);
}

/* ---- Timescales ------------------------------------------------------------------- */

static void the_tai_offset_has_either_sign_and_limits(void **state)
{
	static const struct {
		int16_t offset;
		int seconds;	/* 0: refused */
	} cases[] = {
		{ -37, 37 }, { 37, 37 }, { -10, 10 }, { 10, 10 }, { -100, 100 }, { 100, 100 },
		{ 0, 0 }, { 9, 0 }, { -9, 0 }, { 101, 0 }, { -101, 0 },
		{ INT16_MAX, 0 }, { INT16_MIN, 0 },
	};
	struct vmclock_snapshot s = { 0 };
	size_t i;
	int seconds;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		s.tai_offset = cases[i].offset;
		s.flags = VMCLOCK_FLAG_TAI_OFFSET_VALID;
		seconds = 0;
		assert_int_equal(vmclock_calc_tai_offset(&s, &seconds),
				 cases[i].seconds ? 0 : -ENODATA);
		assert_int_equal(seconds, cases[i].seconds);
		s.flags = 0;
		assert_int_equal(vmclock_calc_tai_offset(&s, &seconds), -ENODATA);
	}
}

/* The start of a month, where January 1970 is month 0. */
static int64_t calendar_start(int month)
{
	struct tm tm = { .tm_year = 70, .tm_mon = month, .tm_mday = 1 };

	return timegm(&tm);
}

/* Each day until the end of 9999, which are all that the library accepts: this is a proof. */
static void months_start_where_the_calendar_says(void **state)
{
	int64_t starts[] = { calendar_start(-1), 0, calendar_start(1), calendar_start(2) };
	int64_t day = 0;
	int month = 0, off;

	(void)state;
	while (day < VMCLOCK_CALC_MAX_SEC) {
		for (off = -1; off <= 2; off++)
			assert_int_equal(vmclock_calc_month_start(day, off), starts[1 + off]);
		for (; day < starts[2]; day += SEC_PER_DAY)
			for (off = -1; off <= 2; off++)
				if (vmclock_calc_month_start(day + SEC_PER_DAY - 1, off) !=
				    starts[1 + off])
					fail_msg("second %lld, months %d",
						 (long long)day + SEC_PER_DAY - 1, off);
		memmove(starts, starts + 1, 3 * sizeof(starts[0]));
		starts[3] = calendar_start(++month + 2);
	}
	assert_int_equal(day, VMCLOCK_CALC_MAX_SEC);
}

/* 2017-01-01T00:00:00Z, before which the last leap second was. */
#define MIDNIGHT INT64_C(1483228800)

struct leap_case {
	uint8_t leap;
	int64_t reference;	/* UTC, relative to midnight */
	int64_t elapsed_ms;	/* real time since the reference */
	int64_t utc_ms;		/* relative to midnight */
	uint8_t leap_then;
};

#define POS VMCLOCK_LEAP_POS
#define PRE_POS VMCLOCK_LEAP_PRE_POS
#define PRE_NEG VMCLOCK_LEAP_PRE_NEG
#define POST_POS VMCLOCK_LEAP_POST_POS
#define POST_NEG VMCLOCK_LEAP_POST_NEG

static const struct leap_case leap_cases[] = {
	{ VMCLOCK_LEAP_NONE, -10, 20000, 10000, VMCLOCK_LEAP_NONE },
	/* 23:59:59 is repeated. */
	{ PRE_POS, -10, 9999, -1, PRE_POS },
	{ PRE_POS, -10, 10000, -1000, POS },
	{ PRE_POS, -10, 10999, -1, POS },
	{ PRE_POS, -10, 11000, 0, POST_POS },
	{ PRE_POS, -86400 * 30, (86400 * 30 + 1) * INT64_C(1000), 0, POST_POS },
	/* 23:59:59 is deleted. */
	{ PRE_NEG, -10, 8999, -1001, PRE_NEG },
	{ PRE_NEG, -10, 9000, 0, POST_NEG },
	{ PRE_NEG, -10, 9001, 1, POST_NEG },
	/* The reference lies in the leap second, numbered in either way. */
	{ POS, -1, 0, -1000, POS },
	{ POS, -1, 999, -1, POS },
	{ POS, -1, 1000, 0, POST_POS },
	{ POS, -1, -1, -1, PRE_POS },
	{ POS, -1, -1000, -1000, PRE_POS },
	{ POS, 0, 0, -1000, POS },
	{ POS, 0, 999, -1, POS },
	{ POS, 0, 1000, 0, POST_POS },
	{ POS, 0, -1, -1, PRE_POS },
	/* The counter was read a little before the reference, and so before the leap. */
	{ POST_POS, 0, 0, 0, POST_POS },
	{ POST_POS, 0, -1, -1, POS },
	{ POST_POS, 0, -1000, -1000, POS },
	{ POST_POS, 0, -1001, -1, PRE_POS },
	{ POST_NEG, 0, 0, 0, POST_NEG },
	{ POST_NEG, 0, -1, -1001, PRE_NEG },
};

static void moved(struct vmclock_instant *t, int64_t ms)
{
	assert_int_equal(vmclock_calc_shift_time(t, ms * 1000000), 0);
}

/* On a UTC page, and on a TAI page whose offset is that of the reference time. */
static void utc_crosses_leap_seconds(void **state)
{
	size_t i;
	int tai;

	(void)state;
	for (i = 0; i < sizeof(leap_cases) / sizeof(leap_cases[0]); i++)
		for (tai = 0; tai < 2; tai++) {
			const struct leap_case *c = &leap_cases[i];
			struct vmclock_instant t, expected = { .sec = MIDNIGHT };
			struct vmclock_snapshot s = {
				.flags = VMCLOCK_FLAG_TAI_OFFSET_VALID, .tai_offset = -36,
				.leap = c->leap, .time_type = tai ? VMCLOCK_TIME_TAI : VMCLOCK_TIME_UTC,
				.time_sec = (uint64_t)(MIDNIGHT + c->reference + (tai ? 36 : 0)),
			};
			uint8_t leap = 99;

			t = (struct vmclock_instant){ .sec = (int64_t)s.time_sec };
			moved(&t, c->elapsed_ms);
			moved(&expected, c->utc_ms);
			assert_int_equal(vmclock_calc_to_utc(&s, &t, &leap), 0);
			assert_int_equal(t.sec, expected.sec);
			assert_int_equal(t.nsec, expected.nsec);
			assert_int_equal(leap, c->leap_then);

			/* TAI has no leap seconds, but the offset is ambiguous. */
			t = (struct vmclock_instant){ .sec = (int64_t)s.time_sec };
			moved(&t, c->elapsed_ms);
			if (c->leap == POS && !tai) {
				assert_int_equal(vmclock_calc_to_tai(&s, &t), -ENODATA);
				continue;
			}
			expected = (struct vmclock_instant){ .sec = MIDNIGHT + 36 + c->reference };
			moved(&expected, c->elapsed_ms);
			assert_int_equal(vmclock_calc_to_tai(&s, &t), 0);
			assert_int_equal(t.sec, expected.sec);
			assert_int_equal(t.nsec, expected.nsec);
		}
}

static void check_indicator(uint8_t indicator, int64_t reference)
{
	struct vmclock_snapshot s = { .leap = indicator };
	struct vmclock_leap_second leap;

	for (s.smearing = 0; s.smearing <= VMCLOCK_SMEARING_UTC_SLS; s.smearing++) {
		if (vmclock_calc_leap_second(&s, reference, &leap)) {
			assert_true(indicator == POS || indicator == PRE_NEG);
			continue;
		}
		assert_int_equal(vmclock_calc_leap_at(&leap, reference), indicator);
		assert_int_equal(!leap.sign, indicator == VMCLOCK_LEAP_NONE);
		assert_true(leap.utc_from <= reference && reference < leap.utc_until);
		assert_true(leap.smeared_from <= reference && reference < leap.smeared_until);
		assert_true(leap.utc_from <= leap.smeared_from &&
			    leap.smeared_until <= leap.utc_until);
	}
}

/* In each month of a possible page. */
static void a_reference_is_what_its_indicator_says(void **state)
{
	static const int64_t off[] = { -1, 0, 1, 43199, 43200, 86399, 86400, 86401, 1200000 };
	int year, month, indicator;
	size_t i;

	(void)state;
	/* Each kind of year, of the 400 that the calendar repeats. */
	for (year = 70; year < 8100; year += 7)
		for (month = 0; month < 12; month++) {
			struct tm tm = { .tm_year = year, .tm_mon = month, .tm_mday = 1 };
			int64_t start = timegm(&tm);

			for (i = 0; i < sizeof(off) / sizeof(off[0]); i++)
				for (indicator = 0; indicator < 6; indicator++)
					if (start + off[i] >= 0)
						check_indicator((uint8_t)indicator, start + off[i]);
		}
}

static void impossible_leap_indicators_are_refused(void **state)
{
	struct vmclock_snapshot s = { .time_sec = (uint64_t)MIDNIGHT + 43200 };
	struct vmclock_instant t = { .sec = MIDNIGHT };
	struct vmclock_leap_second second;
	uint8_t leap;
	int value;

	(void)state;
	/* No leap second at noon. */
	s.leap = POS;
	assert_int_equal(vmclock_calc_to_utc(&s, &t, &leap), -ENODATA);
	/* 23:59:59 is deleted, so this reference is impossible. */
	s.leap = PRE_NEG;
	s.time_sec = (uint64_t)MIDNIGHT - 1;
	assert_int_equal(vmclock_calc_to_utc(&s, &t, &leap), -ENODATA);
	s.time_sec = (uint64_t)MIDNIGHT - 2;
	assert_int_equal(vmclock_calc_to_utc(&s, &t, &leap), 0);
	s.time_sec = (uint64_t)MIDNIGHT + 43200;
	for (value = 6; value < 256; value++) {
		s.leap = (uint8_t)value;
		t.sec = MIDNIGHT;
		assert_int_equal(vmclock_calc_to_utc(&s, &t, &leap), -ENODATA);
		assert_int_equal(vmclock_calc_leap_second(&s, MIDNIGHT + 43200, &second), -ENODATA);
	}
	/* A TAI page without an offset has no UTC. */
	s.leap = 0;
	s.time_type = VMCLOCK_TIME_TAI;
	t.sec = MIDNIGHT;
	assert_int_equal(vmclock_calc_to_utc(&s, &t, &leap), -ENODATA);
	/* And a UTC page without one has no TAI. */
	s.time_type = VMCLOCK_TIME_UTC;
	assert_int_equal(vmclock_calc_to_tai(&s, &t), -ENODATA);
}

static int to_smeared(const struct vmclock_snapshot *s, bool up, struct vmclock_instant *t)
{
	struct vmclock_leap_second second;
	int ret = vmclock_calc_linear(s, t, &second);

	return ret ? ret : vmclock_calc_linear_to_smeared(&second, s->smearing, up, t);
}

/* smeared = u - sign * clamp(elapsed / W), in exact integers of ns * W. */
static void check_smear(int sign, uint8_t hint, int64_t u_ns, bool up)
{
	bool noon = hint == VMCLOCK_SMEARING_NOON_LINEAR;
	int64_t window = noon ? 86400 + sign : 1000;
	/* Until midnight: from noon, or from 23:43:21 or 23:43:19. */
	int64_t lead = noon ? 43200 : sign > 0 ? 16 * 60 + 39 : 16 * 60 + 41;
	struct vmclock_snapshot s = {
		.leap = sign > 0 ? PRE_POS : PRE_NEG, .smearing = hint,
		.time_sec = (uint64_t)(MIDNIGHT - 50000),
	};
	struct vmclock_instant t = { .sec = MIDNIGHT };
	mpz_t smeared, elapsed, sec;
	unsigned long nsec;

	assert_int_equal(vmclock_calc_shift_time(&t, u_ns), 0);
	/* In ns since midnight, times W. */
	mpz_inits(smeared, elapsed, sec, NULL);
	mpz_set_si(elapsed, u_ns + lead * NS);
	if (mpz_sgn(elapsed) < 0)
		mpz_set_ui(elapsed, 0);
	if (mpz_cmp_si(elapsed, window * NS) > 0)
		mpz_set_si(elapsed, window * NS);
	mpz_set_si(smeared, u_ns);
	mpz_mul_si(smeared, smeared, window);
	mpz_mul_si(elapsed, elapsed, sign);
	mpz_sub(smeared, smeared, elapsed);
	if (up)
		mpz_cdiv_q_ui(smeared, smeared, (unsigned long)window);
	else
		mpz_fdiv_q_ui(smeared, smeared, (unsigned long)window);
	nsec = mpz_fdiv_q_ui(sec, smeared, NS);

	assert_int_equal(to_smeared(&s, up, &t), 0);
	assert_int_equal(t.sec - MIDNIGHT, mpz_get_si(sec));
	assert_int_equal(t.nsec, nsec);
	mpz_clears(smeared, elapsed, sec, NULL);
}

static void smears_are_slopes_of_the_specified_width(void **state)
{
	static const int64_t ends[] = { -43200, 43200, 43201, 43199, -999, -1001, -1, 0, 1 };
	int64_t sec;
	int sign, up, off;
	size_t i;

	(void)state;
	for (sign = -1; sign <= 1; sign += 2)
		for (up = 0; up < 2; up++) {
			for (sec = -45000; sec < 45000; sec++)
				check_smear(sign, VMCLOCK_SMEARING_NOON_LINEAR,
					    sec * NS + (int64_t)(random_u64() % NS), up);
			for (sec = -1100; sec < 100; sec++)
				for (off = 0; off < 10; off++)
					check_smear(sign, VMCLOCK_SMEARING_UTC_SLS,
						    sec * NS + (int64_t)(random_u64() % NS), up);
			for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
				for (off = -3; off <= 3; off++) {
					check_smear(sign, VMCLOCK_SMEARING_NOON_LINEAR,
						    ends[i] * NS + off, up);
					check_smear(sign, VMCLOCK_SMEARING_UTC_SLS,
						    ends[i] * NS + off, up);
				}
		}
}

/* 1 January 10000: an indicator means nothing there, and nothing known means nothing. */
static void indicators_end_with_the_year_9999(void **state)
{
	const int64_t end = INT64_C(253402300800);
	struct vmclock_snapshot s = { 0 };
	struct vmclock_leap_second second;
	int indicator;

	(void)state;
	for (indicator = 0; indicator < 6; indicator++) {
		int beyond = indicator == VMCLOCK_LEAP_NONE ? 0 : -EOVERFLOW;
		int last = indicator == PRE_NEG ? -ENODATA : 0;

		s.leap = (uint8_t)indicator;
		assert_int_equal(vmclock_calc_leap_second(&s, end - 1, &second), last);
		assert_int_equal(vmclock_calc_leap_second(&s, end, &second), beyond);
		assert_int_equal(second.utc_until - second.utc_from, 0);
		assert_int_equal(vmclock_calc_leap_second(&s, -1, &second), beyond);
		assert_int_equal(second.utc_until - second.utc_from, 0);
	}
}

static int bounds(const struct vmclock_leap_second *second, uint8_t smearing, int64_t from,
		  int64_t until)
{
	struct vmclock_instant earliest = { .sec = from, .nsec = 5 };
	struct vmclock_instant latest = { .sec = until, .nsec = 5 };
	int ret = vmclock_calc_bounds_to_smeared(second, smearing, &earliest, &latest);

	if (!ret && !second->sign) {
		assert_int_equal(earliest.sec, from);
		assert_int_equal(earliest.nsec, 5);
		assert_int_equal(latest.sec, until);
		assert_int_equal(latest.nsec, 5);
	}
	return ret;
}

/* The page knows the end of its month, and so the time until the end of the next month. */
static void utc_ends_where_leap_seconds_are_unknown(void **state)
{
	/* January and February 1970, and January and February 2017. */
	static const int64_t starts[] = { 0, MIDNIGHT };
	const int64_t length = 59 * INT64_C(86400);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		const int64_t first = starts[i], last = first + length - 2;
		const struct {
			int64_t at;
			int expected;
		} cases[] = {
			{ first - 1, -ENODATA }, { first, 0 }, { first + 1, 0 },
			{ last, 0 }, { last + 1, -ENODATA },
		};
		struct vmclock_snapshot s = { .time_sec = (uint64_t)first + 1000000 };
		struct vmclock_leap_second second;
		size_t k;

		for (k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
			struct vmclock_instant t = { .sec = cases[k].at };
			uint8_t leap;

			assert_int_equal(vmclock_calc_to_utc(&s, &t, &leap), cases[k].expected);
			assert_int_equal(t.sec, cases[k].at);
		}
		assert_int_equal(vmclock_calc_leap_second(&s, (int64_t)s.time_sec, &second), 0);
		assert_int_equal(bounds(&second, VMCLOCK_SMEARING_STRICT, first, last), 0);
		assert_int_equal(bounds(&second, VMCLOCK_SMEARING_STRICT, first, first), 0);
		assert_int_equal(bounds(&second, VMCLOCK_SMEARING_STRICT, first - 1, last), -ENODATA);
		assert_int_equal(bounds(&second, VMCLOCK_SMEARING_STRICT, first, last + 1), -ENODATA);
		s.smearing = VMCLOCK_SMEARING_UTC_SLS;
		assert_int_equal(vmclock_calc_leap_second(&s, (int64_t)s.time_sec, &second), 0);
		assert_int_equal(bounds(&second, VMCLOCK_SMEARING_UTC_SLS, first, last - 1000), 0);
		assert_int_equal(bounds(&second, VMCLOCK_SMEARING_UTC_SLS, first - 1, last - 1000),
				 -ENODATA);
		assert_int_equal(bounds(&second, VMCLOCK_SMEARING_UTC_SLS, first, last - 999),
				 -ENODATA);
	}
}

/* A day after its month's start, a page would still show a leap second at this start. */
static void a_day_after_its_month_began_nothing_is_smeared(void **state)
{
	struct vmclock_snapshot s = { .smearing = VMCLOCK_SMEARING_NOON_LINEAR };
	struct vmclock_leap_second second;

	(void)state;
	assert_int_equal(vmclock_calc_leap_second(&s, MIDNIGHT + 86399, &second), 0);
	assert_int_equal(second.smeared_from, MIDNIGHT);
	assert_int_equal(vmclock_calc_leap_second(&s, MIDNIGHT + 86400, &second), 0);
	assert_int_equal(second.smeared_from, MIDNIGHT + 43200);
}

static void without_a_smear_utc_is_given(void **state)
{
	struct vmclock_snapshot s = { .leap = PRE_POS, .time_sec = (uint64_t)(MIDNIGHT - 10) };
	struct vmclock_instant t = { .sec = MIDNIGHT };
	int hint;

	(void)state;
	assert_int_equal(to_smeared(&s, false, &t), 0);
	assert_int_equal(t.sec, MIDNIGHT - 1);
	for (hint = 3; hint < 256; hint++) {
		s.smearing = (uint8_t)hint;
		assert_int_equal(to_smeared(&s, false, &t), -ENODATA);
	}
}

static void conversions_that_do_not_fit_say_so(void **state)
{
	struct vmclock_snapshot s = {
		.flags = VMCLOCK_FLAG_TAI_OFFSET_VALID, .tai_offset = -37,
		.time_sec = INT64_MAX, .leap = PRE_POS,
	};
	struct vmclock_instant t = { .sec = INT64_MAX };
	uint8_t leap;

	(void)state;
	assert_int_equal(vmclock_calc_to_tai(&s, &t), -EOVERFLOW);
	assert_int_equal(vmclock_calc_to_utc(&s, &t, &leap), -EOVERFLOW);
	assert_int_equal(to_smeared(&s, false, &t), -EOVERFLOW);
	/* The reference fits, and the time does not; and the reverse. */
	s.time_type = VMCLOCK_TIME_TAI;
	s.time_sec = (uint64_t)MIDNIGHT;
	t = (struct vmclock_instant){ .sec = INT64_MIN };
	assert_int_equal(vmclock_calc_to_utc(&s, &t, &leap), -EOVERFLOW);
	s.time_sec = (uint64_t)INT64_MIN;
	t = (struct vmclock_instant){ .sec = MIDNIGHT };
	assert_int_equal(vmclock_calc_to_utc(&s, &t, &leap), -EOVERFLOW);
	t = (struct vmclock_instant){ .sec = INT64_MIN };
	assert_int_equal(vmclock_calc_shift_time(&t, -1), -EOVERFLOW);
	t = (struct vmclock_instant){ .sec = INT64_MAX, .nsec = NS - 1 };
	assert_int_equal(vmclock_calc_shift_time(&t, 1), -EOVERFLOW);
}

/* Asked directly: their callers ask nothing so far away. */
static void steps_that_do_not_fit_say_so(void **state)
{
	struct vmclock_leap_second pos = { .sign = 1, .after = -1, .before = 1, .at = 0 };
	struct vmclock_leap_second neg = { .sign = -1, .after = 1 }, none = { 0 };
	struct vmclock_instant t = { .sec = INT64_MAX };

	(void)state;
	assert_int_equal(vmclock_calc_linear_to_utc(&neg, &t), -EOVERFLOW);
	t.sec = INT64_MAX;
	assert_int_equal(vmclock_calc_linear_to_smeared(&pos, VMCLOCK_SMEARING_UTC_SLS, false, &t),
			 -EOVERFLOW);
	t.sec = INT64_MAX - 1000;
	assert_int_equal(vmclock_calc_linear_to_smeared(&neg, VMCLOCK_SMEARING_UTC_SLS, false, &t),
			 -EOVERFLOW);
	neg.midnight = 5000;
	t.sec = INT64_MAX;
	assert_int_equal(vmclock_calc_linear_to_smeared(&neg, VMCLOCK_SMEARING_UTC_SLS, false, &t),
			 -EOVERFLOW);
	t.sec = INT64_MIN;
	none.midnight = 5000;
	assert_int_equal(vmclock_calc_linear_to_smeared(&none, VMCLOCK_SMEARING_UTC_SLS, false, &t),
			 0);
	assert_int_equal(t.sec, INT64_MIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rest_of_a_unit_is_not_lost_before_the_reference),
		cmocka_unit_test(bounds_need_both_flags_and_the_fields),
		cmocka_unit_test(a_page_without_the_fields_has_no_time),
		cmocka_unit_test(the_tai_offset_has_either_sign_and_limits),
		cmocka_unit_test(utc_crosses_leap_seconds),
		cmocka_unit_test(impossible_leap_indicators_are_refused),
		cmocka_unit_test(indicators_end_with_the_year_9999),
		cmocka_unit_test(utc_ends_where_leap_seconds_are_unknown),
		cmocka_unit_test(a_day_after_its_month_began_nothing_is_smeared),
		cmocka_unit_test(without_a_smear_utc_is_given),
		cmocka_unit_test(conversions_that_do_not_fit_say_so),
		cmocka_unit_test(steps_that_do_not_fit_say_so),
		/* The long ones. */
		cmocka_unit_test(months_start_where_the_calendar_says),
		cmocka_unit_test(only_pages_that_say_so_have_time),
		cmocka_unit_test(smears_are_slopes_of_the_specified_width),
		cmocka_unit_test(rounds_down_next_to_whole_nanoseconds),
		cmocka_unit_test(agrees_with_gmp_on_random_pages),
		cmocka_unit_test(agrees_with_gmp_on_likely_pages),
		cmocka_unit_test(agrees_with_gmp_on_all_boundaries),
		cmocka_unit_test(a_reference_is_what_its_indicator_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
