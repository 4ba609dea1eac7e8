// SPDX-License-Identifier: MIT
/*
 * The library's bounds against what they mean, in exact numbers: around a leap
 * second, on every scale, for all that a page may say of it. Each reading is
 * made by the page and by the line that it leaves behind, which must agree.
 */
#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <time.h>
#include <gmp.h>

#include "counter.h"
#include "line-cache.h"
#include "pagefile.h"
#include "drawn.h"

#define NS INT64_C(1000000000)

/* 2017-01-01T00:00:00Z: let there be a leap second before it. TAI - UTC is 36 s until then. */
#define MIDNIGHT INT64_C(1483228800)
#define OFFSET	36

/*
 * Instants are in 2^-50 ns of TAI since the midnight that would be without a
 * leap second; numbers, of UTC or smeared, in the same unit since midnight.
 */
typedef __int128 exact;

#define EXACT_NS	((exact)1 << 50)
#define EXACT_SEC	(NS * EXACT_NS)
#define TICKS_A_SEC	(INT64_C(1) << 30)
#define EXACT_TICK	((exact)NS << 20)

/* ---- The oracle ------------------------------------------------------------------- */

static exact utc_of(int sign, exact t)
{
	if (sign > 0)
		return t < 0 ? t : t - EXACT_SEC;
	return t < -EXACT_SEC ? t : t + EXACT_SEC;
}

/* The first and the last instant with a number; false if there is none. */
static bool instants_of(int sign, exact utc, exact *first, exact *last)
{
	exact after = sign > 0 ? utc + EXACT_SEC : utc - EXACT_SEC;
	bool before = sign > 0 ? utc < 0 : utc < -EXACT_SEC;

	*first = before ? utc : after;
	*last = utc_of(sign, after) == utc ? after : utc;
	return utc_of(sign, *first) == utc;
}

struct smear {
	uint8_t hint;
	int sign;
	exact start;		/* s, without a leap second */
	exact window;		/* s */
};

/* times the window */
static exact smeared_of(const struct smear *smear, exact t)
{
	exact elapsed = t - smear->start * EXACT_SEC;

	if (elapsed < 0)
		elapsed = 0;
	if (elapsed > smear->window * EXACT_SEC)
		elapsed = smear->window * EXACT_SEC;
	return t * smear->window - smear->sign * elapsed;
}

static exact number_of(const struct timespec *ts)
{
	return (ts->tv_sec - MIDNIGHT) * EXACT_SEC + ts->tv_nsec * EXACT_NS;
}

/* ---- Pages -------------------------------------------------------------------------- */

struct page {
	int sign;
	uint8_t type;
	uint8_t hint;
	bool midnight_again;	/* a UTC page's number for 23:59:60 */
	bool old_offset;	/* in that second: the one until then */
	int64_t reference;	/* ticks */
	int64_t error;		/* ns */
	int64_t error_a_tick;	/* 2^-50 s */
};

static bool in_leap_second(const struct page *p)
{
	return p->sign > 0 && p->reference >= 0 && p->reference < TICKS_A_SEC;
}

static uint8_t indicator(const struct page *p)
{
	bool before = p->reference < (p->sign > 0 ? 0 : -TICKS_A_SEC);

	if (in_leap_second(p))
		return VMCLOCK_LEAP_POS;
	if (p->sign > 0)
		return before ? VMCLOCK_LEAP_PRE_POS : VMCLOCK_LEAP_POST_POS;
	return before ? VMCLOCK_LEAP_PRE_NEG : VMCLOCK_LEAP_POST_NEG;
}

static void publish(struct pagefile *pf, const struct page *p)
{
	struct vmclock_abi *page = pf->page;
	exact utc = utc_of(p->sign, p->reference * EXACT_TICK) / EXACT_TICK;
	bool before = p->reference < (p->sign > 0 ? 0 : -TICKS_A_SEC) ||
		      (in_leap_second(p) && p->old_offset);
	int offset = before ? OFFSET : OFFSET + p->sign;
	int64_t ticks = p->reference + OFFSET * TICKS_A_SEC;

	if (p->type == VMCLOCK_TIME_UTC)
		ticks = (int64_t)utc + (p->midnight_again && in_leap_second(p) ? TICKS_A_SEC : 0);
	pagefile_begin(pf);
	page->flags = htole64(VMCLOCK_FLAG_TAI_OFFSET_VALID | VMCLOCK_FLAG_PERIOD_MAXERROR_VALID |
			      VMCLOCK_FLAG_TIME_MAXERROR_VALID);
	page->counter_id = COUNTER_ID;
	page->time_type = p->type;
	page->clock_status = VMCLOCK_STATUS_SYNCHRONIZED;
	page->leap_second_smearing_hint = p->hint;
	page->leap_indicator = indicator(p);
	page->tai_offset_sec = htole16((uint16_t)-offset);
	page->counter_value = htole64((uint64_t)p->reference);
	page->counter_period_shift = 0;
	page->counter_period_frac_sec = htole64(UINT64_C(1) << 34);
	page->counter_period_maxerror_rate_frac_sec = htole64((uint64_t)p->error_a_tick << 14);
	page->time_sec = htole64((uint64_t)(MIDNIGHT + (ticks >> 30)));
	page->time_frac_sec = htole64((uint64_t)ticks << 34);
	page->time_maxerror_nanosec = htole64((uint64_t)p->error);
	pagefile_end(pf);
}

