// SPDX-License-Identifier: MIT
/* Judges the facts: what is usable, what is wrong, and the verdict. */
#include <endian.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "common/names.h"
#include "lib/counter.h"

/* Problems beyond the rules of judge/. */
static const struct check_rule
	stuck_update = { "stuck-update", CHECK_UNUSABLE, CHECK_TELL_OPERATOR },

	disruption_imminent = { "disruption-imminent", CHECK_WARNING,
		"move work that depends on the clock away, and watch the marker" },
	disruption_soon = { "disruption-soon", CHECK_WARNING,
		"plan for it: the marker will change" },
	slow_update = { "slow-update", CHECK_WARNING, CHECK_TELL_OPERATOR },

	status_unknown = { "status-unknown", CHECK_WARNING, CHECK_TELL_OPERATOR },
	status_initializing = { "status-initializing", CHECK_WARNING,
		"check again in some minutes" },
	status_unreliable = { "status-unreliable", CHECK_WARNING,
		"keep time by NTP, and ask whoever runs the hypervisor" },
	counter_unsteady = { "counter-unsteady", CHECK_WARNING,
		"keep time by NTP, and ask whoever runs the hypervisor for an invariant TSC" },
	library_refuses = { "library-refuses", CHECK_WARNING,
		"report it to the authors of vmclock, with the output of " TOOL " --json" };

/* The way out for rules of judge/, if the way out is not to ask the operator. */
static const struct remedy {
	const char *code, *next;
} remedies[] = {
	{ "no-bounds", "do not take order from these times; ask whoever runs the hypervisor" },
	{ "bounds-wide", "do not take order from these times; ask whoever runs the hypervisor" },
	{ "clock-differs", "find out which of the two is wrong, by another clock: chronyc tracking, "
			   "or a watch" },
	{ "tai-offset-differs", "find out which of the two is wrong: the list of leap seconds in "
				"tzdata, or the page" },
	{ "period-unlikely", "find out which of the two is wrong: wait until NTP keeps the system's "
			     "clock, and compare again" },
	{ "reference-old", "see whether whoever publishes the page still runs, and report it" },
};

/* The same for vmclockd's page: rules that it breaks because of its sources. */
static const struct remedy own_remedies[] = {
	{ "bounds-wide", "see how far the NTP daemon is: chronyc tracking" },
	{ "reference-old", "see whether vmclockd still runs: systemctl status vmclockd" },
	{ "clock-differs", "see whether vmclockd and the NTP daemon still run: systemctl status" },
	{ "tai-offset-differs", "update tzdata, then restart vmclockd" },
};

/* ---- Notes -------------------------------------------------------------------------- */

/* Among problems of one gravity: as judge_is_graver() orders broken rules. */
static int weight(enum judge_loss loss, enum judge_severity severity)
{
	return (int)loss * 4 + (int)severity;
}

/* A disruption within the hour comes before all other warnings. */
#define WEIGHT_IMMINENT 100

static bool is_graver(const struct check_problem *a, const struct check_problem *b)
{
	return a->gravity > b->gravity || (a->gravity == b->gravity && a->weight > b->weight);
}

/* Inserts an empty problem by gravity. */
static struct check_problem *add_problem(struct check *c, const char *code,
					 enum check_verdict gravity, int weight)
{
	enum { MOST = sizeof(c->problems) / sizeof(c->problems[0]) };
	const struct check_problem added = { .code = code, .gravity = gravity, .weight = weight };
	struct check_problem *p;

	/* More problems never occur together; if they did, the last one would be overwritten. */
	if (c->n_problems < MOST)
		c->n_problems++;
	p = &c->problems[c->n_problems - 1];
	while (p > c->problems && is_graver(&added, &p[-1])) {
		p[0] = p[-1];
		p--;
	}
	*p = added;
	return p;
}

struct check_problem *check_complain(struct check *c, const struct check_rule *rule,
				     const char *fmt, ...)
{
	struct check_problem *p =
		add_problem(c, rule->code, rule->gravity,
			    rule == &disruption_imminent ? WEIGHT_IMMINENT :
							   weight(JUDGE_NO_TIME, JUDGE_DOUBTFUL));
	va_list args;

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

/* ---- The rules ---------------------------------------------------------------------------- */

/* NULL: none is listed. */
static const char *find_remedy(const struct remedy *list, size_t n, const char *code)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(list[i].code, code))
			return list[i].next;
	return NULL;
}

