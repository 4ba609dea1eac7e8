// SPDX-License-Identifier: MIT
/*
 * Does a hypervisor's page conform to UAPI.13 during updates, and when the
 * machine is migrated or restored?
 *
 * The parts are in verify/: source.c maps the page, watch.c looks at it, record.c
 * judges it by the rules of judge/, expect.c knows what the host's actions must
 * change, reference.c reads the clock that the user vouches for, notified.c relates
 * notifications to changes, report.c and json.c print. Here: options and the exit
 * status.
 */
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calc/base.h"
#include "common/names.h"
#include "common/number.h"
#include "common/program.h"
#include "guest.h"
#include "verify/report.h"
#include "verify/watch.h"

#define DEFAULT_PATH	"/dev/vmclock0"
#define WATCH_NS	(INT64_C(10) * NS_PER_SEC)
#define EXPECT_NS	(INT64_C(600) * NS_PER_SEC)

static const char help[] =
	"Usage: " TOOL " [OPTION]... [PATH]\n"
	"\n"
	"Watches the VMClock page of a device, of a page file or in the memory of a virtual\n"
	"machine, and judges by the rules of UAPI.13 whether it conforms: vmclock-rules(7).\n"
	"PATH is $VMCLOCK_PATH if it is not given, or else /dev/vmclock0.\n"
	"\n"
	"  --for TIME             watch for this time (default 10s; with --expect at most 10m)\n"
	"  --expect NAME          print what to do on the host, wait for it, and judge the page:\n"
	"                         migration, restore, clone, leap, maintenance\n"
	"  --reference CLOCK      this clock is right: compare the page's time with it;\n"
	"                         CLOCK_REALTIME, or a PTP clock such as /dev/ptp0\n"
	"  --reference-error TIME its maximum error (default for CLOCK_REALTIME: the kernel's)\n"
	"  --reference-scale NAME the scale of a PTP clock: tai or utc\n"
	"  --max-error TIME       wider bounds are doubtful (default 1s)\n"
	"  --max-age TIME         an older reference is doubtful (default 300s)\n"
	"  --gentle               look once per millisecond, not all the time: this rarely\n"
	"                         finds torn updates\n"
	"\n"
	"From the host's side:\n"
	"  --at OFFSET            the page is at this offset of PATH, the memory of a machine\n"
	"  --counter-offset N     the machine's counter minus the host's\n"
	"\n"
	"Output:\n"
	"  --tap                  one line per rule, in the Test Anything Protocol\n"
	"  --json                 one JSON object\n"
	"  --rules                print the rules, and exit\n"
	"  --help                 print this help\n"
	"  --version              print the version\n"
	"\n"
	"Exit status:\n"
	"  0  conforms, as far as it was watched\n"
	"  1  doubtful\n"
	"  2  breaks the specification, or there is no page\n"
	"  3  wrong usage\n";

enum option_value {
	OPTION_AT = 256, /* beyond characters: there are no short options */
	OPTION_COUNTER_OFFSET,
	OPTION_EXPECT,
	OPTION_FOR,
	OPTION_GENTLE,
	OPTION_HELP,
	OPTION_JSON,
	OPTION_MAX_AGE,
	OPTION_MAX_ERROR,
	OPTION_REFERENCE,
	OPTION_REFERENCE_ERROR,
	OPTION_REFERENCE_SCALE,
	OPTION_RULES,
	OPTION_TAP,
	OPTION_VERSION,
};

struct options {
	const char *path;
	struct watch_options watch;
	uint64_t at;
	bool has_at;
	bool has_offset;
	bool has_duration;
	bool tap, json, rules, help, version;
};

static int refuse(const char *option, const char *value, const char *wanted)
{
	wrong_usage(TOOL, "--%s: '%s' is not %s", option, value, wanted);
	return -1;
}

static int take_time(const char *option, const char *text, bool seconds, uint64_t *ns)
{
	int64_t value;

	if (parse_time(text, seconds, &value) || value <= 0)
		return refuse(option, text, seconds ? "a time such as 10s" : "a time such as 1ms");
	*ns = (uint64_t)value;
	return 0;
}

