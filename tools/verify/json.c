// SPDX-License-Identifier: MIT
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "report.h"
#include "tools/json.h"

/* The version of dist/schema/vmclock-verify.schema.json; it grows when a key changes its meaning. */
#define SCHEMA_VERSION 1

static void add_rule(struct json_writer *w, struct json_object *rules, const struct result *result)
{
	struct json_object *object = json_append_object(w, rules);

	json_add_string(w, object, "rule", result->rule->id);
	json_add_string(w, object, "severity", judge_severity_name(result->rule->severity));
	json_add_string(w, object, "clause", result->rule->clause);
	json_add_string(w, object, "demand", result->rule->demand);
	json_add_string(w, object, "result",
			!result->judged ? "not-judged" : result->broken ? "broken" : "kept");
	json_add_unsigned(w, object, "judged", result->judged);
	json_add_unsigned(w, object, "broken", result->broken);
	if (result->broken) {
		json_add_integer(w, object, "first_ns", result->first);
		json_add_string(w, object, "text", result->says);
	}
}

static void add_expectation(struct json_writer *w, struct json_object *list,
			    const struct expectation *e)
{
	struct json_object *object = json_append_object(w, list);

	json_add_string(w, object, "name", e->id);
	json_add_string(w, object, "demand", e->demand);
	json_add_bool(w, object, "met", e->met);
	json_add_optional(w, object, "text", e->met ? NULL : e->says);
}

static void add_statistics(struct json_writer *w, struct json_object *root, const struct record *r)
{
	struct json_object *watch = json_add_object(w, root, "watch");

	json_add_integer(w, watch, "duration_ns", r->watch.duration);
	json_add_unsigned(w, watch, "looks", r->watch.samples);
	json_add_unsigned(w, watch, "looks_at_updates", r->contended);
	json_add_unsigned(w, watch, "looks_at_odd", r->odd);
	json_add_unsigned(w, watch, "updates", r->watch.changes);
	json_add_unsigned(w, watch, "markers", r->watch.markers);
	json_add_unsigned(w, watch, "torn", r->watch.torn);
	json_add_integer(w, watch, "longest_update_ns", r->watch.longest_update);
	if (r->frequency_hz > 0) {
		json_add_double(w, watch, "counter_frequency_hz", r->frequency_hz);
		json_add_double(w, watch, "counter_frequency_doubt", r->frequency_doubt);
	} else {
		json_add(w, watch, "counter_frequency_hz", NULL);
		json_add(w, watch, "counter_frequency_doubt", NULL);
	}
	json_add_optional(w, watch, "ended_early", r->gone);
}

static void add_notifications(struct json_writer *w, struct json_object *root,
			      const struct notified *notified)
{
	const struct judge_notifications *seen = &notified->seen;
	struct json_object *object;

	if (!notified->counts) {
		json_add(w, root, "notifications", NULL);
		return;
	}
	object = json_add_object(w, root, "notifications");
	json_add_unsigned(w, object, "heard", seen->heard);
	json_add_unsigned(w, object, "followed", seen->followed);
	json_add_unsigned(w, object, "late", seen->late);
	json_add_unsigned(w, object, "missing", seen->missing);
	json_add_integer(w, object, "longest_ns", seen->longest);
}

static void add_offers(struct json_writer *w, struct json_object *root, const struct record *r)
{
	struct json_object *offers;
	size_t i;

	if (!r->has_page) {
		json_add(w, root, "offers", NULL);
		return;
	}
	offers = json_add_object(w, root, "offers");
	for (i = 0; i < JUDGE_OFFERS; i++)
		json_add_bool(w, offers, judge_offers[i].name, judge_offers[i].has(&r->page));
}

int report_json(const struct record *r, const char *path)
{
	static const char *const verdicts[] = {
		[VERIFY_CONFORMS] = "conforms",
		[VERIFY_DOUBTFUL] = "doubtful",
		[VERIFY_BREAKS] = "breaks",
	};
	struct json_writer w = { .failed = false };
	struct json_object *root = json_begin(&w, TOOL, SCHEMA_VERSION), *list;
	size_t i;

	json_add_string(&w, root, "path", path);
	json_add_string(&w, root, "verdict", verdicts[record_verdict(r)]);
	json_add_integer(&w, root, "exit_status", (int)record_verdict(r));
	add_statistics(&w, root, r);
	add_notifications(&w, root, &r->notified);
	add_offers(&w, root, r);
	list = json_add_array(&w, root, "expectations");
	for (i = 0; i < r->n_expectations; i++)
		add_expectation(&w, list, &r->expectations[i]);
	list = json_add_array(&w, root, "rules");
	for (i = 0; i < judge_rule_count; i++)
		add_rule(&w, list, &r->results[i]);
	return json_print(&w, root);
}
