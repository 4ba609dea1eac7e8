// SPDX-License-Identifier: MIT
/* Whether a command has an effect. */
#include "calc/base.h"
#include "calc/leap.h"
#include "clock.h"
#include "common/program.h"
#include "effect.h"
#include "exclude.h"
#include "fault.h"
#include "leap.h"
#include "sim.h"
#include "update.h"
#include "verbs.h"

/* The end of the year 9998. */
#define END_OF_STEPS (VMCLOCK_CALC_MAX_SEC - INT64_C(365) * SEC_PER_DAY)

static int check_page(const struct sim_options *o, const struct sim_row *row, size_t needs,
		      char *why, size_t size)
{
	if (o->size.value < needs)
		return say_why(
			why, size,
			"%s: the page has no field for this; start with a --size of %zu or more",
			row->name, (needs + 7) & ~(size_t)7);
	if (o->marker_only && needs == SIM_REACHES_TIME)
		return say_why(why, size, "%s: the page has no time; start without --marker-only",
			       row->name);
	return 0;
}

static int check_fault(const struct sim_options *o, const struct sim_row *row, bool clock,
		       char *why, size_t size)
{
	if (!o->fault)
		return 0;
	if (row->content || clock)
		return say_why(why, size,
			       "%s: the page is given by its fault; start without --fault",
			       row->name);
	if (row->verb == SIM_INTERVAL && sim_fault_holds(o->fault))
		return say_why(
			why, size,
			"%s: a page with this fault is published once; start without --fault",
			row->name);
	return 0;
}

int sim_effect_on_page(const struct sim_options *options, const struct sim_command *command,
		       char *why, size_t size)
{
	const struct sim_row *row = sim_verb_row(command->verb);
	/* "disrupt" alone is for every page. */
	bool clock = command->has_ns || command->has_ppm;

	if (check_page(options, row, row->needs, why, size) ||
	    check_page(options, row, clock ? SIM_REACHES_TIME : 0, why, size))
		return -1;
	return check_fault(options, row, clock, why, size);
}

static int check_marker(const struct sim *sim, uint64_t marker, char *why, size_t size)
{
	if (marker != sim->marker)
		return 0;
	return say_why(
		why, size,
		"marker: %llu is the disruption marker already; for a disruption, give another",
		(unsigned long long)marker);
}

static int check_drift(const struct sim *sim, double drift, char *why, size_t size)
{
	double ppm = sim_clock_ppm_now(&sim->clock);

	if (drift > 0 ? ppm < SIM_PPM_MAX : ppm > -SIM_PPM_MAX || !(drift < 0))
		return 0;
	return say_why(why, size, "drift: the frequency is %+.0f ppm, its limit; change it first",
		       ppm);
}

/* The clock stays where a page can tell its time, with a year to run at the end. */
static int check_step(const struct sim *sim, const struct sim_command *command, char *why,
		      size_t size)
{
	struct sim_reading reading;
	sim_time time;
	int64_t utc;

	if (!command->ns)
		return 0;
	sim_clock_read(&sim->clock, &reading);
	time = reading.time + sim_time_of(0, command->ns);
	utc = (int64_t)(time >> 64) - sim_leap_tai(&sim->leap, time);
	if (utc >= 0 && utc < END_OF_STEPS)
		return 0;
	return say_why(why, size,
		       "%s: the clock would leave the years 1970 to 9998; give a smaller step",
		       sim_verb_row(command->verb)->name);
}

/* The leap second changes the offset by one, away from zero if it is positive. */
static int check_leap(const struct sim *sim, int sign, char *why, size_t size)
{
	int offset = sim_tai_offset(sim, sim_leap_tai(&sim->leap, sim->model.line.time) + sign);

	if (offset >= INT16_MIN && offset <= INT16_MAX)
		return 0;
	return say_why(
		why, size,
		"leap: the page has no room for a TAI offset of %d; change it by tai-offset first",
		offset);
}

int sim_effect_now(const struct sim *sim, const struct sim_command *command, char *why, size_t size)
{
	switch (command->verb) {
	case SIM_MARKER:
		return check_marker(sim, command->number, why, size);
	case SIM_DRIFT:
		return check_drift(sim, command->ppm, why, size);
	case SIM_LEAP:
		return check_leap(sim, command->value, why, size);
	case SIM_STEP:
	case SIM_DISRUPT:
	case SIM_SNAPSHOT:
		return check_step(sim, command, why, size);
	default:
		return 0;
	}
}
