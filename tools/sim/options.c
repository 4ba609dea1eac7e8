// SPDX-License-Identifier: MIT
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "calc/base.h"
#include "calc/leap.h"
#include "clock.h"
#include "common/names.h"
#include "common/number.h"
#include "common/program.h"
#include "exclude.h"
#include "fault.h"
#include "nearest.h"
#include "options.h"
#include "tool.h"
#include "vmclock-abi.h"

#define LARGEST_PAGE	65536
/* A page has no time from the year 10000 on; leave a year to run. */
#define LAST_START	(VMCLOCK_CALC_MAX_SEC - INT64_C(366) * SEC_PER_DAY)
#define NAMES_MAX	128	/* of a list of names */
#define FAULT_NAMES_MAX	2048

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Everything about one option. The first row of a group is its heading. */
struct row {
	const char *name;	/* NULL: a heading */
	const char *argument;	/* NULL: the option takes none */
	/* Parses @value into @field. Returns 0, or -1 with a line on stderr. */
	int (*take)(const struct row *row, void *field, const char *value);
	size_t field;		/* its offset in struct sim_options */
	int64_t min;
	uint64_t max;
	uint64_t multiple;
	const char *(*value_name)(unsigned int value);
	const char *help;
};

/* ---- Values ---------------------------------------------------------------------------- */

