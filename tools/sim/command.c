// SPDX-License-Identifier: MIT
#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "calc/base.h"
#include "calc/leap.h"
#include "clock.h"
#include "command.h"
#include "common/names.h"
#include "common/number.h"
#include "common/program.h"
#include "exclude.h"
#include "fault.h"
#include "leap.h"
#include "lib/monotonic.h"
#include "nearest.h"
#include "sim.h"
#include "update.h"

#define WORDS_MAX 8
/* The end of the year 9998. */
#define END_OF_STEPS (VMCLOCK_CALC_MAX_SEC - INT64_C(365) * SEC_PER_DAY)

/* ---- Words of a command ------------------------------------------------------- */

struct argument {
	struct sim_command *command;
	const char *verb;
	char *why;
	size_t size;
};

static int parse_frequency(const struct argument *a, const char *word)
{
	if (parse_ppm(word, SIM_PPM_MAX, &a->command->ppm))
		return say_why(a->why, a->size, "%s: '%s' is not a frequency; give ppm within +-%d",
			     a->verb, word, SIM_PPM_MAX);
	a->command->has_ppm = true;
	return 0;
}

static int parse_step(const struct argument *a, const char *word)
{
	if (parse_time(word, true, &a->command->ns))
		return say_why(a->why, a->size, "%s: '%s' is not a time; for example 10ms, or -1.5s",
			     a->verb, word);
	return 0;
}

static int parse_duration(const struct argument *a, const char *word)
{
	if (parse_time(word, true, &a->command->ns) || a->command->ns <= 0)
		return say_why(a->why, a->size, "%s: '%s' is not a duration; for example 200ms",
			     a->verb, word);
	return 0;
}

static int say_twice(const struct argument *a, const char *what)
{
	return say_why(a->why, a->size, "%s: %s is given twice; give it once", a->verb, what);
}

