// SPDX-License-Identifier: MIT
/*
 * A stand-in hypervisor: publishes a live VMClock page in a file.
 *
 * See sim.h for the parts. Here: options, and the loop that all of it runs in.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common.h"
#include "number.h"
#include "sim/command.h"
#include "sim/counter.h"
#include "sim/input.h"
#include "sim/sim.h"
#include "sim/tool.h"
#include "sim/update.h"

#define SIZE_MAX_OPTION	65536
#define FLAT_OUT_NS	1000000	/* between two looks for commands */

static const char help[] =
"Usage: " TOOL " [OPTION]... FILE\n"
"       " TOOL " --tell SOCKET COMMAND\n"
"\n"
"Publishes a live VMClock page in FILE, as a hypervisor does for its guests, so\n"
"that VMCLOCK_PATH=FILE lets any program that uses libvmclock run without one.\n"
"\n"
"The clock:\n"
"  --start DATE|now       a clock of its own, from this UTC date on, for example\n"
"                         2016-12-31T23:59:50 (default: the host's clock)\n"
"  --frequency PPM        how much too fast the clock is\n"
"  --drift PPM            by how much that grows in each second\n"
"  --maxerror TIME        how far the clock may be off\n"
"                         (default: as the host says, and 1us)\n"
"  --period-maxerror PPM  how far its frequency may be off (default 1)\n"
"\n"
"The page:\n"
"  --interval TIME        between two updates (default 100ms; 0: flat out)\n"
"  --hold                 no updates but those by commands\n"
"  --marker-only          a page without time, as QEMU and Firecracker make it\n"
"  --utc                  its time is UTC (default: TAI)\n"
"  --tai-offset N|none    its offset from TAI to UTC (default -37, or as the host\n"
"                         knows; right or not, it is published)\n"
"  --no-bounds            it says nothing about errors\n"
"  --status NAME          " SIM_STATUS_NAMES "\n"
"                         (default synchronized)\n"
"  --smearing NAME        " SIM_SMEARING_NAMES " (default strict)\n"
"  --size N               its size in bytes (default 4096)\n"
"  --marker N             its first disruption marker (default 1)\n"
"  --generation N         its first VM generation counter (default 1)\n"
"  --flags N              bits that are set in addition\n"
"\n"
"Where it is:\n"
"  --keep                 leave FILE behind at the end\n"
"  --at OFFSET            in the file FILE that exists, for example a guest's RAM\n"
"  --counter-offset N     the guest's counter minus the host's\n"
"\n"
"Commands come from stdin, a line each, and from:\n"
"  --control SOCKET       make this socket, for --tell\n"
"  --script SCRIPT        lines of the form 'at TIME COMMAND'\n"
"\n"
"  disrupt [step=TIME] [ppm=N]    live migration, to a clock that differs so\n"
"  snapshot [step=TIME] [ppm=N]   the same, and the machine is a clone\n"
"  status NAME                    smearing NAME\n"
"  leap pos|neg|none              soon, imminent, calm\n"
"  frequency PPM                  drift PPM\n"
"  step TIME                      marker-only on|off\n"
"  stall TIME|on|off              the sequence count is odd\n"
"  garbage TIME                   random bytes everywhere\n"
"  show                           quit\n"
"\n"
"TIME is a number with a unit, such as 10ms; without one it is in seconds.\n"
"\n"
"  --help, --version\n"
"\n"
"Exit status:\n"
"  0  ended as asked\n"
"  2  cannot publish\n"
"  3  wrong usage, or a command that is none\n";

