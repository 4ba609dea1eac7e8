// SPDX-License-Identifier: MIT
/* vmclockd: the options and the main loop. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/program.h"
#include "daemon.h"
#include "log.h"
#include "reaction.h"
#include "sandbox.h"
#include "supervisor.h"

#define TOOL "vmclockd"

static void usage(void)
{
	fputs("Usage: vmclockd [OPTION]...\n"
	      "\n"
	      "Corrects the system clock after the virtual machine was moved or restored,\n"
	      "and says in /run/vmclock when it can be trusted again. Runs in the foreground.\n"
	      "\n"
	      "  -c, --config=FILE   the configuration, instead of " CONFIG_PATH "\n"
	      "      --check-config  check the configuration, and exit\n"
	      "      --dry-run       log what would be done, and change nothing\n"
	      "  -v, --verbose       log more\n"
	      "      --help          this text\n"
	      "      --version       the version\n"
	      "\n"
	      "Exit status:\n"
	      "  0  ended by SIGTERM or SIGINT; or the configuration is valid\n"
	      "  1  it cannot run: the line on stderr says why\n"
	      "  2  wrong usage, or wrong configuration\n"
	      "\n"
	      "vmclockd(8) tells more.\n",
	      stdout);
}

struct options {
	const char *config;
	bool check_config;
	bool dry_run;
	bool verbose;
};

enum { CHECK_CONFIG = UCHAR_MAX + 1, DRY_RUN, HELP, VERSION };

/* Returns the exit status, or a negative value: go on. */
static int parse_options(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "check-config", no_argument, NULL, CHECK_CONFIG },
		{ "config", required_argument, NULL, 'c' },
		{ "dry-run", no_argument, NULL, DRY_RUN },
		{ "help", no_argument, NULL, HELP },
		{ "verbose", no_argument, NULL, 'v' },
		{ "version", no_argument, NULL, VERSION },
		{ 0 },
	};
	int answer;

	while ((answer = getopt_long(argc, argv, ":c:v", longs, NULL)) != -1) {
		switch (answer) {
		case 'c':
			o->config = optarg;
			break;
		case 'v':
			o->verbose = true;
			break;
		case CHECK_CONFIG:
			o->check_config = true;
			break;
		case DRY_RUN:
			o->dry_run = true;
			break;
		case HELP:
			usage();
			return close_stdout(TOOL) ? 1 : 0;
		case VERSION:
			print_version(TOOL);
			return close_stdout(TOOL) ? 1 : 0;
		default:
			wrong_option(TOOL, argv, answer);
			return 2;
		}
	}
	if (optind < argc) {
		wrong_usage(TOOL, "extra argument '%s'", argv[optind]);
		return 2;
	}
	if (o->config && !*o->config) {
		wrong_usage(TOOL, "--config: the path is empty");
		return 2;
	}
	return -1;
}

/* ---- The loop ------------------------------------------------------------------------ */

enum { SIGNALS, TICKS, STEPS, DEVICE, NETWORK, LOGIND, SOURCES };

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	/* With its terminal it ends. */
	if (!isatty(STDERR_FILENO))
		sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int open_ticks(void)
{
	const struct itimerspec each = { .it_interval.tv_sec = 1, .it_value.tv_sec = 1 };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd >= 0 && timerfd_settime(fd, 0, &each, NULL)) {
		close(fd);
		return -1;
	}
	return fd;
}

static void wake_up(struct daemon *d)
{
	if (d->asleep)
		reaction_awake(d);
}

/* SIGCHLD only wakes the loop up. */
static bool shall_end(struct daemon *d, int fd)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			return true;
		if (info.ssi_signo == SIGHUP)
			say(LOG_NOTICE, "SIGHUP: the configuration is read at the start only: "
					"restart vmclockd");
		if (info.ssi_signo == SIGUSR1)
			reaction_sleep(d);
		if (info.ssi_signo == SIGUSR2)
			wake_up(d);
	}
	return false;
}

/* s since 1970: in 2255. The kernel lets its clock be set to 2232 at most. */
#define NEVER_SEC INT64_C(9000000000)

/* The timer never expires. It becomes readable when somebody has set the clock. */
static void arm_steps(int fd)
{
	const struct itimerspec never = { .it_value.tv_sec = NEVER_SEC };

	timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
}

static bool expired(int fd)
{
	uint64_t times;

	return read(fd, &times, sizeof(times)) == sizeof(times);
}

