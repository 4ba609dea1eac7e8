// SPDX-License-Identifier: MIT
/* clock.c and the kernel's status, with a model of the kernel's leap seconds. */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/timex.h>

#include "clock.h"
#include "unit.h"

#define INSTEAD __attribute__((visibility("default")))
#define DAY	86400
#define NEVER	INT64_MAX
#define READ_ONLY                                                                                 \
	(STA_PPSSIGNAL | STA_PPSJITTER | STA_PPSWANDER | STA_PPSERROR | STA_CLOCKERR | STA_NANO | \
	 STA_MODE | STA_CLK)

/* ---- The kernel ------------------------------------------------------------------------------ */

static struct {
	int64_t sec; /* CLOCK_REALTIME */
	int state, status;
	int64_t leap_at; /* NEVER: there is none to come */
	long maxerror, esterror;
	int inserted, deleted;
} kernel;

static void set_status(int status)
{
	if (kernel.status & STA_PLL && !(status & STA_PLL)) {
		kernel.state = TIME_OK;
		kernel.status = STA_UNSYNC;
		kernel.leap_at = NEVER;
	}
	kernel.status &= READ_ONLY;
	kernel.status |= status & ~READ_ONLY;
}

static void step(const struct timex *tx)
{
	kernel.sec += tx->time.tv_sec;
	kernel.status |= STA_UNSYNC;
	kernel.maxerror = kernel.esterror = 16000000;
	kernel.leap_at = NEVER;
}

INSTEAD
int adjtimex(struct timex *tx)
{
	if (tx->modes == ADJ_OFFSET_SS_READ) {
		tx->offset = 0;
		return kernel.state;
	}
	if (tx->modes & ADJ_SETOFFSET)
		step(tx);
	if (tx->modes & ADJ_STATUS)
		set_status(tx->status);
	if (tx->modes & ADJ_NANO)
		kernel.status |= STA_NANO;
	if (tx->modes & ADJ_MICRO)
		kernel.status &= ~STA_NANO;
	if (tx->modes & ADJ_MAXERROR)
		kernel.maxerror = tx->maxerror;
	if (tx->modes & ADJ_ESTERROR)
		kernel.esterror = tx->esterror;
	tx->status = kernel.status;
	tx->maxerror = kernel.maxerror;
	tx->esterror = kernel.esterror;
	return kernel.status & STA_UNSYNC ? TIME_ERROR : kernel.state;
}

static void arm(void)
{
	int64_t midnight = (kernel.sec / DAY + 1) * DAY;

	if (kernel.status & STA_INS) {
		kernel.state = TIME_INS;
		kernel.leap_at = midnight;
	} else if (kernel.status & STA_DEL) {
		kernel.state = TIME_DEL;
		kernel.leap_at = midnight - 1;
	}
}

static void disarm(void)
{
	kernel.state = TIME_OK;
	kernel.leap_at = NEVER;
}

/* The kernel's work at the end of each second. */
static void pass_second(void)
{
	kernel.sec++;
	if (kernel.state == TIME_OK) {
		arm();
	} else if (kernel.state == TIME_INS && !(kernel.status & STA_INS)) {
		disarm();
	} else if (kernel.state == TIME_DEL && !(kernel.status & STA_DEL)) {
		disarm();
	} else if (kernel.state == TIME_INS && kernel.sec == kernel.leap_at) {
		kernel.sec--;
		kernel.inserted++;
		kernel.state = TIME_WAIT;
	} else if (kernel.state == TIME_DEL && kernel.sec == kernel.leap_at) {
		kernel.sec++;
		kernel.deleted++;
		kernel.state = TIME_WAIT;
	}
}

/* An hour before a day's end, with these bits in its status. */
static void boot(int status)
{
	memset(&kernel, 0, sizeof(kernel));
	kernel.sec = 20000LL * DAY - 3600;
	kernel.leap_at = NEVER;
	kernel.status = status;
	kernel.maxerror = kernel.esterror = 100;
	pass_second();
}

static void pass_midnight(void)
{
	int64_t midnight = (kernel.sec / DAY + 1) * DAY;

	while (kernel.sec < midnight + 10)
		pass_second();
}

/* ---- The tests --------------------------------------------------------------------------------- */