/* Reads by the page, and then by the cached line. */
static int read_both_ways(const struct vmclock *vc, enum vmclock_scale scale, uint64_t counter,
			  struct vmclock_time *t)
{
	struct vmclock_time line, page;
	int ret;

	memset(&line, 0, sizeof(line));
	page = line;
	ret = vmclock_at(vc, scale, counter, &line);
	memset(vc->cache, 0, sizeof(*vc->cache));
	assert_int_equal(vmclock_at(vc, scale, counter, &page), ret);
	assert_memory_equal(&line, &page, sizeof(page));
	/* Again, by whatever was cached. */
	assert_int_equal(vmclock_at(vc, scale, counter, &line), ret);
	assert_memory_equal(&line, &page, sizeof(page));
	*t = page;
	return ret;
}

/* ---- Checks of a reading --------------------------------------------------------------- */

/* Rounding may lose the certainty of a nanosecond or two. */
#define SLACK	(4 * EXACT_NS)

static unsigned long certain;

/* True time is from @low to @high: what may, and what must be said of what is numbered @ts. */
static void check_order(int sign, const struct vmclock_time *t, exact low, exact high,
			const struct timespec *ts)
{
	exact first, last;
	bool before = vmclock_time_before(t, ts), after = vmclock_time_after(t, ts);

	assert_false(before && after);
	if (!instants_of(sign, number_of(ts), &first, &last))
		return;
	if (before)
		assert_true(high < first);
	if (after)
		assert_true(low > last);
	/* In a leap second the latest number is that of its end. */
	if (high + SLACK < first && !(sign > 0 && first == EXACT_SEC && high + SLACK >= 0))
		assert_true(before);
	if (low - SLACK > last)
		assert_true(after);
	certain += before + after;
}

static void check_orders(int sign, const struct vmclock_time *t, exact low, exact high)
{
	static const int64_t seconds[] = { -3, -2, -1, 0, 1, 2 };
	static const long parts[] = { 0, 1, 299999999, 500000000, 800000000, 999999998, 999999999 };
	const struct timespec *own[] = { &t->earliest, &t->time, &t->latest };
	struct timespec ts;
	size_t i, k;

	for (i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++)
		for (k = 0; k < sizeof(parts) / sizeof(parts[0]); k++) {
			ts = (struct timespec){ MIDNIGHT + seconds[i], parts[k] };
			check_order(sign, t, low, high, &ts);
		}
	for (i = 0; i < 3; i++) {
		check_order(sign, t, low, high, own[i]);
		ts = (struct timespec){ own[i]->tv_sec, own[i]->tv_nsec - (own[i]->tv_nsec > 0) };
		check_order(sign, t, low, high, &ts);
		ts = (struct timespec){ own[i]->tv_sec,
					own[i]->tv_nsec + (own[i]->tv_nsec < NS - 1) };
		check_order(sign, t, low, high, &ts);
	}
}

static void check_utc(int sign, const struct vmclock_time *t, exact x, exact low, exact high)
{
	const exact step = sign > 0 ? 0 : -EXACT_SEC;
	const exact instants[] = {
		low, x, high, step - 1, step, step + EXACT_SEC - 1, step + EXACT_SEC,
	};
	size_t i;

	assert_true(number_of(&t->time) <= utc_of(sign, x));
	assert_true(number_of(&t->time) > utc_of(sign, x) - EXACT_NS);
	for (i = 0; i < sizeof(instants) / sizeof(instants[0]); i++) {
		if (instants[i] < low || instants[i] > high)
			continue;
		assert_true(number_of(&t->earliest) <= utc_of(sign, instants[i]));
		assert_true(number_of(&t->latest) >= utc_of(sign, instants[i]));
	}
	check_orders(sign, t, low, high);
	if (sign > 0 && x >= 0 && x < EXACT_SEC)
		assert_int_equal(t->leap, VMCLOCK_LEAP_POS);
	else if (sign > 0)
		assert_int_equal(t->leap, x < 0 ? VMCLOCK_LEAP_PRE_POS : VMCLOCK_LEAP_POST_POS);
	else
		assert_int_equal(t->leap,
				 x < -EXACT_SEC ? VMCLOCK_LEAP_PRE_NEG : VMCLOCK_LEAP_POST_NEG);
}

