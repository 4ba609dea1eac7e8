// SPDX-License-Identifier: MIT
/* Stamp now, convert later: the counter alone, many at once by one page, and how good that is. */
#include <endian.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "counter.h"
#include "pagefile.h"

#define COUNTER UINT64_C(5000000000)
#define NS	INT64_C(1000000000)
#define TICKS(ns) ((ns) / 2 * 5) /* at 2.5 GHz */

#define OTHER_COUNTER \
	(COUNTER_ID == VMCLOCK_COUNTER_X86_TSC ? VMCLOCK_COUNTER_ARM_VCNT : VMCLOCK_COUNTER_X86_TSC)

/* The host's own page, with the time of runfiles_page(). */
static struct vmclock *open_time(struct runfiles *rf)
{
	struct vmclock_run_page page = runfiles_page(rf, COUNTER);

	page.page.size = htole32(sizeof(page.page));
	pagefile_replace(rf->pf, &page.page, sizeof(page.page));
	return pagefile_open(rf->pf);
}

static struct vmclock *open_completed(struct runfiles *rf)
{
	struct vmclock_run_page page = runfiles_page(rf, COUNTER);

	runfiles_make_page(rf);
	runfiles_publish(rf, &page);
	return pagefile_open(rf->pf);
}

/* ---- The counter alone ----------------------------------------------------------------- */

static void the_counter_is_the_cpus(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock *vc = pagefile_open(rf->pf);
	uint64_t before, counter = 0, after;
	int i;

	/* A page without time may be completed later. */
	for (i = 0; i < 1000; i++) {
		before = counter_ordered();
		assert_int_equal(vmclock_counter(vc, &counter), 0);
		after = counter_ordered();
		assert_uint_in_range(counter - before, 0, after - before);
	}
	vmclock_close(vc);
	vc = open_time(rf);
	assert_int_equal(vmclock_counter(vc, &counter), 0);
	assert_true(counter >= after);
	vmclock_close(vc);
}

static void another_counter_is_refused(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock *vc = open_time(rf);
	uint64_t counter = 5;

	assert_true(vmclock_has_time(vc));
	vmclock_close(vc);
	rf->pf->page->counter_id = OTHER_COUNTER;
	vc = pagefile_open(rf->pf);
	assert_int_equal(vmclock_counter(vc, &counter), -EOPNOTSUPP);
	assert_int_equal(counter, 5);
	assert_false(vmclock_has_time(vc));
	vmclock_close(vc);
}

static void a_page_is_asked_for_time_once(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock *vc = pagefile_open(rf->pf);

	assert_false(vmclock_has_time(vc));
	vmclock_close(vc);
	vc = open_completed(rf);
	assert_true(vmclock_has_time(vc));
	/* Whether it can be relied upon now is another question. */
	pagefile_disrupt(rf->pf);
	assert_true(vmclock_has_time(vc));
	vmclock_close(vc);
}

/* ---- Many at once ------------------------------------------------------------------------ */

#define MANY 64

/* Around the reference, far before and far after it, in no order. */
static void spread(uint64_t *counters)
{
	int i;

	for (i = 0; i < MANY; i++)
		counters[i] = COUNTER + (uint64_t)((i % 2 ? -1 : 1) * (INT64_C(7) << (i * 29 % 52)));
}

static void expect_as_one_by_one(struct runfiles *rf, const struct vmclock *vc,
				 enum vmclock_scale scale, const uint64_t *counters)
{
	struct vmclock *fresh = pagefile_open(rf->pf);
	struct vmclock_time times[MANY], t;
	int i;

	memset(times, 0x5a, sizeof(times));
	assert_int_equal(vmclock_at_many(vc, scale, counters, MANY, times), 0);
	for (i = 0; i < MANY; i++) {
		assert_int_equal(vmclock_at(fresh, scale, counters[i], &t), 0);
		assert_memory_equal(&times[i], &t, offsetof(struct vmclock_time, reserved));
	}
	vmclock_close(fresh);
}

static void many_are_converted_as_each_one_is(void **state)
{
	static const uint8_t leaps[] = { VMCLOCK_LEAP_NONE, VMCLOCK_LEAP_POST_POS };
	struct runfiles *rf = *state;
	uint64_t counters[MANY];
	struct vmclock *vc;
	size_t i;
	int scale;

	spread(counters);
	vc = open_time(rf);
	for (i = 0; i < sizeof(leaps); i++) {
		pagefile_begin(rf->pf);
		rf->pf->page->leap_indicator = leaps[i];
		pagefile_end(rf->pf);
		for (scale = VMCLOCK_SCALE_UTC; scale <= VMCLOCK_SCALE_SMEARED; scale++)
			expect_as_one_by_one(rf, vc, (enum vmclock_scale)scale, counters);
	}
	/* Without bounds there is no line. */
	pagefile_begin(rf->pf);
	rf->pf->page->flags &= ~htole64(VMCLOCK_FLAG_TIME_MAXERROR_VALID);
	pagefile_end(rf->pf);
	expect_as_one_by_one(rf, vc, VMCLOCK_SCALE_TAI, counters);
	vmclock_close(vc);
}

