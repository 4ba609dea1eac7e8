// SPDX-License-Identifier: MIT
/* Judges the facts: what is usable, what is wrong, and the verdict. */
#include <endian.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "calc/scale.h"
#include "check.h"
#include "lib/counter.h"
#include "tools/common.h"

/* What may be wrong with a page. */
static const struct check_rule
	stuck_update = { "stuck-update", CHECK_UNUSABLE, CHECK_TELL_OPERATOR },
	tai_offset_impossible = { "tai-offset-impossible", CHECK_UNUSABLE, CHECK_TELL_OPERATOR },
	period_zero = { "period-zero", CHECK_UNUSABLE, CHECK_TELL_OPERATOR },
	time_impossible = { "time-impossible", CHECK_UNUSABLE, CHECK_TELL_OPERATOR },

	disruption_imminent = { "disruption-imminent", CHECK_WARNING,
		"move work that depends on the clock away, and watch the marker" },
	disruption_soon = { "disruption-soon", CHECK_WARNING,
		"plan for it: the marker will change" },
	slow_update = { "slow-update", CHECK_WARNING, CHECK_TELL_OPERATOR },
	generation_not_covered = { "generation-not-covered", CHECK_WARNING, CHECK_TELL_OPERATOR },

	status_unknown = { "status-unknown", CHECK_WARNING, CHECK_TELL_OPERATOR },
	status_initializing = { "status-initializing", CHECK_WARNING,
		"check again in some minutes" },
	status_unreliable = { "status-unreliable", CHECK_WARNING,
		"keep time by NTP, and ask whoever runs the hypervisor" },
	status_unassigned = { "status-unassigned", CHECK_WARNING, CHECK_TELL_OPERATOR },
	counter_unusable = { "counter-unusable", CHECK_WARNING, CHECK_TELL_OPERATOR },
	timescale_unusable = { "timescale-unusable", CHECK_WARNING, CHECK_TELL_OPERATOR },
	time_not_covered = { "time-not-covered", CHECK_WARNING, CHECK_TELL_OPERATOR },
	tai_offset_positive = { "tai-offset-positive", CHECK_WARNING, CHECK_TELL_OPERATOR },
	leap_indicator_impossible = { "leap-indicator-impossible", CHECK_WARNING,
		CHECK_TELL_OPERATOR },
	no_utc = { "no-utc", CHECK_WARNING, CHECK_TELL_OPERATOR },
	no_date = { "no-date", CHECK_WARNING, CHECK_TELL_OPERATOR },
	no_bounds = { "no-bounds", CHECK_WARNING,
		"do not order events by these times; ask whoever runs the hypervisor" };

/* ---- Notes -------------------------------------------------------------------------- */

struct check_problem *check_complain(struct check *c, const struct check_rule *rule,
				     const char *fmt, ...)
{
	enum { MOST = sizeof(c->problems) / sizeof(c->problems[0]) };
	struct check_problem *p;
	va_list args;

	/* More problems never occur together; if they did, the last one would be overwritten. */
	if (c->n_problems < MOST)
		c->n_problems++;
	p = &c->problems[c->n_problems - 1];
	while (p > c->problems && p[-1].rule->gravity < rule->gravity) {
		p[0] = p[-1];
		p--;
	}
	p->rule = rule;
	snprintf(p->next, sizeof(p->next), "%s", rule->next ? rule->next : "");
	va_start(args, fmt);
	vsnprintf(p->text, sizeof(p->text), fmt, args);
	va_end(args);
	return p;
}

