// SPDX-License-Identifier: MIT
/*
 * The derivation against simulated clocks, whose true time is known exactly:
 * it must be within the bounds until the next update, and these no wider
 * than the daemon's own; what is no honest clock is refused.
 */
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "calc/base.h"
#include "vmclock-abi.h"
#include "derive.h"
#include "unit.h"

#define PPB		INT64_C(1000000000)

/* 2020-03-10, 2017-01-01 */
#define START		(INT64_C(1583798400) * NS_PER_SEC)
#define MIDNIGHT	(INT64_C(1483228800) * NS_PER_SEC)

/* ---- Random numbers, the same in each run ------------------------------------------- */

static uint64_t rng = 88172645463325252;

static uint64_t random_u64(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng;
}

static int64_t between(int64_t first, int64_t last)
{
	return first + (int64_t)(random_u64() % (uint64_t)(last - first + 1));
}

/* ---- The simulated world: all in 2^-50 ns, counted by ticks -------------------------- */

typedef __int128 exact;

#define EXACT_NS ((exact)1 << 50)

struct world {
	uint64_t counter;	/* now */
	exact truth;		/* UTC */
	exact real;
	exact raw;
	exact raw_period;	/* a tick, on each clock */
	exact true_period;
	exact real_period;
	int64_t width;		/* ticks of a bracket */
};

static exact times_ppb(exact period, int64_t ppb)
{
	return period + period * ppb / PPB;
}

static void go(struct world *w, uint64_t ticks)
{
	w->counter += ticks;
	w->truth += (exact)ticks * w->true_period;
	w->real += (exact)ticks * w->real_period;
	w->raw += (exact)ticks * w->raw_period;
}

static uint64_t ticks_of(const struct world *w, int64_t ns)
{
	return (uint64_t)(ns * EXACT_NS / w->raw_period);
}

/* Reads each clock somewhere within the bracket, rounded down. */
static struct pair read_pair(const struct world *w)
{
	int64_t width = between(0, w->width), half = width / 2;
	struct pair p = { .counter = w->counter, .width = (uint64_t)width };

	p.real = (int64_t)((w->real + w->real_period * between(-half, width - half)) / EXACT_NS);
	p.raw = (int64_t)((w->raw + w->raw_period * between(-half, width - half)) / EXACT_NS);
	return p;
}

/* The counter at 10 MHz to 5 GHz; the clocks anywhere, RAW up to 300 ppm off. */
static struct world random_world(void)
{
	struct world w = { .counter = random_u64() >> 2, .truth = START * EXACT_NS };

	w.true_period = EXACT_NS * between(200, 100000) / 1000 + between(0, 1 << 20);
	w.raw_period = times_ppb(w.true_period, between(-300000, 300000));
	w.real_period = w.true_period;
	w.real = w.truth + between(-1000000000, 1000000000) * (EXACT_NS / 1000);
	w.raw = between(0, 1000000) * NS_PER_SEC * EXACT_NS;
	w.width = (int64_t)ticks_of(&w, between(20, 200));
	return w;
}

/* ---- An honest daemon --------------------------------------------------------------- */

struct daemon {
	int64_t delay, dispersion;		/* ns */
	int64_t frequency, residual, skew;	/* ppb */
};

static struct daemon random_daemon(const struct world *w)
{
	struct daemon d = {
		.delay = between(0, 3) ? between(10000, 2000000) : between(50, 3000),
		.dispersion = between(0, 3) ? between(1000, 500000) : between(20, 1000),
		.residual = between(-50, 50),
		.skew = between(0, 500),
	};

	/* true = raw * (1 - frequency) */
	d.frequency = (int64_t)((w->raw_period - w->true_period) * PPB / w->raw_period);
	d.frequency += between(-d.skew, d.skew);
	return d;
}

/* A report within its own bounds, for the instant of the call, rounded as chronyc does. */
static struct report ask(const struct world *w, const struct daemon *d)
{
	exact bound = (exact)d->delay * EXACT_NS / 2 + (exact)d->dispersion * EXACT_NS;
	exact offset = w->truth - w->real + bound * between(-PPB, PPB) / PPB;

	return (struct report){
		.offset = (int64_t)(offset / EXACT_NS),
		.root_delay = d->delay,
		.root_dispersion = d->dispersion,
		.frequency = d->frequency,
		.residual = d->residual,
		.skew = d->skew,
		.reference = (int64_t)(w->truth / EXACT_NS / NS_PER_SEC),
		.refid = 0xc0000201,
		.stratum = 2,
		.leap = REPORT_LEAP_NONE,
	};
}

/* Changes the counter's rate within the reported bounds. */
static void wander(struct world *w, const struct daemon *d, int64_t option)
{
	int64_t room = d->skew + (d->residual < 0 ? -d->residual : d->residual) + option;

	w->true_period = times_ppb(w->raw_period, -d->frequency + between(-room, room));
}

/* ---- The oracle --------------------------------------------------------------------- */