static void what_is_wrong_with_one_is_told(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock *vc = open_completed(rf);
	uint64_t counters[] = { COUNTER, COUNTER + 1, COUNTER - TICKS(NS) - 10, COUNTER + 2 };
	struct vmclock_time times[4];

	assert_int_equal(vmclock_at_many(vc, VMCLOCK_SCALE_UTC, counters, 2, times), 0);
	assert_int_equal(times[1].flags, VMCLOCK_FLAG_BOUNDED | VMCLOCK_FLAG_COMPLETED);
	assert_int_equal(vmclock_at_many(vc, VMCLOCK_SCALE_UTC, counters, 4, times), -ERANGE);
	assert_int_equal(vmclock_at_many(vc, (enum vmclock_scale)3, counters, 4, times), -EINVAL);
	assert_int_equal(vmclock_at_many(vc, (enum vmclock_scale)-1, NULL, 0, NULL), -EINVAL);
	/* The page is asked even for none. */
	assert_int_equal(vmclock_at_many(vc, VMCLOCK_SCALE_UTC, NULL, 0, NULL), 0);
	pagefile_disrupt(rf->pf);
	assert_int_equal(vmclock_at_many(vc, VMCLOCK_SCALE_UTC, counters, 2, times), -ESTALE);
	assert_int_equal(vmclock_at_many(vc, VMCLOCK_SCALE_UTC, NULL, 0, NULL), -ESTALE);
	vmclock_close(vc);
}

static bool enough;

/* Another second in each update. */
static void *update_again_and_again(void *arg)
{
	struct pagefile *pf = arg;
	uint64_t second = 0;

	while (!__atomic_load_n(&enough, __ATOMIC_ACQUIRE)) {
		pagefile_begin(pf);
		pf->page->time_sec = htole64((uint64_t)RUNFILES_SEC + second++ % 1000000);
		pagefile_end(pf);
		/* Readers have a turn. */
		sched_yield();
	}
	return NULL;
}

static void all_are_of_one_page(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock *vc = open_time(rf);
	uint64_t counters[MANY];
	struct vmclock_time times[MANY];
	int64_t first = 0;
	int i, ret, updates = 0;
	pthread_t host;

	for (i = 0; i < MANY; i++)
		counters[i] = COUNTER;
	enough = false;
	assert_int_equal(pthread_create(&host, NULL, update_again_and_again, rf->pf), 0);
	while (updates < 1000) {
		ret = vmclock_at_many(vc, VMCLOCK_SCALE_TAI, counters, MANY, times);
		/* The host may wait for a processor in the middle of an update. */
		if (ret == -ETIMEDOUT)
			continue;
		assert_int_equal(ret, 0);
		updates += times[0].time.tv_sec != first;
		first = times[0].time.tv_sec;
		for (i = 1; i < MANY; i++)
			assert_int_equal(times[i].time.tv_sec, first);
	}
	__atomic_store_n(&enough, true, __ATOMIC_RELEASE);
	pthread_join(host, NULL);
	vmclock_close(vc);
}

/* ---- How good is it? ----------------------------------------------------------------------- */

static void expect_quality(const struct vmclock *vc, uint64_t counter, int64_t age,
			   uint64_t esterror)
{
	struct vmclock_quality q;

	memset(&q, 0x5a, sizeof(q));
	assert_int_equal(vmclock_quality_at(vc, counter, &q), 0);
	assert_uint_in_range(q.age - age + 1, 0, 2);
	assert_int_equal(q.flags & VMCLOCK_FLAG_ESTIMATED,
			 esterror == UINT64_MAX ? 0 : VMCLOCK_FLAG_ESTIMATED);
	/* Rounded up; the rate was rounded down. */
	if (esterror == UINT64_MAX)
		assert_int_equal(q.esterror, UINT64_MAX);
	else
		assert_uint_in_range(q.esterror, esterror, esterror + 2);
}