static void check_smeared(const struct smear *smear, const struct vmclock_time *t, exact x,
			  exact low, exact high)
{
	const exact width = SLACK * smear->window;
	exact earliest = number_of(&t->earliest) * smear->window;
	exact latest = number_of(&t->latest) * smear->window;
	exact time = number_of(&t->time) * smear->window;

	assert_true(earliest <= smeared_of(smear, low));
	assert_true(earliest > smeared_of(smear, low) - width);
	assert_true(latest >= smeared_of(smear, high));
	assert_true(latest < smeared_of(smear, high) + width);
	assert_true(time <= smeared_of(smear, x) && time > smeared_of(smear, x) - width / 2);
}

static void check_reading(const struct vmclock *vc, const struct page *p, const struct smear *smear,
			  int64_t counter)
{
	exact x = counter * EXACT_TICK;
	int64_t ticks = counter - p->reference;
	exact error = p->error * EXACT_NS +
		      (exact)(ticks < 0 ? -ticks : ticks) * p->error_a_tick * NS;
	struct vmclock_time t;
	exact number;

	assert_int_equal(read_both_ways(vc, VMCLOCK_SCALE_UTC, (uint64_t)counter, &t), 0);
	assert_true(t.flags & VMCLOCK_FLAG_BOUNDED);
	check_utc(p->sign, &t, x, x - error, x + error);

	assert_int_equal(read_both_ways(vc, VMCLOCK_SCALE_SMEARED, (uint64_t)counter, &t), 0);
	assert_true(t.flags & VMCLOCK_FLAG_BOUNDED);
	if (smear)
		check_smeared(smear, &t, x, x - error, x + error);
	else
		check_utc(p->sign, &t, x, x - error, x + error);

	/* In a leap second by UTC, the offset may be either. */
	if (p->type == VMCLOCK_TIME_UTC && in_leap_second(p)) {
		assert_int_equal(read_both_ways(vc, VMCLOCK_SCALE_TAI, (uint64_t)counter, &t),
				 -ENODATA);
		return;
	}
	assert_int_equal(read_both_ways(vc, VMCLOCK_SCALE_TAI, (uint64_t)counter, &t), 0);
	assert_int_equal(t.leap, VMCLOCK_LEAP_NONE);
	number = -OFFSET * EXACT_SEC;
	assert_true(number + number_of(&t.time) <= x && number + number_of(&t.time) > x - EXACT_NS);
	assert_true(number + number_of(&t.earliest) <= x - error);
	assert_true(number + number_of(&t.earliest) > x - error - SLACK);
	assert_true(number + number_of(&t.latest) >= x + error);
	assert_true(number + number_of(&t.latest) < x + error + SLACK);
}

/* ---- Every page and reading near a leap second ------------------------------------------ */

static const int64_t errors[] = { 0, 1, 1000000, 400000000, 700000000, 2500000000 };

/* In ticks: whole seconds, parts of them, and a tick to either side. */
static size_t near_leap_second(int64_t *ticks, int first, int last, bool all)
{
	static const int64_t parts[] = { 0, 3, 5, 8 };
	size_t n = 0, i;
	int sec, off;

	for (sec = first; sec <= last; sec++)
		for (i = 0; i < (all ? 4 : 2); i++)
			for (off = i ? 0 : -1; off <= (i ? 0 : 1); off++)
				ticks[n++] = sec * TICKS_A_SEC + parts[i] * TICKS_A_SEC / 10 + off;
	return n;
}

/* A later reading is never reported as the earlier one, in whatever order they are compared. */
static void check_pair(const struct vmclock *vc, int64_t first, int64_t second)
{
	struct vmclock_time a, b;

	assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_UTC, (uint64_t)first, &a), 0);
	assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_UTC, (uint64_t)second, &b), 0);
	assert_false(vmclock_time_before(&b, &a.earliest));
	assert_false(vmclock_time_after(&a, &b.latest));
	assert_true(number_of(&b.latest) > number_of(&a.earliest));
	/* The same for an exact time in place of one reading. */
	assert_false(vmclock_time_before(&b, &a.time));
	assert_false(vmclock_time_after(&a, &b.time));
}

static void check_readings(struct pagefile *pf, const struct vmclock *vc, const struct page *p)
{
	int64_t counters[64];
	size_t n = near_leap_second(counters, -3, 2, true), i, k;

	publish(pf, p);
	for (i = 0; i < n; i++)
		check_reading(vc, p, NULL, counters[i]);
	for (i = 0; i < n; i++)
		for (k = 0; k < n; k++)
			if (counters[i] <= counters[k])
				check_pair(vc, counters[i], counters[k]);
}