static void assert_truth_inside(const struct cone *cone, const struct world *w)
{
	int64_t earliest, latest;

	assert_int_equal(cone_at(cone, w->counter, &earliest, &latest), 0);
	if (earliest * EXACT_NS > w->truth || latest * EXACT_NS < w->truth)
		fail_msg("truth is %lld ns after the earliest, %lld ns before the latest",
			 (long long)(w->truth / EXACT_NS - earliest),
			 (long long)(latest - w->truth / EXACT_NS));
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* At most 1.2 times the daemon's own bound, plus the error of the measurement. */
static void assert_narrow(const struct cone *cone, const struct report *r,
			  const struct pair *before, const struct pair *after,
			  const struct world *w)
{
	exact elapsed = (exact)(after->counter - before->counter) * w->true_period;
	int64_t slewed = after->real - before->real - (int64_t)(elapsed / EXACT_NS);
	exact pairing = (exact)(before->width + 2 * after->width + 3) * w->raw_period / 2;
	int64_t own = r->root_delay / 2 + r->root_dispersion;
	/* The rate's error in the ms between the pairs: 20 ppm while the fit is young. */
	int64_t more = larger(slewed, -slewed) + (int64_t)(elapsed / EXACT_NS / 50000) + 20;

	assert_true((int64_t)cone->time_maxerror <=
		    own * 12 / 10 + (int64_t)(pairing / EXACT_NS) + more);
}

static void fill(struct fit *fit, struct world *w, int64_t ns, int pairs)
{
	int i;

	for (i = 0; i < pairs; i++) {
		struct pair p;

		go(w, ticks_of(w, ns / pairs));
		p = read_pair(w);
		assert_int_equal(fit_add(fit, &p), 0);
	}
}

/* Ask between two pairs that are some ms apart, while the system clock is slewed. */
static int measure(struct fit *fit, struct world *w, const struct daemon *d, int64_t slew,
		   const struct derive_options *options, struct cone *cone)
{
	exact real_period = w->real_period;
	struct pair before, after;
	struct report report;
	int ret;

	w->real_period = times_ppb(w->true_period, slew);
	before = read_pair(w);
	go(w, ticks_of(w, between(20000, 3000000)));
	report = ask(w, d);
	go(w, ticks_of(w, between(20000, 3000000)));
	after = read_pair(w);
	w->real_period = real_period;
	assert_int_equal(fit_add(fit, &after), 0);
	ret = derive_cone(fit, &before, &after, &report, options, cone);
	if (!ret) {
		assert_narrow(cone, &report, &before, &after, w);
		assert_int_equal(cone->counter, w->counter);
	}
	return ret;
}

/* Lives from one update to the next; a good track must be right all the time. */
static void live(struct world *w, const struct daemon *d, struct fit *fit, const struct cone *new,
		 const struct track *track)
{
	struct pair p;
	int i;

	for (i = 0; i < 20; i++) {
		if (!between(0, 4))
			wander(w, d, 1000);
		go(w, ticks_of(w, between(0, 1600000000)));
		assert_truth_inside(new, w);
		assert_truth_inside(&track->cone, w);
		if (between(0, 1))
			continue;
		p = read_pair(w);
		assert_int_equal(fit_add(fit, &p), 0);
	}
}

static void truth_is_inside(void **state)
{
	const struct derive_options options = DERIVE_DEFAULTS;
	int clock, update, good = 0, again = 0;

	(void)state;
	for (clock = 0; clock < 3000; clock++) {
		struct world w = random_world();
		struct track track;
		struct fit fit;

		fit_reset(&fit);
		track_reset(&track);
		fill(&fit, &w, between(100000000, 400000000), (int)between(2, 30));
		for (update = 0; update < 10; update++) {
			struct daemon d = random_daemon(&w);
			/* Sometimes a slew within chronyd's limits. */
			int64_t slew = between(0, 3) ? between(-200, 200) :
						       between(-83333333, 500000);
			struct cone cone;
			int ret = measure(&fit, &w, &d, slew, &options, &cone);

			if (ret == -EAGAIN) {
				again++;
				continue;
			}
			good++;
			assert_int_equal(ret, 0);
			assert_truth_inside(&cone, &w);
			assert_int_equal(track_update(&track, &cone), 0);
			live(&w, &d, &fit, &cone, &track);
		}
	}
	/* Both cases must have been frequent. */
	assert_true(good > 20000);
	assert_true(again > 1000);
}

/* ---- The fit ------------------------------------------------------------------------- */

static void assert_period(const struct fit *fit, const struct world *w, int64_t limit)
{
	long double ns, truth = (long double)w->raw_period / EXACT_NS;
	int64_t error;

	assert_int_equal(fit_period(fit, &ns, &error), 0);
	assert_true(ns <= truth * (1 + (long double)error / PPB));
	assert_true(ns >= truth * (1 - (long double)error / PPB));
	if (error > limit)
		fail_msg("the error is %lld ppb, not %lld", (long long)error, (long long)limit);
}

static void the_period_is_known_after_100_ms(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		struct world w = random_world();
		long double ns;
		int64_t error;
		struct fit fit;

		w.width = (int64_t)ticks_of(&w, 100);
		fit_reset(&fit);
		assert_int_equal(fit_period(&fit, &ns, &error), -EAGAIN);
		fill(&fit, &w, 12000000, 1);
		assert_int_equal(fit_period(&fit, &ns, &error), -EAGAIN);
		fill(&fit, &w, 99000000, 9);
		assert_int_equal(fit_period(&fit, &ns, &error), -EAGAIN);
		fill(&fit, &w, 12000000, 1);
		assert_period(&fit, &w, 12000);
		fill(&fit, &w, NS_PER_SEC, 10);
		assert_period(&fit, &w, 1200);
		fill(&fit, &w, 100 * NS_PER_SEC, 100);
		assert_period(&fit, &w, 12);
	}
}