enum option_value {
	OPTION_START = 256,	/* beyond characters: there are no short options */
	OPTION_FREQUENCY,
	OPTION_DRIFT,
	OPTION_MAXERROR,
	OPTION_PERIOD_MAXERROR,
	OPTION_INTERVAL,
	OPTION_HOLD,
	OPTION_MARKER_ONLY,
	OPTION_UTC,
	OPTION_TAI_OFFSET,
	OPTION_NO_BOUNDS,
	OPTION_STATUS,
	OPTION_SMEARING,
	OPTION_SIZE,
	OPTION_MARKER,
	OPTION_GENERATION,
	OPTION_FLAGS,
	OPTION_KEEP,
	OPTION_AT,
	OPTION_COUNTER_OFFSET,
	OPTION_CONTROL,
	OPTION_SCRIPT,
	OPTION_TELL,
	OPTION_HELP,
	OPTION_VERSION,
};

struct request {
	const char *tell;
	bool help;
	bool version;
};

/* ---- Options ----------------------------------------------------------------------- */

static int refuse(const char *option, const char *value, const char *wanted)
{
	wrong_usage(TOOL, "--%s: '%s' is not %s", option, value, wanted);
	return -1;
}

static int clock_option(struct sim_options *o, int option, const char *name, const char *value)
{
	switch (option) {
	case OPTION_START:
		o->scripted = true;
		o->starts_now = !strcmp(value, "now");
		if (!o->starts_now && parse_date(value, &o->start))
			return refuse(name, value, "now, nor a date such as 2016-12-31T23:59:50");
		return 0;
	case OPTION_FREQUENCY:
		if (parse_ppm(value, SIM_PPM_MAX, &o->ppm))
			return refuse(name, value, "a number of ppm within +-10000");
		return 0;
	case OPTION_DRIFT:
		if (parse_ppm(value, SIM_PPM_MAX, &o->drift))
			return refuse(name, value, "a number of ppm within +-10000");
		return 0;
	case OPTION_PERIOD_MAXERROR:
		if (parse_ppm(value, SIM_PPM_MAX, &o->period_maxerror) || o->period_maxerror < 0)
			return refuse(name, value, "a number of ppm within 0..10000");
		return 0;
	default:
		if (parse_time(value, true, &o->maxerror) || o->maxerror < 0 ||
		    o->maxerror > 100 * NS_PER_SEC)
			return refuse(name, value, "a time such as 10us, up to 100s");
		return 0;
	}
}

static int number_option(struct sim_options *o, int option, const char *name, const char *value)
{
	int64_t number;
	uint64_t bits;

	switch (option) {
	case OPTION_TAI_OFFSET:
		o->no_tai_offset = !strcmp(value, "none");
		o->has_tai_offset = !o->no_tai_offset;
		if (o->no_tai_offset)
			return 0;
		if (parse_signed(value, INT16_MIN, INT16_MAX, &number))
			return refuse(name, value, "none, nor a number of seconds such as -37");
		o->tai_offset = (int16_t)number;
		return 0;
	case OPTION_SIZE:
		if (parse_unsigned(value, SIZE_MAX_OPTION, &bits) || bits < VMCLOCK_SIZE_MIN ||
		    bits % 8)
			return refuse(name, value, "a multiple of 8 within 32..65536");
		o->size = (uint32_t)bits;
		return 0;
	case OPTION_MARKER:
		o->has_marker = true;
		if (parse_unsigned(value, UINT64_MAX, &o->marker))
			return refuse(name, value, "a number of 64 bits");
		return 0;
	case OPTION_GENERATION:
		o->has_generation = true;
		if (parse_unsigned(value, UINT64_MAX, &o->generation))
			return refuse(name, value, "a number of 64 bits");
		return 0;
	case OPTION_FLAGS:
		if (parse_unsigned(value, UINT64_MAX, &o->flags))
			return refuse(name, value, "a number of 64 bits");
		return 0;
	case OPTION_AT:
		o->inside = true;
		if (parse_unsigned(value, INT64_MAX, &o->offset) || o->offset % 4096)
			return refuse(name, value, "a multiple of 4096");
		return 0;
	default:
		if (!parse_signed(value, INT64_MIN, INT64_MAX, &number))
			o->counter_offset = (uint64_t)number;
		else if (parse_unsigned(value, UINT64_MAX, &o->counter_offset))
			return refuse(name, value, "a number of 64 bits");
		return 0;
	}
}