static const char *remedy(const char *code)
{
	return find_remedy(remedies, sizeof(remedies) / sizeof(remedies[0]), code) ?:
	       CHECK_TELL_OPERATOR;
}

static const char *own_remedy(const char *code)
{
	return find_remedy(own_remedies, sizeof(own_remedies) / sizeof(own_remedies[0]), code) ?:
	       "report it to the authors of vmclock, with the output of " TOOL " --json";
}

/* Advice is for the authors of hypervisors: the report shows it, but it is no problem. */
static void take_finding(struct check *c, const struct judge_finding *found, bool completed)
{
	const struct judge_rule *rule = found->rule;
	bool unusable = rule->severity == JUDGE_BREAKS && rule->loss == JUDGE_ALL_TIME;
	struct check_problem *p;

	if (rule->severity == JUDGE_ADVICE)
		return;
	p = add_problem(c, rule->id, unusable ? CHECK_UNUSABLE : CHECK_WARNING,
			weight(rule->loss, rule->severity));
	snprintf(p->text, sizeof(p->text), "%s%s", completed ? "vmclockd's page: " : "",
		 found->says);
	snprintf(p->next, sizeof(p->next), "%s",
		 completed ? own_remedy(rule->id) : remedy(rule->id));
}

/* Nobody needs advice about vmclockd's page. */
static bool is_wanted(const struct judge_finding *found, bool completed)
{
	return !completed || found->rule->severity != JUDGE_ADVICE;
}

static void judge_rules_of(struct check *c, const struct check_page *page)
{
	const struct judge_facts facts = {
		.page = &page->facts,
		.guest = c->now.read ? &c->now.guest : NULL,
	};
	struct judge_finding findings[CHECK_FINDINGS];
	size_t n = judge(&facts, findings, CHECK_FINDINGS), i;
	bool completed = page == &c->completed;

	for (i = 0; i < n; i++) {
		if (!is_wanted(&findings[i], completed) || c->n_findings == CHECK_FINDINGS)
			continue;
		c->findings[c->n_findings++] = findings[i];
		take_finding(c, &findings[i], completed);
	}
}

/* ---- Time: from the library, so that the report and the library agree ---------------------- */

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

static void no_time(struct check *c, const struct check_rule *rule, const char *reason)
{
	usable(c, CHECK_TIME, false, "%s", reason);
	check_complain(c, rule, "no time: %s", reason);
}

/* The host fills in a clock, but does not vouch for it. */
static void judge_status(struct check *c)
{
	switch (c->page.snap.status) {
	case VMCLOCK_STATUS_UNKNOWN:
		no_time(c, &status_unknown,
			"the host fills in a clock, but says that its status is unknown");
		break;
	case VMCLOCK_STATUS_INITIALIZING:
		no_time(c, &status_initializing,
			"the host is still setting its clock (initializing)");
		break;
	case VMCLOCK_STATUS_UNRELIABLE:
		no_time(c, &status_unreliable,
			"the host says not to rely on its clock (unreliable)");
		break;
	default:
		/* A rule says so. */
		usable(c, CHECK_TIME, false, "clock status %u has no known meaning",
		       c->page.snap.status);
	}
}

/* The gravest problem that is a broken rule. */
static struct check_problem *first_broken(struct check *c)
{
	size_t i;

	for (i = 0; i < c->n_problems; i++)
		if (judge_rule_named(c->problems[i].code))
			return &c->problems[i];
	return NULL;
}

/* The page vouches for time, and the library gives none. */
static void judge_refusal(struct check *c)
{
	const struct judge_page *p = &c->page.facts;
	struct check_problem *why = first_broken(c);

	if (judge_has_formula(p) && p->s.counter_id == COUNTER_ID &&
	    c->now.tai.error == -EOPNOTSUPP) {
		no_time(c, &counter_unsteady, "this CPU's counter is not steady");
		return;
	}
	if (!why) {
		no_time(c, &library_refuses, strerror(-c->now.tai.error));
		return;
	}
	usable(c, CHECK_TIME, false, "%s", why->text);
	snprintf(why->text, sizeof(why->text), "no time: %.400s", c->usable[CHECK_TIME].reason);
}