static void wide_pairs_have_a_large_error(void **state)
{
	struct world w = random_world();
	struct fit fit;
	long double ns;
	int64_t error;
	int i;

	(void)state;
	w.width = (int64_t)ticks_of(&w, NS_PER_SEC);
	fit_reset(&fit);
	fill(&fit, &w, 10 * NS_PER_SEC, 2);
	assert_int_equal(fit_period(&fit, &ns, &error), -EAGAIN);
	/* 6 times 1 ms within 10 s is 600 ppm, and within 5 s it is 1200. */
	for (i = 5; i <= 10; i += 5) {
		w.width = 0;
		fit_reset(&fit);
		fill(&fit, &w, i * NS_PER_SEC, 1);
		fill(&fit, &w, i * NS_PER_SEC, 1);
		fit.pair[0].width = 2 * ticks_of(&w, 1000000);
		fit.pair[1].width = 2 * ticks_of(&w, 1000000);
		fit.last.width = 2 * ticks_of(&w, 1000000);
		assert_int_equal(fit_period(&fit, &ns, &error), i == 5 ? -EAGAIN : 0);
	}
}

static void years_pass(void **state)
{
	struct world w = random_world();
	struct fit fit;
	int day;

	(void)state;
	w.counter >>= 2;
	fit_reset(&fit);
	for (day = 0; day < 3650; day++) {
		fill(&fit, &w, 24 * 3600 * NS_PER_SEC, 24);
		assert_true(fit.count <= FIT_PAIRS);
		assert_period(&fit, &w, 2);
	}
	/* Each second, for a week. */
	fill(&fit, &w, 7 * 24 * 3600 * NS_PER_SEC, 7 * 24 * 3600);
	assert_period(&fit, &w, 2);
	assert_uint_in_range(fit_baseline(&fit), 900 * NS_PER_SEC, 1100 * NS_PER_SEC);
}

/* RAW gains or loses up to 10 ppb an hour. */
static void slow_change_is_followed(void **state)
{
	int clock, i;

	(void)state;
	for (clock = 0; clock < 100; clock++) {
		struct world w = random_world();
		exact period = w.raw_period;
		int64_t ppb = between(-10000, 10000);
		struct fit fit;

		fit_reset(&fit);
		for (i = 0; i < 7200; i++) {
			w.raw_period = period + period * ppb * i / 3600 / 1000 / PPB;
			fill(&fit, &w, NS_PER_SEC, 1);
			if (i > 1)
				assert_period(&fit, &w, 1000);
		}
		assert_period(&fit, &w, 20);
	}
}

/* Except for the jump, the pairs are one straight line. */
static void jumps_end_the_fit(void **state)
{
	int clock;

	(void)state;
	for (clock = 0; clock < 1000; clock++) {
		struct world w = random_world();
		int64_t jump = between(0, 1) ? between(1500, 1000000) : -between(1500, 1000000);
		struct pair p;
		struct fit fit;

		fit_reset(&fit);
		fill(&fit, &w, between(10, 4000) * NS_PER_SEC, 50);
		go(&w, ticks_of(&w, NS_PER_SEC));
		p = read_pair(&w);
		p.raw += jump;
		assert_int_equal(fit_add(&fit, &p), -EDOM);
		/* A fresh fit begins. */
		assert_int_equal(fit_baseline(&fit), 0);
		w.raw += jump * EXACT_NS;
		fill(&fit, &w, 2 * NS_PER_SEC, 10);
		assert_period(&fit, &w, 2000);
	}
}

static void the_counter_goes_forward(void **state)
{
	struct world w = random_world();
	struct pair p, q;
	struct fit fit;

	(void)state;
	fit_reset(&fit);
	fill(&fit, &w, NS_PER_SEC, 10);
	p = read_pair(&w);
	q = fit.last;
	p.counter = q.counter;
	assert_int_equal(fit_add(&fit, &p), -EDOM);
	p.counter--;
	assert_int_equal(fit_add(&fit, &p), -EDOM);
	go(&w, 1000);
	p = read_pair(&w);
	p.raw = q.raw - 10000;
	assert_int_equal(fit_add(&fit, &p), -EDOM);
}