static void utc_is_certain_of_nothing_that_is_ambiguous(void **state)
{
	struct pagefile *pf = *state;
	struct page p = { .hint = VMCLOCK_SMEARING_STRICT };
	struct vmclock *vc;
	int64_t references[64];
	size_t n = near_leap_second(references, -2, 2, false), i, k;
	int variant;

	for (variant = 0; variant < 16; variant++) {
		p.sign = variant & 1 ? 1 : -1;
		p.type = variant & 2 ? VMCLOCK_TIME_TAI : VMCLOCK_TIME_UTC;
		p.midnight_again = variant & 4;
		p.old_offset = variant & 8;
		publish(pf, &p);
		vc = pagefile_open(pf);
		for (i = 0; i < n; i++)
			for (k = 0; k < sizeof(errors) / sizeof(errors[0]); k++) {
				p.reference = references[i];
				p.error = errors[k];
				p.error_a_tick = k % 2 ? 0 : 3;
				check_readings(pf, vc, &p);
			}
		vmclock_close(vc);
	}
	/* Otherwise these checks would prove nothing. */
	assert_true(certain > 1000000);
}

/* Smeared time is continuous, and so are its bounds. */
static void smeared_bounds_are_those_of_the_smeared_time(void **state)
{
	static const struct smear smears[] = {
		{ VMCLOCK_SMEARING_NOON_LINEAR, 1, -43200, 86401 },
		{ VMCLOCK_SMEARING_NOON_LINEAR, -1, -43200, 86399 },
		{ VMCLOCK_SMEARING_UTC_SLS, 1, -999, 1000 },
		{ VMCLOCK_SMEARING_UTC_SLS, -1, -1001, 1000 },
	};
	static const int around[] = {
		-50000, -43200, -2000, -1001, -999, -500, -1, 0, 1, 43200, 50000,
	};
	struct pagefile *pf = *state;
	size_t i, k, m, e;
	int type, off;

	for (type = 0; type < 2; type++)
		for (i = 0; i < sizeof(smears) / sizeof(smears[0]); i++) {
			struct page p = {
				.sign = smears[i].sign, .hint = smears[i].hint,
				.type = type ? VMCLOCK_TIME_TAI : VMCLOCK_TIME_UTC,
			};
			struct vmclock *vc;

			publish(pf, &p);
			vc = pagefile_open(pf);
			for (k = 0; k < sizeof(around) / sizeof(around[0]); k++)
				for (e = 0; e < sizeof(errors) / sizeof(errors[0]); e++) {
					p.reference = around[k] * TICKS_A_SEC + 12345;
					p.error = errors[e];
					p.error_a_tick = e % 2 ? 0 : 7;
					publish(pf, &p);
					for (m = 0; m < sizeof(around) / sizeof(around[0]); m++)
						for (off = -3; off <= 3; off++)
							check_reading(vc, &p, &smears[i], off +
								      (around[m] + off / 3) *
								      TICKS_A_SEC);
				}
			vmclock_close(vc);
		}
}

/* ---- How far a page knows leap seconds --------------------------------------------------- */

/* A slow counter, so that a line would reach over months. */
#define SLOW_BITS 24

struct horizon {
	uint8_t leap;
	uint8_t hint;
	enum vmclock_scale scale;
	const char *reference;
	const char *reading;	/* as if there were no leap second; half a second later */
	int step;
	uint8_t leap_then;
	bool known;
};

static int64_t seconds_of(const char *date)
{
	struct tm tm = { 0 };

	assert_non_null(strptime(date, "%Y-%m-%dT%H:%M:%S", &tm));
	return timegm(&tm);
}

#define NONE		VMCLOCK_LEAP_NONE
#define PRE_POS		VMCLOCK_LEAP_PRE_POS
#define PRE_NEG		VMCLOCK_LEAP_PRE_NEG
#define POS		VMCLOCK_LEAP_POS
#define POST_POS	VMCLOCK_LEAP_POST_POS
#define POST_NEG	VMCLOCK_LEAP_POST_NEG
#define UTC		VMCLOCK_SMEARING_STRICT, VMCLOCK_SCALE_UTC
#define STRICT		VMCLOCK_SMEARING_STRICT, VMCLOCK_SCALE_SMEARED
#define NOON		VMCLOCK_SMEARING_NOON_LINEAR, VMCLOCK_SCALE_SMEARED
#define SLS		VMCLOCK_SMEARING_UTC_SLS, VMCLOCK_SCALE_SMEARED

