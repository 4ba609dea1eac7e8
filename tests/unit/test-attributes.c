// SPDX-License-Identifier: MIT
/*
 * What the PTP clock tells of its readings on kernels that ask: the driver's own
 * code, against numbers worked out by hand.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "../../driver/compat-attributes.h"
#include "../../driver/attributes.h"
#include "unit.h"

#define BOTH (VMCLOCK_FLAG_PERIOD_MAXERROR_VALID | VMCLOCK_FLAG_TIME_MAXERROR_VALID)
#define REFERENCE 1000000000000

/* A tick is a nanosecond and may be off by 1/1024 of one; the reference by 500 ns. */
static const struct vmclock_snapshot good = {
	.flags = BOTH,
	.counter_value = REFERENCE,
	.period = UINT64_C(0x89705f4136b4a597),		/* 2^(64 + 29) / 10^9 */
	.period_maxerror = UINT64_C(0x225c17d04dad29),	/* the same / 1024 */
	.shift = 29,
	.time_sec = 1800000000,
	.time_maxerror = 500,
	.size = sizeof(struct vmclock_abi),
	.time_type = VMCLOCK_TIME_TAI,
	.status = VMCLOCK_STATUS_SYNCHRONIZED,
};

/* The scale that the clock gives. */
static uint32_t scale = PTP_TIMESCALE_TAI;

static struct ptp_clock_attrs told(const struct vmclock_snapshot *snap, uint64_t counter)
{
	/* Old content, which must be overwritten. */
	struct ptp_clock_attrs attrs = { ~0U, ~0U, ~0U, ~0U, { ~0U, ~0U, ~0U, ~0U } };
	int i;

	vmclock_attributes(snap, counter, scale, &attrs);
	for (i = 0; i < 4; i++)
		assert_int_equal(attrs.rsv[i], 0);
	assert_int_equal(attrs.valid & ~(PTP_ATTRS_VALID_ERROR_BOUND | PTP_ATTRS_VALID_TIMESCALE |
					 PTP_ATTRS_VALID_STATUS), 0);
	assert_true(attrs.valid & PTP_ATTRS_VALID_TIMESCALE);
	assert_int_equal(attrs.timescale, scale);
	return attrs;
}

static void assert_bound(const struct vmclock_snapshot *snap, uint64_t counter, uint32_t least,
			 uint32_t most)
{
	struct ptp_clock_attrs attrs = told(snap, counter);

	assert_true(attrs.valid & PTP_ATTRS_VALID_ERROR_BOUND);
	assert_uint_in_range(attrs.error_bound, least, most);
}

static void assert_no_bound(const struct vmclock_snapshot *snap, uint64_t counter)
{
	struct ptp_clock_attrs attrs = told(snap, counter);

	assert_false(attrs.valid & PTP_ATTRS_VALID_ERROR_BOUND);
	assert_int_equal(attrs.error_bound, 0);
}

/* Rounded outwards: a nanosecond for the reading, and up to two for the sum. */
static void the_bound_grows_with_the_distance(void **state)
{
	(void)state;
	assert_bound(&good, REFERENCE, 501, 503);
	/* 500.5, and nearly one. */
	assert_bound(&good, REFERENCE + 512, 502, 503);
	assert_bound(&good, REFERENCE + 1024000, 1501, 1503);
	assert_bound(&good, REFERENCE + UINT64_C(1024000000000), 1000000501, 1000000503);
}

/* An unsigned difference would be nearly 2^64 ticks. */
static void the_counter_may_be_before_the_reference(void **state)
{
	(void)state;
	assert_bound(&good, REFERENCE - 1, 501, 503);
	assert_bound(&good, REFERENCE - 1024000, 1501, 1503);
}

static void a_host_without_bounds_gives_none(void **state)
{
	struct vmclock_snapshot snap = good;

	(void)state;
	snap.flags = 0;
	assert_no_bound(&snap, REFERENCE);
	snap.flags = VMCLOCK_FLAG_TIME_MAXERROR_VALID;
	assert_no_bound(&snap, REFERENCE);
	snap.flags = VMCLOCK_FLAG_PERIOD_MAXERROR_VALID;
	assert_no_bound(&snap, REFERENCE);
	snap.flags = BOTH;
	snap.size = offsetof(struct vmclock_abi, time_maxerror_nanosec);
	assert_no_bound(&snap, REFERENCE);
}

/* The largest number is no valid bound. */
static void a_bound_that_does_not_fit_is_none(void **state)
{
	struct vmclock_snapshot snap = good;

	(void)state;
	snap.period_maxerror = 0;
	snap.time_maxerror = UINT32_MAX - 3;
	assert_bound(&snap, REFERENCE, UINT32_MAX - 2, UINT32_MAX);
	snap.time_maxerror = UINT32_MAX;
	assert_no_bound(&snap, REFERENCE);
	snap.time_maxerror = UINT64_C(1) << 32;
	assert_no_bound(&snap, REFERENCE);
	/* Cut to 32 bits, these numbers would be small. */
	snap.time_maxerror = (UINT64_C(1) << 32) + 5;
	assert_no_bound(&snap, REFERENCE);
	snap.time_maxerror = UINT64_MAX;
	assert_no_bound(&snap, REFERENCE);
	assert_no_bound(&good, REFERENCE + (UINT64_C(1) << 62));
	assert_no_bound(&good, REFERENCE + (UINT64_C(1) << 63));
}

