// SPDX-License-Identifier: MIT
/* The table of commands. */
#include <stdio.h>
#include <string.h>

#include "common/program.h"
#include "exclude.h"
#include "nearest.h"
#include "sim.h"
#include "verbs.h"

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

/* clang-format off */
static const struct sim_row verbs[] = {
	{ "disrupt", SIM_DISRUPT, 0, 2, sim_word_change, 0, false,
	  "disrupt [step=TIME] [ppm=N]",
	  "live migration to a host whose clock differs like this" },
	{ "snapshot", SIM_SNAPSHOT, 0, 2, sim_word_change,
	  SIM_REACHES(vm_generation_counter), false,
	  "snapshot [step=TIME] [ppm=N]", "the same, and the machine is a clone" },
	{ "status", SIM_STATUS, 1, 1, sim_word_status, SIM_REACHES_TIME, true,
	  "status NAME", "the clock status: names as for --status" },
	{ "leap", SIM_LEAP, 1, 1, sim_word_leap, SIM_REACHES_TIME, true,
	  "leap pos|neg|none", "a leap second at the end of this month" },
	{ "smearing", SIM_SMEARING, 1, 1, sim_word_smearing,
	  SIM_REACHES(leap_second_smearing_hint), true,
	  "smearing NAME", "the smearing hint: names as for --smearing" },
	{ "soon", SIM_SOON, 0, 0, NULL, 0, true,
	  "soon", "a disruption is expected within a day" },
	{ "imminent", SIM_IMMINENT, 0, 0, NULL, 0, true,
	  "imminent", "a disruption is expected within an hour" },
	{ "calm", SIM_CALM, 0, 0, NULL, 0, true,
	  "calm", "no disruption is expected" },
	{ "frequency", SIM_FREQUENCY, 1, 1, sim_word_frequency, SIM_REACHES_TIME, true,
	  "frequency PPM", "how much too fast the clock is" },
	{ "drift", SIM_DRIFT, 1, 1, sim_word_frequency, SIM_REACHES_TIME, true,
	  "drift PPM-PER-SECOND", "by how much that grows in each second" },
	{ "step", SIM_STEP, 1, 1, sim_word_step, SIM_REACHES_TIME, true,
	  "step TIME", "the clock is set forward, or back" },
	{ "stall", SIM_STALL, 1, 1, sim_word_stall, 0, false,
	  "stall TIME|on|off", "the sequence count is odd" },
	{ "garbage", SIM_GARBAGE, 1, 1, sim_word_duration, 0, false,
	  "garbage TIME", "random bytes everywhere" },
	{ "marker-only", SIM_MARKER_ONLY, 1, 1, sim_word_on, SIM_REACHES_TIME, true,
	  "marker-only on|off", "the page gives no time" },
	{ "marker", SIM_MARKER, 1, 1, sim_word_number, 0, false,
	  "marker N", "a disruption, to this disruption marker" },
	{ "generation", SIM_GENERATION, 1, 1, sim_word_number,
	  SIM_REACHES(vm_generation_counter), true,
	  "generation N", "this VM generation counter, and the same marker" },
	{ "tai-offset", SIM_TAI_OFFSET, 1, 1, sim_word_offset, SIM_REACHES_TIME, true,
	  "tai-offset N|none", "this offset from TAI to UTC, right or not" },
	{ "interval", SIM_INTERVAL, 1, 1, sim_word_interval, 0, false,
	  "interval TIME", "the time between two updates; 0: flat out" },
	{ "show", SIM_SHOW, 0, 0, NULL, 0, false,
	  "show", "print the state" },
	{ "help", SIM_HELP, 0, 0, NULL, 0, false,
	  "help", "print the commands" },
	{ "quit", SIM_QUIT, 0, 0, NULL, 0, false,
	  "quit", "end" },
};
/* clang-format on */

const struct sim_row *sim_verb_named(const char *name)
{
	size_t i;

	for (i = 0; i < VERBS; i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

const struct sim_row *sim_verb_row(enum sim_verb verb)
{
	const struct sim_row *row = verbs;

	while (row->verb != verb)
		row++;
	return row;
}

static const char *verb_name(size_t number)
{
	return number < VERBS ? verbs[number].name : NULL;
}

int sim_verb_unknown(char *why, size_t size, const char *word)
{
	const char *meant = sim_nearest(word, verb_name);

	if (meant)
		return say_why(why, size, "%s: there is no such command; did you mean %s?", word,
			       meant);
	return say_why(why, size, "%s: there is no such command; try help", word);
}

void sim_verbs_explain(char *to, size_t size)
{
	size_t i, at = 0;

	for (i = 0; i < VERBS && at < size; i++)
		at += (size_t)snprintf(to + at, size - at, "  %-31s%s\n", verbs[i].usage,
				       verbs[i].help);
}
