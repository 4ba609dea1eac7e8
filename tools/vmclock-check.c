// SPDX-License-Identifier: MIT
/*
 * Can this machine's VMClock be trusted? If not, why, and what is to be done?
 *
 * See check/check.h for the parts. Here: options, the order of steps, and the
 * exit status.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "check/check.h"
#include "check/openmetrics.h"
#include "check/wait.h"
#include "check/watch.h"
#include "common/number.h"
#include "common/program.h"
#include "guest.h"

static const char help[] =
	"Usage: " TOOL " [--device PATH] [--json] [--max-error=TIME] [--max-age=TIME]\n"
	"       " TOOL " --openmetrics [--device PATH]\n"
	"       " TOOL " --wait[=SECONDS] [--max-error=TIME] [--device PATH]\n"
	"       " TOOL " --watch [--json] [--max-error=TIME] [--device PATH]\n"
	"\n"
	"Says whether this virtual machine has a VMClock, which driver serves it, what\n"
	"its page says, what time that makes now, whether it can be true, and what to\n"
	"do next.\n"
	"\n"
	"  --device PATH  check this device or page file\n"
	"                 (default: $VMCLOCK_PATH, or else /dev/vmclock0)\n"
	"  --json         one JSON object instead of text\n"
	"  --openmetrics  text for Prometheus, of the page and of vmclockd\n"
	"  --wait         wait until vmclockd vouches for the system clock, for ever or\n"
	"                 so many seconds\n"
	"  --watch        a line for each change, until it is interrupted\n"
	"  --max-error    warn of time that may be off by more than this, such as 1ms\n"
	"                 (default 1s); or wait until it is less, or watch whether it is\n"
	"  --max-age      warn of a reference that is older (default 300s)\n"
	"  --help         print this help\n"
	"  --version      print the version\n"
	"\n"
	"Exit status:\n"
	"  0  trustworthy time, or a page that gives only a marker, and it works\n"
	"  1  usable, with a warning\n"
	"  2  not usable\n"
	"  3  wrong usage\n"
	"With --wait: 0 trusted, 1 not in time, 2 there is no device.\n"
	"With --openmetrics and --watch: 0, or 2 there is no device.\n";

enum option_value {
	OPTION_DEVICE = 256, /* beyond characters: there are no short options */
	OPTION_JSON,
	OPTION_OPENMETRICS,
	OPTION_WAIT,
	OPTION_WATCH,
	OPTION_MAX_ERROR,
	OPTION_MAX_AGE,
	OPTION_HELP,
	OPTION_VERSION,
};

struct options {
	const char *device;
	bool json;
	bool openmetrics;
	bool wait;
	bool watch;
	int64_t patience;	/* ns; < 0: without limit */
	int64_t max_error;	/* ns; 0: not given */
	int64_t max_age;	/* ns; 0: not given */
	bool help;
	bool version;
};

static int check_combination(const struct options *options)
{
	const char *wrong = NULL;

	if (options->openmetrics + options->wait + options->watch > 1)
		wrong = "give only one of --openmetrics, --wait and --watch";
	else if (options->max_error && options->openmetrics)
		wrong = "--openmetrics has no --max-error";
	else if (options->max_age && (options->openmetrics || options->wait || options->watch))
		wrong = "--max-age is for the report";
	else if (options->json && options->wait)
		wrong = "--wait does not go with --json";
	else if (options->json && options->openmetrics)
		wrong = "--openmetrics does not go with --json";
	if (wrong)
		wrong_usage(TOOL, "%s", wrong);
	return wrong ? -1 : 0;
}

static int take_time(const char *option, const char *text, bool seconds, int64_t *ns)
{
	if (!parse_time(text, seconds, ns) && *ns > 0)
		return 0;
	wrong_usage(TOOL, "--%s: '%s' is not a time; for example %s", option, text, seconds ? "60s" : "1ms");
	return -1;
}