/* Another clocksource, whose rate differs by 200 ppm. */
static void another_rate_ends_the_fit(void **state)
{
	struct world w = random_world();
	struct pair p;
	struct fit fit;

	(void)state;
	w.width = (int64_t)ticks_of(&w, 100);
	fit_reset(&fit);
	fill(&fit, &w, 10 * NS_PER_SEC, 10);
	w.raw_period = times_ppb(w.raw_period, 200000);
	go(&w, ticks_of(&w, 100000000));
	p = read_pair(&w);
	assert_int_equal(fit_add(&fit, &p), -EDOM);
}

/* ---- Reports that are refused --------------------------------------------------------- */

static const struct report honest = {
	.offset = 1000, .root_delay = 200000, .root_dispersion = 50000, .frequency = -12000,
	.residual = 10, .skew = 50, .reference = START / NS_PER_SEC, .refid = 0xc0000201,
	.stratum = 3, .leap = REPORT_LEAP_NONE,
};

static void refused(struct report report, const char *word)
{
	const char *refusal = report_refusal(&report);

	if (!refusal)
		fail_msg("nothing is said of the %s", word);
	if (!strstr(refusal, word))
		fail_msg("\"%s\" is said, without \"%s\"", refusal, word);
}

#define REFUSED(word, ...)				\
	do {						\
		struct report r = honest;		\
		__VA_ARGS__;				\
		refused(r, word);			\
	} while (0)

static void reports_that_say_nothing(void **state)
{
	(void)state;
	assert_null(report_refusal(&honest));
	REFUSED("not synchronised", r.leap = REPORT_LEAP_UNKNOWN);
	REFUSED("not synchronised", r.leap = (enum report_leap)7);
	REFUSED("no reference", r.refid = 0);
	REFUSED("itself", r.refid = 0x7f7f0101);
	REFUSED("itself", r.refid = 0x7f7f0100);
	REFUSED("stratum", r.stratum = 0);
	REFUSED("stratum", r.stratum = 16);
	REFUSED("negative", r.root_delay = -1);
	REFUSED("negative", r.root_dispersion = -1);
	REFUSED("negative", r.skew = -1);
	REFUSED("measured nothing", r.root_delay = 0; r.root_dispersion = 0);
	/* chronyd's report in local mode, and right after a reset. */
	REFUSED("itself", r = (struct report){ .refid = 0x7f7f0101, .stratum = 10,
					       .reference = 1, .leap = REPORT_LEAP_NONE });
	REFUSED("cannot be true", r.offset = INT64_MAX);
	REFUSED("cannot be true", r.offset = INT64_MIN);
	REFUSED("cannot be true", r.root_delay = INT64_MAX);
	REFUSED("cannot be true", r.root_dispersion = INT64_MAX);
	REFUSED("cannot be true", r.frequency = INT64_MIN);
	REFUSED("cannot be true", r.frequency = 100000001);
	REFUSED("cannot be true", r.reference = 0);
	REFUSED("cannot be true", r.reference = INT64_MAX);
	REFUSED("frequency", r.skew = 1000001);
	REFUSED("frequency", r.residual = INT64_MIN);
	REFUSED("frequency", r.residual = 1000001);
	REFUSED("frequency", r.skew = INT64_MAX);
}

static void what_is_honest_is_accepted(void **state)
{
	struct report r = honest;

	(void)state;
	r.leap = REPORT_LEAP_INSERT;
	assert_null(report_refusal(&r));
	r.leap = REPORT_LEAP_DELETE;
	assert_null(report_refusal(&r));
	r.root_delay = 0; /* a clock that is wired to the machine */
	assert_null(report_refusal(&r));
	r.stratum = 15;
	r.refid = 0x7f000001;
	r.skew = 1000000;
	r.residual = -1000000;
	r.frequency = -100000000;
	r.reference = INT64_C(4294967296); /* 2106: the NTP daemon will manage */
	assert_null(report_refusal(&r));
}

/* ---- A cone of a known world ------------------------------------------------------------ */

struct scene {
	struct world world;
	struct fit fit;
	struct pair before, after;
	struct report report;
	struct leaps leaps;
	struct derive_options options;
	struct cone cone;
};

/* The system clock is 5 ms slow; the clocks go 1 ns a tick, and are read exactly. */
static void set_scene(struct scene *s, int64_t utc)
{
	*s = (struct scene){ .options = DERIVE_DEFAULTS, .report = honest };
	s->world = (struct world){
		.counter = 1000, .raw = EXACT_NS, .raw_period = EXACT_NS, .real_period = EXACT_NS,
		.true_period = EXACT_NS, .truth = utc * EXACT_NS,
		.real = (utc - 5000000) * EXACT_NS,
	};
	s->report.frequency = 0;
	s->report.offset = 5000000;
	s->report.reference = utc / NS_PER_SEC;
	fit_reset(&s->fit);
	fill(&s->fit, &s->world, NS_PER_SEC, 10);
	s->before = read_pair(&s->world);
	go(&s->world, 1000000);
	s->after = read_pair(&s->world);
}

static int derive(struct scene *s)
{
	return derive_cone(&s->fit, &s->before, &s->after, &s->report, &s->options, &s->cone);
}

