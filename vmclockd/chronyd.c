// SPDX-License-Identifier: MIT
/* chronyd as the NTP daemon, through chronyc. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "chronyd-socket.h"
#include "clocks.h"
#include "log.h"
#include "ntp.h"
#include "steps.h"

#define TIMEOUT 1000 /* ms */
/* A difference that chronyd itself corrects soon. */
#define NO_DIFFERENCE 10 /* ppb */
/* chronyd's own step and its report of the step differ by less. */
#define OWN_STEP_NS (NS_PER_MS / 5)

static bool runs(const struct config *config)
{
	return chronyd_socket_answers(config);
}

static void start(struct ntp *ntp)
{
	struct chrony *c = &ntp->chronyd.chronyc;

	chrony_init(c, ntp->config->chronyc, TIMEOUT, ntp->interrupt);
	c->socket = ntp->config->chronyd_socket;
	if (!chronyd_socket_answers(ntp->config) && chronyd_runs_elsewhere())
		chronyd_socket_tell(ntp->config, true);
	/* Start chronyc now, so that it answers at once in a reaction. */
	chrony_start(c);
}

static void stop(struct ntp *ntp)
{
	chrony_stop(&ntp->chronyd.chronyc);
}

static int command(struct ntp *ntp, const char *text)
{
	struct chrony *c = &ntp->chronyd.chronyc;

	ntp->said = c->answer;
	return chrony_command(c, text);
}

static struct incarnation who(const struct ntp *ntp)
{
	struct stat st;

	if (lstat(chronyd_socket_path(ntp->config), &st))
		return (struct incarnation){ 0 };
	return (struct incarnation){ st.st_dev, st.st_ino, st.st_ctim };
}

static int forget(struct ntp *ntp)
{
	struct incarnation clean = who(ntp);
	int ret = lead_read(&ntp->chronyd.lead) ?: command(ntp, "reset sources");

	if (!ret)
		ntp->chronyd.clean = clean;
	return ret;
}

/* With the option -r, chronyd begins with measurements that an earlier one has saved. */
static bool is_another(const struct ntp *ntp)
{
	const struct incarnation *clean = &ntp->chronyd.clean;
	struct incarnation now = who(ntp);

	return clean->inode && now.inode &&
	       (now.device != clean->device || now.inode != clean->inode ||
		now.made.tv_sec != clean->made.tv_sec || now.made.tv_nsec != clean->made.tv_nsec);
}

/* The target is absolute, so a reaction that begins anew does not add the change twice. */
static int set_rate(struct ntp *ntp, int64_t fast)
{
	struct report report;
	char text[64];
	int64_t change;
	int ret = chrony_tracking(&ntp->chronyd.chronyc, &report);

	if (ret)
		return ret;
	change = fast - report.frequency;
	if (change <= NO_DIFFERENCE && change >= -NO_DIFFERENCE)
		return 0;
	snprintf(text, sizeof(text), "dfreq %.3f", (double)change / 1000);
	return command(ntp, text);
}

/* Somebody may have set the clock unnoticed by chronyd: its old measurement does not count. */
static int begin(struct ntp *ntp)
{
	ntp->chronyd.fresh = FRESH_UNKNOWN;
	/* The next one may have measurements from before an earlier vmclockd's disruption. */
	if (ntp->disrupted && !ntp->silent)
		ntp->chronyd.clean = who(ntp);
	return lead_read(&ntp->chronyd.lead);
}

/* If chronyd has no source, somebody has reset or restarted it, and it has no measurement. */
static int dropped(struct ntp *ntp, bool first)
{
	struct report report;
	int ret = chrony_tracking(&ntp->chronyd.chronyc, &report);

	(void)first;
	return ret ?: report.leap == REPORT_LEAP_UNKNOWN ? 0 : -EAGAIN;
}

/* Sends a command. If chronyd refuses it, chronyd still measures by itself. */
static int request(struct ntp *ntp, const char *text)
{
	int ret = command(ntp, text);

	return chrony_was_refused(ret) ? 0 : ret;
}

