// SPDX-License-Identifier: MIT
#include <string.h>

#include "record.h"

void record_begin(struct record *record)
{
	size_t i;

	*record = (struct record){ .contended = 0 };
	for (i = 0; i < judge_rule_count; i++)
		record->results[i].rule = &judge_rules[i];
}

void record_judge(struct record *record, const struct judge_facts *facts, int64_t now)
{
	char says[JUDGE_TEXT];
	size_t i;

	for (i = 0; i < judge_rule_count; i++) {
		struct result *r = &record->results[i];

		if (!judge_can(r->rule, facts))
			continue;
		r->judged++;
		if (!r->rule->broken(facts, says))
			continue;
		if (!r->broken++) {
			memcpy(r->says, says, sizeof(r->says));
			r->first = now;
		}
	}
}

/* Does the rule compare fields that updates change, of two pages? */
static bool compares_fields(const struct judge_rule *rule)
{
	switch (rule->needs) {
	case JUDGE_UPDATE:
		return strcmp(rule->id, "constant-changed") && strcmp(rule->id, "sequence-backwards");
	case JUDGE_DISRUPTION:
	case JUDGE_ARRIVAL:
	case JUDGE_RETURN:
		return true;
	default:
		return false;
	}
}

void record_drop_torn(struct record *record)
{
	size_t i;

	if (!record->watch.torn)
		return;
	for (i = 0; i < judge_rule_count; i++)
		if (compares_fields(record->results[i].rule))
			record->results[i].judged = record->results[i].broken = 0;
}

static enum verify_verdict verdict_of(enum judge_severity severity)
{
	switch (severity) {
	case JUDGE_BREAKS:
		return VERIFY_BREAKS;
	case JUDGE_DOUBTFUL:
		return VERIFY_DOUBTFUL;
	case JUDGE_ADVICE:
		break;
	}
	return VERIFY_CONFORMS;
}

enum verify_verdict record_verdict(const struct record *record)
{
	enum verify_verdict worst = VERIFY_CONFORMS, verdict;
	size_t i;

	for (i = 0; i < judge_rule_count; i++) {
		if (!record->results[i].broken)
			continue;
		verdict = verdict_of(record->results[i].rule->severity);
		if (verdict > worst)
			worst = verdict;
	}
	for (i = 0; i < record->n_expectations; i++)
		if (!record->expectations[i].met)
			worst = VERIFY_BREAKS;
	/* The watch was shorter than requested. */
	if (*record->gone)
		worst = VERIFY_BREAKS;
	return worst;
}