static int page_option(struct sim_options *o, int option, const char *name, const char *value)
{
	int known;

	switch (option) {
	case OPTION_INTERVAL:
		if (parse_time(value, true, &o->interval) || o->interval < 0)
			return refuse(name, value, "a time such as 100ms");
		return 0;
	case OPTION_STATUS:
		known = sim_parse_status(value);
		o->status = (uint8_t)known;
		return known < 0 ? refuse(name, value, "one of " SIM_STATUS_NAMES) : 0;
	case OPTION_SMEARING:
		known = sim_parse_smearing(value);
		o->smearing = (uint8_t)known;
		return known < 0 ? refuse(name, value, "one of " SIM_SMEARING_NAMES) : 0;
	case OPTION_HOLD:
		o->hold = true;
		return 0;
	case OPTION_MARKER_ONLY:
		o->marker_only = true;
		return 0;
	case OPTION_UTC:
		o->utc = true;
		return 0;
	case OPTION_NO_BOUNDS:
		o->no_bounds = true;
		return 0;
	case OPTION_KEEP:
		o->keep = true;
		return 0;
	case OPTION_CONTROL:
		o->control = value;
		return 0;
	case OPTION_SCRIPT:
		o->script = value;
		return 0;
	default:
		return 1;
	}
}

static int take_option(struct sim_options *o, struct request *request, const struct option *known,
		       char *value)
{
	switch (known->val) {
	case OPTION_TELL:
		request->tell = value;
		return 0;
	case OPTION_HELP:
		request->help = true;
		return 0;
	case OPTION_VERSION:
		request->version = true;
		return 0;
	case OPTION_START:
	case OPTION_FREQUENCY:
	case OPTION_DRIFT:
	case OPTION_MAXERROR:
	case OPTION_PERIOD_MAXERROR:
		return clock_option(o, known->val, known->name, value);
	case OPTION_TAI_OFFSET:
	case OPTION_SIZE:
	case OPTION_MARKER:
	case OPTION_GENERATION:
	case OPTION_FLAGS:
	case OPTION_AT:
	case OPTION_COUNTER_OFFSET:
		return number_option(o, known->val, known->name, value);
	default:
		return page_option(o, known->val, known->name, value);
	}
}

static int check_arguments(struct sim_options *o, const struct request *request, int argc,
			   char **argv)
{
	if (request->help || request->version)
		return 0;
	if (request->tell) {
		if (optind < argc)
			return 0;
		wrong_usage(TOOL, "--tell: give a command after the socket");
		return -1;
	}
	if (optind == argc || !*argv[optind]) {
		wrong_usage(TOOL, "give the file to publish in");
		return -1;
	}
	o->path = argv[optind];
	if (optind + 1 < argc) {
		wrong_usage(TOOL, "extra argument '%s'", argv[optind + 1]);
		return -1;
	}
	if (o->marker_only && (o->scripted || o->utc)) {
		wrong_usage(TOOL, "--marker-only: such a page has no time for %s",
			    o->utc ? "--utc" : "--start");
		return -1;
	}
	return 0;
}

