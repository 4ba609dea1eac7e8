// SPDX-License-Identifier: MIT
#include <sys/timex.h>

#include "clock.h"
#include "counter.h"

#define PPM		1e-6L

/* ---- Lines ------------------------------------------------------------------- */

sim_time sim_line_at(const struct sim_line *line, uint64_t counter)
{
	uint64_t distance = counter - line->counter;
	bool before = distance >> 63;
	unsigned __int128 product =
		(unsigned __int128)(before ? -distance : distance) * line->period;
	sim_time way = (sim_time)(product >> line->shift);

	return before ? line->time - way : line->time + way;
}

/* Clears low bits, so that a step on the grid is a whole number of 2^-64 s: see SIM_GRID_BITS. */
static uint64_t even_out(uint64_t period, uint8_t shift)
{
	int low = shift > SIM_GRID_BITS ? shift - SIM_GRID_BITS : 0;

	return period >> low << low;
}

void sim_line_set_period(struct sim_line *line, long double tick)
{
	long double units = tick * TWO_TO_64;

	line->shift = 0;
	while (units < TWO_TO_64 / 2 && line->shift < 64) {
		units *= 2;
		line->shift++;
	}
	line->period = even_out((uint64_t)units, line->shift);
}

uint64_t sim_line_units(const struct sim_line *line, long double tick)
{
	long double units = tick * TWO_TO_64;
	int i;

	for (i = 0; i < line->shift; i++)
		units *= 2;
	return units < TWO_TO_64 ? even_out((uint64_t)units, line->shift) : 0;
}

long double sim_line_tick(const struct sim_line *line)
{
	long double tick = (long double)line->period / TWO_TO_64;
	int i;

	for (i = 0; i < line->shift; i++)
		tick /= 2;
	return tick;
}

/* ---- The host ---------------------------------------------------------------- */

void sim_host_read(struct sim_host *host)
{
	struct timex tx = { .modes = 0 };

	*host = (struct sim_host){ .rate = 1 };
	if (adjtimex(&tx) < 0)
		return;
	host->synchronised = !(tx.status & STA_UNSYNC);
	if (host->synchronised)
		host->maxerror = (int64_t)tx.maxerror * 1000;
	host->tai = tx.tai;
	host->leap = tx.status & STA_INS ? 1 : tx.status & STA_DEL ? -1 : 0;
	/* A tick is 10 ms, in us; the frequency is in 2^-16 ppm. */
	if (tx.tick)
		host->rate = (long double)tx.tick / 10000 + (long double)tx.freq / 65536 * PPM;
}

/* ---- The clock ----------------------------------------------------------------- */

uint64_t sim_clock_counter(const struct sim_clock *clock)
{
	return (sim_counter_read() + clock->counter_offset) & ~(SIM_GRID - 1);
}

static long double seconds_bent(const struct sim_clock *clock, uint64_t counter)
{
	return (long double)(int64_t)(counter - clock->since) * clock->tick;
}

/* In how many seconds after @since the frequency comes to its limit, and the drift ends. */
static long double seconds_to_limit(const struct sim_clock *clock)
{
	long double limit = clock->drift < 0 ? -SIM_PPM_MAX : SIM_PPM_MAX;

	return (limit - (long double)clock->ppm) / (long double)clock->drift;
}

double sim_clock_ppm(const struct sim_clock *clock, uint64_t counter)
{
	long double seconds = seconds_bent(clock, counter);

	if (clock->drift != 0 && seconds >= seconds_to_limit(clock))
		return clock->drift < 0 ? -SIM_PPM_MAX : SIM_PPM_MAX;
	return clock->ppm + clock->drift * (double)seconds;
}

double sim_clock_ppm_now(const struct sim_clock *clock)
{
	return sim_clock_ppm(clock, sim_clock_counter(clock));
}

static long double bent_tick(const struct sim_clock *clock, double ppm)
{
	return clock->tick * (1 + (long double)ppm * PPM);
}

/* The time that frequency and drift have added since @since. */
static sim_time bend_at(const struct sim_clock *clock, uint64_t counter)
{
	long double x = seconds_bent(clock, counter), drifting = x;
	/* A scripted clock has the frequency in its line, exactly. */
	long double ppm = clock->scripted ? 0 : clock->ppm;

	if (clock->drift != 0 && x > seconds_to_limit(clock))
		drifting = seconds_to_limit(clock);
	return sim_time_of_float((ppm * x + clock->drift * drifting * (x - drifting / 2)) * PPM);
}

/* Reads the host's clock, and moves the reading back to the grid of the guest's counter. */
static void read_host(const struct sim_clock *clock, struct sim_reading *reading)
{
	struct sim_pair pair;
	uint64_t counter;

	sim_counter_pair(clock->host_clock, clock->tick, &pair);
	counter = pair.counter + clock->counter_offset;
	reading->counter = counter & ~(SIM_GRID - 1);
	reading->time = pair.time + clock->host_add + clock->offset -
			sim_time_of_float((long double)(counter - reading->counter) * clock->tick);
	reading->pairing = pair.error;
}

void sim_clock_read(const struct sim_clock *clock, struct sim_reading *reading)
{
	if (clock->scripted) {
		reading->counter = sim_clock_counter(clock);
		reading->time = sim_line_at(&clock->line, reading->counter);
		/* With a drift, the time is rounded to the ns. */
		reading->pairing = clock->drift != 0;
	} else {
		read_host(clock, reading);
	}
	reading->time += bend_at(clock, reading->counter);
	reading->tick = bent_tick(clock, sim_clock_ppm(clock, reading->counter));

	reading->error = reading->pairing;
	if (clock->maxerror >= 0) {
		reading->error += (uint64_t)clock->maxerror;
	} else {
		struct sim_host host;

		sim_host_read(&host);
		reading->error += 1000 + (uint64_t)host.maxerror;
	}
}

void sim_clock_start(struct sim_clock *clock, const struct sim_host *host, const int64_t *start,
		     int tai)
{
	clock->scripted = start;
	clock->since = sim_clock_counter(clock);
	if (start) {
		if (clock->maxerror < 0)
			clock->maxerror = 1000;
		clock->line.counter = clock->since;
		clock->line.time = sim_time_of(*start + tai, 0);
		sim_line_set_period(&clock->line, bent_tick(clock, clock->ppm));
		return;
	}
	/* CLOCK_TAI has no leap seconds, but equals CLOCK_REALTIME until TAI - UTC is known. */
	clock->host_clock = host->tai ? CLOCK_TAI : CLOCK_REALTIME;
	clock->host_add = sim_time_of(tai - host->tai, 0);
	clock->tick *= host->rate;
}

void sim_clock_bend(struct sim_clock *clock, double ppm, double drift)
{
	uint64_t counter = sim_clock_counter(clock);
	sim_time bent = bend_at(clock, counter);

	if (clock->scripted) {
		clock->line.time = sim_line_at(&clock->line, counter) + bent;
		clock->line.counter = counter;
	} else {
		clock->offset += bent;
	}
	clock->since = counter;
	clock->ppm = ppm;
	clock->drift = drift;
	if (clock->scripted)
		sim_line_set_period(&clock->line, bent_tick(clock, ppm));
}

void sim_clock_step(struct sim_clock *clock, int64_t ns)
{
	sim_time step = sim_time_of(0, ns);

	if (clock->scripted)
		clock->line.time += step;
	else
		clock->offset += step;
}
