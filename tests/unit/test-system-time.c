// SPDX-License-Identifier: MIT
/* The validated system clock. */
#include <errno.h>
#include <time.h>

#include "pagefile.h"

static bool at_most(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec <= b->tv_nsec);
}

static void gives_the_system_clock(void **state)
{
	static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_TAI };
	struct vmclock *vc = pagefile_open(*state);
	size_t i;

	for (i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		struct timespec before, now, after;

		clock_gettime(clocks[i], &before);
		assert_int_equal(vmclock_system_time(vc, clocks[i], vmclock_marker(vc), &now), 0);
		clock_gettime(clocks[i], &after);
		assert_true(at_most(&before, &now));
		assert_true(at_most(&now, &after));
	}
	vmclock_close(vc);
}

static void refuse(const struct vmclock *vc, clockid_t clock, uint64_t marker, int error)
{
	struct timespec ts = { .tv_sec = 5, .tv_nsec = 6 };

	assert_int_equal(vmclock_system_time(vc, clock, marker, &ts), error);
	assert_int_equal(ts.tv_sec, 5);
	assert_int_equal(ts.tv_nsec, 6);
}

static void refuses_after_a_disruption(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = pagefile_open(pf);
	uint64_t marker = vmclock_marker(vc);

	pagefile_disrupt(pf);
	refuse(vc, CLOCK_REALTIME, marker, -ESTALE);
	refuse(vc, CLOCK_REALTIME, marker + 2, -ESTALE);
	vmclock_close(vc);
}

static void refuses_an_unknown_clock(void **state)
{
	struct vmclock *vc = pagefile_open(*state);

	refuse(vc, 12345, vmclock_marker(vc), -EINVAL);
	vmclock_close(vc);
}

static void refuses_while_an_update_does_not_end(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = pagefile_open(pf);

	pagefile_begin(pf);
	refuse(vc, CLOCK_REALTIME, 1, -ETIMEDOUT);
	vmclock_close(vc);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, pagefile_setup, pagefile_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(gives_the_system_clock),
		TEST(refuses_after_a_disruption),
		TEST(refuses_an_unknown_clock),
		TEST(refuses_while_an_update_does_not_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