static void signs_are_chronys(void **state)
{
	struct scene s;

	(void)state;
	set_scene(&s, START);
	assert_int_equal(derive(&s), 0);
	/* Slow by 5 ms: true time is later. */
	assert_int_equal(s.cone.utc, s.after.real + 5000000);
	assert_int_equal(s.cone.counter, s.after.counter);
	/* 100 ppm fast: a tick is shorter. */
	s.report.frequency = 100000;
	s.before = s.after;
	assert_int_equal(derive(&s), 0);
	assert_true(s.cone.period < ldexpl(1e-9L * (1 - 99999e-9L), 64 + s.cone.shift));
	assert_true(s.cone.period > ldexpl(1e-9L * (1 - 100001e-9L), 64 + s.cone.shift));
}

/* Skew, residual, wander, the nominal's error; the rest is a thousandth, and rounding. */
static void the_rates_bound_has_its_parts(void **state)
{
	long double bound, ns;
	int64_t error;
	struct scene s;

	(void)state;
	set_scene(&s, START);
	s.report.skew = 3000;
	s.report.residual = -2000;
	s.options.wander = 40000;
	assert_int_equal(derive(&s), 0);
	assert_int_equal(fit_period(&s.fit, &ns, &error), 0);
	bound = ldexpl((long double)s.cone.period_maxerror, -64 - s.cone.shift) * PPB * PPB;
	assert_true(bound >= 45000 + error);
	assert_true(bound <= 45000 + error + 46 + 10);
}

static void slews_between_the_pairs_are_refused_or_added(void **state)
{
	uint64_t still;
	struct scene s;

	(void)state;
	set_scene(&s, START);
	s.report.root_delay = 2000;
	s.report.root_dispersion = 3000;
	assert_int_equal(derive(&s), 0);
	still = s.cone.time_maxerror;
	s.after.real += 900;
	assert_int_equal(derive(&s), 0);
	assert_uint_in_range(s.cone.time_maxerror, still + 899, still + 901);
	s.after.real += 102;
	assert_int_equal(derive(&s), -EAGAIN);
	s.after.real -= 2 * 1002;
	assert_int_equal(derive(&s), -EAGAIN);
	s.after.real += 102;
	assert_int_equal(derive(&s), 0);
	assert_uint_in_range(s.cone.time_maxerror, still + 899, still + 901);
	/* date -s */
	s.after.real += 3600 * NS_PER_SEC;
	assert_int_equal(derive(&s), -EAGAIN);
}

/* A daemon with a wide bound may slew for long: its report must still be used. */
static void with_a_wide_bound_more_may_be_slewed(void **state)
{
	const int64_t limit = 1000000;
	uint64_t still;
	struct scene s;

	(void)state;
	set_scene(&s, START);
	s.report.root_delay = 0;
	s.report.root_dispersion = 16 * limit;
	assert_int_equal(derive(&s), 0);
	still = s.cone.time_maxerror;
	s.after.real += limit - 100;
	assert_int_equal(derive(&s), 0);
	assert_uint_in_range(s.cone.time_maxerror, still + limit - 101, still + limit - 99);
	s.after.real += 200;
	assert_int_equal(derive(&s), -EAGAIN);
}

static void it_takes_time_to_know_anything(void **state)
{
	struct pair p;
	struct scene s;

	(void)state;
	set_scene(&s, START);
	fit_reset(&s.fit);
	assert_int_equal(derive(&s), -EAGAIN);
	/* In the wrong order. */
	set_scene(&s, START);
	p = s.before;
	s.before = s.after;
	s.after = p;
	assert_int_equal(derive(&s), -EAGAIN);
	/* Pairs so wide that they would fill the whole limit. */
	set_scene(&s, START);
	s.after.width = UINT64_MAX / 4;
	assert_int_equal(derive(&s), -EAGAIN);
}

static void refusals_have_a_reason(void **state)
{
	struct scene s;

	(void)state;
	set_scene(&s, START);
	assert_null(derive_refusal(&s.after, &s.report, &s.options));
	s.options.max_error = 100000;
	assert_non_null(strstr(derive_refusal(&s.after, &s.report, &s.options), "limit"));
	assert_int_equal(derive(&s), -EINVAL);
	set_scene(&s, START);
	s.report.stratum = 16;
	assert_non_null(strstr(derive_refusal(&s.after, &s.report, &s.options), "stratum"));
	assert_int_equal(derive(&s), -EINVAL);
	set_scene(&s, START);
	s.report.offset = -s.after.real - 1;
	assert_non_null(strstr(derive_refusal(&s.after, &s.report, &s.options), "1970"));
	assert_int_equal(derive(&s), -EINVAL);
}

static void a_host_in_2100_is_fine(void **state)
{
	struct scene s;

	(void)state;
	set_scene(&s, INT64_C(4105000000) * NS_PER_SEC);
	assert_int_equal(derive(&s), 0);
	assert_truth_inside(&s.cone, &s.world);
}

/* ---- Leap seconds ------------------------------------------------------------------------ */

