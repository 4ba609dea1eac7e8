// SPDX-License-Identifier: MIT
#include "calc/base.h"
#include "common/number.h"
#include "simtime.h"

sim_time sim_time_of(int64_t sec, int64_t ns)
{
	sim_time frac = ((sim_time)1 << 64) * (ns % NS_PER_SEC) / NS_PER_SEC;

	return ((sim_time)1 << 64) * (sec + ns / NS_PER_SEC) + frac;
}

sim_time sim_time_of_float(long double sec)
{
	return (sim_time)(sec * TWO_TO_64);
}

int64_t sim_time_ns(sim_time t)
{
	const int64_t many = INT64_C(3155760000); /* s */

	if (t >= (sim_time)many << 64)
		return many * NS_PER_SEC;
	if (t <= -((sim_time)many << 64))
		return -many * NS_PER_SEC;
	return (int64_t)((t * NS_PER_SEC) >> 64);
}