static int take_expect(struct options *o, const char *text)
{
	char names[128];
	int value = value_of_name(expect_name, text);

	if (value > 0) {
		o->watch.expect = (enum expect)value;
		return 0;
	}
	list_names(expect_name, names, sizeof(names));
	/* The first is "nothing". */
	return refuse("expect", text, strchr(names, ' ') + 1);
}

static int take_scale(struct options *o, const char *text)
{
	if (!strcmp(text, "tai"))
		o->watch.reference.scale = REFERENCE_TAI;
	else if (!strcmp(text, "utc"))
		o->watch.reference.scale = REFERENCE_UTC;
	else
		return refuse("reference-scale", text, "tai or utc");
	return 0;
}

/* Without a default, so that the compiler finds an option that is listed and not handled. */
static int take_option(struct options *o, enum option_value option, const char *value)
{
	uint64_t duration;
	int64_t number;

	switch (option) {
	case OPTION_AT:
		o->has_at = true;
		return parse_unsigned(value, INT64_MAX, &o->at) ?
			       refuse("at", value, "an offset in bytes") : 0;
	case OPTION_COUNTER_OFFSET:
		o->has_offset = true;
		if (!parse_signed(value, INT64_MIN, INT64_MAX, &number))
			o->watch.counter_offset = (uint64_t)number;
		else if (parse_unsigned(value, UINT64_MAX, &o->watch.counter_offset))
			return refuse("counter-offset", value, "a number of ticks");
		return 0;
	case OPTION_EXPECT:
		return take_expect(o, value);
	case OPTION_FOR:
		o->has_duration = true;
		if (take_time("for", value, true, &duration))
			return -1;
		o->watch.duration = (int64_t)duration;
		return 0;
	case OPTION_MAX_AGE:
		return take_time("max-age", value, true, &o->watch.max_age);
	case OPTION_MAX_ERROR:
		return take_time("max-error", value, false, &o->watch.max_error);
	case OPTION_REFERENCE:
		o->watch.reference.clock = value;
		return strcmp(value, REFERENCE_SYSTEM) && *value != '/' ?
			       refuse("reference", value, "CLOCK_REALTIME or a PTP clock such as "
							  "/dev/ptp0") : 0;
	case OPTION_REFERENCE_ERROR:
		return take_time("reference-error", value, false, &o->watch.reference.error);
	case OPTION_REFERENCE_SCALE:
		return take_scale(o, value);
	case OPTION_GENTLE:
		o->watch.gentle = true;
		return 0;
	case OPTION_JSON:
		o->json = true;
		return 0;
	case OPTION_TAP:
		o->tap = true;
		return 0;
	case OPTION_RULES:
		o->rules = true;
		return 0;
	case OPTION_HELP:
		o->help = true;
		return 0;
	case OPTION_VERSION:
		o->version = true;
		return 0;
	}
	return -1;
}

static int check_combination(const struct options *o)
{
	const struct reference *reference = &o->watch.reference;
	bool is_ptp = reference_is_ptp(reference);
	const char *wrong = NULL;

	if (o->tap && o->json)
		wrong = "give only one of --tap and --json";
	else if (o->has_offset && !o->has_at)
		wrong = "--counter-offset is for --at";
	else if (reference->error && !reference->clock)
		wrong = "--reference-error is for --reference";
	else if (reference->scale && !is_ptp)
		wrong = "--reference-scale is for --reference with a PTP clock";
	else if (is_ptp && !reference->scale)
		wrong = "a PTP clock does not tell its timescale: add --reference-scale tai or utc";
	else if (is_ptp && !reference->error)
		wrong = "a PTP clock does not tell its error: add --reference-error";
	else if (reference->clock && o->has_at && !o->has_offset)
		wrong = "--reference with --at needs --counter-offset";
	if (wrong)
		wrong_usage(TOOL, "%s", wrong);
	return wrong ? -1 : 0;
}