static void its_age_and_its_error_are_told(void **state)
{
	const uint64_t second = TICKS(NS);
	struct runfiles *rf = *state;
	struct vmclock *vc = open_time(rf);
	struct vmclock_quality q;

	expect_quality(vc, COUNTER, 0, UINT64_MAX);
	expect_quality(vc, COUNTER + 3 * second, 3 * NS, UINT64_MAX);
	expect_quality(vc, COUNTER - second / 2, -NS / 2, UINT64_MAX);

	pagefile_begin(rf->pf);
	rf->pf->page->time_esterror_nanosec = htole64(250);
	/* 10 ppm. */
	rf->pf->page->counter_period_esterror_rate_frac_sec =
		htole64(le64toh(rf->pf->page->counter_period_frac_sec) / 100000);
	/* One of the two alone says nothing of an error. */
	rf->pf->page->flags |= htole64(VMCLOCK_FLAG_TIME_ESTERROR_VALID);
	pagefile_end(rf->pf);
	expect_quality(vc, COUNTER, 0, UINT64_MAX);
	pagefile_begin(rf->pf);
	rf->pf->page->flags ^= htole64(VMCLOCK_FLAG_TIME_ESTERROR_VALID |
				       VMCLOCK_FLAG_PERIOD_ESTERROR_VALID);
	pagefile_end(rf->pf);
	expect_quality(vc, COUNTER, 0, UINT64_MAX);
	pagefile_begin(rf->pf);
	rf->pf->page->flags |= htole64(VMCLOCK_FLAG_TIME_ESTERROR_VALID);
	pagefile_end(rf->pf);
	expect_quality(vc, COUNTER, 0, 250);
	expect_quality(vc, COUNTER + 3 * second, 3 * NS, 250 + 30000);
	expect_quality(vc, COUNTER - second / 2, -NS / 2, 250 + 5000);

	/* What does not fit is not known. */
	pagefile_begin(rf->pf);
	rf->pf->page->time_esterror_nanosec = htole64(UINT64_MAX);
	pagefile_end(rf->pf);
	expect_quality(vc, COUNTER, 0, UINT64_MAX);
	pagefile_begin(rf->pf);
	rf->pf->page->time_esterror_nanosec = htole64(250);
	pagefile_end(rf->pf);

	/* Not what is certain: without bounds as well. */
	pagefile_begin(rf->pf);
	rf->pf->page->flags &= ~htole64(VMCLOCK_FLAG_TIME_MAXERROR_VALID |
					VMCLOCK_FLAG_PERIOD_MAXERROR_VALID);
	rf->pf->page->clock_status = VMCLOCK_STATUS_FREERUNNING;
	pagefile_end(rf->pf);
	expect_quality(vc, COUNTER + second, NS, 250 + 10000);
	assert_int_equal(vmclock_quality_at(vc, COUNTER, &q), 0);
	assert_int_equal(q.status, VMCLOCK_STATUS_FREERUNNING);
	assert_int_equal(q.marker, le64toh(rf->pf->page->disruption_marker));
	assert_int_equal(q.flags, VMCLOCK_FLAG_ESTIMATED);
	vmclock_close(vc);
}

static void a_time_that_is_none_has_no_quality(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock_quality q, before;
	struct vmclock *vc = pagefile_open(rf->pf);

	memset(&q, 0x5a, sizeof(q));
	before = q;
	assert_int_equal(vmclock_quality_at(vc, COUNTER, &q), -ENODATA);
	vmclock_close(vc);
	vc = open_completed(rf);
	assert_int_equal(vmclock_quality_at(vc, COUNTER - TICKS(NS) - 10, &q), -ERANGE);
	pagefile_disrupt(rf->pf);
	assert_int_equal(vmclock_quality_at(vc, COUNTER, &q), -ESTALE);
	assert_memory_equal(&q, &before, sizeof(q));
	rf->pf->page->disruption_marker = htole64(le64toh(rf->pf->page->disruption_marker) - 1);
	assert_int_equal(vmclock_quality_at(vc, COUNTER, &q), 0);
	assert_int_equal(q.flags, VMCLOCK_FLAG_COMPLETED);
	vmclock_close(vc);

	vc = open_time(rf);
	q = before;
	pagefile_begin(rf->pf);
	rf->pf->page->counter_period_shift = 10;
	pagefile_end(rf->pf);
	/* An update is waited for, as by any reading. */
	pagefile_begin(rf->pf);
	assert_int_equal(vmclock_quality_at(vc, COUNTER, &q), -ETIMEDOUT);
	assert_int_equal(vmclock_at_many(vc, VMCLOCK_SCALE_TAI, NULL, 0, NULL), -ETIMEDOUT);
	pagefile_end(rf->pf);
	/* 292 years and more: on either side. */
	assert_int_equal(vmclock_quality_at(vc, COUNTER + (UINT64_C(1) << 62), &q), -EOVERFLOW);
	assert_int_equal(vmclock_quality_at(vc, COUNTER - (UINT64_C(1) << 62), &q), -EOVERFLOW);
	pagefile_begin(rf->pf);
	rf->pf->page->clock_status = VMCLOCK_STATUS_UNRELIABLE;
	pagefile_end(rf->pf);
	assert_int_equal(vmclock_quality_at(vc, COUNTER, &q), -EAGAIN);
	assert_memory_equal(&q, &before, sizeof(q));
	vmclock_close(vc);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, runfiles_setup, runfiles_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_counter_is_the_cpus),
		TEST(another_counter_is_refused),
		TEST(a_page_is_asked_for_time_once),
		TEST(many_are_converted_as_each_one_is),
		TEST(what_is_wrong_with_one_is_told),
		TEST(all_are_of_one_page),
		TEST(its_age_and_its_error_are_told),
		TEST(a_time_that_is_none_has_no_quality),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
