// SPDX-License-Identifier: MIT
/*
 * A stand-in hypervisor: publishes a live VMClock page in a file.
 *
 * See sim/sim.h for the parts. Here: the start and the main loop.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/program.h"
#include "lib/monotonic.h"
#include "sim/command.h"
#include "sim/counter.h"
#include "sim/input.h"
#include "sim/output.h"
#include "sim/run.h"
#include "sim/sim.h"
#include "sim/tool.h"
#include "sim/update.h"
#include "sim/verbs.h"

#define FLAT_OUT_NS	1000000		/* between two looks for commands */
#define LOOK_NS		NS_PER_SEC	/* and for the file */

static const char usage[] =
"Usage: " TOOL " [OPTION]... FILE\n"
"       " TOOL " [OPTION]... --run CMD [ARGUMENT]...\n"
"       " TOOL " --tell SOCKET COMMAND\n"
"\n"
"Publishes a live VMClock page in FILE, as a hypervisor does for its guests.\n"
"With VMCLOCK_PATH=FILE, programs that use libvmclock run without a hypervisor.\n";

static const char rest_of_help[] =
"\n"
"TIME is a number with a unit, such as 10ms or 2h; without one it is in seconds.\n"
"\n"
"Exit status:\n"
"  0  ended as asked\n"
"  2  cannot publish\n"
"  3  wrong usage, or an invalid command\n"
"With --run: that of CMD, or 128 and its signal; 125: the page cannot be provided;\n"
"126: CMD cannot be run; 127: there is no CMD\n";

/* ---- Start ---------------------------------------------------------------------------- */

/* TAI - UTC: from --tai-offset if its value is possible, otherwise from the kernel. */
static int tai_of(const struct sim_options *o, const struct sim_host *host)
{
	int asked = o->tai_offset.sec < 0 ? -o->tai_offset.sec : o->tai_offset.sec;

	if (o->tai_offset.given && asked >= 10 && asked <= 100)
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
	if (o->start.now)
		o->start.sec = time(NULL);
	sim->first_tai = tai_of(o, &host);
	sim->leap.tai = sim->first_tai;
	sim_clock_start(&sim->clock, &host, o->start.given ? &o->start.sec : NULL, sim->first_tai);
	if (host.leap && !o->start.given) {
		sim_clock_read(&sim->clock, &reading);
		sim_leap_set(&sim->leap, host.leap, reading.time);
	}
	return 0;
}

/*
 * There may be a page already: with --at, the guest comes from another host;
 * otherwise programs may still have open what an earlier simulator left. The
 * sequence count and the generation go on, and the marker changes. In a file of
 * ours it changes even if --marker asks for the old one, for those programs
 * would miss the disruption.
 */
static uint32_t take_over(struct sim *sim)
{
	const struct vmclock_abi *page = sim->file.page;
	const struct sim_options *o = &sim->options;
	bool inside = sim->file.inside && le32toh(page->magic) == VMCLOCK_MAGIC;
	uint64_t before = le64toh(page->disruption_marker);

	sim->marker = o->marker.value;
	sim->generation = o->generation.value;
	if (!inside && !sim->file.continues)
		return 0;
	if (!o->marker.given || (sim->file.continues && o->marker.value == before))
		sim->marker = before + 1;
	if (!o->generation.given && le64toh(page->flags) & VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT)
		sim->generation = le64toh(page->vm_generation_counter);
	return le32toh(page->seq_count);
}

static int start(struct sim *sim)
{
	const struct sim_options *o = &sim->options;
	const struct sim_constants constants = sim_constants(o);
	char line[SIM_ANSWER_MAX];

	if (sim_file_open(&sim->file, o->path, o->at.given ? &o->at.value : NULL, &constants))
		return -1;
	if (!o->marker_only && start_clock(sim))
		return -1;
	sim->status = o->status;
	sim->smearing = o->smearing;
	sim_start(sim, take_over(sim));
	if (sim_file_appear(&sim->file))
		return -1;
	/* The output of --run is the command's. */
	if (!o->run) {
		snprintf(line, sizeof(line), "publishing %s\n", o->path);
		sim_print(line);
	}
	if (sim->file.continues)
		sim_report("the page that was there goes on: disruption marker %llu",
			   (unsigned long long)sim->marker);
	return 0;
}

/* ---- The loop --------------------------------------------------------------------------- */

static volatile sig_atomic_t told_to_stop;	/* the signal; 0: none */
static volatile sig_atomic_t by_terminal;	/* it reached the command of --run as well */

static void on_stop(int number, siginfo_t *info, void *context)
{
	(void)context;
	if (number == SIGCHLD)
		return;
	by_terminal = info->si_code == SI_KERNEL;
	told_to_stop = number;
}

/* Signals are blocked except while we wait, so that none is missed. */
static void catch_signals(sigset_t *waiting)
{
	/* A child that has ended ends a wait as well. */
	static const int stops[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };
	struct sigaction stop = { .sa_sigaction = on_stop, .sa_flags = SA_SIGINFO }, before;
	sigset_t blocked;
	size_t i;

	sigemptyset(&blocked);
	for (i = 0; i < sizeof(stops) / sizeof(stops[0]); i++) {
		sigaddset(&blocked, stops[i]);
		sigaction(stops[i], &stop, &before);
		/* By nohup(1). */
		if (stops[i] == SIGHUP && before.sa_handler == SIG_IGN)
			sigaction(SIGHUP, &before, NULL);
	}
	sigprocmask(SIG_BLOCK, &blocked, waiting);
	for (i = 0; i < sizeof(stops) / sizeof(stops[0]); i++)
		sigdelset(waiting, stops[i]);
	/* The reader of stdout may go away, and the terminal of stdin may not be ours to read. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTTIN, SIG_IGN);
	/* A terminal may not be ours to write to, either. */
	signal(SIGTTOU, SIG_IGN);
	/* A file that is too large is an error like others. */
	signal(SIGXFSZ, SIG_IGN);
}