static const struct horizon horizons[] = {
	{ NONE, UTC, "2016-06-10T00:00:00", "2016-06-01T00:00:00", 0, NONE, true },
	{ NONE, UTC, "2016-06-10T00:00:00", "2016-05-31T23:59:59", 0, NONE, false },
	{ NONE, UTC, "2016-06-10T00:00:00", "2016-07-31T23:59:58", 0, NONE, true },
	{ NONE, UTC, "2016-06-10T00:00:00", "2016-07-31T23:59:59", 0, NONE, false },
	{ NONE, UTC, "2016-06-10T00:00:00", "2016-08-01T00:00:00", 0, NONE, false },
	{ NONE, STRICT, "2016-06-10T00:00:00", "2016-05-31T23:59:59", 0, NONE, false },
	{ NONE, STRICT, "2016-06-10T00:00:00", "2016-07-31T23:59:59", 0, NONE, false },
	{ NONE, UTC, "2016-06-01T00:00:00", "2016-06-01T00:00:00", 0, NONE, true },
	{ NONE, UTC, "2016-06-01T00:00:00", "2016-05-31T23:59:59", 0, NONE, false },
	{ NONE, UTC, "2016-12-10T00:00:00", "2017-01-31T23:59:58", 0, NONE, true },
	{ NONE, UTC, "2016-12-10T00:00:00", "2017-02-01T00:00:00", 0, NONE, false },

	{ PRE_POS, UTC, "2016-06-01T00:00:01", "2016-06-01T00:00:00", 0, PRE_POS, true },
	{ PRE_POS, UTC, "2016-06-01T00:00:01", "2016-05-31T23:59:59", 0, NONE, false },
	{ PRE_POS, UTC, "2016-06-10T00:00:00", "2016-07-31T23:59:59", -1, POST_POS, true },
	{ PRE_POS, UTC, "2016-06-10T00:00:00", "2016-08-01T00:00:00", -1, POST_POS, false },
	{ PRE_POS, UTC, "2016-06-10T00:00:00", "2016-08-01T00:00:01", -1, NONE, false },
	{ PRE_NEG, UTC, "2016-06-10T00:00:00", "2016-06-30T23:59:58", 0, PRE_NEG, true },
	{ PRE_NEG, UTC, "2016-06-10T00:00:00", "2016-06-30T23:59:59", 1, POST_NEG, true },
	{ PRE_NEG, UTC, "2016-06-10T00:00:00", "2016-07-31T23:59:57", 1, POST_NEG, true },
	{ PRE_NEG, UTC, "2016-06-10T00:00:00", "2016-07-31T23:59:58", 1, POST_NEG, false },
	{ PRE_NEG, UTC, "2016-06-10T00:00:00", "2016-07-31T23:59:59", 1, NONE, false },

	{ POST_POS, UTC, "2016-07-31T12:00:00", "2016-08-01T12:00:00", 0, NONE, true },
	{ POST_POS, UTC, "2016-07-31T12:00:00", "2016-07-31T23:59:59", 0, POST_POS, true },
	{ POST_POS, UTC, "2016-07-31T12:00:00", "2016-08-01T00:00:00", 0, NONE, true },
	{ POST_POS, UTC, "2016-07-31T12:00:00", "2016-08-31T23:59:58", 0, NONE, true },
	{ POST_POS, UTC, "2016-07-31T12:00:00", "2016-08-31T23:59:59", 0, NONE, false },
	{ POST_POS, UTC, "2016-07-15T12:00:00", "2016-06-15T12:00:00", 1, PRE_POS, true },
	{ POST_POS, UTC, "2016-07-15T12:00:00", "2016-05-31T23:59:59", 1, PRE_POS, true },
	{ POST_POS, UTC, "2016-07-15T12:00:00", "2016-05-31T23:59:58", 1, NONE, false },
	{ POST_NEG, UTC, "2016-07-15T12:00:00", "2016-07-01T00:00:00", 0, POST_NEG, true },
	{ POST_NEG, UTC, "2016-07-15T12:00:00", "2016-06-30T23:59:59", -1, PRE_NEG, true },
	{ POST_NEG, UTC, "2016-07-15T12:00:00", "2016-06-01T00:00:01", -1, PRE_NEG, true },
	{ POST_NEG, UTC, "2016-07-15T12:00:00", "2016-06-01T00:00:00", -1, NONE, false },
	{ POST_NEG, UTC, "2016-07-31T12:00:00", "2016-08-01T00:00:00", 0, NONE, true },

	{ POS, UTC, "2016-06-30T23:59:59", "2016-06-30T23:59:59", 0, POS, true },
	{ POS, UTC, "2016-06-30T23:59:59", "2016-05-31T23:59:59", 1, PRE_POS, true },
	{ POS, UTC, "2016-06-30T23:59:59", "2016-05-31T23:59:58", 1, NONE, false },
	{ POS, UTC, "2016-06-30T23:59:59", "2016-07-31T23:59:58", 0, POST_POS, true },
	{ POS, UTC, "2016-06-30T23:59:59", "2016-07-31T23:59:59", 0, POST_POS, false },
	{ POS, UTC, "2016-07-01T00:00:00", "2016-06-01T00:00:00", 0, PRE_POS, true },
	{ POS, UTC, "2016-07-01T00:00:00", "2016-05-31T23:59:59", 0, NONE, false },
	{ POS, UTC, "2016-07-01T00:00:00", "2016-07-31T23:59:59", -1, POST_POS, true },
	{ POS, UTC, "2016-07-01T00:00:00", "2016-08-01T00:00:00", -1, POST_POS, false },

	/* Half a day to either side, one that nobody spoke of may be smeared. */
	{ NONE, NOON, "2016-06-10T00:00:00", "2016-06-01T11:59:59", 0, NONE, false },
	{ NONE, NOON, "2016-06-10T00:00:00", "2016-06-01T12:00:00", 0, NONE, true },
	{ NONE, NOON, "2016-06-01T13:00:00", "2016-06-01T00:00:00", 0, NONE, true },
	{ NONE, NOON, "2016-06-01T13:00:00", "2016-05-31T23:59:59", 0, NONE, false },
	{ NONE, NOON, "2016-06-10T00:00:00", "2016-07-31T11:59:59", 0, NONE, true },
	{ NONE, NOON, "2016-06-10T00:00:00", "2016-07-31T12:00:00", 0, NONE, false },
	{ NONE, SLS, "2016-06-10T00:00:00", "2016-06-01T00:00:00", 0, NONE, true },
	{ NONE, SLS, "2016-06-10T00:00:00", "2016-05-31T23:59:59", 0, NONE, false },
	{ NONE, SLS, "2016-06-10T00:00:00", "2016-07-31T23:43:18", 0, NONE, true },
	{ NONE, SLS, "2016-06-10T00:00:00", "2016-07-31T23:43:19", 0, NONE, false },
	{ POST_POS, NOON, "2016-07-31T12:00:00", "2016-08-31T11:59:59", 0, NONE, true },
	{ POST_POS, NOON, "2016-07-31T12:00:00", "2016-08-31T12:00:00", 0, NONE, false },
	{ PRE_POS, NOON, "2016-06-10T00:00:00", "2016-06-15T00:00:00", 0, PRE_POS, true },
	{ PRE_POS, NOON, "2016-06-10T00:00:00", "2016-07-31T12:00:00", -1, POST_POS, true },
	{ PRE_POS, NOON, "2016-06-10T00:00:00", "2016-07-31T12:00:01", -1, POST_POS, false },
};