static int give_utc(void **state)
{
	(void)state;
	scale = PTP_TIMESCALE_UTC;
	return 0;
}

static int give_tai(void **state)
{
	(void)state;
	scale = PTP_TIMESCALE_TAI;
	return 0;
}

/* The reference is one second before the end of December 2016. */
static struct vmclock_snapshot before_a_leap(uint8_t leap)
{
	struct vmclock_snapshot snap = good;

	snap.time_type = VMCLOCK_TIME_UTC;
	snap.leap = leap;
	snap.time_sec = 1483228799;
	return snap;
}

/* At a leap second, times that differ by nanoseconds have numbers that differ by a second. */
static void a_bound_in_utc_counts_the_leap_second(void **state)
{
	struct vmclock_snapshot snap = before_a_leap(VMCLOCK_LEAP_PRE_POS);

	(void)state;
	/* 23:59:59.999999900, and perhaps 23:59:60.000000400, which is numbered 59.000000400. */
	assert_bound(&snap, REFERENCE + 999999900, 999999500, 1000000003);
	/* The same the other way round. */
	assert_bound(&snap, REFERENCE + 1000000100, 999999500, 1000000003);
	assert_bound(&snap, REFERENCE - 1000000000, 501 + 976562, 503 + 976563);
	assert_bound(&snap, REFERENCE + UINT64_C(3000000000), 501 + 2929687, 503 + 2929688);

	/* 23:59:59 is deleted, so the last number is 58.999999900. */
	snap = before_a_leap(VMCLOCK_LEAP_PRE_NEG);
	snap.time_sec--;
	assert_bound(&snap, REFERENCE + 999999900, 1000976563 + 400, 1000976563 + 600);
	/* 3.3 seconds and the leap second do not fit. */
	snap.time_maxerror = UINT64_C(3300000000);
	assert_no_bound(&snap, REFERENCE);

	/* Without a leap second, and on a clock in TAI, nothing jumps. */
	snap = before_a_leap(VMCLOCK_LEAP_NONE);
	assert_bound(&snap, REFERENCE + 999999900, 501 + 976562, 503 + 976563);
	give_tai(NULL);
	snap = before_a_leap(VMCLOCK_LEAP_PRE_POS);
	assert_bound(&snap, REFERENCE + 999999900, 501 + 976562, 503 + 976563);
}

/* The page does not say whether there is a leap second at the end of February. */
static void no_bound_in_utc_reaches_beyond_what_is_known(void **state)
{
	struct vmclock_snapshot snap = before_a_leap(VMCLOCK_LEAP_POST_POS);

	(void)state;
	snap.time_sec = 1483228800;
	snap.period_maxerror = 0;
	assert_bound(&snap, REFERENCE + (UINT64_C(31) * 86400 - 1) * 1000000000 - 600, 501, 503);
	assert_bound(&snap, REFERENCE + (UINT64_C(59) * 86400 - 1) * 1000000000 - 600, 501, 503);
	assert_no_bound(&snap, REFERENCE + (UINT64_C(59) * 86400 - 1) * 1000000000 - 400);
}

static void the_status_is_told_by_the_cores_numbers(void **state)
{
	struct vmclock_snapshot snap = good;
	struct ptp_clock_attrs attrs = told(&snap, REFERENCE);
	unsigned int status;

	(void)state;
	assert_true(attrs.valid & PTP_ATTRS_VALID_STATUS);
	assert_int_equal(attrs.status, 2);
	snap.status = VMCLOCK_STATUS_FREERUNNING;
	attrs = told(&snap, REFERENCE);
	assert_true(attrs.valid & PTP_ATTRS_VALID_STATUS);
	assert_int_equal(attrs.status, 4);
	for (status = 0; status < 256; status++) {
		if (status == VMCLOCK_STATUS_SYNCHRONIZED || status == VMCLOCK_STATUS_FREERUNNING)
			continue;
		snap.status = (uint8_t)status;
		assert_false(told(&snap, REFERENCE).valid & PTP_ATTRS_VALID_STATUS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bound_grows_with_the_distance),
		cmocka_unit_test(the_counter_may_be_before_the_reference),
		cmocka_unit_test(a_host_without_bounds_gives_none),
		cmocka_unit_test(a_bound_that_does_not_fit_is_none),
		cmocka_unit_test_setup_teardown(a_bound_in_utc_counts_the_leap_second, give_utc,
						give_tai),
		cmocka_unit_test_setup_teardown(no_bound_in_utc_reaches_beyond_what_is_known,
						give_utc, give_tai),
		cmocka_unit_test(the_status_is_told_by_the_cores_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