/* Two pairs that are this far apart give the nominal rate of the system clock. */
#define BASELINE_MS 110

static bool rate_is_missing(const struct daemon *d)
{
	return d->device.vc && d->device.has_time && d->phase == PHASE_TRUSTED &&
	       !(d->steer.nominal > 0);
}

/* Clients add to the bound what an NTP daemon may slew between renewals: renew it often. */
#define RENEWED_MS 100

static bool is_renewed(const struct daemon *d)
{
	return d->device.vc && d->clockbound.live && d->ntp.found != NTP_NONE &&
	       d->phase == PHASE_TRUSTED;
}

/* How long poll(2) may sleep, in ms; -1: without limit. */
static int patience(const struct daemon *d)
{
	int64_t left;

	if (!d->device.vc)
		return -1;
	if (d->asleep)
		return -1;
	if (d->phase == PHASE_TRUSTED)
		return is_renewed(d) ? RENEWED_MS : rate_is_missing(d) ? BASELINE_MS : -1;
	left = (d->retry - monotonic_now()) / NS_PER_MS + 1;
	return left > 0 ? (int)left : 0;
}

/* Shortens a sleep to end at @deadline, ns of CLOCK_MONOTONIC. */
static int sooner(int ms, int64_t deadline)
{
	int64_t left = deadline == INT64_MAX ? INT_MAX
					     : (deadline - monotonic_now()) / NS_PER_MS + 1;

	if (left < 0)
		left = 0;
	if (ms >= 0 && ms < left)
		return ms;
	return left < INT_MAX ? (int)left : ms;
}

/* The network is watched while time servers are needed. */
static void listen_to_network(struct daemon *d, struct pollfd *fd)
{
	network_listen(&d->network, d->device.vc && !d->device.has_time &&
					    d->phase != PHASE_TRUSTED && d->ntp.found != NTP_NONE);
	fd->fd = network_fd(&d->network);
}

static void look_at_logind(struct daemon *d)
{
	enum logind_news news;

	while ((news = logind_process(&d->logind)) != LOGIND_NOTHING) {
		if (news == LOGIND_AWAKE)
			wake_up(d);
		else
			reaction_sleep(d);
		if (news == LOGIND_SLEEP)
			logind_ready(&d->logind);
	}
}

static void look_at_clocksource(struct daemon *d)
{
	const char *why = clocksource_changed(&d->clocksource);

	if (!why)
		return;
	/* Each clocksource has its own nominal rate. */
	d->steer.nominal = 0;
	reaction_doubt(d, why);
}

/* Somebody may have removed what is in /run/vmclock: new handles would find nothing there. */
static int keep_files(struct daemon *d)
{
	if (state_is_there(&d->state) && completed_is_there(&d->by_ntp.completed))
		return 0;
	say(LOG_WARNING,
	    "files in %s were removed, and are made anew: programs have to open the device again",
	    d->config.folder);
	return state_make_anew(&d->state) ?: completed_make_anew(&d->by_ntp.completed);
}

static void tick(struct daemon *d)
{
	clockbound_keep(&d->clockbound, monotonic_now());
	look_at_clocksource(d);
	logind_tick(&d->logind, monotonic_now());
	ntp_find(&d->ntp);
	if (!d->device.vc && device_open(&d->device))
		reaction_start(d);
	if (d->device.vc)
		reaction_tick(d);
	supervisor_alive();
}

/*
 * Attends to what has woken the loop. @ready: what poll() returned. Returns false at the
 * end; *@status then receives the exit status.
 */
static bool attend(struct daemon *d, const struct pollfd fds[SOURCES], int ready, int *status)
{
	bool had;

	/* First of all: after a sleep the old measurements are void. */
	if (slept_look(&d->slept))
		reaction_awake(d);
	look_at_logind(d);
	if (fds[SIGNALS].revents && shall_end(d, fds[SIGNALS].fd)) {
		*status = 0;
		return false;
	}
	if (network_came(&d->network, monotonic_now()))
		reaction_network(d);
	had = d->device.vc;
	if (had)
		reaction_look(d);
	/* The rate can be known sooner than at the next tick. */
	if (!ready && (rate_is_missing(d) || is_renewed(d)))
		reaction_tick(d);
	if (fds[STEPS].revents) {
		arm_steps(fds[STEPS].fd);
		if (d->device.vc)
			reaction_tick(d);
	}
	if (fds[TICKS].revents && expired(fds[TICKS].fd)) {
		if (keep_files(d)) {
			*status = 1;
			return false;
		}
		tick(d);
	}
	if (had && !d->device.vc)
		reaction_withdraw(d);
	exporter_look(d);
	return true;
}