static const int leaps[] = { 0, STA_INS, STA_DEL };
static const int others[] = { 0,
			      STA_PLL,
			      STA_NANO,
			      STA_PLL | STA_NANO,
			      STA_FREQHOLD | STA_NANO,
			      STA_PLL | STA_FLL | STA_UNSYNC };

static int64_t hundred_seconds(void)
{
	return clock_step(100 * INT64_C(1000000000));
}

static int64_t back(void)
{
	return clock_step(-INT64_C(1500000000));
}

static int64_t touch(void)
{
	return clock_touch();
}

static int64_t unsynchronise(void)
{
	bool was;

	return clock_unsynchronise(&was);
}

static int64_t vouch(void)
{
	return clock_vouch(1000000, false);
}

/* Whatever changes the clock, an announced leap second comes exactly once. */
static void a_leap_second_stays_announced(void **state)
{
	int64_t (*const acts[])(void) = { hundred_seconds, back, touch, unsynchronise, vouch };
	size_t act, leap, other;

	(void)state;
	for (act = 0; act < sizeof(acts) / sizeof(acts[0]); act++) {
		for (leap = 0; leap < sizeof(leaps) / sizeof(leaps[0]); leap++) {
			for (other = 0; other < sizeof(others) / sizeof(others[0]); other++) {
				int status = leaps[leap] | others[other];

				boot(status);
				assert_int_equal(acts[act](), 0);
				assert_int_equal(kernel.status | STA_UNSYNC, status | STA_UNSYNC);
				pass_midnight();
				assert_int_equal(kernel.inserted, leaps[leap] == STA_INS);
				assert_int_equal(kernel.deleted, leaps[leap] == STA_DEL);
			}
		}
	}
}

/* The caller decides whether the clock is synchronised. */
static void only_who_is_asked_to_calls_it_synchronised(void **state)
{
	bool was = false;

	(void)state;
	boot(STA_INS | STA_NANO);
	assert_int_equal(clock_unsynchronise(&was), 0);
	assert_true(was);
	assert_true(kernel.status & STA_UNSYNC && kernel.maxerror >= 16000000);
	assert_int_equal(clock_unsynchronise(&was), 0);
	assert_false(was);
	assert_int_equal(clock_step(1), 0);
	assert_int_equal(clock_vouch(5000, false), 0);
	assert_true(kernel.status & STA_UNSYNC);
	assert_uint_in_range(kernel.maxerror, 5, 6);
	assert_int_equal(clock_vouch(5000, true), 0);
	assert_int_equal(kernel.status, STA_INS | STA_NANO);
}

/* The keeper of the clock plans a leap second, or cancels it. */
static void a_leap_second_is_planned(void **state)
{
	static const int signs[] = { 1, -1, 0 };
	size_t before, sign, other;

	(void)state;
	for (before = 0; before < sizeof(leaps) / sizeof(leaps[0]); before++) {
		for (sign = 0; sign < sizeof(signs) / sizeof(signs[0]); sign++) {
			for (other = 0; other < sizeof(others) / sizeof(others[0]); other++) {
				boot(leaps[before] | others[other]);
				assert_int_equal(clock_plan_leap(signs[sign]), 0);
				assert_int_equal(kernel.status & ~(STA_INS | STA_DEL), others[other]);
				pass_midnight();
				assert_int_equal(kernel.inserted, signs[sign] > 0);
				assert_int_equal(kernel.deleted, signs[sign] < 0);
			}
		}
	}
}

/* A touch, which shows daemons a step, changes nothing else. */
static void a_touch_changes_nothing_else(void **state)
{
	(void)state;
	boot(STA_PLL | STA_NANO);
	assert_int_equal(clock_touch(), 0);
	assert_int_equal(kernel.status, STA_PLL | STA_NANO);
	assert_int_equal(kernel.maxerror, 100);
	boot(STA_UNSYNC);
	assert_int_equal(clock_touch(), 0);
	assert_int_equal(kernel.status, STA_UNSYNC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_leap_second_stays_announced),
		cmocka_unit_test(only_who_is_asked_to_calls_it_synchronised),
		cmocka_unit_test(a_leap_second_is_planned),
		cmocka_unit_test(a_touch_changes_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