static const struct leaps listed = {
	.leap = { { .at = MIDNIGHT / NS_PER_SEC, .sign = 1 } },
	.count = 1,
	.expires = MIDNIGHT / NS_PER_SEC + 170 * 86400,
};

static void no_pairs_next_to_a_leap_second(void **state)
{
	struct scene s;
	int64_t sec;

	(void)state;
	/* A leap second is possible at the end of a month, whatever is known. */
	for (sec = -10; sec <= 10; sec++) {
		set_scene(&s, MIDNIGHT + sec * NS_PER_SEC);
		/* A second goes by on the scene. */
		assert_int_equal(derive(&s), sec + 1 >= -6 && sec + 1 <= 5 ? -EAGAIN : 0);
	}
	/* The system clock is an hour fast: it has gone through, true time has not. */
	set_scene(&s, MIDNIGHT - 1000 * NS_PER_SEC);
	s.before.real += 3600 * NS_PER_SEC;
	s.after.real += 3600 * NS_PER_SEC;
	s.report.offset -= 3600 * NS_PER_SEC;
	assert_int_equal(derive(&s), -EAGAIN);
}

static void announcements_are_compared_with_the_list(void **state)
{
	struct scene s;

	(void)state;
	set_scene(&s, MIDNIGHT - 1000 * NS_PER_SEC);
	s.options.leaps = &listed;
	assert_int_equal(derive(&s), -EINVAL);
	s.report.leap = REPORT_LEAP_INSERT;
	assert_int_equal(derive(&s), 0);
	assert_int_equal(s.cone.leap, VMCLOCK_LEAP_PRE_POS);
	s.report.leap = REPORT_LEAP_DELETE;
	assert_int_equal(derive(&s), -EINVAL);
	s.report.leap = REPORT_LEAP_NONE;
	s.options.source_smears = true;
	assert_int_equal(derive(&s), -EINVAL);
	set_scene(&s, MIDNIGHT - 100000 * NS_PER_SEC);
	s.options.leaps = &listed;
	s.options.source_smears = true;
	assert_int_equal(derive(&s), 0);
	assert_int_equal(s.cone.leap, VMCLOCK_LEAP_PRE_POS);
}

/* The clock may have been set back by the leap second, so its offset is unknown. */
static void the_daemon_must_measure_after_it(void **state)
{
	struct scene s;

	(void)state;
	set_scene(&s, MIDNIGHT + 100 * NS_PER_SEC);
	s.options.leaps = &listed;
	s.options.announced = MIDNIGHT / NS_PER_SEC;
	s.report.reference = MIDNIGHT / NS_PER_SEC - 10;
	assert_int_equal(derive(&s), -EAGAIN);
	s.report.reference = MIDNIGHT / NS_PER_SEC + 10;
	assert_int_equal(derive(&s), 0);
	assert_int_equal(s.cone.leap, VMCLOCK_LEAP_POST_POS);
	/* Its servers have not announced it: they smear it, perhaps. */
	s.options.announced = 0;
	assert_int_equal(derive(&s), -EINVAL);
	assert_non_null(strstr(derive_refusal(&s.after, &s.report, &s.options), "smear"));
}

/* vmclockd may have ended when an unknown leap second comes. */
static void no_cone_goes_where_a_leap_second_is_possible(void **state)
{
	static const int64_t before[] = { 20, 100, 86400, 20 * 86400 };
	int64_t earliest, latest, least;
	struct scene s, after;
	struct track track;
	uint64_t reach;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		set_scene(&s, MIDNIGHT - before[i] * NS_PER_SEC);
		assert_int_equal(derive(&s), 0);
		reach = cone_reach(&s.cone);
		assert_int_equal(cone_at(&s.cone, s.cone.counter + reach, &earliest, &latest), 0);
		assert_true(latest < MIDNIGHT - NS_PER_SEC);
		/* It reaches to that second, less its bound there. */
		least = MIDNIGHT - NS_PER_SEC - (latest - earliest) - 100;
		assert_true(latest > least);
		assert_int_equal(cone_at(&s.cone, s.cone.counter + reach + 200, &earliest, &latest),
				 -ENODATA);
		/* It goes further if there is no leap second, or in another month. */
		s.leaps.expires = MIDNIGHT / NS_PER_SEC + 1;
		s.options.leaps = &s.leaps;
		assert_int_equal(derive(&s), 0);
		assert_int_equal(cone_reach(&s.cone), 0);
		assert_int_equal(cone_at(&s.cone, s.cone.counter + reach + 200, &earliest, &latest),
				 0);
	}
	set_scene(&s, MIDNIGHT - 100 * 86400 * NS_PER_SEC);
	assert_int_equal(derive(&s), 0);
	assert_int_equal(cone_reach(&s.cone), 0);

	/* Cones after it begin anew, and contradict nothing. */
	set_scene(&s, MIDNIGHT - 100 * NS_PER_SEC);
	assert_int_equal(derive(&s), 0);
	track_reset(&track);
	assert_int_equal(track_update(&track, &s.cone), 0);
	set_scene(&after, MIDNIGHT + 199 * NS_PER_SEC);
	after.after.counter += 300 * NS_PER_SEC;
	after.before.counter += 300 * NS_PER_SEC;
	assert_int_equal(derive(&after), 0);
	assert_int_equal(track_update(&track, &after.cone), 0);
	assert_int_equal(track.cone.utc, after.cone.utc);
	/* A measurement from before it gives nothing. */
	after.report.reference = MIDNIGHT / NS_PER_SEC - 10;
	assert_int_equal(derive(&after), -EAGAIN);
}

