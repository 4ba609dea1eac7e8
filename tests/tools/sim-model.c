// SPDX-License-Identifier: MIT
/*
 * The promises of vmclock-sim's model, on wandering clocks with some bad readings:
 * by the arithmetic of readers, each update lies inside the previous one, and the
 * clock lies inside all of them. TAP.
 *
 *	sim-model [SEED]
 */
#include <stdio.h>
#include <stdlib.h>

#include "tools/sim/model.h"
#include "calc/time.h"

#define CLOCKS	400
#define UPDATES	200

static __u64 seed = 1;

static __u64 random_bits(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* 0 .. 1 */
static long double portion(void)
{
	return (long double)(random_bits() >> 11) / 9007199254740992.0L;
}

static void snapshot_of(const struct sim_model *model, struct vmclock_snapshot *s)
{
	*s = (struct vmclock_snapshot){
		.flags = VMCLOCK_FLAG_PERIOD_MAXERROR_VALID | VMCLOCK_FLAG_TIME_MAXERROR_VALID,
		.size = 4096,
		.counter_value = model->line.counter,
		.period = model->line.period,
		.period_maxerror = model->period_maxerror,
		.shift = model->line.shift,
		.time_sec = (__u64)(model->line.time >> 64),
		.time_frac = (__u64)model->line.time,
		.time_maxerror = model->time_maxerror,
	};
}

static __s64 ns_of(const struct vmclock_instant *t)
{
	return t->sec * NS_PER_SEC + t->nsec;
}

static int bounds(const struct vmclock_snapshot *s, __u64 counter, __s64 *earliest, __s64 *latest)
{
	struct vmclock_instant t;
	__u64 error;

	if (vmclock_calc_time(s, counter, &t) || vmclock_calc_error(s, counter, &error))
		return -1;
	*earliest = ns_of(&t) - (__s64)error;
	*latest = ns_of(&t) + (__s64)error;
	return 0;
}

/* At counter values near and far. */
static const char *compare(const struct vmclock_snapshot *old, const struct vmclock_snapshot *new)
{
	__s64 was[2], is[2];
	int i;

	for (i = 0; i < 200; i++) {
		__u64 counter = new->counter_value + (random_bits() >> (10 + random_bits() % 54));

		if (bounds(old, counter, &was[0], &was[1]) || bounds(new, counter, &is[0], &is[1]))
			return "there are no bounds";
		if (is[0] < was[0] || is[1] > was[1])
			return "an update contradicts the one before";
	}
	return NULL;
}

static const char *check_truth(const struct vmclock_snapshot *s, const struct sim_reading *truth)
{
	__s64 earliest, latest;
	__s64 ns = (__s64)((truth->time * NS_PER_SEC) >> 64);

	if (bounds(s, truth->counter, &earliest, &latest))
		return "there are no bounds";
	return ns < earliest || ns > latest ? "the clock is not within its bounds" : NULL;
}

/* The true clock, and a reading of it within the stated error. */
struct wandering {
	struct sim_reading truth;
	long double tick;
	double ppm;		/* the limit of the frequency */
	__u64 error;
};

static struct sim_reading read_wandering(struct wandering *clock)
{
	struct sim_reading reading;
	__u64 ticks = ((random_bits() >> (32 + random_bits() % 20)) + 1) << SIM_GRID_BITS;
	/* A little less than the limit, because each step of this walk is rounded. */
	long double bend = (portion() * 2 - 1) * 0.99L * clock->ppm / 1000000;

	clock->truth.counter += ticks;
	clock->truth.time += sim_time_of_float((long double)ticks * clock->tick * (1 + bend));
	reading = clock->truth;
	reading.pairing = random_bits() % 16 ? 20 : random_bits() % 100000;
	reading.error = clock->error + reading.pairing;
	reading.time += sim_time_of_float((portion() * 2 - 1) * (long double)reading.error / 1e9L);
	return reading;
}

static const char *run(void)
{
	static const double ppms[] = { 0.01, 0.3, 1, 50 };
	struct wandering clock = {
		.truth = { .counter = random_bits() & ~(SIM_GRID - 1),
			   .time = sim_time_of(1700000000, (int64_t)(random_bits() % 1000000000)) },
		.tick = 1 / (1e7L + portion() * 4e9L),
		.error = random_bits() % 3 ? random_bits() % 2000 : 1000000,
	};
	__u64 slack = random_bits() % 2 ? random_bits() % 200 : 0;
	double promised = ppms[random_bits() % 4];
	struct vmclock_snapshot last, now;
	struct sim_reading reading;
	struct sim_model model;
	const char *why;
	int i;

	/* The refinement of the period takes the rest. */
	clock.ppm = promised * 3 / 4;
	clock.truth.tick = clock.tick;
	reading = clock.truth;
	reading.pairing = 20;
	reading.error = clock.error + 20;
	sim_model_begin(&model, &reading, promised, slack);
	snapshot_of(&model, &last);
	for (i = 0; i < UPDATES; i++) {
		bool refine = random_bits() % 2;

		reading = read_wandering(&clock);
		if (!sim_model_fix(&model, &reading, refine, slack))
			return "a clock that keeps its promise is refused";
		snapshot_of(&model, &now);
		why = compare(&last, &now);
		if (!why)
			why = check_truth(&now, &clock.truth);
		if (why)
			return why;
		last = now;
		sim_model_move(&model, model.line.counter +
					       ((random_bits() >> (40 + random_bits() % 20))
						<< SIM_GRID_BITS));
		snapshot_of(&model, &now);
		why = compare(&last, &now);
		if (why)
			return why;
		last = now;
		/* The next reading comes after the model's reference. */
		if ((__s64)(model.line.counter - clock.truth.counter) > 0) {
			clock.truth.time += sim_time_of_float(
				(long double)(model.line.counter - clock.truth.counter) * clock.tick);
			clock.truth.counter = model.line.counter;
			why = check_truth(&now, &clock.truth);
			if (why)
				return why;
		}
	}
	return NULL;
}

/* A clock that is stepped by more than the bounds must not go unnoticed. */
static const char *run_stepped(void)
{
	struct sim_reading reading = {
		.counter = SIM_GRID, .time = sim_time_of(1700000000, 0), .tick = 4e-10L,
		.pairing = 20, .error = 1000,
	};
	struct sim_model model;

	sim_model_begin(&model, &reading, 1, 0);
	reading.counter += SIM_GRID << 20;
	reading.time += sim_time_of_float(4e-10L * (long double)(SIM_GRID << 20)) +
			sim_time_of(0, 3000);
	if (sim_model_fix(&model, &reading, false, 0))
		return "a step was accepted";
	reading.time -= sim_time_of(0, 1500);
	return sim_model_fix(&model, &reading, false, 0) ? NULL : "a small step was refused";
}

static int report(int number, const char *name, const char *why)
{
	printf("%sok %d - %s\n", why ? "not " : "", number, name);
	if (why)
		printf("# %s\n", why);
	return why ? 1 : 0;
}

int main(int argc, char **argv)
{
	const char *why = NULL;
	int i, failed;

	if (argc > 1)
		seed = strtoull(argv[1], NULL, 0) | 1;
	printf("1..2\n# seed %llu\n", (unsigned long long)seed);
	for (i = 0; i < CLOCKS && !why; i++)
		why = run();
	failed = report(1, "clocks that wander within their bounds", why);
	return failed + report(2, "a clock that is stepped", run_stepped());
}
