// SPDX-License-Identifier: MIT
/* The words that follow a command's name. */
#include <string.h>

#include "command.h"
#include "common/names.h"
#include "common/number.h"
#include "common/program.h"
#include "sim.h"
#include "words.h"

int sim_word_frequency(const struct sim_argument *a, const char *word)
{
	if (parse_ppm(word, SIM_PPM_MAX, &a->command->ppm))
		return say_why(a->why, a->size, "%s: '%s' is not a frequency; give ppm within +-%d",
			       a->verb, word, SIM_PPM_MAX);
	a->command->has_ppm = true;
	return 0;
}

int sim_word_step(const struct sim_argument *a, const char *word)
{
	if (parse_time(word, true, &a->command->ns))
		return say_why(a->why, a->size,
			       "%s: '%s' is not a time; for example 10ms, or -1.5s", a->verb, word);
	return 0;
}

int sim_word_duration(const struct sim_argument *a, const char *word)
{
	if (parse_time(word, true, &a->command->ns) || a->command->ns <= 0)
		return say_why(a->why, a->size, "%s: '%s' is not a duration; for example 200ms",
			       a->verb, word);
	return 0;
}

static int say_twice(const struct sim_argument *a, const char *what)
{
	return say_why(a->why, a->size, "%s: %s is given twice; give it once", a->verb, what);
}

/* step=TIME or ppm=N, after a disruption */
int sim_word_change(const struct sim_argument *a, const char *word)
{
	if (!strncmp(word, "ppm=", 4))
		return a->command->has_ppm ? say_twice(a, "ppm") : sim_word_frequency(a, word + 4);
	if (strncmp(word, "step=", 5) != 0)
		return say_why(a->why, a->size, "%s: what is '%s'? step=TIME and ppm=N may follow",
			       a->verb, word);
	if (a->command->has_ns)
		return say_twice(a, "step");
	a->command->has_ns = true;
	/* Require a unit: a bare number could mean ns or s. */
	if (parse_time(word + 5, false, &a->command->ns))
		return say_why(a->why, a->size, "%s: '%s' is not a step; give a unit: step=10ms",
			       a->verb, word);
	return 0;
}

int sim_word_on(const struct sim_argument *a, const char *word)
{
	if (!strcmp(word, "on"))
		a->command->ns = FOREVER;
	else if (!strcmp(word, "off"))
		a->command->ns = 0;
	else
		return say_why(a->why, a->size, "%s: '%s' is neither on nor off", a->verb, word);
	return 0;
}

int sim_word_stall(const struct sim_argument *a, const char *word)
{
	if (!strcmp(word, "on") || !strcmp(word, "off"))
		return sim_word_on(a, word);
	return sim_word_duration(a, word);
}

static int parse_name(const struct sim_argument *a, const char *word,
		      const char *(*name_of)(unsigned int value))
{
	char names[128];

	a->command->value = value_of_name(name_of, word);
	if (a->command->value >= 0)
		return 0;
	list_names(name_of, names, sizeof(names));
	return say_why(a->why, a->size, "%s: there is no '%s'; there are %s", a->verb, word, names);
}

int sim_word_status(const struct sim_argument *a, const char *word)
{
	return parse_name(a, word, clock_status_name);
}

int sim_word_smearing(const struct sim_argument *a, const char *word)
{
	return parse_name(a, word, smearing_hint_name);
}

int sim_word_leap(const struct sim_argument *a, const char *word)
{
	if (!strcmp(word, "pos"))
		a->command->value = 1;
	else if (!strcmp(word, "neg"))
		a->command->value = -1;
	else if (!strcmp(word, "none"))
		a->command->value = 0;
	else
		return say_why(a->why, a->size, "%s: '%s' is not one of pos, neg and none", a->verb,
			       word);
	return 0;
}

int sim_word_number(const struct sim_argument *a, const char *word)
{
	if (parse_unsigned(word, UINT64_MAX, &a->command->number))
		return say_why(a->why, a->size, "%s: '%s' is no number within 0..%llu", a->verb,
			       word, (unsigned long long)UINT64_MAX);
	return 0;
}

int sim_word_offset(const struct sim_argument *a, const char *word)
{
	int64_t sec = 0;

	a->command->none = !strcmp(word, "none");
	if (!a->command->none && parse_signed(word, INT16_MIN, INT16_MAX, &sec))
		return say_why(a->why, a->size,
			       "%s: '%s' is neither none nor a number of seconds such as -37",
			       a->verb, word);
	a->command->value = (int)sec;
	return 0;
}

/* As for --interval: 0 is flat out. */
int sim_word_interval(const struct sim_argument *a, const char *word)
{
	if (parse_time(word, true, &a->command->ns) || a->command->ns < 0)
		return say_why(a->why, a->size, "%s: '%s' is no interval; for example 200ms, or 0",
			       a->verb, word);
	return 0;
}
