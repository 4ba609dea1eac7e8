/* SPDX-License-Identifier: MIT */
/* The CPU's counter, and readings of it paired with the host's clocks. */
#ifndef VMCLOCK_SIM_COUNTER_H
#define VMCLOCK_SIM_COUNTER_H

#include <stdint.h>
#include <time.h>

#include "simtime.h"

/* A counter value and the time that belongs to it. */
struct sim_pair {
	uint64_t counter;
	sim_time time;
	uint64_t error;		/* ns, either way */
};

/* NULL, or the reason why this machine's counter cannot be used. */
const char *sim_counter_check(void);
/* VMCLOCK_COUNTER_* */
uint8_t sim_counter_id(void);
uint64_t sim_counter_read(void);
/* Pairs the counter with @clock: the tightest of several tries. @tick: in seconds. */
void sim_counter_pair(clockid_t clock, long double tick, struct sim_pair *pair);
/* Measures the seconds per tick by CLOCK_MONOTONIC_RAW, in a fifth of a second. */
long double sim_counter_measure(void);

#endif /* VMCLOCK_SIM_COUNTER_H */
