// SPDX-License-Identifier: MIT
#include "leap.h"
#include "calc/leap.h"

void sim_leap_set(struct sim_leap *leap, int sign, sim_time now)
{
	int64_t utc, midnight;

	/* A leap second in the past has changed the offset permanently. */
	leap->tai = sim_leap_tai(leap, now);
	leap->sign = sign;
	utc = (int64_t)(now >> 64) - leap->tai;
	midnight = vmclock_calc_month_start(utc, 1);
	/* 23:59:59 is the deleted second; an inserted one follows it. */
	leap->at = sim_time_of(midnight + leap->tai - (sign < 0), 0);
}

int sim_leap_tai(const struct sim_leap *leap, sim_time t)
{
	return leap->tai + (leap->sign && t >= leap->at ? leap->sign : 0);
}

uint8_t sim_leap_indicator(const struct sim_leap *leap, sim_time t)
{
	if (!leap->sign)
		return VMCLOCK_LEAP_NONE;
	if (leap->sign < 0)
		return t < leap->at ? VMCLOCK_LEAP_PRE_NEG : VMCLOCK_LEAP_POST_NEG;
	if (t < leap->at)
		return VMCLOCK_LEAP_PRE_POS;
	/* 23:59:60. The new offset applies already, so UTC counts 23:59:59 again. */
	return t < leap->at + sim_time_of(1, 0) ? VMCLOCK_LEAP_POS : VMCLOCK_LEAP_POST_POS;
}