static const char *scales(const struct check_now *now)
{
	return now->utc.error ? "TAI" : now->tai.error ? "UTC" : "UTC and TAI";
}

static void judge_time(struct check *c)
{
	const struct check_reading *reading = check_best_reading(&c->now);

	if (reading)
		usable(c, CHECK_TIME, true, "%s, %s%s", scales(&c->now),
		       clock_status_name(reading->time.status),
		       c->now.by_vmclockd ? ", completed by vmclockd" : "");
	else if (is_marker_only(c))
		usable(c, CHECK_TIME, false, "the host gives none: this is a marker-only page%s%s",
		       c->completed.have ? "; vmclockd's page: " : "",
		       c->completed.have ? clock_status_name(c->completed.snap.status) ?: "?" : "");
	else if (!judge_vouches(&c->page.facts))
		judge_status(c);
	else
		judge_refusal(c);
}

/* ---- Bounds ---------------------------------------------------------------------------------- */

/* NULL: no rule says why. */
static const char *why_no_bounds(const struct check *c)
{
	static const char *const reasons[] = {
		"no-bounds", "bounds-not-covered", "maxerror-impossible", "rate-maxerror-impossible",
	};
	size_t i, k;

	for (i = 0; i < c->n_findings; i++)
		for (k = 0; k < sizeof(reasons) / sizeof(reasons[0]); k++)
			if (!strcmp(c->findings[i].rule->id, reasons[k]))
				return c->findings[i].says;
	return NULL;
}

static void judge_unbounded(struct check *c)
{
	const char *why = why_no_bounds(c);
	struct check_problem *p;

	usable(c, CHECK_BOUNDS, false, "%s", why ?: "the library gives none");
	if (c->n_problems)
		return;
	p = add_problem(c, "no-bounds", CHECK_WARNING, weight(JUDGE_BOUNDS, JUDGE_DOUBTFUL));
	strcpy(p->text, "the library gives no error bounds");
	strcpy(p->next, remedy("no-bounds"));
}

static void judge_bounds(struct check *c)
{
	const struct check_reading *reading = check_best_reading(&c->now);
	char bound[JUDGE_VALUE], first[JUDGE_VALUE], growth[JUDGE_VALUE];
	const struct vmclock_snapshot *s = &check_time_page(c)->snap;
	uint64_t ns;

	if (!reading)
		usable(c, CHECK_BOUNDS, false, "there is no time to bound");
	else if (!check_bound(reading, &ns))
		judge_unbounded(c);
	else
		usable(c, CHECK_BOUNDS, true,
		       "+-%s at the reference, growing by %s a second; +-%s now",
		       judge_duration(first, s->time_maxerror),
		       judge_duration(growth, (uint64_t)((double)s->period_maxerror /
							 (double)s->period * 1e9)),
		       judge_duration(bound, ns));
}

/* ---- The verdict --------------------------------------------------------------------------- */

static void judge_all_well(struct check *c)
{
	char bound[JUDGE_VALUE];
	uint64_t ns = 0;

	c->verdict = CHECK_OK;
	if (!c->usable[CHECK_TIME].yes || !check_bound(check_best_reading(&c->now), &ns))
		snprintf(c->summary, sizeof(c->summary),
			 "the disruption marker works; the host gives no time");
	else
		snprintf(c->summary, sizeof(c->summary),
			 "trustworthy time (%.100s), within +-%s now", c->usable[CHECK_TIME].reason,
			 judge_duration(bound, ns));
	strcpy(c->next, "nothing to do");
}

static void judge_worst(struct check *c)
{
	const struct check_problem *worst = &c->problems[0];

	c->verdict = worst->gravity;
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
		judge_rules_of(c, &c->page);
		if (c->now.by_vmclockd)
			judge_rules_of(c, &c->completed);
		judge_time(c);
		judge_bounds(c);
	}

	if (c->n_problems)
		judge_worst(c);
	else
		judge_all_well(c);
}