/* step=TIME or ppm=N, after a disruption */
static int parse_change(const struct argument *a, const char *word)
{
	if (!strncmp(word, "ppm=", 4))
		return a->command->has_ppm ? say_twice(a, "ppm") : parse_frequency(a, word + 4);
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

static int parse_on(const struct argument *a, const char *word)
{
	if (!strcmp(word, "on"))
		a->command->ns = FOREVER;
	else if (!strcmp(word, "off"))
		a->command->ns = 0;
	else
		return say_why(a->why, a->size, "%s: '%s' is neither on nor off", a->verb, word);
	return 0;
}

static int parse_stall(const struct argument *a, const char *word)
{
	if (!strcmp(word, "on") || !strcmp(word, "off"))
		return parse_on(a, word);
	return parse_duration(a, word);
}

static int parse_name(const struct argument *a, const char *word,
		      const char *(*name_of)(unsigned int value))
{
	char names[128];

	a->command->value = value_of_name(name_of, word);
	if (a->command->value >= 0)
		return 0;
	list_names(name_of, names, sizeof(names));
	return say_why(a->why, a->size, "%s: there is no '%s'; there are %s", a->verb, word, names);
}

static int parse_status(const struct argument *a, const char *word)
{
	return parse_name(a, word, clock_status_name);
}

static int parse_smearing(const struct argument *a, const char *word)
{
	return parse_name(a, word, smearing_hint_name);
}

static int parse_leap(const struct argument *a, const char *word)
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

static int parse_number(const struct argument *a, const char *word)
{
	if (parse_unsigned(word, UINT64_MAX, &a->command->number))
		return say_why(a->why, a->size, "%s: '%s' is no number within 0..%llu", a->verb, word,
			       (unsigned long long)UINT64_MAX);
	return 0;
}

static int parse_offset(const struct argument *a, const char *word)
{
	int64_t sec = 0;

	a->command->none = !strcmp(word, "none");
	if (!a->command->none && parse_signed(word, INT16_MIN, INT16_MAX, &sec))
		return say_why(a->why, a->size,
			       "%s: '%s' is neither none nor a number of seconds such as -37", a->verb,
			       word);
	a->command->value = (int)sec;
	return 0;
}

/* As for --interval: 0 is flat out. */
static int parse_interval(const struct argument *a, const char *word)
{
	if (parse_time(word, true, &a->command->ns) || a->command->ns < 0)
		return say_why(a->why, a->size, "%s: '%s' is no interval; for example 200ms, or 0",
			       a->verb, word);
	return 0;
}

/* ---- The table of commands ------------------------------------------------------ */

/* clang-format off */
static const struct verb {
	const char *name;
	enum sim_verb verb;
	int least, most;	/* words that follow */
	int (*parse)(const struct argument *a, const char *word);
	size_t needs;		/* the page's size; SIM_REACHES_TIME: also a page with time */
	bool content;		/* it changes the clock, or a field that --fault determines */
	const char *usage;
	const char *help;
} verbs[] = {
	{ "disrupt", SIM_DISRUPT, 0, 2, parse_change, 0, false,
	  "disrupt [step=TIME] [ppm=N]",
	  "live migration to a host whose clock differs like this" },
	{ "snapshot", SIM_SNAPSHOT, 0, 2, parse_change,
	  SIM_REACHES(vm_generation_counter), false,
	  "snapshot [step=TIME] [ppm=N]", "the same, and the machine is a clone" },
	{ "status", SIM_STATUS, 1, 1, parse_status, SIM_REACHES_TIME, true,
	  "status NAME", "the clock status: names as for --status" },
	{ "leap", SIM_LEAP, 1, 1, parse_leap, SIM_REACHES_TIME, true,
	  "leap pos|neg|none", "a leap second at the end of this month" },
	{ "smearing", SIM_SMEARING, 1, 1, parse_smearing,
	  SIM_REACHES(leap_second_smearing_hint), true,
	  "smearing NAME", "the smearing hint: names as for --smearing" },
	{ "soon", SIM_SOON, 0, 0, NULL, 0, true,
	  "soon", "a disruption is expected within a day" },
	{ "imminent", SIM_IMMINENT, 0, 0, NULL, 0, true,
	  "imminent", "a disruption is expected within an hour" },
	{ "calm", SIM_CALM, 0, 0, NULL, 0, true,
	  "calm", "no disruption is expected" },
	{ "frequency", SIM_FREQUENCY, 1, 1, parse_frequency, SIM_REACHES_TIME, true,
	  "frequency PPM", "how much too fast the clock is" },
	{ "drift", SIM_DRIFT, 1, 1, parse_frequency, SIM_REACHES_TIME, true,
	  "drift PPM-PER-SECOND", "by how much that grows in each second" },
	{ "step", SIM_STEP, 1, 1, parse_step, SIM_REACHES_TIME, true,
	  "step TIME", "the clock is set forward, or back" },
	{ "stall", SIM_STALL, 1, 1, parse_stall, 0, false,
	  "stall TIME|on|off", "the sequence count is odd" },
	{ "garbage", SIM_GARBAGE, 1, 1, parse_duration, 0, false,
	  "garbage TIME", "random bytes everywhere" },
	{ "marker-only", SIM_MARKER_ONLY, 1, 1, parse_on, SIM_REACHES_TIME, true,
	  "marker-only on|off", "the page gives no time" },
	{ "marker", SIM_MARKER, 1, 1, parse_number, 0, false,
	  "marker N", "a disruption, to this disruption marker" },
	{ "generation", SIM_GENERATION, 1, 1, parse_number,
	  SIM_REACHES(vm_generation_counter), true,
	  "generation N", "this VM generation counter, and the same marker" },
	{ "tai-offset", SIM_TAI_OFFSET, 1, 1, parse_offset, SIM_REACHES_TIME, true,
	  "tai-offset N|none", "this offset from TAI to UTC, right or not" },
	{ "interval", SIM_INTERVAL, 1, 1, parse_interval, 0, false,
	  "interval TIME", "the time between two updates; 0: flat out" },
	{ "show", SIM_SHOW, 0, 0, NULL, 0, false,
	  "show", "print the state" },
	{ "help", SIM_HELP, 0, 0, NULL, 0, false,
	  "help", "print the commands" },
	{ "quit", SIM_QUIT, 0, 0, NULL, 0, false,
	  "quit", "end" },
};
/* clang-format on */

static const char *verb_name(size_t number)
{
	return number < sizeof(verbs) / sizeof(verbs[0]) ? verbs[number].name : NULL;
}

static int say_unknown(char *why, size_t size, const char *word)
{
	const char *meant = sim_nearest(word, verb_name);

	if (meant)
		return say_why(why, size, "%s: there is no such command; did you mean %s?", word,
			       meant);
	return say_why(why, size, "%s: there is no such command; try help", word);
}

void sim_command_explain(char *to, size_t size)
{
	size_t i, at = 0;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]) && at < size; i++)
		at += (size_t)snprintf(to + at, size - at, "  %-31s%s\n", verbs[i].usage,
				       verbs[i].help);
}

