/* SPDX-License-Identifier: MIT */
/* From the clock's TAI to UTC: their offset, and one leap second. */
#ifndef VMCLOCK_SIM_LEAP_H
#define VMCLOCK_SIM_LEAP_H

#include <stdint.h>

#include "simtime.h"

struct sim_leap {
	int tai;		/* TAI - UTC before the leap second */
	int sign;		/* +1, -1; 0: there is none */
	sim_time at;		/* TAI: the offset changes here */
};

/* Puts a leap second at the end of the month of @now (TAI). @sign 0: there is none. */
void sim_leap_set(struct sim_leap *leap, int sign, sim_time now);
/* TAI - UTC at @t, in seconds. */
int sim_leap_tai(const struct sim_leap *leap, sim_time t);
/* VMCLOCK_LEAP_* at @t. */
uint8_t sim_leap_indicator(const struct sim_leap *leap, sim_time t);

#endif /* VMCLOCK_SIM_LEAP_H */
