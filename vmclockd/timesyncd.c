// SPDX-License-Identifier: MIT
/*
 * systemd-timesyncd as the NTP daemon.
 *
 * timesyncd measures anew when somebody sets the clock. So vmclockd steps the
 * clock by 1 ns, which needs no other permission than to set the clock. If
 * timesyncd does not answer, because it has lost its server, vmclockd restarts it.
 *
 * When timesyncd sets the clock, it sets the kernel's maximum error to 0. Then
 * vmclockd asks for the NTP answer that timesyncd has used. Its last look at the
 * clock before that tells when the answer came by the raw clock. From this instant on
 * only the raw clock counts, so a slew by timesyncd does not widen the bound.
 */
#include <errno.h>
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

/* ---- The answer ------------------------------------------------------------------------ */

static void set_anchor(struct timesyncd *t, const struct message *m, const struct setting *set)
{
	const struct anchor anchor = {
		.raw = setting_came(set, m),
		.utc = m->destination + message_offset(m),
		.error = setting_error(set, m),
		.measured = (m->destination + message_offset(m)) / NS_PER_SEC,
		.stratum = m->stratum,
		.leap = message_leap(m),
	};

	anchors_add(&t->known.anchors, &anchor);
	t->judged = m->origin;
	t->stepped = false;
}

/*
 * The setting by this answer. A look may have missed it: timesyncd always sets the
 * kernel's maximum error to 0, and the kernel lets this grow each second.
 */
static const char *find_setting(const struct timesyncd *t, const struct message *m,
				const struct clock_state *now, struct setting *set)
{
	const struct setting missed = { t->set.after, *now, t->set.after.raw,
					t->stepped || t->set.stepped };
	const char *why;

	*set = t->set;
	if (!t->set.after.raw) {
		set->after = *now;
		set->stepped = t->stepped;
	}
	why = setting_mismatch(set, &t->since, m, now);
	if (!why || !t->set.after.raw || setting_mismatch(&missed, &t->since, m, now))
		return why;
	*set = missed;
	return NULL;
}

static void take(struct timesyncd *t, const struct message *m, const struct clock_state *now)
{
	struct setting set;

	if (m->origin == t->judged)
		return;
	t->known.why = message_refusal(m);
	if (t->known.why)
		return;
	t->known.why = find_setting(t, m, now, &set);
	if (!t->known.why)
		set_anchor(t, m, &set);
	else if (t->known.why == setting_not_alone)
		t->judged = m->origin;
	else
		/* Another answer has set the clock: ask for it. */
		t->was_set = true;
}

/* ---- Asking for the answer ----------------------------------------------------------- */

static void ask(struct timesyncd *t, const char *busctl)
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

/* timesyncd has set the clock since the last look. */
static void note_setting(struct timesyncd *t, const struct clock_state *now)
{
	t->set = (struct setting){ t->known.last, *now, t->set.after.raw, t->stepped };
	t->stepped = setting_is_stepped(&t->set);
	t->was_set = true;
	t->next = 0;
	t->apart = APART_FIRST;
}

/* The clock was stepped since the last look, but not by timesyncd. */
static bool was_stepped(const struct timesyncd *t, const struct clock_state *now)
{
	const struct setting none = { .before = t->known.last, .after = *now };

	return setting_is_stepped(&none);
}

/* Nobody has set the clock since this look. */
static void begin_with(struct timesyncd *t, const struct clock_state *now)
{
	t->known.last = *now;
	t->set = (struct setting){ .before = *now };
	t->stepped = false;
}

/* Only answers to requests from now on count. */
static int reset(struct timesyncd *t)
{
	int ret = clock_look(&t->since);

	command_kill(&t->busctl);
	anchored_reset(&t->known, "systemd-timesyncd has not measured anew yet");
	begin_with(t, &t->since);
	t->was_set = true;
	t->next = 0;
	t->apart = APART_FIRST;
	t->judged = 0;
	return ret;
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
	if (anchored_was_set(&t->known, &now))
		note_setting(t, &now);
	else if (was_stepped(t, &now))
		t->stepped = true;
	t->known.last = now;
	if (command_runs(&t->busctl))
		hear(t, &now);
	else if (!now.synchronised)
		t->known.why = "systemd-timesyncd has not set the clock yet";
	if ((t->was_set || !t->known.anchors.count) && now.synchronised &&
	    !command_runs(&t->busctl) && monotonic_now() >= t->next)
		ask(t, ntp->config->busctl);
}

static int forget(struct ntp *ntp)
{
	return reset(&ntp->timesyncd);
}

/* Without the permission to set the clock, timesyncd still measures by itself later. */
static int touch(struct timesyncd *t)
{
	struct clock_state now;
	int ret = reset(t) ?: clock_touch();

	if (ret)
		return ret == -EPERM ? 0 : ret;
	/* The touch has ended a slew. */
	ret = clock_look(&now);
	if (!ret)
		begin_with(t, &now);
	return ret;
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
