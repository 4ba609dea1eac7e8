// SPDX-License-Identifier: MIT
/*
 * systemd-timesyncd as the NTP daemon.
 *
 * timesyncd measures anew when somebody sets the clock. So vmclockd steps the
 * clock by 1 ns, which needs no other permission than to set the clock. If
 * timesyncd does not answer, because it has lost its server, vmclockd restarts it.
 *
 * When timesyncd sets the clock, it sets the kernel's maximum error to 0. Then
 * vmclockd asks for the NTP answer that timesyncd has used. CLOCK_REALTIME plus
 * the pending slew is the time of this answer. From this instant on only the raw
 * clock counts, not CLOCK_REALTIME.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "clocks.h"
#include "message.h"
#include "ntp.h"

/* The folder exists only while timesyncd runs. */
#define FOLDER "/run/systemd/timesync"
#define UNIT   "systemd-timesyncd.service"
#define LIMIT  (5 * NS_PER_SEC)
/* The time between two questions doubles until an answer counts. */
#define APART_FIRST NS_PER_SEC
#define APART_LAST  (64 * NS_PER_SEC)
/* The system clock's rate error is 1/1000 at most: 500 ppm, and 500 ppm of the raw clock. */
#define RATE_OFF 1000
#define SLACK	 NS_PER_MS

static bool runs(const struct config *config)
{
	(void)config;
	return !access(FOLDER, F_OK);
}

static bool busy(const struct ntp *ntp)
{
	return command_runs(&ntp->timesyncd.restart.command);
}

/* No answer counts before timesyncd is told to measure. */
static void start(struct ntp *ntp)
{
	ntp->timesyncd = (struct timesyncd){ .since.real = INT64_MAX };
}

static void stop(struct ntp *ntp)
{
	command_stop(&ntp->timesyncd.busctl);
	restart_stop(&ntp->timesyncd.restart);
}

/* ---- The answer, and the clock that it has set --------------------------------------- */

/* CLOCK_REALTIME plus the rest of the slew. */
static int64_t settled(const struct clock_state *clock)
{
	return clock->real + clock->pending;
}

/* The kernel subtracts a second's slew from the pending part at once: a quarter of it at most. */
static int64_t uneven(const struct clock_state *clock)
{
	return llabs(clock->pending) / 2;
}

/*
 * How far the clock was moved while busctl was running. If it was moved, another
 * answer than the reported one may have set it.
 */
static int64_t moved(const struct clock_state *before, const struct clock_state *after)
{
	return llabs(settled(after) - settled(before) - (after->raw - before->raw));
}

/* The time since the answer came, by the clock that the answer has set. */
static int64_t age_of(const struct message *m, const struct clock_state *now)
{
	return settled(now) - (m->destination + message_offset(m));
}

static bool is_plausible(const struct timesyncd *t, const struct message *m,
			 const struct clock_state *now)
{
	int64_t age = age_of(m, now);
	int64_t slack = SLACK + uneven(now) + t->slewing + message_error(m);

	return age >= -slack && age <= now->raw - t->since.raw + slack;
}

static void set_anchor(struct timesyncd *t, const struct message *m, const struct clock_state *now)
{
	int64_t age = age_of(m, now);
	/* The formula of vmclockd(8), and the uncertainty of the two readings. */
	int64_t error = message_error(m) + llabs(now->pending) + t->slewing +
			moved(&t->asked, now) + (age > 0 ? age : 0) / RATE_OFF +
			(m->destination - m->origin) / RATE_OFF + now->width + 1;
	const struct anchor anchor = {
		.raw = now->raw,
		.utc = settled(now),
		.error = error,
		.measured = (m->destination + message_offset(m)) / NS_PER_SEC,
		.stratum = m->stratum,
		.leap = message_leap(m),
	};

	anchors_add(&t->known.anchors, &anchor);
	t->apart = APART_FIRST;
	if (moved(&t->asked, now) <= SLACK)
		t->taken = m->origin;
	else
		t->was_set = true;
}

static void take(struct timesyncd *t, const struct message *m, const struct clock_state *now)
{
	t->known.why = message_refusal(m);
	if (t->known.why || m->origin == t->taken)
		return;
	t->known.why = "systemd-timesyncd has not measured anew yet";
	if (m->origin < t->since.real)
		return;
	t->known.why = "the system clock is not as systemd-timesyncd has set it";
	if (!now->synchronised || !is_plausible(t, m, now))
		return;
	t->known.why = NULL;
	set_anchor(t, m, now);
}

/* ---- Asking for the answer ----------------------------------------------------------- */

