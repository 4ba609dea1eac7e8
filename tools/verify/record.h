/* SPDX-License-Identifier: MIT */
/* The result of the watch: for each rule, how often it was judged, and how often broken. */
#ifndef VMCLOCK_VERIFY_RECORD_H
#define VMCLOCK_VERIFY_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "judge/judge.h"
#include "notified.h"
#include "tool.h"

struct result {
	const struct judge_rule *rule;
	uint64_t judged;
	uint64_t broken;
	int64_t first;			/* ns since the watch began */
	char says[JUDGE_TEXT];		/* the first time */
};

/* One expectation of --expect. */
struct expectation {
	const char *id;
	const char *demand;
	bool met;
	char says[JUDGE_TEXT];
};

#define RECORD_EXPECTATIONS 4

struct record {
	struct result results[JUDGE_RULES_MAX];	/* in the order of the table */
	struct judge_watch watch;
	struct expectation expectations[RECORD_EXPECTATIONS];
	size_t n_expectations;
	uint64_t contended;		/* looks during which the page was updated */
	uint64_t odd;			/* looks that began with an odd count */
	struct notified notified;
	double frequency_hz;		/* of this machine's counter; 0: not measured */
	double frequency_doubt;		/* as in struct judge_guest */
	bool has_page;			/* @page is the last one that was seen */
	struct judge_page page;
	char gone[JUDGE_TEXT];		/* why the watch ended early; empty: it did not */
};

void record_begin(struct record *record);
/* Judges each rule for which @facts are enough. @now: ns since the watch began. */
void record_judge(struct record *record, const struct judge_facts *facts, int64_t now);
/*
 * If updates are torn, forgets what was found by comparing pages: some of them may be
 * mixtures of two, which no look could tell.
 */
void record_drop_torn(struct record *record);
enum verify_verdict record_verdict(const struct record *record);

#endif /* VMCLOCK_VERIFY_RECORD_H */