static void a_cone_goes_through_a_leap_second(void **state)
{
	struct scene before, after;
	struct cone out;

	(void)state;
	set_scene(&before, MIDNIGHT - 100 * NS_PER_SEC);
	before.options.leaps = &listed;
	before.report.leap = REPORT_LEAP_INSERT;
	assert_int_equal(derive(&before), 0);
	/* On the counter the new reference is 300 s later, in UTC 299 s. */
	set_scene(&after, MIDNIGHT + 199 * NS_PER_SEC);
	after.options.leaps = &listed;
	after.options.announced = MIDNIGHT / NS_PER_SEC;
	after.after.counter += 300 * NS_PER_SEC;
	after.before.counter += 300 * NS_PER_SEC;
	assert_int_equal(derive(&after), 0);
	assert_int_equal(cone_update(&before.cone, &after.cone, &out), 0);
	assert_int_equal(out.leap, VMCLOCK_LEAP_POST_POS);
	after.cone.utc += NS_PER_SEC;
	assert_int_equal(cone_update(&before.cone, &after.cone, &out), -ERANGE);
}

/* ---- Updates and conflicts ------------------------------------------------------------------ */

static struct cone simple_cone(uint64_t counter, int64_t utc, uint64_t error)
{
	/* 1 ns a tick, +-1 ppm */
	return (struct cone){
		.counter = counter, .utc = START + utc, .time_maxerror = error,
		.period = UINT64_C(0x44b82fa09b5a52cb), .period_maxerror = UINT64_C(0x480ebe7b9d6),
		.shift = 28, .reference = (int64_t)counter,
	};
}

static void the_reference_is_exact(void **state)
{
	struct cone c = simple_cone(0, 999999999, 5);
	int64_t earliest, latest;
	uint64_t sec, frac;

	(void)state;
	cone_reference(&c, &sec, &frac);
	assert_int_equal(sec, START / NS_PER_SEC);
	assert_int_equal(((unsigned __int128)frac * NS_PER_SEC) >> 64, 999999999);
	assert_int_equal(cone_at(&c, 0, &earliest, &latest), 0);
	assert_int_equal(earliest, c.utc - 6);
	assert_int_equal(latest, c.utc + 7);
}

static void only_the_time_is_cut(void **state)
{
	const struct cone old = simple_cone(0, 0, 100);
	struct cone new = simple_cone(NS_PER_SEC, NS_PER_SEC + 1000, 200), out;

	(void)state;
	new.period += 7;
	new.period_maxerror *= 2;
	/* The old cone now has a bound of 1100 ns and rounding. */
	assert_int_equal(cone_update(&old, &new, &out), 0);
	assert_int_equal(out.counter, new.counter);
	assert_int_equal(out.period, new.period);
	assert_int_equal(out.period_maxerror, new.period_maxerror);
	assert_uint_in_range(out.utc - (int64_t)out.time_maxerror, new.utc - 201, new.utc - 200);
	assert_uint_in_range(out.utc + (int64_t)out.time_maxerror, START + NS_PER_SEC + 1100,
			START + NS_PER_SEC + 1105);
	/* A narrower cone inside replaces it. */
	new.utc = START + NS_PER_SEC + 10;
	assert_int_equal(cone_update(&old, &new, &out), 0);
	assert_int_equal(out.utc, new.utc);
	assert_int_equal(out.time_maxerror, new.time_maxerror);
	new.utc = START + NS_PER_SEC - 1310;
	assert_int_equal(cone_update(&old, &new, &out), -ERANGE);
	new.utc = START + NS_PER_SEC + 1310;
	assert_int_equal(cone_update(&old, &new, &out), -ERANGE);
}

static void a_cone_can_be_moved(void **state)
{
	struct cone c = simple_cone(0, 0, 100), out;
	int64_t e1, l1, e2, l2;

	(void)state;
	assert_int_equal(cone_advance(&c, 10 * NS_PER_SEC, VMCLOCK_LEAP_NONE, &out), 0);
	assert_int_equal(out.counter, 10 * NS_PER_SEC);
	assert_int_equal(out.period, c.period);
	assert_int_equal(cone_at(&c, 20 * NS_PER_SEC, &e1, &l1), 0);
	assert_int_equal(cone_at(&out, 20 * NS_PER_SEC, &e2, &l2), 0);
	assert_uint_in_range(e1 - e2, 0, 5);
	assert_uint_in_range(l2 - l1, 0, 5);
}