static int parse_options(struct sim_options *o, struct request *request, int argc, char **argv)
{
	static const struct option known[] = {
		{ "start", required_argument, NULL, OPTION_START },
		{ "frequency", required_argument, NULL, OPTION_FREQUENCY },
		{ "drift", required_argument, NULL, OPTION_DRIFT },
		{ "maxerror", required_argument, NULL, OPTION_MAXERROR },
		{ "period-maxerror", required_argument, NULL, OPTION_PERIOD_MAXERROR },
		{ "interval", required_argument, NULL, OPTION_INTERVAL },
		{ "hold", no_argument, NULL, OPTION_HOLD },
		{ "marker-only", no_argument, NULL, OPTION_MARKER_ONLY },
		{ "utc", no_argument, NULL, OPTION_UTC },
		{ "tai-offset", required_argument, NULL, OPTION_TAI_OFFSET },
		{ "no-bounds", no_argument, NULL, OPTION_NO_BOUNDS },
		{ "status", required_argument, NULL, OPTION_STATUS },
		{ "smearing", required_argument, NULL, OPTION_SMEARING },
		{ "size", required_argument, NULL, OPTION_SIZE },
		{ "marker", required_argument, NULL, OPTION_MARKER },
		{ "generation", required_argument, NULL, OPTION_GENERATION },
		{ "flags", required_argument, NULL, OPTION_FLAGS },
		{ "keep", no_argument, NULL, OPTION_KEEP },
		{ "at", required_argument, NULL, OPTION_AT },
		{ "counter-offset", required_argument, NULL, OPTION_COUNTER_OFFSET },
		{ "control", required_argument, NULL, OPTION_CONTROL },
		{ "script", required_argument, NULL, OPTION_SCRIPT },
		{ "tell", required_argument, NULL, OPTION_TELL },
		{ "help", no_argument, NULL, OPTION_HELP },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ 0 }
	};
	int option, index;

	while ((option = getopt_long(argc, argv, ":", known, &index)) != -1) {
		if (option == '?' || option == ':') {
			wrong_option(TOOL, argv, option);
			return -1;
		}
		if (take_option(o, request, &known[index], optarg))
			return -1;
		/* What follows is a command, with its own signs. */
		if (request->tell)
			break;
	}
	return check_arguments(o, request, argc, argv);
}

/* ---- Start ---------------------------------------------------------------------------- */

/* TAI - UTC: as the page is to say if that is possible, else as the kernel knows. */
static int tai_of(const struct sim_options *o, const struct sim_host *host)
{
	int asked = o->tai_offset < 0 ? -o->tai_offset : o->tai_offset;

	if (o->has_tai_offset && asked >= 10 && asked <= 100)
		return asked;
	return host->tai ? host->tai : 37;
}

static int start_clock(struct sim *sim)
{
	struct sim_options *o = &sim->options;
	const char *why = sim_counter_check();
	struct sim_reading reading;
	struct sim_host host;

	sim->clock.counter_offset = o->counter_offset;
	sim->clock.maxerror = o->maxerror;
	sim->clock.ppm = o->ppm;
	sim->clock.drift = o->drift;
	if (why) {
		fprintf(stderr, TOOL ": %s; only --marker-only will work here\n", why);
		return -1;
	}
	sim->clock.tick = sim_counter_measure();
	if (!(sim->clock.tick > 0)) {
		fprintf(stderr, TOOL ": the CPU's counter stands still\n");
		return -1;
	}
	sim_host_read(&host);
	if (o->starts_now)
		o->start = time(NULL);
	sim->first_tai = tai_of(o, &host);
	sim->leap.tai = sim->first_tai;
	sim_clock_start(&sim->clock, &host, o->scripted ? &o->start : NULL, sim->first_tai);
	if (host.leap && !o->scripted) {
		sim_clock_read(&sim->clock, &reading);
		sim_leap_set(&sim->leap, host.leap, reading.time);
	}
	return 0;
}

/*
 * A page that is there already, at an offset, belongs to a guest that has
 * come from another host: what must go on goes on, and the marker changes.
 */
static uint32_t take_over(struct sim *sim)
{
	const struct vmclock_abi *page = sim->file.page;
	const struct sim_options *o = &sim->options;
	bool there = sim->file.inside && le32toh(page->magic) == VMCLOCK_MAGIC;

	sim->marker = o->has_marker ? o->marker : 1;
	sim->generation = o->has_generation ? o->generation : 1;
	if (!there)
		return 0;
	if (!o->has_marker)
		sim->marker = le64toh(page->disruption_marker) + 1;
	if (!o->has_generation && le64toh(page->flags) & VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT)
		sim->generation = le64toh(page->vm_generation_counter);
	return le32toh(page->seq_count);
}

