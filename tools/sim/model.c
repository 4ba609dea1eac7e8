// SPDX-License-Identifier: MIT
/*
 * What the page promises: a line, and how far the clock may be from it.
 *
 * UAPI.13 guarantees readers that an update never contradicts what was
 * promised before. Here that is kept in this way: a promise is a reference,
 * a period and two maximum errors; an update reads the clock, and the clock
 * must be where both the reading and the promise allow. The line is left as
 * it is if it runs through there, else moved no further than necessary; then
 * the maximum error is what covers that place. So for each counter value
 * from the new reference on, the new interval lies inside the old one, as
 * readers compute both. If no such place is left, the clock has broken the
 * promise, and only a disruption makes a new one.
 */
#include "model.h"
#include "tools/number.h"

/*
 * A reader cuts times down to the nanosecond, and rounds errors up. To stay
 * inside what was promised by that much, a line can be moved only when the
 * promise is wider than it need be: the clock is trusted to wander by no more
 * than three quarters of the period's maximum error; with what refining the
 * period takes, it needs less than seven eighths of the bounds' growth.
 */
#define ROUNDING_NS 3

#define REFINE_FIRST_NS	1000000000

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* By how many ns the promise has become wider after @ticks. */
static int64_t growth(const struct sim_model *model, uint64_t ticks)
{
	unsigned __int128 product = (unsigned __int128)ticks * model->period_maxerror;

	return sim_time_ns((sim_time)(product >> model->line.shift));
}

/* For how many ticks @ns suffice. */
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
 * The longer the line is, the better its period is known. What the period
 * changes by is taken off its maximum error, so that the new line and its
 * error stay inside the old ones for ever after. All changes together take
 * a sixteenth at most.
 */
static bool refine_period(struct sim_model *model, const struct sim_reading *reading)
{
	uint64_t ticks = reading->counter - model->begin.counter;
	uint64_t period, change;

	if (ticks < model->refine_at)
		return false;
	model->refine_at = ticks * 2;
	period = sim_line_units(&model->line, (long double)(reading->time - model->begin.time) /
						      18446744073709551616.0L / (long double)ticks);
	change = period > model->line.period ? period - model->line.period :
					       model->line.period - period;
	/* One bad pairing, or a clock that was bent in between, is no reason. */
	if (!change || change > model->refinable || model->begin.error + reading->pairing > 1000)
		return false;
	model->refinable -= change;
	model->line.period = period;
	model->period_maxerror -= change;
	return true;
}

bool sim_model_fix(struct sim_model *model, const struct sim_reading *reading, bool refine,
		   uint64_t slack_ns)
{
	uint64_t ticks = reading->counter - model->line.counter;
	sim_time line = sim_line_at(&model->line, reading->counter);
	sim_time off = reading->time - line;
	long double bent = reading->tick / model->tick - 1;
	long double allowed = (long double)model->period_maxerror / (long double)model->line.period;
	int64_t room, needed, low, high, move, width;

	/* A counter that went backwards, or a period that is not what was promised. */
	if (ticks >> 63 || bent > allowed || bent < -allowed)
		return false;

	/* Where the clock may be, in ns from the line: by the promise and by the reading. */
	room = (int64_t)model->time_maxerror + growth(model, ticks);
	needed = room - growth(model, ticks) / 8;
	low = larger(-needed, sim_time_ns(off) - (int64_t)reading->error);
	high = smaller(needed, sim_time_ns(off) + 1 + (int64_t)reading->error);
	if (low > high)
		return false;

	move = larger(low, smaller(high, 0));
	if (room - needed < ROUNDING_NS) {
		refine = false;
		/* Too early. What was promised is true without an update. */
		if (move)
			return true;
	}
	if ((refine && refine_period(model, reading)) || move)
		room -= ROUNDING_NS;
	room -= move < 0 ? -move : move;
	width = larger(high - move, move - low);

	model->line.counter = reading->counter;
	model->line.time = line + sim_time_of(0, move);
	model->time_maxerror = (uint64_t)smaller(width + (int64_t)slack_ns, room);
	model->slack = model->time_maxerror - (uint64_t)width;
	model->fixed = reading->counter;
	model->movable = ticks_for(model, model->slack);
	return true;
}

void sim_model_move(struct sim_model *model, uint64_t counter)
{
	if (counter - model->fixed > model->movable || (counter - model->line.counter) >> 63)
		return;
	model->line.time = sim_line_at(&model->line, counter);
	model->line.counter = counter;
}
