// SPDX-License-Identifier: MIT
/* The rate of the system clock. */
#include <endian.h>
#include <errno.h>
#include <math.h>

#include "clock.h"
#include "steer.h"

#define NS	1000000000.0L
#define MILLION 1000000.0L
/* s: the time constant of an offset's decay: after this time a third of it is left. */
#define GENTLE 8
/*
 * ppm: the limit of the distance from the true rate. The kernel lets its maximum error grow
 * by 500 ppm, which covers the clock even if nobody ends the decay.
 */
#define BESIDE_MAX 400.0L

void steer_disrupted(struct steer *steer)
{
	fit_reset(&steer->fit);
}

int steer_pair(struct steer *steer, const struct pair *pair)
{
	long double period;
	int64_t error;
	int ret = fit_add(&steer->fit, pair);

	if (ret)
		steer->nominal = 0;
	else if (!fit_period(&steer->fit, &period, &error))
		steer->nominal = period;
	return ret;
}

/* ns for a tick */
static long double true_period(const struct vmclock_abi *page)
{
	return ldexpl((long double)le64toh(page->counter_period_frac_sec),
		      -64 - page->counter_period_shift) *
	       NS;
}

int steer_set(const struct steer *steer, const struct vmclock_abi *page, int64_t offset)
{
	long double ppm, beside = (long double)offset / NS / GENTLE * MILLION;

	if (!(steer->nominal > 0))
		return -EAGAIN;
	ppm = (true_period(page) / steer->nominal - 1) * MILLION;
	ppm += fminl(fmaxl(beside, -BESIDE_MAX), BESIDE_MAX);
	return clock_set_frequency((double)ppm);
}

int steer_raw_is_fast(const struct steer *steer, const struct vmclock_abi *page, int64_t *ppb)
{
	if (!(steer->nominal > 0))
		return -EAGAIN;
	*ppb = (int64_t)roundl((steer->nominal / true_period(page) - 1) * NS);
	return 0;
}
