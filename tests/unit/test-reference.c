// SPDX-License-Identifier: MIT
/* The PTP clock's time at a value of the counter, from samples that were read a little later. */
#include <stddef.h>
#include <stdint.h>


#include "calc/base.h"
#include "tools/verify/reference.h"
#include "unit.h"

#define HZ    UINT64_C(1000000000)	/* a tick is a nanosecond */
#define CLOCK (INT64_C(1767225600) * NS_PER_SEC)
#define TAI   (INT64_C(37) * NS_PER_SEC)

struct world {
	struct judge_guest facts;
	struct reference_sample samples[3];
	struct reference_later later;
	struct vmclock_instant time;
	uint64_t error;
};

/* The samples are read 10, 20 and 30 us after the counter, the system's clock 100 us after it. */
static void begin(struct world *w)
{
	size_t i;

	*w = (struct world){
		.facts = {
			.counter = 5000,
			.frequency_hz = (double)HZ,
			.has_clock = true,
			.clock = { .sec = CLOCK / NS_PER_SEC },
			.pairing_error = 20,
		},
		.later = { .counter = 105000, .clock = CLOCK + 100000, .width = 60 },
	};
	for (i = 0; i < 3; i++) {
		w->samples[i].before = CLOCK + 10000 * ((int64_t)i + 1);
		w->samples[i].device = w->samples[i].before + TAI + 400;
		w->samples[i].after = w->samples[i].before + 800;
	}
}

static bool compute(struct world *w)
{
	return reference_compute(w->samples, 3, &w->later, &w->facts, &w->time, &w->error);
}

static void test_time(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	assert_true(compute(&w));
	assert_int_equal(w.time.sec, (CLOCK + TAI) / NS_PER_SEC);
	assert_int_equal(w.time.nsec, 0);
	/* Half the sample; and twice: a thousandth of 100 us, and half of each pair. */
	assert_int_equal(w.error, 400 + 2 * (100 + 20 + 30));
}

static void test_narrowest_sample(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	w.samples[1].after = w.samples[1].before + 100;
	w.samples[1].device = w.samples[1].before + TAI + 50 + 7;
	/* It went backward, so it is not the narrowest. */
	w.samples[2].after = w.samples[2].before - 1;
	assert_true(compute(&w));
	assert_int_equal(w.time.nsec, 7);
	assert_int_equal(w.error, 50 + 2 * (100 + 20 + 30));

	/* An exact pair, as of PTP_SYS_OFFSET_PRECISE. */
	w.samples[0].after = w.samples[0].before;
	w.samples[0].device = w.samples[0].before + TAI - 1;
	assert_true(compute(&w));
	assert_int_equal(w.time.sec, (CLOCK + TAI) / NS_PER_SEC - 1);
	assert_int_equal(w.time.nsec, NS_PER_SEC - 1);
	assert_int_equal(w.error, 2 * (100 + 20 + 30));
}

static void test_no_sample(void **state)
{
	struct world w;
	size_t i;

	(void)state;
	begin(&w);
	assert_false(reference_compute(w.samples, 0, &w.later, &w.facts, &w.time, &w.error));
	/* A time that cannot be counted in nanoseconds. */
	for (i = 0; i < 3; i++)
		w.samples[i].device = -1;
	assert_false(compute(&w));
}

/* The system's clock joins samples and counter; if it was set, they do not belong together. */
static void test_clock_was_set(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	w.later.clock += 150;
	assert_true(compute(&w));
	w.later.clock++;
	assert_false(compute(&w));
	begin(&w);
	w.later.clock -= 150;
	assert_true(compute(&w));
	w.later.clock--;
	assert_false(compute(&w));
	begin(&w);
	w.later.clock += 3600 * (int64_t)NS_PER_SEC;
	assert_false(compute(&w));

	/* The machine was moved: the counter is that of another host. */
	begin(&w);
	w.later.counter = 0;
	assert_false(compute(&w));
}

static void test_missing_facts(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	w.facts.has_clock = false;
	assert_false(compute(&w));
	begin(&w);
	w.facts.frequency_hz = 0;
	assert_false(compute(&w));
	begin(&w);
	w.facts.clock.sec = INT64_MAX / 2;
	assert_false(compute(&w));
}

/* The longer the watch, the better the rate is known. */
static void test_rate(void **state)
{
	struct judge_guest first = {
		.counter = UINT64_MAX - HZ / 2,
		.has_truth = true,
		.truth = { .sec = 100, .nsec = 900000000 },
		.truth_error = 1000,
	}, later = first, facts;

	(void)state;
	/* 10 s later, by 10 ppm more ticks, within 2 us. */
	later.counter += 10 * HZ + HZ / 10000;
	later.truth.sec += 10;
	later.frequency_hz = 1;
	later.frequency_doubt = 1e-4;
	later.frequency_error = 5e-3;
	facts = later;
	reference_rate(&first, &facts);
	assert_float_equal(facts.frequency_hz, (double)HZ * 1.00001, 1);
	assert_float_equal(facts.frequency_doubt, 2e-7, 1e-12);
	assert_float_equal(facts.frequency_error, 2e-7, 1e-12);

	/* No better than what is known without it. */
	facts = later;
	facts.frequency_doubt = 2e-7;
	reference_rate(&first, &facts);
	assert_float_equal(facts.frequency_hz, 1, 0);
	/* One of the two is not known, or no time has passed. */
	facts = later;
	facts.has_truth = false;
	reference_rate(&first, &facts);
	assert_float_equal(facts.frequency_hz, 1, 0);
	facts = first;
	facts.frequency_hz = 1;
	reference_rate(&first, &facts);
	assert_float_equal(facts.frequency_hz, 1, 0);
	/* The reference was set back. */
	facts = later;
	facts.truth.sec = 50;
	reference_rate(&first, &facts);
	assert_float_equal(facts.frequency_hz, 1, 0);
	first.has_truth = false;
	facts = later;
	reference_rate(&first, &facts);
	assert_float_equal(facts.frequency_hz, 1, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_narrowest_sample),
		cmocka_unit_test(test_no_sample),
		cmocka_unit_test(test_clock_was_set),
		cmocka_unit_test(test_missing_facts),
		cmocka_unit_test(test_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
