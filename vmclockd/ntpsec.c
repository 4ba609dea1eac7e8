// SPDX-License-Identifier: MIT
/*
 * ntpd as the NTP daemon.
 *
 * ntpd filters its measurements for minutes, steps the clock only after the clock
 * has been wrong for minutes, and exits if the clock is wrong by more than 1000 s,
 * except at its start. So vmclockd restarts ntpd after a disruption. No signal
 * makes ntpd measure anew, and ntpq would need a key.
 *
 * A started ntpd first corrects the clock by itself, for 5 minutes at most. It tells the
 * kernel its error only from then on, or once it finds the clock within 0.5 ms.
 */
#include <stdlib.h>

#include "clocks.h"
#include "ntp.h"
#include "process.h"

/* What the kernel adds to its maximum error each second. */
#define KERNEL_GROWTH_NS INT64_C(500000)

/* The unit test has another one. */
#ifndef NTPD_PID_FILE
#define NTPD_PID_FILE "/run/ntpd.pid"
#endif
#define NTP_PORT 123

static pid_t process(void)
{
	return process_in(NTPD_PID_FILE);
}

/* The file of an ntpd that has ended may be left. */
static bool runs(const struct config *config)
{
	(void)config;
	return process_is(process(), "ntpd", NTP_PORT);
}

static bool busy(const struct ntp *ntp)
{
	return command_runs(&ntp->ntpsec.restart.command);
}

static void start(struct ntp *ntp)
{
	ntp->ntpsec = (struct ntpsec){ .known.why = "ntpd has not been told to measure yet" };
}

static void stop(struct ntp *ntp)
{
	restart_stop(&ntp->ntpsec.restart);
}

/* ---- The kernel's status ------------------------------------------------------------- */

static enum report_leap leap_of(const struct clock_state *clock)
{
	if (clock->inserts)
		return REPORT_LEAP_INSERT;
	return clock->deletes ? REPORT_LEAP_DELETE : REPORT_LEAP_NONE;
}

/* The most that the kernel can have added to its maximum error. */
static int64_t growth(const struct clock_state *last, const struct clock_state *now)
{
	return ((now->raw - last->raw) / NS_PER_SEC + 1) * KERNEL_GROWTH_NS;
}

/*
 * When NTPsec starts, it declares the clock synchronised with a maximum error of 16 us, although it
 * means 16 s. The kernel then lets this error grow. Real errors are above ntpd's minimum, 1 ms.
 */
static bool may_be_start(const struct clock_state *last, const struct clock_state *now)
{
	return now->maxerror <= growth(last, now);
}

/* After such a start, ntpd's first setting of the clock raises the error. */
static bool was_raised(const struct clock_state *last, const struct clock_state *now)
{
	return last->synchronised && now->synchronised &&
	       now->maxerror > last->maxerror + growth(last, now);
}

static void set_anchor(struct ntpsec *n, const struct clock_state *now)
{
	const struct anchor anchor = {
		.raw = now->raw,
		.utc = now->real + now->pending,
		.error = now->maxerror + llabs(now->pending) + now->width + 1,
		/* The clock was set after the last look. */
		.measured = (n->known.last.real ? n->known.last.real : now->real) / NS_PER_SEC,
		/* The kernel knows no stratum. */
		.stratum = 1,
		.leap = leap_of(now),
	};

	anchors_add(&n->known.anchors, &anchor);
	n->known.why = NULL;
}

/* Is ntpd a new process? The old process's settings of the clock do not count. */
static void look_for_restart(struct ntpsec *n, bool silent)
{
	pid_t pid = process();
	bool unused;

	if (!pid || pid == n->before || (!silent && clock_unsynchronise(&unused)))
		return;
	n->known.last = (struct clock_state){ 0 };
	n->counts = true;
	n->known.why = "ntpd was restarted, and has not told the kernel its error yet: this "
		       "may take 5 minutes";
}

/* Handles the end of systemctl. Only a new process proves that ntpd was restarted. */
static void hear(struct ntpsec *n)
{
	int ret = restart_result(&n->restart);

	if (ret == -EINPROGRESS || n->counts)
		return;
	n->known.why = ret ? "ntpd cannot be restarted: systemctl does not know its unit, or fails"
			   : "ntpd was not restarted: the ntpd that runs is not systemctl's unit";
}

/* ---- The daemon ------------------------------------------------------------------------ */

/* Until ntpd is restarted, neither its old nor its new measurements count. */
static void void_all(struct ntpsec *n, const char *why)
{
	anchored_reset(&n->known, why);
	n->counts = false;
	n->before = process();
}

static void look(struct ntp *ntp)
{
	struct ntpsec *n = &ntp->ntpsec;
	struct clock_state now;

	if (command_runs(&n->restart.command))
		hear(n);
	if (!n->counts)
		look_for_restart(n, ntp->silent);
	if (clock_look(&now))
		return;
	if (anchored_slept(&n->known, &now))
		void_all(n, "the machine has slept, and ntpd was not restarted since");
	if (n->counts && n->known.last.raw &&
	    (anchored_was_set(&n->known, &now) || was_raised(&n->known.last, &now)) &&
	    !may_be_start(&n->known.last, &now))
		set_anchor(n, &now);
	n->known.last = now;
}

static int begin(struct ntp *ntp)
{
	struct ntpsec *n = &ntp->ntpsec;

	anchored_reset(&n->known, "ntpd has not told the kernel its error since vmclockd was "
				  "started: this may take 5 minutes");
	n->counts = true;
	return 0;
}

/* ntpd goes on using its old samples, so only a new process counts. */
static int forget(struct ntp *ntp)
{
	void_all(&ntp->ntpsec, "ntpd has not been restarted yet");
	return 0;
}

static int dropped(struct ntp *ntp, bool first)
{
	if (first)
		void_all(&ntp->ntpsec, "ntpd was not restarted since the disruption");
	look(ntp);
	return ntp->ntpsec.counts ? 0 : -EAGAIN;
}

static int measure(struct ntp *ntp, bool again)
{
	static const char *const units[] = { "ntpsec.service", "ntp.service", "ntpd.service",
					     NULL };
	struct ntpsec *n = &ntp->ntpsec;

	/* ntpd asks its servers by itself; another restart would delay it. */
	if (n->counts || (again && command_runs(&n->restart.command)))
		return -EBUSY;
	void_all(n, "ntpd is being restarted");
	return restart_begin(&n->restart, ntp->config->systemctl, units);
}

static int measured(struct ntp *ntp, const char **why)
{
	return anchored_measured(&ntp->ntpsec.known, why);
}

static int report(struct ntp *ntp, struct report *report, const char **why)
{
	return anchored_report(&ntp->ntpsec.known, report, why);
}

const struct ntp_daemon ntpsec_daemon = {
	.kind = NTP_NTPSEC,
	.runs = runs,
	.busy = busy,
	.start = start,
	.stop = stop,
	/* ntpd's state is true again after the step, and the kernel's PLL has the rate. */
	.stepped = NULL,
	.set_rate = ntp_set_kernel_rate,
	.look = look,
	.begin = begin,
	.forget = forget,
	.dropped = dropped,
	.measure = measure,
	.measured = measured,
	.report = report,
	.reason = restart_reason,
};
