/* SPDX-License-Identifier: MIT */
/* Time in the page's unit, 2^-64 s. */
#ifndef VMCLOCK_SIM_SIMTIME_H
#define VMCLOCK_SIM_SIMTIME_H

#include <stdint.h>

#define TWO_TO_64 18446744073709551616.0L

typedef __int128 sim_time;

sim_time sim_time_of(int64_t sec, int64_t ns);
sim_time sim_time_of_float(long double sec);
/* Rounded down, and limited to 100 years either way. */
int64_t sim_time_ns(sim_time t);

#endif /* VMCLOCK_SIM_SIMTIME_H */