static void check_horizon(struct pagefile *pf, const struct horizon *h, uint8_t type)
{
	int64_t reference = seconds_of(h->reference), reading = seconds_of(h->reading);
	uint64_t ticks = (uint64_t)(reading - reference) << SLOW_BITS;
	const struct page p = { .sign = 1, .type = type, .hint = h->hint };
	struct vmclock_time t;
	struct vmclock *vc;

	publish(pf, &p);
	pagefile_begin(pf);
	pf->page->leap_indicator = h->leap;
	pf->page->tai_offset_sec = htole16((uint16_t)-OFFSET);
	pf->page->counter_period_frac_sec = htole64(UINT64_C(1) << (64 - SLOW_BITS));
	pf->page->counter_value = 0;
	pf->page->time_sec =
		htole64((uint64_t)(reference + (type == VMCLOCK_TIME_TAI ? OFFSET : 0)));
	pf->page->time_frac_sec = htole64(UINT64_C(1) << 63);
	pf->page->time_maxerror_nanosec = htole64(1000);
	pagefile_end(pf);
	vc = pagefile_open(pf);
	/* A line, where there may be one. */
	assert_int_equal(vmclock_at(vc, h->scale, 0, &t), 0);
	assert_int_equal(read_both_ways(vc, h->scale, ticks, &t), 0);
	assert_int_equal(t.time.tv_sec, reading + h->step);
	assert_int_equal(t.time.tv_nsec, 500000000);
	assert_int_equal(t.leap, h->leap_then);
	assert_int_equal(t.flags & VMCLOCK_FLAG_BOUNDED, h->known ? VMCLOCK_FLAG_BOUNDED : 0);
	/* TAI has no limit. */
	if (type == VMCLOCK_TIME_TAI) {
		assert_int_equal(read_both_ways(vc, VMCLOCK_SCALE_TAI, ticks, &t), 0);
		assert_int_equal(t.flags & VMCLOCK_FLAG_BOUNDED, VMCLOCK_FLAG_BOUNDED);
	}
	vmclock_close(vc);
}

static void nothing_is_certain_that_the_page_cannot_know(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(horizons) / sizeof(horizons[0]); i++) {
		check_horizon(*state, &horizons[i], VMCLOCK_TIME_TAI);
		check_horizon(*state, &horizons[i], VMCLOCK_TIME_UTC);
	}
}

/* ---- Lines -------------------------------------------------------------------------------- */

/* From -limit to limit, of any magnitude. */
static int64_t random_around(int64_t limit)
{
	int64_t r = (int64_t)(random_u64() >> 1) >> random_u64() % 62;

	return random_u64() % 2 ? r % (limit + 1) : -(r % (limit + 1));
}

static unsigned long beyond, within;

/* Checks a reading at the end of a page's knowledge, in ns since the start of June. */
static void check_end(const struct vmclock *vc, enum vmclock_scale scale, uint64_t counter,
		      __int128 time, __int128 error, __int128 until)
{
	struct vmclock_time t;

	assert_int_equal(vmclock_at(vc, scale, counter, &t), 0);
	if (time - error + 4 < 0 || time + error - 4 >= until) {
		assert_false(t.flags & VMCLOCK_FLAG_BOUNDED);
		beyond++;
	} else if (time - error - 4 > 0 && time + error + 4 < until) {
		assert_true(t.flags & VMCLOCK_FLAG_BOUNDED);
		within++;
	}
}

