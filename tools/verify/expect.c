// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdio.h>

#include "calc/scale.h"
#include "expect.h"

static const struct {
	const char *name, *task;
} expects[] = {
	[EXPECT_NOTHING] = { "nothing", "" },
	[EXPECT_MIGRATION] = { "migration", "migrate this machine to another host, live" },
	[EXPECT_RESTORE] = { "restore", "save this machine with its memory, and restore it" },
	[EXPECT_CLONE] = { "clone", "save this machine with its memory, and start a second one from it" },
	[EXPECT_LEAP] = { "leap", "announce a leap second, and let it pass" },
	[EXPECT_MAINTENANCE] = { "maintenance", "announce maintenance for this machine" },
};

const char *expect_name(unsigned int value)
{
	return value < sizeof(expects) / sizeof(expects[0]) ? expects[value].name : NULL;
}

const char *expect_task(enum expect expect)
{
	return expects[expect].task;
}

/* ---- Expectations ----------------------------------------------------------------- */

/* The places of a record's expectations. */
enum { MARKER, GENERATION };
enum { ANNOUNCED, OVER, OFFSET };
enum { NOTICE };

static void add(struct record *record, const char *id, const char *demand, const char *says)
{
	struct expectation *e = &record->expectations[record->n_expectations++];

	e->id = id;
	e->demand = demand;
	snprintf(e->says, sizeof(e->says), "%s", says);
}

void expect_begin(enum expect expect, struct record *record)
{
	switch (expect) {
	case EXPECT_NOTHING:
		break;
	case EXPECT_MIGRATION:
		add(record, "expected-marker", "disruption_marker changes",
		    "disruption_marker did not change");
		add(record, "expected-generation", "vm_generation_counter stays", "");
		record->expectations[GENERATION].met = true;
		break;
	case EXPECT_RESTORE:
	case EXPECT_CLONE:
		add(record, "expected-marker", "disruption_marker changes",
		    "disruption_marker did not change");
		add(record, "expected-generation",
		    "vm_generation_counter changes, if the page has one",
		    "vm_generation_counter did not change");
		break;
	case EXPECT_LEAP:
		add(record, "expected-announcement", "the leap second is announced",
		    "leap_indicator was never PRE_POS or PRE_NEG");
		add(record, "expected-leap", "the leap second is over",
		    "leap_indicator did not become POST_POS or POST_NEG");
		add(record, "expected-offset", "the TAI offset changes by the leap second, if the page has one",
		    "tai_offset_sec did not change by one");
		break;
	case EXPECT_MAINTENANCE:
		add(record, "expected-notice", "the flags announce a disruption",
		    "neither DISRUPTION_SOON nor DISRUPTION_IMMINENT was set");
		break;
	}
}

/* ---- Looking -------------------------------------------------------------------------- */

static bool has_generation(const struct judge_page *p)
{
	return p->s.flags & VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT &&
	       VMCLOCK_COVERS(p->s.size, vm_generation_counter);
}

static bool changes_generation(const struct judge_page *before, const struct judge_page *page)
{
	return has_generation(before) && has_generation(page) &&
	       before->generation != page->generation;
}

static bool look_at_migration(const struct judge_page *before, const struct judge_page *page,
			      struct record *record)
{
	struct expectation *e = record->expectations;

	if (before->s.marker != page->s.marker)
		e[MARKER].met = true;
	if (changes_generation(before, page)) {
		e[GENERATION].met = false;
		snprintf(e[GENERATION].says, sizeof(e[GENERATION].says),
			 "vm_generation_counter changed from %" PRIu64 " to %" PRIu64
			 ", as if the machine were a clone",
			 before->generation, page->generation);
	}
	return e[MARKER].met;
}

static bool look_at_restore(const struct judge_page *before, const struct judge_page *page,
			    struct record *record)
{
	struct expectation *e = record->expectations;

	if (before->s.marker != page->s.marker)
		e[MARKER].met = true;
	if (!has_generation(page) || changes_generation(before, page))
		e[GENERATION].met = true;
	return e[MARKER].met && e[GENERATION].met;
}

static bool look_at_leap(const struct judge_page *before, const struct judge_page *page,
			 struct record *record)
{
	struct expectation *e = record->expectations;
	unsigned int leap = page->s.leap;
	bool has_offset;
	int was, is;

	if (leap == VMCLOCK_LEAP_PRE_POS || leap == VMCLOCK_LEAP_PRE_NEG)
		e[ANNOUNCED].met = true;
	if (e[ANNOUNCED].met && (leap == VMCLOCK_LEAP_POST_POS || leap == VMCLOCK_LEAP_POST_NEG))
		e[OVER].met = true;
	has_offset = !vmclock_calc_tai_offset(&page->s, &is);
	if (!has_offset || (!vmclock_calc_tai_offset(&before->s, &was) &&
			    (is - was == 1 || is - was == -1)))
		e[OFFSET].met = true;
	return e[OVER].met && e[OFFSET].met;
}

static bool look_at_notice(const struct judge_page *page, struct record *record)
{
	if (page->s.flags & (VMCLOCK_FLAG_DISRUPTION_SOON | VMCLOCK_FLAG_DISRUPTION_IMMINENT))
		record->expectations[NOTICE].met = true;
	return record->expectations[NOTICE].met;
}

bool expect_look(enum expect expect, const struct judge_page *before,
		 const struct judge_page *page, struct record *record)
{
	if (!before)
		before = page;
	switch (expect) {
	case EXPECT_MIGRATION:
		return look_at_migration(before, page, record);
	case EXPECT_RESTORE:
	case EXPECT_CLONE:
		return look_at_restore(before, page, record);
	case EXPECT_LEAP:
		return look_at_leap(before, page, record);
	case EXPECT_MAINTENANCE:
		return look_at_notice(page, record);
	case EXPECT_NOTHING:
		break;
	}
	return false;
}