void sim_command_uncomment(char *line)
{
	char *mark = line;

	while ((mark = strchr(mark, '#'))) {
		if (mark == line || mark[-1] == ' ' || mark[-1] == '\t') {
			*mark = '\0';
			return;
		}
		mark++;
	}
}

int sim_command_parse(struct sim_command *command, const char *line, char *why, size_t size)
{
	struct argument a = { .command = command, .why = why, .size = size };
	char copy[SIM_LINE_MAX], *words[WORDS_MAX], *word, *rest = NULL;
	int count = 0, i;
	size_t v;

	*command = (struct sim_command){ .verb = SIM_SHOW };
	if (strlen(line) >= sizeof(copy))
		return say_why(why, size, "the line is too long for a command");
	copy_printable(copy, sizeof(copy), line);
	/* copy_printable() replaced tabs by question marks; put spaces there. */
	for (i = 0; copy[i]; i++)
		if (line[i] == '\t')
			copy[i] = ' ';
	for (word = strtok_r(copy, " ", &rest); word && count < WORDS_MAX;
	     word = strtok_r(NULL, " ", &rest))
		words[count++] = word;
	if (!count)
		return say_why(why, size, "the command is empty");

	for (v = 0; v < sizeof(verbs) / sizeof(verbs[0]); v++)
		if (!strcmp(verbs[v].name, words[0]))
			break;
	if (v == sizeof(verbs) / sizeof(verbs[0]))
		return say_unknown(why, size, words[0]);
	if (count - 1 < verbs[v].least || count - 1 > verbs[v].most)
		return say_why(why, size, "%s: write '%s'", words[0], verbs[v].usage);

	command->verb = verbs[v].verb;
	a.verb = words[0];
	for (i = 1; i < count; i++)
		if (verbs[v].parse(&a, words[i]))
			return -1;
	return 0;
}

/* ---- Whether it has an effect --------------------------------------------------- */

static const struct verb *row_of(const struct sim_command *command)
{
	const struct verb *row = verbs;

	while (row->verb != command->verb)
		row++;
	return row;
}

static int check_page(const struct sim_options *o, const struct verb *row, size_t needs, char *why,
		      size_t size)
{
	if (o->size.value < needs)
		return say_why(why, size,
			       "%s: the page has no field for this; start with a --size of %zu or more",
			       row->name, (needs + 7) & ~(size_t)7);
	if (o->marker_only && needs == SIM_REACHES_TIME)
		return say_why(why, size, "%s: the page has no time; start without --marker-only",
			       row->name);
	return 0;
}

static int check_fault(const struct sim_options *o, const struct verb *row, bool clock, char *why,
		       size_t size)
{
	if (!o->fault)
		return 0;
	if (row->content || clock)
		return say_why(why, size,
			       "%s: the page is given by its fault; start without --fault", row->name);
	if (row->verb == SIM_INTERVAL && sim_fault_holds(o->fault))
		return say_why(why, size,
			       "%s: a page with this fault is published once; start without --fault",
			       row->name);
	return 0;
}

