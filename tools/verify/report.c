// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdio.h>

#include "report.h"

static const char *const verdicts[] = {
	[VERIFY_CONFORMS] = "CONFORMS",
	[VERIFY_DOUBTFUL] = "DOUBTFUL",
	[VERIFY_BREAKS] = "BREAKS UAPI.13",
};

/* ---- Text ------------------------------------------------------------------------- */

static void print_statistics(const struct record *r)
{
	char text[JUDGE_VALUE];

	printf("Watched for %s: %" PRIu64 " looks, %" PRIu64 " updates, %" PRIu64
	       " new markers; %" PRIu64 " looks met an update.\n",
	       judge_duration(text, (uint64_t)r->watch.duration), r->watch.samples, r->watch.changes,
	       r->watch.markers, r->contended);
	printf("Looks whose fields changed under an even count: %" PRIu64 ".", r->watch.torn);
	printf(" The count was odd in %" PRIu64 " looks, for at most %s.\n", r->odd,
	       judge_duration(text, (uint64_t)r->watch.longest_update));
}

static void print_counter(const struct record *r)
{
	char hz[JUDGE_VALUE], within[JUDGE_VALUE];

	if (r->frequency_hz > 0)
		printf("The counter runs at %s here, within %s.\n", judge_hertz(hz, r->frequency_hz),
		       judge_share(within, r->frequency_doubt));
}

static void print_notifications(const struct notified *n)
{
	const char *unknown = notified_unknown(n, JUDGE_PROMISE);
	char text[JUDGE_VALUE];

	if (n->counts)
		printf("Notifications: %" PRIu64 ". ", n->seen.heard);
	if (unknown) {
		printf("Not judged whether they follow changes: %s.\n", unknown);
		return;
	}
	printf("They followed %" PRIu64 " of %" PRIu64 " changes", n->seen.followed,
	       n->seen.followed + n->seen.missing);
	if (n->seen.longest)
		printf(", the latest after %s", judge_duration(text, (uint64_t)n->seen.longest));
	else if (n->seen.followed)
		printf(", all at once");
	printf(".\n");
}

/* "Offered: the marker, time. Not offered: generation (VM Generation Count)." */
static void print_offers(const struct record *r)
{
	const char *before = " Not offered: ";
	size_t i;

	printf("Offered: the marker");
	for (i = 0; i < JUDGE_OFFERS; i++)
		if (judge_offers[i].has(&r->page))
			printf(", %s", judge_offers[i].name);
	printf(".");
	for (i = 0; i < JUDGE_OFFERS; i++) {
		if (judge_offers[i].has(&r->page))
			continue;
		printf("%s%s (%s)", before, judge_offers[i].name, judge_offers[i].clause);
		before = ", ";
	}
	printf("%s\n", *before == ',' ? "." : "");
}

static void print_broken(const struct result *result)
{
	char text[JUDGE_VALUE];

	printf("\n%s: %s\n  %s\n  UAPI.13, %s: %s.\n",
	       judge_severity_name(result->rule->severity), result->rule->id, result->says,
	       result->rule->clause, result->rule->demand);
	if (result->broken < result->judged)
		printf("  %" PRIu64 " times of %" PRIu64 ", first after %s.\n", result->broken,
		       result->judged, judge_duration(text, (uint64_t)result->first));
}

/* The gravest first. */
static void print_broken_rules(const struct record *r)
{
	const struct result *broken[JUDGE_RULES_MAX];
	size_t i, at, n = 0;

	for (i = 0; i < judge_rule_count; i++) {
		if (!r->results[i].broken)
			continue;
		for (at = n++; at && judge_is_graver(r->results[i].rule, broken[at - 1]->rule); at--)
			broken[at] = broken[at - 1];
		broken[at] = &r->results[i];
	}
	for (i = 0; i < n; i++)
		print_broken(broken[i]);
}

static void print_unjudged(const struct record *r)
{
	size_t i, n = 0, kept = 0;

	for (i = 0; i < judge_rule_count; i++)
		kept += r->results[i].judged && !r->results[i].broken;
	printf("\n%zu rules were kept.", kept);
	for (i = 0; i < judge_rule_count; i++)
		if (!r->results[i].judged)
			printf("%s %s", n++ ? "," : " Not judged, for want of what they need:",
			       r->results[i].rule->id);
	printf("%s\n", n ? "." : "");
}

static size_t count_broken(const struct record *r, enum judge_severity severity)
{
	size_t i, n = 0;

	for (i = 0; i < judge_rule_count; i++)
		n += r->results[i].broken && r->results[i].rule->severity == severity;
	return n;
}

void report_text(const struct record *r, const char *path)
{
	size_t i;

	printf("%s\n", path);
	print_statistics(r);
	print_counter(r);
	print_notifications(&r->notified);
	if (r->has_page)
		print_offers(r);
	for (i = 0; i < r->n_expectations; i++) {
		const struct expectation *e = &r->expectations[i];

		printf("\n%s: %s\n  %s.%s%s\n", e->met ? "as expected" : "breaks", e->id, e->demand,
		       e->met ? "" : " ", e->met ? "" : e->says);
	}
	print_broken_rules(r);
	print_unjudged(r);
	if (*r->gone)
		printf("\nThe watch ended early: %s.\n", r->gone);
	printf("\n%s: %zu rules broken, %zu doubtful, %zu advice\n", verdicts[record_verdict(r)],
	       count_broken(r, JUDGE_BREAKS), count_broken(r, JUDGE_DOUBTFUL),
	       count_broken(r, JUDGE_ADVICE));
}

/* ---- TAP ----------------------------------------------------------------------------- */

static void print_skipped(const struct record *r, enum judge_needs needs)
{
	const char *unknown = notified_unknown(&r->notified, needs);

	printf(" # SKIP not judged: %s%s", unknown ? "" : "needs ",
	       unknown ? unknown : judge_needs_name(needs));
}

void report_tap(const struct record *r)
{
	size_t i, number = 0;

	printf("1..%zu\n", judge_rule_count + r->n_expectations);
	for (i = 0; i < judge_rule_count; i++) {
		const struct result *result = &r->results[i];
		bool bad = result->broken && result->rule->severity != JUDGE_ADVICE;

		printf("%sok %zu - %s", bad ? "not " : "", ++number, result->rule->id);
		if (!result->judged)
			print_skipped(r, result->rule->needs);
		putchar('\n');
		if (result->broken)
			printf("# %s, UAPI.13, %s: %s\n", judge_severity_name(result->rule->severity),
			       result->rule->clause, result->says);
	}
	for (i = 0; i < r->n_expectations; i++) {
		printf("%sok %zu - %s\n", r->expectations[i].met ? "" : "not ", ++number,
		       r->expectations[i].id);
		if (!r->expectations[i].met)
			printf("# %s\n", r->expectations[i].says);
	}
	if (*r->gone)
		printf("Bail out! %s\n", r->gone);
}

/* ---- The rules ------------------------------------------------------------------------ */

void report_rules(void)
{
	size_t i;

	for (i = 0; i < judge_rule_count; i++) {
		const struct judge_rule *rule = &judge_rules[i];

		printf("%s\t%s\t%s\t%s\t%s\n", rule->id, judge_needs_name(rule->needs),
		       judge_severity_name(rule->severity), rule->clause, rule->demand);
	}
}