/* During a burst chronyd ignores another one. */
static int measure(struct ntp *ntp, bool again)
{
	struct chrony_sources sources;
	int ret = chrony_sources(&ntp->chronyd.chronyc, &sources);

	(void)again;
	if (!ret && (sources.burst_online || sources.burst_offline))
		return -EBUSY;
	if (!ret && !sources.online)
		ret = request(ntp, "onoffline");
	if (!ret && sources.unresolved)
		ret = request(ntp, "refresh");
	return ret ?: request(ntp, "burst 4/4");
}

/* Without this command, chronyd slews the clock, or steps it by its own configuration. */
static int step(struct ntp *ntp, const struct report *report)
{
	const char *why = steps_refusal(ntp->config, report->offset);

	/* chronyd may refuse, as in a container where it may not set the clock. */
	if (!why)
		return request(ntp, "makestep");
	say(LOG_WARNING, "chronyd is not told to step the system clock: %s", why);
	return 0;
}

/*
 * Has another program stepped the clock? Then chronyd's samples are wrong. chronyd's own step,
 * when it selects a source, is as large as it reports.
 */
static bool another_stepped(const struct chronyd *chronyd, int64_t corrected)
{
	struct lead now;
	int64_t stepped;

	if (lead_read(&now))
		return false;
	stepped = lead_stepped(&chronyd->lead, &now);
	return stepped && llabs(stepped - corrected) > OWN_STEP_NS;
}

static int measured(struct ntp *ntp, const char **why)
{
	struct report report = { 0 };
	int ret = chrony_selected_source(&ntp->chronyd.chronyc);
	bool selected = ret > 0;

	(void)why;
	if (selected)
		ret = chrony_tracking(&ntp->chronyd.chronyc, &report);
	if (ret < 0)
		return ret;
	if (another_stepped(&ntp->chronyd, report.corrected))
		return forget(ntp) ?: -EAGAIN;
	if (!selected)
		return -EAGAIN;
	ret = step(ntp, &report);
	if (!ret)
		ntp->chronyd.fresh = FRESH_ALL;
	return ret;
}

/* Has chronyd measured since it was first asked? Compares chronyd's own times of measurements. */
static bool has_measured(struct chronyd *chronyd, const struct report *report)
{
	if (chronyd->fresh == FRESH_UNKNOWN) {
		chronyd->before = report->reference;
		chronyd->fresh = FRESH_OTHER;
	}
	return chronyd->fresh == FRESH_ALL || report->reference != chronyd->before;
}

/* chronyd combines new measurements with old samples, which are wrong after a step. */
static int mixes(struct ntp *ntp)
{
	int ret = ntp->silent ? 0 : forget(ntp);

	if (!ret)
		ntp->chronyd.fresh = ntp->silent ? FRESH_NONE : FRESH_ALL;
	return ret ?: -EAGAIN;
}

static int report(struct ntp *ntp, struct report *report, const char **why)
{
	struct chronyd *chronyd = &ntp->chronyd;
	int ret = chrony_tracking(&chronyd->chronyc, report);

	if (ret || chronyd->fresh == FRESH_ALL)
		return ret;
	*why = "another program has set the clock, and chronyd has not measured anew since";
	if (chronyd->fresh == FRESH_NONE) {
		if (report->leap == REPORT_LEAP_UNKNOWN)
			chronyd->fresh = FRESH_ALL;
		return -EAGAIN;
	}
	if (has_measured(chronyd, report)) {
		if (another_stepped(chronyd, report->corrected))
			return mixes(ntp);
		chronyd->fresh = FRESH_ALL;
		return 0;
	}
	*why = "chronyd has not measured since vmclockd was started";
	return -EAGAIN;
}

const struct ntp_daemon chronyd_daemon = {
	.kind = NTP_CHRONY,
	.runs = runs,
	.start = start,
	.stop = stop,
	.stepped = forget,
	.set_rate = set_rate,
	.begin = begin,
	.forget = forget,
	.is_another = is_another,
	.dropped = dropped,
	.measure = measure,
	.measured = measured,
	.report = report,
	.reason = chrony_reason,
};