static void ask(struct timesyncd *t, const char *busctl, const struct clock_state *now)
{
	char *const argv[] = {
		(char *)busctl,
		(char *)"--system",
		/* Does not start timesyncd; busctl's command get-property would. */
		(char *)"--auto-start=no",
		(char *)"call",
		(char *)"org.freedesktop.timesync1",
		(char *)"/org/freedesktop/timesync1",
		(char *)"org.freedesktop.DBus.Properties",
		(char *)"Get",
		(char *)"ss",
		(char *)"org.freedesktop.timesync1.Manager",
		(char *)"NTPMessage",
		NULL,
	};

	t->was_set = false;
	t->asked = *now;
	t->next = monotonic_now() + t->apart;
	t->apart = t->apart < APART_LAST ? 2 * t->apart : APART_LAST;
	if (command_start(&t->busctl, argv, LIMIT))
		t->known.why =
			"systemd-timesyncd cannot be asked: the program busctl cannot be started";
}

static void hear(struct timesyncd *t, const struct clock_state *now)
{
	struct message message;
	int ret = command_result(&t->busctl);

	if (ret == -EINPROGRESS)
		return;
	ret = ret ?: message_parse(t->busctl.output, &message);
	if (!ret) {
		take(t, &message, now);
		return;
	}
	t->was_set = true;
	if (ret == -ENODATA)
		t->known.why = "systemd-timesyncd has no answer of a server yet";
	else if (ret == -EBADMSG)
		t->known.why = "vmclockd does not understand systemd-timesyncd's answer";
	else if (ret == -EREMOTEIO)
		t->known.why = "systemd-timesyncd cannot be asked: busctl fails: does D-Bus run?";
	else
		t->known.why = "systemd-timesyncd does not answer";
}

/* ---- The daemon ------------------------------------------------------------------------ */

/* Only answers to requests from now on count. */
static int reset(struct timesyncd *t)
{
	command_kill(&t->busctl);
	anchored_reset(&t->known, "systemd-timesyncd has not measured anew yet");
	t->was_set = true;
	t->next = 0;
	t->apart = APART_FIRST;
	t->taken = 0;
	t->slewing = 0;
	return clock_look(&t->since);
}

static void look(struct ntp *ntp)
{
	struct timesyncd *t = &ntp->timesyncd;
	struct clock_state now;

	if (clock_look(&now))
		return;
	if (anchored_slept(&t->known, &now))
		reset(t);
	/* Ignore the result of the restart: only new measurements count. */
	if (command_runs(&t->restart.command))
		restart_result(&t->restart);
	if (anchored_was_set(&t->known, &now)) {
		t->was_set = true;
		t->next = 0;
		t->apart = APART_FIRST;
		t->slewing = llabs(t->known.last.pending);
	}
	t->known.last = now;
	if (command_runs(&t->busctl))
		hear(t, &now);
	else if (!now.synchronised)
		t->known.why = "systemd-timesyncd has not set the clock yet";
	if ((t->was_set || !t->known.anchors.count) && now.synchronised &&
	    !command_runs(&t->busctl) && monotonic_now() >= t->next)
		ask(t, ntp->config->busctl, &now);
}

static int forget(struct ntp *ntp)
{
	return reset(&ntp->timesyncd);
}

/* Without the permission to set the clock, timesyncd still measures by itself later. */
static int touch(struct timesyncd *t)
{
	int ret = reset(t) ?: clock_touch();

	return ret == -EPERM ? 0 : ret;
}

static int measure(struct ntp *ntp, bool again)
{
	static const char *const units[] = { UNIT, NULL };
	struct timesyncd *t = &ntp->timesyncd;

	if (!again)
		return touch(t);
	/* An older answer may have set the clock back behind t->since. */
	return clock_look(&t->since) ?: restart_begin(&t->restart, ntp->config->systemctl, units);
}

static int measured(struct ntp *ntp, const char **why)
{
	return anchored_measured(&ntp->timesyncd.known, why);
}

static int report(struct ntp *ntp, struct report *report, const char **why)
{
	return anchored_report(&ntp->timesyncd.known, report, why);
}

const struct ntp_daemon timesyncd_daemon = {
	.kind = NTP_TIMESYNCD,
	.runs = runs,
	.busy = busy,
	.start = start,
	.stop = stop,
	/* timesyncd notices the step itself. */
	.stepped = NULL,
	.set_rate = ntp_set_kernel_rate,
	.look = look,
	.begin = forget,
	.forget = forget,
	.measure = measure,
	.measured = measured,
	.report = report,
	.reason = restart_reason,
};