static void check_end_of_knowledge(struct pagefile *pf, uint8_t hint, enum vmclock_scale scale)
{
	static const int64_t smeared_before[] = {
		[VMCLOCK_SMEARING_STRICT] = 1, [VMCLOCK_SMEARING_NOON_LINEAR] = 43200,
		[VMCLOCK_SMEARING_UTC_SLS] = 1001,
	};
	const int64_t until = 61 * 86400 - (scale == VMCLOCK_SCALE_UTC ? 1 : smeared_before[hint]);
	/* Nearly 60 ns a tick; a line is shortened to a power of two of them. */
	uint64_t period = UINT64_C(1106804644422) - random_u64() % 1000;
	const int64_t line = (INT64_C(1) << 46) * 60 / NS;
	bool at_end = random_u64() % 2;
	int64_t reference = at_end ? until - line + random_around(25) : 0;
	uint64_t nsec = random_u64() % NS >> random_u64() % 30;
	uint64_t error = random_u64() % (NS / 2) >> random_u64() % 30;
	uint64_t rate = random_u64() % 4 ? 0 : random_u64() % 64;
	struct vmclock *vc;
	int i;

	publish(pf, &(struct page){ .sign = 1, .type = VMCLOCK_TIME_UTC, .hint = hint });
	pagefile_begin(pf);
	pf->page->leap_indicator = NONE;
	pf->page->counter_period_frac_sec = htole64(period);
	pf->page->counter_period_maxerror_rate_frac_sec = htole64(rate);
	pf->page->counter_value = htole64(reference);
	pf->page->time_sec = htole64((uint64_t)(seconds_of("2016-06-01T00:00:00") + reference));
	pf->page->time_frac_sec = htole64((uint64_t)(((unsigned __int128)nsec << 64) / NS + 1));
	pf->page->time_maxerror_nanosec = htole64(error);
	pagefile_end(pf);
	vc = pagefile_open(pf);
	/* Near the reference, and near the end of knowledge. */
	for (i = 0; i < 20; i++) {
		int64_t ticks = random_around(2 * NS) / 60 +
				(at_end && i % 4 ? (until - reference) * NS / 60 : 0);
		__int128 way = ((__int128)ticks * (int64_t)period * NS) >> 64;
		__int128 off = ((__int128)(ticks < 0 ? -ticks : ticks) * (int64_t)rate * NS) >> 64;

		check_end(vc, scale, (uint64_t)(reference + ticks),
			  (__int128)reference * NS + (int64_t)nsec + way, (int64_t)error + off,
			  (__int128)until * NS);
	}
	vmclock_close(vc);
}

static void no_line_goes_on_where_nothing_is_known(void **state)
{
	int i;

	for (i = 0; i < 20000; i++)
		check_end_of_knowledge(*state, (uint8_t)(random_u64() % 3),
				       random_u64() % 2 ? VMCLOCK_SCALE_UTC
							: VMCLOCK_SCALE_SMEARED);
	assert_true(beyond > 100000 && within > 100000);
}

/* Half a nanosecond a tick, and an error of three quarters: the earliest goes backwards. */
static void a_line_may_go_back_to_where_nothing_is_known(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock_time t;
	struct vmclock *vc;

	publish(pf, &(struct page){ .sign = 1, .type = VMCLOCK_TIME_UTC, .error = 1000 });
	pagefile_begin(pf);
	pf->page->leap_indicator = NONE;
	pf->page->counter_period_frac_sec = htole64(UINT64_C(1) << 33);
	pf->page->counter_period_maxerror_rate_frac_sec = htole64(UINT64_C(3) << 32);
	pf->page->counter_value = 0;
	pf->page->time_sec = htole64((uint64_t)seconds_of("2016-06-01T00:00:00"));
	pf->page->time_frac_sec = htole64(UINT64_C(1) << 54);
	pagefile_end(pf);
	vc = pagefile_open(pf);
	assert_int_equal(read_both_ways(vc, VMCLOCK_SCALE_UTC, 0, &t), 0);
	assert_true(t.flags & VMCLOCK_FLAG_BOUNDED);
	assert_int_equal(read_both_ways(vc, VMCLOCK_SCALE_UTC, 10000000, &t), 0);
	assert_false(t.flags & VMCLOCK_FLAG_BOUNDED);
	vmclock_close(vc);
}

static unsigned long bounded;