/* Returns the exit status. */
static int run(struct daemon *d, struct pollfd fds[SOURCES])
{
	int ready, limit, status = 1;

	do {
		listen_to_network(d, &fds[NETWORK]);
		fds[LOGIND].fd = logind_fd(&d->logind);
		fds[LOGIND].events = (short)logind_events(&d->logind);
		limit = sooner(patience(d), hooks_advance(&d->hooks));
		limit = sooner(sooner(limit, d->network.due), logind_due(&d->logind));
		ready = poll(fds, SOURCES, limit);
		if (ready < 0 && errno != EINTR) {
			say(LOG_ERR, "poll: %s", strerror(errno));
			return 1;
		}
	} while (attend(d, fds, ready, &status));
	return status;
}

/* Returns 0; or -1, after a line in the log. */
static int open_files(struct daemon *d)
{
	if (state_open(&d->state, d->config.folder, d->config.device, d->dry_run) ||
	    by_ntp_open(&d->by_ntp, d->config.folder, d->config.device, d->dry_run))
		return -1;
	if (d->config.clockbound &&
	    clockbound_open(&d->clockbound, d->config.clockbound_path, d->dry_run))
		say(LOG_WARNING, "clients of ClockBound are not served");
	return 0;
}

static void begin(struct daemon *d)
{
	d->by_ntp.options.source_smears = d->config.source_smears;
	d->by_ntp.silent = d->dry_run || d->config.mode == MODE_OBSERVE;
	/* A reaction must not wait for page faults. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
		say(LOG_DEBUG, "memory is not locked: %s", strerror(errno));
	d->device.unsynchronises = may_change(d);
	hooks_init(&d->hooks, d->config.hooks, d->config.hook_timeout, d->state.lock);
	reaction_init(d);
	network_init(&d->network);
	clocksource_open(&d->clocksource, CLOCKSOURCE_FOLDER);
	slept_look(&d->slept);
	logind_init(&d->logind);
	ntp_init(&d->ntp, &d->config, d->device.event);
	d->ntp.silent = d->by_ntp.silent;
	d->ntp.disrupted = d->state.next.disruptions;
	ntp_find(&d->ntp);
	d->ntp.untold = d->ntp.disrupted && !d->ntp.daemon;
	if (device_open(&d->device))
		reaction_start(d);
	else
		reaction_withdraw(d);
	exporter_open(d);
	supervisor_ready();
	exporter_look(d);
}

/* Returns the exit status. */
static int serve(struct daemon *d)
{
	struct pollfd fds[SOURCES] = {
		[SIGNALS] = { .fd = open_signals(), .events = POLLIN },
		[TICKS] = { .fd = open_ticks(), .events = POLLIN },
		[STEPS] = { .fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK),
			    .events = POLLIN },
		[DEVICE] = { .fd = d->device.event, .events = POLLIN },
		[NETWORK] = { .fd = -1, .events = POLLIN },
		[LOGIND] = { .fd = -1 },
	};
	int status;

	if (fds[SIGNALS].fd < 0 || fds[TICKS].fd < 0 || fds[STEPS].fd < 0) {
		say(LOG_ERR, "cannot start: %s", strerror(errno));
		return 1;
	}
	arm_steps(fds[STEPS].fd);
	if (open_files(d))
		return 1;
	begin(d);
	status = run(d, fds);
	supervisor_stopping();
	exporter_close(d);
	logind_stop(&d->logind);
	return status;
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	struct daemon d = { 0 };
	int status = parse_options(&options, argc, argv);

	if (status >= 0)
		return status;
	fill_standard_files();
	log_open(options.verbose);
	if (config_read(&d.config, options.config)) {
		config_free(&d.config);
		return 2;
	}
	if (options.check_config) {
		sandbox_check_unit(&d.config);
	} else {
		sandbox_check_own(&d.config);
		d.dry_run = options.dry_run;
		status = 1;
		if (device_init(&d.device, d.config.device))
			say(LOG_ERR, "cannot start: %s", strerror(errno));
		else
			status = serve(&d);
		clockbound_close(&d.clockbound);
		device_close(&d.device);
		ntp_stop(&d.ntp);
		hooks_stop(&d.hooks);
	}
	config_free(&d.config);
	return status < 0 ? 0 : status;
}