static int start(struct sim *sim)
{
	const struct sim_options *o = &sim->options;

	if (sim_file_open(&sim->file, o->path, o->inside ? &o->offset : NULL, o->size))
		return -1;
	if (!o->marker_only && start_clock(sim))
		return -1;
	sim->status = o->status;
	sim->smearing = o->smearing;
	sim_start(sim, take_over(sim));
	if (sim_file_appear(&sim->file))
		return -1;
	printf("publishing %s\n", o->path);
	fflush(stdout);
	return 0;
}

/* ---- The loop --------------------------------------------------------------------------- */

static volatile sig_atomic_t told_to_stop;

static void on_stop(int number)
{
	(void)number;
	told_to_stop = 1;
}

/* Signals come only where we wait, so that none is missed. */
static void catch_signals(sigset_t *waiting)
{
	static const int stops[] = { SIGTERM, SIGINT, SIGHUP };
	struct sigaction stop = { .sa_handler = on_stop };
	sigset_t blocked;
	size_t i;

	sigemptyset(&blocked);
	for (i = 0; i < sizeof(stops) / sizeof(stops[0]); i++) {
		sigaddset(&blocked, stops[i]);
		sigaction(stops[i], &stop, NULL);
	}
	sigprocmask(SIG_BLOCK, &blocked, waiting);
	for (i = 0; i < sizeof(stops) / sizeof(stops[0]); i++)
		sigdelset(waiting, stops[i]);
	/* A reader of stdout that went away, a terminal that is not ours to read. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTTIN, SIG_IGN);
}

static void run(struct sim *sim, const sigset_t *waiting)
{
	bool flat_out = !sim->options.interval && !sim->options.hold;
	int64_t started = sim_now();

	while (!sim->stop && !told_to_stop) {
		int64_t now = sim_now();
		int64_t next = sim_input_script(sim, started, now);
		int64_t slice = now + FLAT_OUT_NS;

		do {
			sim_tick(sim, now);
			now = sim_now();
		} while (flat_out && now < slice && now < next);

		if (sim_deadline(sim) < next)
			next = sim_deadline(sim);
		if (!sim->stop)
			sim_input_wait(sim, next, waiting);
	}
}

/* So that no file of ours gets the number of stdin, and commands are read from it. */
static void fill_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static int simulate(struct sim *sim)
{
	sigset_t waiting;
	int status;

	fill_standard_files();
	catch_signals(&waiting);
	status = sim_input_open(sim->options.script, sim->options.control);
	if (!status && start(sim))
		status = SIM_CANNOT;
	if (!status) {
		run(sim, &waiting);
		sim_finish(sim);
	}
	sim_file_close(&sim->file, status == 0 && sim->options.keep);
	sim_input_close();
	return status;
}

int main(int argc, char **argv)
{
	static struct sim sim = {
		.options = {
			.interval = 100000000,
			.size = 4096,
			.period_maxerror = 1,
			.maxerror = -1,
			.status = VMCLOCK_STATUS_SYNCHRONIZED,
		},
		.file = { .fd = -1, .old = -1 },
	};
	struct request request = { 0 };
	int status = 0;

	if (parse_options(&sim.options, &request, argc, argv))
		return SIM_WRONG_USAGE;

	if (request.help)
		fputs(help, stdout);
	else if (request.version)
		print_version(TOOL);
	else if (request.tell)
		status = sim_input_tell(request.tell, argc - optind, argv + optind);
	else
		status = simulate(&sim);

	if (close_stdout(TOOL) && !status)
		status = SIM_CANNOT;
	return status;
}