/* In 1 / 2^(64 + shift) ns: what the page says, by GMP. */
static void check_random_reading(const struct vmclock_abi *page, const struct vmclock_time *t)
{
	int64_t distance = (int64_t)(t->counter - le64toh(page->counter_value));
	unsigned long bits = 64ul + page->counter_period_shift;
	mpz_t x, error, way, bound;

	bounded++;
	mpz_inits(x, error, way, bound, NULL);
	mpz_set_ui(x, le64toh(page->time_sec));
	mpz_mul_2exp(x, x, 64);
	mpz_add_ui(x, x, le64toh(page->time_frac_sec));
	mpz_mul_2exp(x, x, page->counter_period_shift);
	mpz_set_ui(way, le64toh(page->counter_period_frac_sec));
	mpz_mul_si(way, way, distance);
	mpz_add(x, x, way);
	mpz_mul_ui(x, x, NS);
	mpz_set_ui(error, le64toh(page->time_maxerror_nanosec));
	mpz_mul_2exp(error, error, bits);
	mpz_set_ui(way, le64toh(page->counter_period_maxerror_rate_frac_sec));
	mpz_mul_si(way, way, distance);
	mpz_abs(way, way);
	mpz_mul_ui(way, way, NS);
	mpz_add(error, error, way);

	/* Not above the earliest by 4 ns, not below it, and so on. */
	mpz_set_si(bound, t->earliest.tv_sec);
	mpz_mul_ui(bound, bound, NS);
	mpz_add_ui(bound, bound, (unsigned long)t->earliest.tv_nsec);
	mpz_mul_2exp(bound, bound, bits);
	mpz_sub(way, x, error);
	assert_true(mpz_cmp(bound, way) <= 0);
	mpz_sub(way, way, bound);
	mpz_fdiv_q_2exp(way, way, bits);
	assert_true(mpz_cmp_ui(way, 4) < 0);

	mpz_set_si(bound, t->latest.tv_sec);
	mpz_mul_ui(bound, bound, NS);
	mpz_add_ui(bound, bound, (unsigned long)t->latest.tv_nsec);
	mpz_mul_2exp(bound, bound, bits);
	mpz_add(way, x, error);
	assert_true(mpz_cmp(bound, way) >= 0);
	mpz_sub(way, bound, way);
	mpz_fdiv_q_2exp(way, way, bits);
	assert_true(mpz_cmp_ui(way, 4) < 0);

	mpz_set_si(bound, t->time.tv_sec);
	mpz_mul_ui(bound, bound, NS);
	mpz_add_ui(bound, bound, (unsigned long)t->time.tv_nsec);
	mpz_fdiv_q_2exp(x, x, bits);
	assert_int_equal(mpz_cmp(x, bound), 0);
	mpz_clears(x, error, way, bound, NULL);
}

static void publish_random(struct pagefile *pf)
{
	struct vmclock_abi *page = pf->page;
	bool likely_page = random_u64() % 4;
	uint64_t period = random_u64() >> (likely_page ? 0 : random_u64() % 64);

	page->counter_period_shift = (uint8_t)(likely_page ? 20 + random_u64() % 14 : random_u64());
	page->counter_value = htole64(random_u64());
	page->counter_period_frac_sec = htole64(period | 1);
	page->counter_period_maxerror_rate_frac_sec = htole64(period >> random_u64() % 64);
	page->time_sec = htole64(1000000000 + random_u64() % 1000000000);
	page->time_frac_sec = htole64(random_u64());
	page->time_maxerror_nanosec = htole64(random_u64() >> (20 + random_u64() % 44));
}

static void both_ways_are_right_and_the_same(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc;
	struct vmclock_time t;
	int i, k;

	publish(pf, &(struct page){ .sign = 1, .type = VMCLOCK_TIME_TAI });
	vc = pagefile_open(pf);
	for (i = 0; i < 50000; i++) {
		pagefile_begin(pf);
		publish_random(pf);
		pf->page->leap_indicator = (uint8_t)(random_u64() % 6);
		pagefile_end(pf);
		for (k = 0; k < 8; k++) {
			uint64_t counter = le64toh(pf->page->counter_value) +
					   (uint64_t)((int64_t)random_u64() >> random_u64() % 64);

			if (read_both_ways(vc, VMCLOCK_SCALE_TAI, counter, &t))
				continue;
			if (t.flags & VMCLOCK_FLAG_BOUNDED)
				check_random_reading(pf->page, &t);
			(void)read_both_ways(vc, VMCLOCK_SCALE_UTC, counter, &t);
			(void)read_both_ways(vc, VMCLOCK_SCALE_SMEARED, counter, &t);
		}
	}
	vmclock_close(vc);
	assert_true(bounded > 100000);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, pagefile_setup, pagefile_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(utc_is_certain_of_nothing_that_is_ambiguous),
		TEST(smeared_bounds_are_those_of_the_smeared_time),
		TEST(nothing_is_certain_that_the_page_cannot_know),
		TEST(no_line_goes_on_where_nothing_is_known),
		TEST(a_line_may_go_back_to_where_nothing_is_known),
		TEST(both_ways_are_right_and_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