static int refuse(const struct row *row, const char *value, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(const struct row *row, const char *value, const char *fmt, ...)
{
	char wanted[2 * NAMES_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(wanted, sizeof(wanted), fmt, args);
	va_end(args);
	wrong_usage(TOOL, "--%s: '%s' is not %s", row->name, value, wanted);
	return -1;
}

static int take_flag(const struct row *row, void *field, const char *value)
{
	(void)row;
	(void)value;
	*(bool *)field = true;
	return 0;
}

static int take_text(const struct row *row, void *field, const char *value)
{
	(void)row;
	*(const char **)field = value;
	return 0;
}

static int take_ppm(const struct row *row, void *field, const char *value)
{
	double *ppm = field;

	if (parse_ppm(value, (double)row->max, ppm) || *ppm < (double)row->min)
		return refuse(row, value, "a number of ppm within %" PRId64 "..%" PRIu64, row->min,
			      row->max);
	return 0;
}

static int take_time(const struct row *row, void *field, const char *value)
{
	int64_t *ns = field;

	if (parse_time(value, true, ns) || *ns < 0 || (uint64_t)*ns > row->max)
		return refuse(row, value, "a time such as 10ms, within 0..%" PRIu64 "s",
			      row->max / NS_PER_SEC);
	return 0;
}

static int take_number(const struct row *row, void *field, const char *value)
{
	struct sim_number *number = field;

	number->given = true;
	if (!parse_unsigned(value, row->max, &number->value) &&
	    number->value >= (uint64_t)row->min && number->value % row->multiple == 0)
		return 0;
	if (row->multiple > 1)
		return refuse(row, value, "a multiple of %" PRIu64 " within %" PRId64 "..%" PRIu64,
			      row->multiple, row->min, row->max);
	return refuse(row, value, "a number within %" PRId64 "..%" PRIu64, row->min, row->max);
}

static int take_name(const struct row *row, void *field, const char *value)
{
	int number = value_of_name(row->value_name, value);
	char names[NAMES_MAX];

	if (number < 0) {
		list_names(row->value_name, names, sizeof(names));
		return refuse(row, value, "one of %s", names);
	}
	*(uint8_t *)field = (uint8_t)number;
	return 0;
}

static int take_start(const struct row *row, void *field, const char *value)
{
	struct sim_start *start = field;

	start->given = true;
	start->now = !strcmp(value, "now");
	if (!start->now && (parse_date(value, &start->sec) || start->sec > LAST_START))
		return refuse(row, value,
			      "now, nor a date from 1970 to 9998 such as 2016-12-31 or "
			      "2016-12-31T23:59:50");
	return 0;
}

static int take_tai_offset(const struct row *row, void *field, const char *value)
{
	struct sim_tai_offset *offset = field;
	int64_t sec = 0;

	offset->none = !strcmp(value, "none");
	offset->given = !offset->none;
	if (offset->given && parse_signed(value, INT16_MIN, INT16_MAX, &sec))
		return refuse(row, value, "none, nor a number of seconds such as -37");
	offset->sec = (int16_t)sec;
	return 0;
}

static int take_fault(const struct row *row, void *field, const char *value)
{
	const struct sim_fault **fault = field;
	char names[FAULT_NAMES_MAX];
	const char *meant;

	*fault = sim_fault_named(value);
	if (*fault)
		return 0;
	meant = sim_nearest(value, sim_fault_name);
	if (meant) {
		wrong_usage(TOOL, "--%s: there is no '%s'; did you mean %s?", row->name, value, meant);
		return -1;
	}
	sim_fault_list(names, sizeof(names));
	wrong_usage(TOOL, "--%s: there is no '%s'; there are %s", row->name, value, names);
	return -1;
}

/* Modulo 2^64: both signs are valid. */
static int take_difference(const struct row *row, void *field, const char *value)
{
	uint64_t *difference = field;
	int64_t number;

	if (!parse_signed(value, INT64_MIN, INT64_MAX, &number))
		*difference = (uint64_t)number;
	else if (parse_unsigned(value, UINT64_MAX, difference))
		return refuse(row, value, "a number within %" PRId64 "..%" PRIu64, INT64_MIN,
			      UINT64_MAX);
	return 0;
}

/* ---- The table ------------------------------------------------------------------------- */

/* Does not compile if the condition is false; otherwise it is 0. */
#define REQUIRE(condition) (sizeof(char[(condition) ? 1 : -1]) - 1)
/* The offset of a field. Does not compile if its type is not what the parser expects. */
#define FIELD(type, member) \
	(offsetof(struct sim_options, member) + \
	 REQUIRE(__builtin_types_compatible_p(type, __typeof__(((struct sim_options *)NULL)->member))))

/* Each row comes from one of these, so that no option is listed without its parser. */
#define HEADING(text) { NULL, NULL, NULL, 0, 0, 0, 0, NULL, text }
#define FLAG(option, member, text) \
	{ option, NULL, take_flag, FIELD(bool, member), 0, 0, 0, NULL, text }
#define TEXT(option, value, member, text) \
	{ option, value, take_text, FIELD(const char *, member), 0, 0, 0, NULL, text }
#define PPM(option, member, least, text) \
	{ option, "PPM", take_ppm, FIELD(double, member), least, SIM_PPM_MAX, 0, NULL, text }
#define TIME(option, member, most, text) \
	{ option, "TIME", take_time, FIELD(int64_t, member), 0, most, 0, NULL, text }
#define NUMBER(option, value, member, least, most, step, text) \
	{ option, value, take_number, FIELD(struct sim_number, member), least, most, step, NULL, \
	  text }
#define NAME(option, member, names, text) \
	{ option, "NAME", take_name, FIELD(uint8_t, member), 0, 0, 0, names, text }
#define SPECIAL(option, value, take, type, member, text) \
	{ option, value, take, FIELD(type, member), 0, 0, 0, NULL, text }

/* clang-format off */
static const struct row rows[] = {
	HEADING("The clock:"),
	SPECIAL("start", "DATE|now", take_start, struct sim_start, start,
		"a clock of its own, from this UTC date on: 2016-12-31, or\n"
		"2016-12-31T23:59:50 (default: the host's clock)"),
	PPM("frequency", ppm, -SIM_PPM_MAX,
		"how much too fast the clock is"),
	PPM("drift", drift, -SIM_PPM_MAX,
		"by how much that grows in each second"),
	TIME("maxerror", maxerror, 100 * NS_PER_SEC,
		"how far the clock may be off\n"
		"(default: as the host says, and 1us)"),
	PPM("period-maxerror", period_maxerror, 0,
		"how far its frequency may be off (default 1)"),

	HEADING("The page:"),
	TIME("interval", interval, PARSE_TIME_MAX_SEC * NS_PER_SEC,
		"time between two updates (default 100ms; 0: no pause)"),
	FLAG("hold", hold,
		"only commands update the page"),
	FLAG("marker-only", marker_only,
		"a page without time, as QEMU and Firecracker make it"),
	FLAG("utc", utc,
		"the page's time is UTC (default: TAI)"),
	SPECIAL("tai-offset", "N|none", take_tai_offset, struct sim_tai_offset, tai_offset,
		"the page's offset from TAI to UTC (default: the host's,\n"
		"else -37); published even if it is wrong"),
	FLAG("no-bounds", no_bounds,
		"the page has no error bounds"),
	NAME("status", status, clock_status_name,
		"(default synchronized)"),
	NAME("smearing", smearing, smearing_hint_name,
		"(default strict)"),
	NUMBER("size", "N", size, VMCLOCK_SIZE_MIN, LARGEST_PAGE, 8,
		"the page's size in bytes (default 4096)"),
	NUMBER("marker", "N", marker, 0, UINT64_MAX, 1,
		"the first disruption marker (default 1)"),
	NUMBER("generation", "N", generation, 0, UINT64_MAX, 1,
		"the first VM generation counter (default 1)"),
	NUMBER("flags", "N", flags, 0, UINT64_MAX, 1,
		"flags to set in addition"),

	SPECIAL("fault", "NAME", take_fault, const struct sim_fault *, fault,
		"break the rule of this name, and no other: vmclock-rules(7);\n"
		"a page that is wrong as it stands is published once"),

	HEADING("Where it is:"),
	FLAG("keep", keep,
		"leave FILE behind at the end"),
	NUMBER("at", "OFFSET", at, 0, INT64_MAX, 4096,
		"offset in an existing FILE, for example a guest's RAM"),
	SPECIAL("counter-offset", "N", take_difference, uint64_t, counter_offset,
		"the guest's counter minus the host's"),

	HEADING("Commands come from stdin, a line each, and from:"),
	TEXT("control", "SOCKET", control,
		"make this socket, for --tell"),
	TEXT("script", "SCRIPT", script,
		"lines of the form 'at TIME COMMAND'"),

	HEADING("Instead of FILE:"),
	TEXT("run", "CMD...", run,
		"run this command with its arguments, which finds the page as\n"
		"/dev/vmclock0, and end with it; no root is needed"),

	HEADING("Instead of publishing:"),
	TEXT("tell", "SOCKET", tell,
		"send the command that follows to the simulator there"),
	FLAG("help", help,
		"print this help"),
	FLAG("version", version,
		"print the version"),
};
/* clang-format on */

_Static_assert(COUNT(rows) <= SIM_OPTIONS_MAX, "struct sim_given holds every option");

/* ---- --help ---------------------------------------------------------------------------- */

#define HELP_COLUMN 25

/* Prints all lines from the same column on; the cursor is there for the first line. */
static void print_lines(const char *text)
{
	const char *newline;

	while ((newline = strchr(text, '\n'))) {
		printf("%.*s\n%*s", (int)(newline - text), text, HELP_COLUMN, "");
		text = newline + 1;
	}
	printf("%s\n", text);
}

static void explain(const struct row *row)
{
	char left[64], names[NAMES_MAX];

	snprintf(left, sizeof(left), "--%s%s%s", row->name, row->argument ? " " : "",
		 row->argument ? row->argument : "");
	printf("  %-*s", HELP_COLUMN - 2, left);
	if (row->value_name) {
		list_names(row->value_name, names, sizeof(names));
		printf("%s\n%*s", names, HELP_COLUMN, "");
	}
	print_lines(row->help);
}

void sim_options_explain(void)
{
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		if (rows[i].name)
			explain(&rows[i]);
		else
			printf("\n%s\n", rows[i].help);
	}
}

/* ---- Parsing --------------------------------------------------------------------------- */

#define FIRST_ROW 256	/* beyond characters: there are no short options */

/* For getopt_long(3): an option's value is its row's number. */
static void list_options(struct option known[COUNT(rows) + 1])
{
	size_t i, n = 0;

	for (i = 0; i < COUNT(rows); i++) {
		if (!rows[i].name)
			continue;
		known[n++] = (struct option){
			.name = rows[i].name,
			.has_arg = rows[i].argument ? required_argument : no_argument,
			.val = FIRST_ROW + (int)i,
		};
	}
	known[n] = (struct option){ 0 };
}

/* Notes an option; none is welcome twice, since the values may contradict each other. */
static int note(struct sim_given *given, const char *name)
{
	if (sim_is_given(given, name)) {
		wrong_usage(TOOL, "--%s is given twice; give it once", name);
		return -1;
	}
	given->names[given->count++] = name;
	return 0;
}

/* @taken: how many of the words were options and their arguments. */
static int check_run(struct sim_options *o, int argc, char **argv, int taken)
{
	/* "--run CMD" or "--run=CMD": the command is the first of its words. */
	o->words = argv + optind - 1;
	o->words[0] = (char *)o->run;
	o->n_words = argc - optind + 1;
	if (taken + 1 != optind) {
		wrong_usage(TOOL, "--run: give no file; the page's own is made and removed");
		return -1;
	}
	return 0;
}

static int check_file(struct sim_options *o)
{
	if (!o->n_words || !*o->words[0]) {
		wrong_usage(TOOL, "give the file to publish in");
		return -1;
	}
	o->path = o->words[0];
	if (o->n_words > 1) {
		wrong_usage(TOOL, "extra argument '%s'", o->words[1]);
		return -1;
	}
	return 0;
}

static int check_tell(const struct sim_options *o)
{
	if (o->n_words)
		return 0;
	wrong_usage(TOOL, "--tell: give a command after the socket");
	return -1;
}

static int check_words(struct sim_options *o, int argc, char **argv, int taken)
{
	o->words = argv + optind;
	o->n_words = argc - optind;
	if (o->tell)
		return check_tell(o);
	return o->run ? check_run(o, argc, argv, taken) : check_file(o);
}

/* What some options imply. */
static void complete(struct sim_options *o)
{
	if (sim_fault_holds(o->fault))
		o->hold = true;
	if (!VMCLOCK_COVERS(o->size.value, time_frac_sec))
		o->marker_only = true;
	if (!VMCLOCK_COVERS(o->size.value, time_maxerror_nanosec))
		o->no_bounds = true;
}

int sim_options_parse(struct sim_options *options, int argc, char **argv)
{
	struct option known[COUNT(rows) + 1];
	struct sim_given given = { .count = 0 };
	int option, taken = 0;

	*options = (struct sim_options){
		.interval = 100000000,
		.size = { .value = 4096 },
		.marker = { .value = 1 },
		.generation = { .value = 1 },
		.period_maxerror = 1,
		.maxerror = -1,
		.status = VMCLOCK_STATUS_SYNCHRONIZED,
	};
	list_options(known);
	while ((option = getopt_long(argc, argv, ":", known, NULL)) != -1) {
		const struct row *row;

		if (option < FIRST_ROW) {
			wrong_option(TOOL, argv, option);
			return -1;
		}
		row = &rows[option - FIRST_ROW];
		if (note(&given, row->name) ||
		    row->take(row, (char *)options + row->field, optarg))
			return -1;
		taken += row->argument && optarg == argv[optind - 1] ? 2 : 1;
		/* The rest is a command, and its signs are not options. */
		if (options->tell || options->run)
			break;
	}
	if (options->help || options->version)
		return 0;
	if (check_words(options, argc, argv, taken) || sim_exclude(options, &given))
		return -1;
	complete(options);
	return 0;
}
