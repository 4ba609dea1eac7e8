// SPDX-License-Identifier: MIT
/* Waiting on a page file; the lab tests devices. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "pagefile.h"

static int64_t clock_ms(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void a_marker_that_differs_returns_at_once(void **state)
{
	struct vmclock *vc = pagefile_open(*state);

	assert_int_equal(vmclock_wait_disrupted(vc, vmclock_marker(vc) + 1, NULL), 0);
	vmclock_close(vc);
}

static void a_wait_times_out_without_spinning(void **state)
{
	const struct timespec timeout = { .tv_nsec = 300000000 };
	struct vmclock *vc = pagefile_open(*state);
	int64_t began = clock_ms(CLOCK_MONOTONIC);
	int64_t busy = clock_ms(CLOCK_THREAD_CPUTIME_ID);
	int64_t took;

	assert_int_equal(vmclock_wait_disrupted(vc, vmclock_marker(vc), &timeout), -ETIMEDOUT);
	took = clock_ms(CLOCK_MONOTONIC) - began;
	busy = clock_ms(CLOCK_THREAD_CPUTIME_ID) - busy;
	assert_true(took >= 299);
	assert_true(busy * 10 <= took);
	vmclock_close(vc);
}

static void a_timeout_of_zero_looks_once(void **state)
{
	const struct timespec zero = { 0 };
	struct vmclock *vc = pagefile_open(*state);

	assert_int_equal(vmclock_wait_disrupted(vc, vmclock_marker(vc), &zero), -ETIMEDOUT);
	vmclock_close(vc);
}

static void impossible_timeouts_are_refused(void **state)
{
	static const struct timespec bad[] = {
		{ .tv_sec = -1 }, { .tv_nsec = -1 }, { .tv_nsec = 1000000000 },
	};
	struct vmclock *vc = pagefile_open(*state);
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(vmclock_wait_disrupted(vc, vmclock_marker(vc), &bad[i]), -EINVAL);
	vmclock_close(vc);
}

struct waiter {
	const struct vmclock *vc;
	const struct timespec *timeout;
	int ret;
	int64_t woke;
	bool done;
};

static void *wait_for_disruption(void *arg)
{
	struct waiter *w = arg;

	w->ret = vmclock_wait_disrupted(w->vc, 1, w->timeout);
	w->woke = clock_ms(CLOCK_MONOTONIC);
	__atomic_store_n(&w->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static void rest_ms(long ms)
{
	const struct timespec ts = { .tv_nsec = ms * 1000000 };

	clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
}

/* More than the promised 100 ms, because the machine may be busy. */
#define LATE_MS 1000

static void a_disruption_ends_waits_of_any_length(void **state)
{
	/* The largest one would overflow a sum of nanoseconds. */
	static const struct timespec timeouts[] = {
		{ .tv_sec = 3600 }, { .tv_sec = INT64_MAX, .tv_nsec = 999999999 },
	};
	struct pagefile *pf = *state;
	struct waiter waiters[3] = { { 0 } };
	struct vmclock *vc = pagefile_open(pf);
	pthread_t threads[3];
	int64_t changed;
	int i;

	for (i = 0; i < 3; i++) {
		waiters[i].vc = vc;
		waiters[i].timeout = i < 2 ? &timeouts[i] : NULL;
		pthread_create(&threads[i], NULL, wait_for_disruption, &waiters[i]);
	}
	/* Changes without a new marker wake nobody. */
	for (i = 0; i < 50; i++) {
		pagefile_begin(pf);
		pagefile_end(pf);
		rest_ms(5);
	}
	for (i = 0; i < 3; i++)
		assert_false(__atomic_load_n(&waiters[i].done, __ATOMIC_ACQUIRE));

	changed = clock_ms(CLOCK_MONOTONIC);
	pagefile_disrupt(pf);
	for (i = 0; i < 3; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(waiters[i].ret, 0);
		assert_true(waiters[i].woke - changed < LATE_MS);
	}
	vmclock_close(vc);
}

static void ignore(int signal)
{
	(void)signal;
}

static void a_signal_interrupts(void **state)
{
	const struct sigaction action = { .sa_handler = ignore };
	struct waiter w = { .vc = pagefile_open(*state) };
	pthread_t thread;

	sigaction(SIGUSR1, &action, NULL);
	pthread_create(&thread, NULL, wait_for_disruption, &w);
	/* Repeat until the signal comes during the sleep. */
	while (!__atomic_load_n(&w.done, __ATOMIC_ACQUIRE)) {
		pthread_kill(thread, SIGUSR1);
		rest_ms(1);
	}
	pthread_join(thread, NULL);
	assert_int_equal(w.ret, -EINTR);
	vmclock_close((struct vmclock *)w.vc);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, pagefile_setup, pagefile_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_marker_that_differs_returns_at_once),
		TEST(a_wait_times_out_without_spinning),
		TEST(a_timeout_of_zero_looks_once),
		TEST(impossible_timeouts_are_refused),
		TEST(a_disruption_ends_waits_of_any_length),
		TEST(a_signal_interrupts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