static void usable(struct check *c, enum check_use use, bool yes, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void usable(struct check *c, enum check_use use, bool yes, const char *fmt, ...)
{
	va_list args;

	c->usable[use].yes = yes;
	va_start(args, fmt);
	vsnprintf(c->usable[use].reason, sizeof(c->usable[use].reason), fmt, args);
	va_end(args);
}

static void nothing_usable(struct check *c, const char *reason)
{
	int use;

	for (use = 0; use < CHECK_USES; use++)
		usable(c, use, false, "%s", reason);
}

/* ---- A page that does not come to rest --------------------------------------------------- */

static void judge_stuck(struct check *c)
{
	const struct check_page *page = &c->page;
	uint32_t seq = le32toh(page->abi.seq_count);

	if (page->moving)
		check_complain(c, &stuck_update,
			       "the host updates the page without a pause: no consistent copy in "
			       "%u tries",
			       page->tries);
	else
		check_complain(c, &stuck_update,
			       "the sequence count stays odd (%" PRIu32 "): the host began an "
			       "update and has not ended it for %u ms",
			       seq, page->tries * 100);
	nothing_usable(c, "an update of the page does not end");
}

/* ---- A page: marker, generation, notification -------------------------------------------- */

static void judge_marker(struct check *c)
{
	const struct check_page *page = &c->page;
	uint64_t flags = page->snap.flags;

	usable(c, CHECK_MARKER, true, "it is %" PRIu64 " now", (uint64_t)page->snap.marker);
	if (page->tries > 1)
		check_complain(c, &slow_update,
			       "the host took more than %u ms for an update; readers give up "
			       "after 100 ms",
			       (page->tries - 1) * 100);
	if (flags & VMCLOCK_FLAG_DISRUPTION_IMMINENT)
		check_complain(c, &disruption_imminent,
			       "the host announces a disruption within about an hour");
	else if (flags & VMCLOCK_FLAG_DISRUPTION_SOON)
		check_complain(c, &disruption_soon,
			       "the host announces a disruption within about a day");
}

static void judge_generation(struct check *c)
{
	if (!(c->page.snap.flags & VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT)) {
		usable(c, CHECK_GENERATION, false, "the host does not give it");
	} else if (VMCLOCK_COVERS(c->page.have, vm_generation_counter)) {
		usable(c, CHECK_GENERATION, true, "it is %" PRIu64 " now",
		       le64toh(c->page.abi.vm_generation_counter));
	} else {
		usable(c, CHECK_GENERATION, false, "the page ends before it");
		check_complain(c, &generation_not_covered,
			       "the page's flags promise a generation counter, but the page ends "
			       "before it");
	}
}

static void judge_notification(struct check *c)
{
	bool flagged = c->page.snap.flags & VMCLOCK_FLAG_NOTIFICATION_PRESENT;
	const char *how = c->device.notification;

	if (c->device.kind == CHECK_FILE)
		usable(c, CHECK_NOTIFICATION, false, "a page file does not notify");
	else if (!flagged)
		usable(c, CHECK_NOTIFICATION, false, "the host does not notify%s",
		       strcmp(how, "timer") == 0 ? "; the driver looks by timer" : "");
	else if (strcmp(how, "timer") == 0)
		usable(c, CHECK_NOTIFICATION, false,
		       "the host could notify, but the driver only looks by timer");
	else if (strcmp(how, "acpi") == 0 || strcmp(how, "irq") == 0)
		usable(c, CHECK_NOTIFICATION, true, "the host notifies by %s",
		       strcmp(how, "acpi") == 0 ? "ACPI" : "interrupt");
	else if (c->page.pollable)
		usable(c, CHECK_NOTIFICATION, true,
		       "the host notifies, and the driver can be polled");
	else
		usable(c, CHECK_NOTIFICATION, false,
		       "the host could notify, but the driver cannot be polled");
}

/* ---- Time: the reasons why a page may give none -------------------------------------------- */

/*
 * QEMU and Firecracker give no time, and say so by the status. A counter
 * without a period gives no time either.
 */
static bool is_marker_only(const struct check *c)
{
	const struct check_page *page = &c->page;

	if (!VMCLOCK_COVERS(page->have, clock_status))
		return true;
	if (page->snap.status != VMCLOCK_STATUS_UNKNOWN)
		return false;
	return page->snap.counter_id == VMCLOCK_COUNTER_INVALID || !page->snap.period;
}

static void no_time(struct check *c, const struct check_rule *rule, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Adds a problem, and makes it the reason why there is no time. */
static void no_time(struct check *c, const struct check_rule *rule, const char *fmt, ...)
{
	char reason[CHECK_TEXT];
	va_list args;

	va_start(args, fmt);
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	usable(c, CHECK_TIME, false, "%s", reason);
	check_complain(c, rule, "no time: %s", reason);
}

/* Each of these returns whether the page may still have time. */

static bool judge_status(struct check *c)
{
	unsigned int status = c->page.snap.status;

	if (check_status_has_time(&c->page))
		return true;
	if (status == VMCLOCK_STATUS_UNKNOWN)
		no_time(c, &status_unknown,
			"the host fills in a clock, but says that its status is unknown");
	else if (status == VMCLOCK_STATUS_INITIALIZING)
		no_time(c, &status_initializing,
			"the host is still setting its clock (initializing)");
	else if (status == VMCLOCK_STATUS_UNRELIABLE)
		no_time(c, &status_unreliable,
			"the host says not to rely on its clock (unreliable)");
	else
		no_time(c, &status_unassigned, "clock status %u has no known meaning", status);
	return false;
}

static bool judge_counter(struct check *c)
{
	unsigned int counter = c->page.snap.counter_id;

	if (counter == COUNTER_ID)
		return true;
	if (counter == VMCLOCK_COUNTER_INVALID)
		no_time(c, &counter_unusable, "the page names no CPU counter");
	else
		no_time(c, &counter_unusable, "counter %u (%s) is not one of this CPU", counter,
			counter_id_name(counter) ?: "unassigned");
	return false;
}

static bool judge_timescale(struct check *c)
{
	unsigned int type = c->page.snap.time_type;

	if (type <= VMCLOCK_TIME_MONOTONIC)
		return true;
	no_time(c, &timescale_unusable, "timescale %u (%s) cannot be used", type,
		time_type_name(type) ?: "unassigned");
	return false;
}

static bool judge_formula(struct check *c)
{
	const struct vmclock_snapshot *s = &c->page.snap;

	if (!VMCLOCK_COVERS(c->page.have, time_frac_sec))
		no_time(c, &time_not_covered, "the page ends before the reference time");
	else if (!s->period)
		no_time(c, &period_zero, "the counter period is zero: an error of the page");
	else if (s->time_type != VMCLOCK_TIME_MONOTONIC && s->time_sec >= VMCLOCK_CALC_MAX_SEC)
		no_time(c, &time_impossible,
			"the reference time is after the year 9999: an error of the page");
	else
		return true;
	return false;
}

static bool judge_tai_offset(struct check *c)
{
	const struct vmclock_snapshot *s = &c->page.snap;
	int tai_minus_utc;

	if (!(s->flags & VMCLOCK_FLAG_TAI_OFFSET_VALID) ||
	    !vmclock_calc_tai_offset(s, &tai_minus_utc))
		return true;
	no_time(c, &tai_offset_impossible,
		"the TAI offset is %d s, not within 10 to 100 s: an error of the page",
		s->tai_offset);
	return false;
}

/* The page gives time: on which timescales? */
static void judge_scales(struct check *c)
{
	const struct vmclock_snapshot *s = &c->page.snap;
	const char *scales;

	if (s->time_type == VMCLOCK_TIME_MONOTONIC) {
		scales = "monotonic";
		check_complain(c, &no_date,
			       "time is monotonic, counted from an unknown start: intervals, but "
			       "no date");
	} else if (c->page.gives_utc) {
		scales = c->page.gives_tai ? "UTC and TAI" : "UTC";
	} else if (!c->page.gives_tai) {
		no_time(c, &leap_indicator_impossible,
			"the leap indicator is unknown, or contradicts the reference time");
		return;
	} else {
		scales = "TAI";
		if (s->flags & VMCLOCK_FLAG_TAI_OFFSET_VALID)
			check_complain(c, &leap_indicator_impossible,
				       "the leap indicator is unknown, or contradicts the "
				       "reference time: no UTC");
		else
			check_complain(c, &no_utc, "time is TAI without its offset: no UTC");
	}
	usable(c, CHECK_TIME, true, "%s, %s", scales, clock_status_name(s->status));
}

static void judge_time(struct check *c)
{
	int offset = c->page.snap.tai_offset;
	int tai_minus_utc;

	if (offset > 0 && !vmclock_calc_tai_offset(&c->page.snap, &tai_minus_utc))
		check_complain(c, &tai_offset_positive,
			       "the TAI offset is +%d s, as version 1.0 of the specification had "
			       "it; version 1.1 says -%d s",
			       offset, offset);
	if (is_marker_only(c))
		usable(c, CHECK_TIME, false, "the host gives none: this is a marker-only page");
	else if (judge_status(c) && judge_counter(c) && judge_timescale(c) && judge_formula(c) &&
		 judge_tai_offset(c))
		judge_scales(c);
}

/* ---- Bounds ---------------------------------------------------------------------------------- */

/* NULL: the page has bounds. */
static const char *why_no_bounds(const struct check_page *page)
{
	if (!VMCLOCK_COVERS(page->have, time_maxerror_nanosec))
		return "the page ends before them";
	if (!(page->snap.flags & VMCLOCK_FLAG_TIME_MAXERROR_VALID))
		return "the host does not give the maximum error of the time";
	if (!(page->snap.flags & VMCLOCK_FLAG_PERIOD_MAXERROR_VALID))
		return "the host does not give the maximum error of the period";
	return NULL;
}

static void judge_bounds(struct check *c)
{
	const struct vmclock_snapshot *s = &c->page.snap;
	const char *reason = why_no_bounds(&c->page);

	if (!c->usable[CHECK_TIME].yes) {
		usable(c, CHECK_BOUNDS, false, "there is no time to bound");
	} else if (reason) {
		usable(c, CHECK_BOUNDS, false, "%s", reason);
		check_complain(c, &no_bounds, "time has no error bounds: %s", reason);
	} else {
		usable(c, CHECK_BOUNDS, true,
		       "+-%" PRIu64 " ns at the reference, growing by %.6g ns a second",
		       (uint64_t)s->time_maxerror,
		       (double)s->period_maxerror / (double)s->period * 1e9);
	}
}

/* ---- The verdict --------------------------------------------------------------------------- */

static void judge_all_well(struct check *c)
{
	c->verdict = CHECK_OK;
	if (!c->usable[CHECK_TIME].yes)
		snprintf(c->summary, sizeof(c->summary),
			 "the disruption marker works; the host gives no time");
	else
		snprintf(c->summary, sizeof(c->summary), "trustworthy time (%.100s), within %.200s",
			 c->usable[CHECK_TIME].reason, c->usable[CHECK_BOUNDS].reason);
	strcpy(c->next, "nothing to do");
}

static void judge_worst(struct check *c)
{
	const struct check_problem *worst = &c->problems[0];

	c->verdict = worst->rule->gravity;
	strcpy(c->summary, worst->text);
	strcpy(c->next, worst->next);
}

void check_judge(struct check *c)
{
	if (!c->page.have) {
		check_advise(c);
		nothing_usable(c, "there is no page to read");
	} else if (c->page.error) {
		judge_stuck(c);
	} else {
		judge_marker(c);
		judge_generation(c);
		judge_notification(c);
		judge_time(c);
		judge_bounds(c);
	}

	if (c->n_problems)
		judge_worst(c);
	else
		judge_all_well(c);
}