int sim_command_check(const struct sim_options *options, const struct sim_command *command,
		      char *why, size_t size)
{
	const struct verb *row = row_of(command);
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
	return say_why(why, size,
		       "marker: %llu is the disruption marker already; for a disruption, give another",
		       (unsigned long long)marker);
}

static double ppm_now(const struct sim *sim)
{
	return sim_clock_ppm(&sim->clock, sim_clock_counter(&sim->clock));
}

static int check_drift(const struct sim *sim, double drift, char *why, size_t size)
{
	double ppm = ppm_now(sim);

	if (drift > 0 ? ppm < SIM_PPM_MAX : ppm > -SIM_PPM_MAX || !(drift < 0))
		return 0;
	return say_why(why, size, "drift: the frequency is %+.0f ppm, its limit; change it first", ppm);
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
		       row_of(command)->name);
}

/* The leap second changes the offset by one, away from zero if it is positive. */
static int check_leap(const struct sim *sim, int sign, char *why, size_t size)
{
	int offset = sim_tai_offset(sim, sim_leap_tai(&sim->leap, sim->model.line.time) + sign);

	if (offset >= INT16_MIN && offset <= INT16_MAX)
		return 0;
	return say_why(why, size,
		       "leap: the page has no room for a TAI offset of %d; change it by tai-offset first",
		       offset);
}

/* The same for what depends on the state. */
static int check_state(const struct sim *sim, const struct sim_command *command, char *why,
		       size_t size)
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

/* ---- What they do --------------------------------------------------------------- */

static void change_clock(struct sim *sim, const struct sim_command *command)
{
	if (command->has_ppm)
		sim_clock_bend(&sim->clock, command->ppm, sim->clock.drift);
	if (command->ns)
		sim_clock_step(&sim->clock, command->ns);
}

static void set_leap(struct sim *sim, int sign)
{
	struct sim_reading reading;

	sim_clock_read(&sim->clock, &reading);
	sim_leap_set(&sim->leap, sign, reading.time);
}

static int64_t until(int64_t ns)
{
	int64_t now = monotonic_now();

	return !ns ? 0 : ns > FOREVER - now ? FOREVER : now + ns;
}

static void show(const struct sim *sim, char *answer, size_t size)
{
	const struct vmclock_abi *page = &sim->next;
	const char *path = sim->options.path;

	snprintf(answer, size,
		 "file %s\n"
		 "clock %s\n"
		 "frequency_ppm %+.6f\n"
		 "drift_ppm_per_second %+.6f\n"
		 "stalled %s\n"
		 "garbage %s\n"
		 "seq_count %u\n"
		 "disruption_marker %llu\n"
		 "flags 0x%llx\n"
		 "clock_status %s\n"
		 "leap_second_smearing_hint %s\n"
		 "tai_offset_sec %d\n"
		 "leap_indicator %s\n"
		 "counter_id %s\n"
		 "time_type %s\n"
		 "counter_period_shift %u\n"
		 "counter_value %llu\n"
		 "counter_period_frac_sec %llu\n"
		 "counter_period_maxerror_rate_frac_sec %llu\n"
		 "time_sec %llu\n"
		 "time_frac_sec %llu\n"
		 "time_maxerror_nanosec %llu\n"
		 "vm_generation_counter %llu\n",
		 path, sim->clock.scripted ? "script" : "host", ppm_now(sim), sim->clock.drift,
		 sim->stalled_until ? "yes" : "no", sim->garbled_until ? "yes" : "no", sim->page.seq,
		 (unsigned long long)le64toh(page->disruption_marker),
		 (unsigned long long)le64toh(page->flags), clock_status_name(page->clock_status),
		 smearing_hint_name(page->leap_second_smearing_hint),
		 (int16_t)le16toh(page->tai_offset_sec), leap_indicator_name(page->leap_indicator),
		 counter_id_name(page->counter_id), time_type_name(page->time_type),
		 page->counter_period_shift, (unsigned long long)le64toh(page->counter_value),
		 (unsigned long long)le64toh(page->counter_period_frac_sec),
		 (unsigned long long)le64toh(page->counter_period_maxerror_rate_frac_sec),
		 (unsigned long long)le64toh(page->time_sec),
		 (unsigned long long)le64toh(page->time_frac_sec),
		 (unsigned long long)le64toh(page->time_maxerror_nanosec),
		 (unsigned long long)le64toh(page->vm_generation_counter));
}