/* Looks whether the file still has its name, which is told once, and its page. */
static void look_for_file(struct sim *sim, int64_t now)
{
	if (sim->gone || now < sim->next_look)
		return;
	sim->next_look = now + LOOK_NS;
	if (sim->file.inside)
		return;
	if (!sim_file_is_whole(&sim->file, sim->garbled_until ? NULL : &sim->next)) {
		sim->lost = true;
		sim_report("%s was truncated or overwritten by another program; remove it, and "
			   "start " TOOL " again",
			   sim->options.path);
		return;
	}
	if (sim_file_is_there(&sim->file))
		return;
	sim->gone = true;
	sim_report("%s was removed, or replaced by another file: programs that have it open go on, "
		   "others do not find this page; end " TOOL ", and start it again",
		   sim->options.path);
}

/*
 * Is there more to do? The command of --run ends first, and has its page until
 * then: it is only told to end, by the signal that came, or for quit by SIGTERM.
 */
static bool goes_on(struct sim *sim, pid_t command)
{
	int number = told_to_stop ? told_to_stop : sim->stop ? SIGTERM : 0;

	if (!number)
		return true;
	if (!command)
		return false;
	if (!told_to_stop || !by_terminal)
		kill(command, number);
	told_to_stop = 0;
	sim->stop = false;
	return true;
}

/* @command: the process of --run, which ends the simulation by its end; 0: none. */
static int run(struct sim *sim, const sigset_t *waiting, pid_t command)
{
	int64_t started = monotonic_now();
	int status = 0;

	while (goes_on(sim, command)) {
		int64_t now = monotonic_now();
		int64_t next = sim_input_script(sim, started, now);
		int64_t slice = now + FLAT_OUT_NS;
		bool flat_out = !sim->options.interval && !sim->options.hold;

		do {
			sim_tick(sim, now);
			now = monotonic_now();
		} while (flat_out && now < slice && now < next);

		look_for_file(sim, now);
		if (sim_deadline(sim) < next)
			next = sim_deadline(sim);
		if (!sim->gone && sim->next_look < next)
			next = sim->next_look;
		if (command && sim_run_ended(command, &status))
			return status;
		/* Whoever waits for the first line would wait for ever. */
		if (sim->lost || sim_output_is_void())
			return SIM_CANNOT;
		if (!sim->stop)
			sim_input_wait(sim, next, waiting);
	}
	return 0;
}

/* Publishes until the end. Returns the exit status. */
static int publish_and_run(struct sim *sim, const sigset_t *waiting)
{
	const struct sim_options *o = &sim->options;
	pid_t command = 0;
	int status;

	if (o->run)
		command = sim_run_start(o->words, o->path, waiting);
	/* Only now, for the command is to be the child of a process without threads. */
	if (command > 0 && sim_output_start())
		kill(command, SIGTERM);
	status = command < 0 ? SIM_RUN_CANNOT : run(sim, waiting, command);
	if (!sim->lost)
		sim_finish(sim);
	/* The rest of the script was about another clock. */
	return !status && !o->run && sim->refused ? SIM_WRONG_USAGE : status;
}

static int simulate(struct sim *sim)
{
	const struct sim_options *o = &sim->options;
	char *own = NULL;
	int cannot = o->run ? SIM_RUN_CANNOT : SIM_CANNOT;
	sigset_t waiting;
	bool started = false;
	int status;

	fill_standard_files();
	end_by_truncation(TOOL);
	/* Before signals are caught: a pipe may never end. */
	status = sim_input_read_script(o);
	if (status)
		return status == SIM_CANNOT ? cannot : status;
	if (o->run) {
		own = sim_run_make_path();
		if (!own)
			return cannot;
		sim->options.path = own;
	}
	catch_signals(&waiting);
	status = sim_input_open(o->control, !o->run);
	if (!status && !o->run && sim_output_start())
		status = SIM_CANNOT;
	if (status == SIM_CANNOT)
		status = cannot;
	if (!status) {
		started = !start(sim);
		status = started ? publish_and_run(sim, &waiting) : cannot;
	}
	/* What is lost is not ours to remove. */
	sim_file_close(&sim->file, started && (o->keep || sim->lost));
	sim_input_close();
	sim_run_remove_path(own);
	return sim_output_end() && !status && !o->run ? SIM_CANNOT : status;
}

static void print_help(void)
{
	char commands[SIM_ANSWER_MAX];

	fputs(usage, stdout);
	sim_options_explain();
	sim_verbs_explain(commands, sizeof(commands));
	printf("\nThe commands:\n%s", commands);
	fputs(rest_of_help, stdout);
}

int main(int argc, char **argv)
{
	static struct sim sim = { .file = { .fd = -1, .old = -1 } };
	const struct sim_options *options = &sim.options;
	int status = 0;

	if (sim_options_parse(&sim.options, argc, argv))
		return SIM_WRONG_USAGE;

	if (options->help)
		print_help();
	else if (options->version)
		print_version(TOOL);
	else if (options->tell)
		status = sim_input_tell(options->tell, options->n_words, options->words);
	else
		status = simulate(&sim);

	if (close_stdout(TOOL) && !status)
		status = SIM_CANNOT;
	return status;
}