static int parse_options(struct options *o, int argc, char **argv)
{
	static const struct option known[] = {
		{ "at", required_argument, NULL, OPTION_AT },
		{ "counter-offset", required_argument, NULL, OPTION_COUNTER_OFFSET },
		{ "expect", required_argument, NULL, OPTION_EXPECT },
		{ "for", required_argument, NULL, OPTION_FOR },
		{ "gentle", no_argument, NULL, OPTION_GENTLE },
		{ "help", no_argument, NULL, OPTION_HELP },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "max-age", required_argument, NULL, OPTION_MAX_AGE },
		{ "max-error", required_argument, NULL, OPTION_MAX_ERROR },
		{ "reference", required_argument, NULL, OPTION_REFERENCE },
		{ "reference-error", required_argument, NULL, OPTION_REFERENCE_ERROR },
		{ "reference-scale", required_argument, NULL, OPTION_REFERENCE_SCALE },
		{ "rules", no_argument, NULL, OPTION_RULES },
		{ "tap", no_argument, NULL, OPTION_TAP },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, ":", known, NULL)) != -1) {
		if (option < OPTION_AT) {
			wrong_option(TOOL, argv, option);
			return -1;
		}
		if (take_option(o, (enum option_value)option, optarg))
			return -1;
	}
	if (argc - optind > 1) {
		wrong_usage(TOOL, "extra argument '%s'", argv[optind + 1]);
		return -1;
	}
	if (optind < argc)
		o->path = argv[optind];
	if (o->path && !*o->path) {
		wrong_usage(TOOL, "the path is empty");
		return -1;
	}
	if (!o->has_duration)
		o->watch.duration = o->watch.expect ? EXPECT_NS : WATCH_NS;
	o->watch.guest = !o->has_at || o->has_offset;
	return check_combination(o);
}

static const char *choose_path(const struct options *o)
{
	const char *path = o->path ? o->path : secure_getenv("VMCLOCK_PATH");

	return path && *path ? path : DEFAULT_PATH;
}

static void on_stop(int number)
{
	(void)number;
	watch_ended = 1;
}

static void catch_signals(void)
{
	struct sigaction stop = { .sa_handler = on_stop };

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
}

/* Whoever does it before the first look would wait in vain. */
static void tell_task(const struct watch_options *o)
{
	char text[JUDGE_VALUE];

	if (o->expect)
		fprintf(stderr, TOOL ": now %s; waiting for %s at most\n", expect_task(o->expect),
			judge_duration(text, (uint64_t)o->duration));
}

static int verify(struct options *o)
{
	static struct record record;
	struct source source;
	char path[PATH_MAX], why[256];
	int status;

	copy_printable(path, sizeof(path), choose_path(o));
	if (source_open(&source, choose_path(o), o->has_at ? &o->at : NULL, why, sizeof(why))) {
		fprintf(stderr, TOOL ": no page in %s: %s\n", path, why);
		if (o->tap)
			printf("Bail out! no page in %s: %s\n", path, why);
		source_close(&source);
		return VERIFY_BREAKS;
	}
	if (reference_open(&o->watch.reference)) {
		source_close(&source);
		return VERIFY_WRONG_USAGE;
	}
	catch_signals();
	watch(&source, &o->watch, &record);
	reference_close(&o->watch.reference);
	source_close(&source);
	status = (int)record_verdict(&record);
	if (o->tap) {
		report_tap(&record);
	} else if (!o->json) {
		report_text(&record, path);
	} else if (report_json(&record, path)) {
		fprintf(stderr, TOOL ": out of memory\n");
		status = VERIFY_BREAKS;
	}
	return status;
}

int main(int argc, char **argv)
{
	struct options options = {
		.watch = { .max_error = GUEST_MAX_ERROR, .begun = tell_task },
	};
	int status = 0;

	if (parse_options(&options, argc, argv))
		return VERIFY_WRONG_USAGE;
	if (options.help)
		fputs(help, stdout);
	else if (options.version)
		print_version(TOOL);
	else if (options.rules)
		report_rules();
	else
		status = verify(&options);
	if (close_stdout(TOOL) && status < VERIFY_BREAKS)
		status = VERIFY_BREAKS;
	return status;
}