static int parse_options(struct options *options, int argc, char **argv)
{
	static const struct option known[] = { { "device", required_argument, NULL, OPTION_DEVICE },
					       { "json", no_argument, NULL, OPTION_JSON },
					       { "openmetrics", no_argument, NULL,
						 OPTION_OPENMETRICS },
					       { "wait", optional_argument, NULL, OPTION_WAIT },
					       { "watch", no_argument, NULL, OPTION_WATCH },
					       { "max-error", required_argument, NULL,
						 OPTION_MAX_ERROR },
					       { "max-age", required_argument, NULL,
						 OPTION_MAX_AGE },
					       { "help", no_argument, NULL, OPTION_HELP },
					       { "version", no_argument, NULL, OPTION_VERSION },
					       { 0 } };
	int option;

	while ((option = getopt_long(argc, argv, ":", known, NULL)) != -1) {
		switch (option) {
		case OPTION_DEVICE:
			options->device = optarg;
			break;
		case OPTION_JSON:
			options->json = true;
			break;
		case OPTION_OPENMETRICS:
			options->openmetrics = true;
			break;
		case OPTION_WATCH:
			options->watch = true;
			break;
		case OPTION_WAIT:
			options->wait = true;
			options->patience = -1;
			if (optarg && (parse_time(optarg, true, &options->patience) ||
				       options->patience < 0)) {
				wrong_usage(TOOL, "--wait: '%s' is not a number of seconds",
					    optarg);
				return -1;
			}
			break;
		case OPTION_MAX_ERROR:
			if (take_time("max-error", optarg, false, &options->max_error))
				return -1;
			break;
		case OPTION_MAX_AGE:
			if (take_time("max-age", optarg, true, &options->max_age))
				return -1;
			break;
		case OPTION_HELP:
			options->help = true;
			break;
		case OPTION_VERSION:
			options->version = true;
			break;
		default:
			wrong_option(TOOL, argv, option);
			return -1;
		}
	}
	if (optind < argc) {
		wrong_usage(TOOL, "extra argument '%s'; a path is given with --device",
			    argv[optind]);
		return -1;
	}
	if (options->device && !*options->device) {
		wrong_usage(TOOL, "--device: the path is empty");
		return -1;
	}
	return check_combination(options);
}

static void gather(struct check *c, const char *device)
{
	check_device(c, device);
	/* A page file has neither hypervisor nor driver. */
	c->with_system = c->device.kind == CHECK_DEVICE || *c->device.name;
	if (c->with_system) {
		check_hypervisor(c);
		check_modules(c);
	}
	check_page(c);
}

int main(int argc, char **argv)
{
	static struct check c;
	struct options options = { 0 };
	int status;

	if (parse_options(&options, argc, argv))
		return CHECK_WRONG_USAGE;

	if (options.help || options.version) {
		if (options.help)
			fputs(help, stdout);
		else
			print_version(TOOL);
		return close_stdout(TOOL) ? CHECK_UNUSABLE : CHECK_OK;
	}
	end_by_truncation(TOOL);

	if (options.watch)
		return check_watch(options.device, options.max_error, options.json);
	if (options.wait || options.openmetrics) {
		status = options.wait ? check_wait(options.device, options.patience,
						   options.max_error)
				      : check_metrics(options.device);
		return close_stdout(TOOL) ? CHECK_UNUSABLE : status;
	}

	/* Tests have /sys, /dev and so on below this folder. */
	c.root = secure_getenv("VMCLOCK_CHECK_SYSROOT");
	if (!c.root)
		c.root = "";

	c.max_error = (uint64_t)(options.max_error ? options.max_error : GUEST_MAX_ERROR);
	c.max_age = (uint64_t)options.max_age;
	gather(&c, options.device);
	check_judge(&c);
	status = (int)c.verdict;

	if (!options.json) {
		check_report(&c);
	} else if (check_json(&c)) {
		fprintf(stderr, TOOL ": out of memory\n");
		status = CHECK_UNUSABLE;
	}
	if (close_stdout(TOOL))
		status = CHECK_UNUSABLE;
	return status;
}
