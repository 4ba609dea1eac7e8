// SPDX-License-Identifier: MIT
#include <string.h>

#include "calc/base.h"
#include "clock.h"
#include "common/program.h"
#include "exclude.h"
#include "fault.h"
#include "options.h"
#include "tool.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *one, *other;
	const char *why;
} pairs[] = {
	{ "hold", "interval", "only commands update the page" },
	{ "at", "keep", "FILE is never removed" },
	{ "run", "at", "the page has a file of its own" },
	{ "run", "keep", "the page's file is removed" },
	{ "fault", "utc", "it would break another rule" },
	{ "fault", "tai-offset", "it could break another rule" },
	{ "fault", "no-bounds", "it would break another rule" },
	{ "fault", "status", "the page must vouch for time" },
	{ "fault", "size", "the page must have all fields" },
	{ "fault", "flags", "they could break another rule" },
};

/* Options for what not every page has. */
static const struct {
	const char *name;
	size_t least;		/* the page's size */
} needs[] = {
	{ "start", SIM_REACHES_TIME },
	{ "frequency", SIM_REACHES_TIME },
	{ "drift", SIM_REACHES_TIME },
	{ "maxerror", SIM_REACHES_TIME },
	{ "period-maxerror", SIM_REACHES_TIME },
	{ "utc", SIM_REACHES_TIME },
	{ "tai-offset", SIM_REACHES_TIME },
	{ "no-bounds", SIM_REACHES_TIME },
	{ "status", SIM_REACHES_TIME },
	{ "fault", SIM_REACHES_TIME },
	{ "counter-offset", SIM_REACHES_TIME },
	{ "smearing", SIM_REACHES(leap_second_smearing_hint) },
	{ "generation", SIM_REACHES(vm_generation_counter) },
};

bool sim_is_given(const struct sim_given *given, const char *name)
{
	size_t i;

	for (i = 0; i < given->count; i++)
		if (!strcmp(given->names[i], name))
			return true;
	return false;
}

static int contradict(const char *one, const char *other, const char *why)
{
	wrong_usage(TOOL, "--%s and --%s contradict each other: %s", one, other, why);
	return -1;
}

/* These options do nothing but to send a command. */
static int check_tell(const struct sim_given *given)
{
	size_t i;

	for (i = 0; i < given->count; i++)
		if (strcmp(given->names[i], "tell") != 0)
			return contradict("tell", given->names[i], "nothing is published");
	return 0;
}

static int check_pairs(const struct sim_given *given)
{
	size_t i;

	for (i = 0; i < COUNT(pairs); i++)
		if (sim_is_given(given, pairs[i].one) && sim_is_given(given, pairs[i].other))
			return contradict(pairs[i].one, pairs[i].other, pairs[i].why);
	return 0;
}

static int check_needs(const struct sim_options *o, const struct sim_given *given)
{
	size_t i;

	for (i = 0; i < COUNT(needs); i++) {
		if (!sim_is_given(given, needs[i].name))
			continue;
		if (o->marker_only && needs[i].least == SIM_REACHES_TIME)
			return contradict("marker-only", needs[i].name, "such a page has no time");
		if (o->size.value < needs[i].least) {
			wrong_usage(TOOL,
				    "--size and --%s contradict each other: a page that has this "
				    "is at least %zu bytes long",
				    needs[i].name, needs[i].least);
			return -1;
		}
	}
	return 0;
}

static int check_fault(const struct sim_options *o, const struct sim_given *given)
{
	if (sim_fault_holds(o->fault) && sim_is_given(given, "interval"))
		return contradict("fault", "interval", "the page is published once");
	if (o->fault && o->start.given && !o->start.now && o->start.sec < SEC_PER_DAY)
		return contradict("fault", "start", "it could lie before 1970; start a day later");
	if (o->fault && !sim_fault_holds(o->fault) && o->hold)
		return contradict("fault", "hold", "updates show this fault");
	return 0;
}

static int check_drift(const struct sim_options *o)
{
	if ((o->ppm < SIM_PPM_MAX || o->drift <= 0) && (o->ppm > -SIM_PPM_MAX || o->drift >= 0))
		return 0;
	return contradict("frequency", "drift", "the frequency is at its limit already");
}

int sim_exclude(const struct sim_options *options, const struct sim_given *given)
{
	if (options->tell)
		return check_tell(given);
	if (check_pairs(given) || check_needs(options, given) || check_drift(options))
		return -1;
	return check_fault(options, given);
}