static void three_that_agree_begin_anew(void **state)
{
	struct track track;
	int i;

	(void)state;
	track_reset(&track);
	assert_false(track_good(&track));
	for (i = 0; i < 3; i++) {
		struct cone c = simple_cone((uint64_t)i * NS_PER_SEC, i * NS_PER_SEC, 100);

		assert_int_equal(track_update(&track, &c), 0);
		assert_true(track_good(&track));
	}
	/* From here on the daemon's time is 1 ms later. */
	for (i = 3; i < 8; i++) {
		struct cone c = simple_cone((uint64_t)i * NS_PER_SEC, i * NS_PER_SEC + 1000000,
					    100);
		int expected = i == 3 ? -ERANGE : i == 4 ? -EAGAIN : 0;

		assert_int_equal(track_update(&track, &c), expected);
		assert_int_equal(track_good(&track), !expected);
		assert_int_equal(track.cone.counter, c.counter);
	}
	/* The daemon changes its time at each report. */
	for (i = 8; i < 20; i++) {
		struct cone c = simple_cone((uint64_t)i * NS_PER_SEC,
					    i * NS_PER_SEC + (i % 2) * 1000000 - 5000000, 100);

		assert_int_equal(track_update(&track, &c), -ERANGE);
		assert_false(track_good(&track));
	}
}

/* After a step that it has not noticed, the daemon repeats itself until it measures again. */
static void the_same_measurement_counts_once(void **state)
{
	struct cone c = simple_cone(0, 0, 100);
	struct track track;
	int i;

	(void)state;
	track_reset(&track);
	assert_int_equal(track_update(&track, &c), 0);
	for (i = 1; i < 10; i++) {
		c = simple_cone((uint64_t)i * NS_PER_SEC, i * NS_PER_SEC + 1000000, 100);
		c.reference = 7;
		assert_int_equal(track_update(&track, &c), i == 1 ? -ERANGE : -EAGAIN);
	}
	c = simple_cone(10 * NS_PER_SEC, 10 * NS_PER_SEC + 1000000, 100);
	assert_int_equal(track_update(&track, &c), -EAGAIN);
	c = simple_cone(11 * NS_PER_SEC, 11 * NS_PER_SEC + 1000000, 100);
	assert_int_equal(track_update(&track, &c), 0);
}

/* A server that is wrong by more than its bounds and ours: never published. */
static void lies_are_conflicts(void **state)
{
	const struct derive_options options = DERIVE_DEFAULTS;
	int clock;

	(void)state;
	for (clock = 0; clock < 1000; clock++) {
		struct world w = random_world();
		struct daemon d = random_daemon(&w);
		struct track track;
		struct cone cone;
		struct fit fit;
		int64_t lie;

		fit_reset(&fit);
		track_reset(&track);
		fill(&fit, &w, 10 * NS_PER_SEC, 20);
		assert_int_equal(measure(&fit, &w, &d, 0, &options, &cone), 0);
		assert_int_equal(track_update(&track, &cone), 0);
		fill(&fit, &w, NS_PER_SEC, 1);
		lie = 3 * d.delay + 6 * d.dispersion + 20000;
		w.real += lie * EXACT_NS * (clock % 2 ? 1 : -1);
		w.truth += lie * EXACT_NS * (clock % 2 ? -1 : 1);
		assert_int_equal(measure(&fit, &w, &d, 0, &options, &cone), 0);
		assert_int_equal(track_update(&track, &cone), -ERANGE);
		assert_false(track_good(&track));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(truth_is_inside),
		cmocka_unit_test(the_period_is_known_after_100_ms),
		cmocka_unit_test(wide_pairs_have_a_large_error),
		cmocka_unit_test(years_pass),
		cmocka_unit_test(slow_change_is_followed),
		cmocka_unit_test(jumps_end_the_fit),
		cmocka_unit_test(the_counter_goes_forward),
		cmocka_unit_test(another_rate_ends_the_fit),
		cmocka_unit_test(reports_that_say_nothing),
		cmocka_unit_test(what_is_honest_is_accepted),
		cmocka_unit_test(signs_are_chronys),
		cmocka_unit_test(the_rates_bound_has_its_parts),
		cmocka_unit_test(slews_between_the_pairs_are_refused_or_added),
		cmocka_unit_test(with_a_wide_bound_more_may_be_slewed),
		cmocka_unit_test(it_takes_time_to_know_anything),
		cmocka_unit_test(refusals_have_a_reason),
		cmocka_unit_test(a_host_in_2100_is_fine),
		cmocka_unit_test(no_pairs_next_to_a_leap_second),
		cmocka_unit_test(announcements_are_compared_with_the_list),
		cmocka_unit_test(the_daemon_must_measure_after_it),
		cmocka_unit_test(no_cone_goes_where_a_leap_second_is_possible),
		cmocka_unit_test(a_cone_goes_through_a_leap_second),
		cmocka_unit_test(the_reference_is_exact),
		cmocka_unit_test(only_the_time_is_cut),
		cmocka_unit_test(a_cone_can_be_moved),
		cmocka_unit_test(three_that_agree_begin_anew),
		cmocka_unit_test(the_same_measurement_counts_once),
		cmocka_unit_test(lies_are_conflicts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
