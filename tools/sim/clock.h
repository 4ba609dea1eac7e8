/* SPDX-License-Identifier: MIT */
/* The simulated clock: which time belongs to a counter value. */
#ifndef VMCLOCK_SIM_CLOCK_H
#define VMCLOCK_SIM_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "simtime.h"

/*
 * References lie on counter values that are multiples of this, and the time
 * from one such value to the next is a whole number of units of 2^-64 s. So
 * moving the reference along its line needs no rounding, and changes the time
 * of no counter value.
 */
#define SIM_GRID_BITS	9
#define SIM_GRID	(UINT64_C(1) << SIM_GRID_BITS)

/* A straight line through a reference, in the page's fields. */
struct sim_line {
	uint64_t counter;	/* on the grid */
	sim_time time;		/* TAI */
	uint64_t period;	/* 2^-(64 + shift) s */
	uint8_t shift;
};

sim_time sim_line_at(const struct sim_line *line, uint64_t counter);
/* Chooses the shift that sets the highest bit of the period. */
void sim_line_set_period(struct sim_line *line, long double tick);
/* The period in units of the line's shift; 0: it does not fit. */
uint64_t sim_line_units(const struct sim_line *line, long double tick);
long double sim_line_tick(const struct sim_line *line);

/* The limit of the frequency, in either direction. */
#define SIM_PPM_MAX 10000

/*
 * The clock is the host's, or, if scripted, one of its own that starts at any
 * date. Commands change the frequency of either.
 */
struct sim_clock {
	bool scripted;
	uint64_t counter_offset; /* from the host's counter to the guest's */
	long double tick;	/* seconds, before any change of frequency */
	clockid_t host_clock;
	sim_time host_add;	/* from the host's clock to TAI */
	int64_t maxerror;	/* ns, of the clock itself; < 0: take the host's */

	double ppm;		/* at @since */
	double drift;		/* ppm per second */
	uint64_t since;		/* the counter value at the last change */
	sim_time offset;	/* from the host's clock, at @since */
	struct sim_line line;	/* a scripted clock, without its drift */
};

/* A reading of the clock, from which an update is made. */
struct sim_reading {
	uint64_t counter;	/* the guest's, on the grid */
	sim_time time;		/* TAI */
	uint64_t error;		/* ns, in total */
	uint64_t pairing;	/* ns, the share of reading clock and counter one after the other */
	long double tick;	/* the clock's period at that moment */
};

/* The kernel's report on the host's clock. */
struct sim_host {
	bool synchronised;
	int64_t maxerror;	/* ns; only if synchronised */
	int tai;		/* TAI - UTC; 0: the kernel does not know it */
	int leap;		/* +1, -1: a second is inserted, deleted at the end of this day */
	long double rate;	/* of CLOCK_REALTIME against CLOCK_MONOTONIC_RAW */
};

void sim_host_read(struct sim_host *host);

/* @start: UTC in seconds since 1970, for a scripted clock, or NULL. @tai: TAI - UTC. */
void sim_clock_start(struct sim_clock *clock, const struct sim_host *host, const int64_t *start,
		     int tai);
void sim_clock_read(const struct sim_clock *clock, struct sim_reading *reading);
/* The guest's counter now, on the grid. */
uint64_t sim_clock_counter(const struct sim_clock *clock);
double sim_clock_ppm(const struct sim_clock *clock, uint64_t counter);
double sim_clock_ppm_now(const struct sim_clock *clock);
/* Changes the frequency from now on; earlier times stay as they are. */
void sim_clock_bend(struct sim_clock *clock, double ppm, double drift);
void sim_clock_step(struct sim_clock *clock, int64_t ns);

#endif /* VMCLOCK_SIM_CLOCK_H */