/* What is published from now on is what was asked for; a leap second still changes it. */
static void set_tai_offset(struct sim *sim, const struct sim_command *command)
{
	sim->options.tai_offset = (struct sim_tai_offset){
		.given = !command->none,
		.none = command->none,
		.sec = (int16_t)command->value,
	};
	sim->first_tai = sim_leap_tai(&sim->leap, sim->model.line.time);
}

static void set_interval(struct sim *sim, int64_t ns)
{
	sim->options.interval = ns;
	sim->options.hold = false;
	sim->next_update = monotonic_now();
}

static void run(struct sim *sim, const struct sim_command *command, char *answer, size_t size)
{
	bool read = false;

	switch (command->verb) {
	case SIM_SHOW:
		show(sim, answer, size);
		return;
	case SIM_HELP:
		sim_command_explain(answer, size);
		return;
	case SIM_QUIT:
		sim->stop = true;
		return;
	case SIM_MARKER:
		/* The disruption adds one. */
		sim->marker = command->number - 1;
		sim_disrupt(sim);
		return;
	case SIM_GENERATION:
		sim->generation = command->number;
		break;
	case SIM_TAI_OFFSET:
		set_tai_offset(sim, command);
		break;
	case SIM_INTERVAL:
		set_interval(sim, command->ns);
		break;
	case SIM_SNAPSHOT:
		sim->generation++;
		/* fall through */
	case SIM_DISRUPT:
		change_clock(sim, command);
		sim_disrupt(sim);
		return;
	case SIM_STATUS:
		sim->status = (uint8_t)command->value;
		break;
	case SIM_LEAP:
		set_leap(sim, command->value);
		break;
	case SIM_SMEARING:
		sim->smearing = (uint8_t)command->value;
		break;
	case SIM_SOON:
		sim->notice = VMCLOCK_FLAG_DISRUPTION_SOON;
		break;
	case SIM_IMMINENT:
		/* Within an hour is also within a day. */
		sim->notice = VMCLOCK_FLAG_DISRUPTION_SOON | VMCLOCK_FLAG_DISRUPTION_IMMINENT;
		break;
	case SIM_CALM:
		sim->notice = 0;
		break;
	case SIM_FREQUENCY:
		sim_clock_bend(&sim->clock, command->ppm, sim->clock.drift);
		read = true;
		break;
	case SIM_DRIFT:
		sim_clock_bend(&sim->clock, ppm_now(sim), command->ppm);
		read = true;
		break;
	case SIM_STEP:
		sim_clock_step(&sim->clock, command->ns);
		read = true;
		break;
	case SIM_STALL:
		sim->stalled_until = until(command->ns);
		break;
	case SIM_GARBAGE:
		sim->garbled_until = until(command->ns);
		break;
	case SIM_MARKER_ONLY:
		sim->timeless = command->ns != 0;
		break;
	}
	sim_update(sim, read);
}

int sim_command_run(struct sim *sim, const struct sim_command *command, char *answer, size_t size)
{
	*answer = '\0';
	if (sim_command_check(&sim->options, command, answer, size) ||
	    check_state(sim, command, answer, size))
		return -1;
	run(sim, command, answer, size);
	return 0;
}
