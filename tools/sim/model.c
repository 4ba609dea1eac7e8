// SPDX-License-Identifier: MIT
/*
 * UAPI.13 guarantees readers that an update never contradicts the page before
 * it: from the new reference on, the new interval of each counter value lies
 * inside the old one, as readers compute both.
 *
 * An update keeps that rule as follows. All distances are in ns from the old
 * line, at the counter value of a reading of the clock:
 *
 *	    -room     -needed           0           needed      room
 *	      |          |--------------+--------------|          |     the old page
 *	                                    |--off--|                   the reading
 *	                                   low    high
 *
 *	1. The clock is where both the old page and the reading allow: between low
 *	   and high. If there is no such place, the clock has broken the promise,
 *	   and only a disruption makes a new one.
 *	2. The new line goes through 0, or else through the nearest of low and high.
 *	3. The new error covers low and high, and a slack, as far as there is room.
 *
 * Readers round times down to the ns, and errors up. So a line can only be
 * moved where the old page is wider than the clock needs. The clock is trusted
 * to wander by no more than three quarters of the period's maximum error, and
 * a sixteenth is for refining the period. Together they need less than seven
 * eighths of the growth of the error; the last eighth is for rounding.
 */
#include "calc/base.h"
#include "common/number.h"
#include "model.h"

/* What rounding by readers may cost an interval. */
#define ROUNDING_NS 3

/* The period is first measured again after this long, then each time it has doubled. */
#define REFINE_FIRST_NS	1000000000

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* By how many ns the error grows in @ticks. */
static int64_t growth(const struct sim_model *model, uint64_t ticks)
{
	unsigned __int128 product = (unsigned __int128)ticks * model->period_maxerror;

	return sim_time_ns((sim_time)(product >> model->line.shift));
}

/* In how many ticks the error grows by @ns. */
static uint64_t ticks_for(const struct sim_model *model, uint64_t ns)
{
	long double error = (long double)model->period_maxerror * sim_line_tick(&model->line) /
			    (long double)model->line.period;
	long double ticks = error > 0 ? (long double)ns / NS_PER_SEC / error : 1e18L;

	return ticks < 1e18L ? (uint64_t)ticks : (uint64_t)1e18L;
}

static uint64_t ticks_of_ns(const struct sim_model *model, int64_t ns)
{
	return (uint64_t)((long double)ns / NS_PER_SEC / sim_line_tick(&model->line));
}

void sim_model_begin(struct sim_model *model, const struct sim_reading *reading,
		     double period_maxerror_ppm, uint64_t slack_ns)
{
	long double error;

	model->line.counter = reading->counter;
	model->line.time = reading->time;
	sim_line_set_period(&model->line, reading->tick);
	model->tick = reading->tick;

	error = (long double)model->line.period * period_maxerror_ppm / 1000000;
	model->period_maxerror = (uint64_t)error + (period_maxerror_ppm > 0);
	model->time_maxerror = reading->error + slack_ns;
	model->slack = slack_ns;
	model->fixed = reading->counter;
	model->movable = ticks_for(model, slack_ns);

	model->begin.counter = reading->counter;
	model->begin.time = reading->time;
	model->begin.error = reading->pairing;
	model->refine_at = ticks_of_ns(model, REFINE_FIRST_NS);
	model->refinable = model->period_maxerror / 16;
}

/*
 * The longer a line has run, the better its period can be measured. Each change
 * of the period is subtracted from its maximum error, so that the new line with
 * its error stays inside the old one for ever. All changes together use up a
 * sixteenth of that error at most.
 */
static bool refine_period(struct sim_model *model, const struct sim_reading *reading)
{
	uint64_t ticks = reading->counter - model->begin.counter;
	uint64_t period, change;

	if (ticks < model->refine_at)
		return false;
	model->refine_at = ticks * 2;
	period = sim_line_units(&model->line, (long double)(reading->time - model->begin.time) /
						      TWO_TO_64 / (long double)ticks);
	change = period > model->line.period ? period - model->line.period :
					       model->line.period - period;
	/* Ignore a bad pairing, and a frequency that was changed meanwhile. */
	if (!change || change > model->refinable || model->begin.error + reading->pairing > 1000)
		return false;
	model->refinable -= change;
	model->line.period = period;
	model->period_maxerror -= change;
	return true;
}

/* Does the counter go forward, and does the clock keep the promised period? */
static bool keeps_period(const struct sim_model *model, const struct sim_reading *reading)
{
	long double bent = reading->tick / model->tick - 1;
	long double allowed = (long double)model->period_maxerror / (long double)model->line.period;
	bool backwards = (reading->counter - model->line.counter) >> 63;

	return !backwards && bent <= allowed && bent >= -allowed;
}

/* In ns from the line, at the reading; empty if low > high. */
struct interval {
	int64_t low, high;
};

/* Where the clock is, by the old page and by the reading. */
static struct interval locate(const struct sim_reading *reading, sim_time line, int64_t needed)
{
	int64_t off = sim_time_ns(reading->time - line);
	int64_t error = (int64_t)reading->error;

	return (struct interval){
		.low = larger(-needed, off - error),
		.high = smaller(needed, off + 1 + error),
	};
}

/* Puts the reference at the reading. The error covers the clock, and @slack_ns if @room allows. */
static void set_reference(struct sim_model *model, uint64_t counter, sim_time time, int64_t width,
			  int64_t room, uint64_t slack_ns)
{
	model->line.counter = counter;
	model->line.time = time;
	model->time_maxerror = (uint64_t)smaller(width + (int64_t)slack_ns, room);
	model->slack = model->time_maxerror - (uint64_t)width;
	model->fixed = counter;
	model->movable = ticks_for(model, model->slack);
}

bool sim_model_fix(struct sim_model *model, const struct sim_reading *reading, bool refine,
		   uint64_t slack_ns)
{
	sim_time line = sim_line_at(&model->line, reading->counter);
	int64_t grown, room, needed, move;
	struct interval clock;

	if (!keeps_period(model, reading))
		return false;
	grown = growth(model, reading->counter - model->line.counter);
	room = (int64_t)model->time_maxerror + grown;
	needed = room - grown / 8;
	clock = locate(reading, line, needed);
	if (clock.low > clock.high)
		return false;

	move = larger(clock.low, smaller(clock.high, 0));
	if (room - needed < ROUNDING_NS) {
		/* The error has not grown enough for a new line; the old page is still true. */
		if (move)
			return true;
		refine = false;
	}
	if ((refine && refine_period(model, reading)) || move)
		room -= ROUNDING_NS;
	room -= move < 0 ? -move : move;
	set_reference(model, reading->counter, line + sim_time_of(0, move),
		      larger(clock.high - move, move - clock.low), room, slack_ns);
	return true;
}

void sim_model_move(struct sim_model *model, uint64_t counter)
{
	if (counter - model->fixed > model->movable || (counter - model->line.counter) >> 63)
		return;
	model->line.time = sim_line_at(&model->line, counter);
	model->line.counter = counter;
}
