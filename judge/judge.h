/* SPDX-License-Identifier: MIT */
/*
 * What a VMClock page may say, and what may follow what: the rules of UAPI.13
 * v1.1 as a table, for vmclock-check and vmclock-verify alike.
 *
 *	rules.c		the table, and the walk through it
 *	fields.c	rules of one page
 *	updates.c	rules of two pages, one after the other
 *	guest.c		rules that need the machine's own counter and clocks
 *	watch.c		rules that need to have watched the live page
 *	offers.c	what a page has, which no rule asks for
 *	text.c		values as people read them
 *
 * Pure functions over facts that the caller has gathered: nothing is read,
 * printed or allocated here. vmclock-rules(7) explains each rule.
 */
#ifndef VMCLOCK_JUDGE_JUDGE_H
#define VMCLOCK_JUDGE_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "calc/instant.h"
#include "calc/snapshot.h"

#define JUDGE_TEXT 320

/* ---- Facts ----------------------------------------------------------------------- */

/* A consistent copy of the page, in host byte order. */
struct judge_page {
	struct vmclock_snapshot s;	/* its size: as far as the page covers struct vmclock_abi */
	uint32_t magic;
	uint32_t size;
	uint16_t version;
	uint32_t seq;
	uint8_t pad[2];
	uint64_t period_esterror;	/* in the unit of the period */
	uint64_t time_esterror;		/* ns */
	uint64_t generation;
};

/* What this machine knows by itself, just after the page was read. */
struct judge_guest {
	uint8_t counter_id;		/* VMCLOCK_COUNTER_*, of this CPU; INVALID: none is known */
	uint64_t counter;
	double frequency_hz;		/* as measured here; 0: not measured */

	bool has_clock;			/* the system's clock, when @counter was read */
	struct vmclock_instant clock;	/* UTC */
	uint64_t clock_error;		/* ns, either way, as far as the system knows */
	int tai;			/* TAI - UTC; 0: the system does not know it */
	int tai_slack;			/* s, either way: leap seconds that it may not know of */

	bool has_truth;			/* a reference that the user vouches for, likewise */
	struct vmclock_instant truth;
	uint64_t truth_error;

	bool has_names;			/* the device's ACPI names are known */
	bool has_cid;			/* _CID is among them */

	uint64_t max_error;		/* ns: wider bounds are worth nothing to the user */
	uint64_t max_age;		/* ns: an older reference is not kept up */
	unsigned int max_growth;	/* times: nor is one whose bounds grew by more; 0: any */
};

/* What somebody saw who watched the live page. */
struct judge_watch {
	uint64_t samples;
	uint64_t torn;			/* samples whose content changed under one even count */
	int64_t longest_update;		/* ns: for so long was the count odd */
	bool stuck;			/* it still is */
	uint64_t changes;		/* of the sequence count, from one even value to another */
};

/* Each but @page may be NULL: unknown. The rules that need it are then kept. */
struct judge_facts {
	const struct judge_page *page;
	const struct judge_page *before;	/* the one that @page took the place of */
	const struct judge_guest *guest;
	const struct judge_watch *watch;
};

/**
 * judge_page_of() - the facts of a copy of the page
 * @abi:	the copy, little-endian; zero where the page has no field
 * @page:	receives the facts
 */
void judge_page_of(const struct vmclock_abi *abi, struct judge_page *page);

/* ---- Rules ----------------------------------------------------------------------- */

enum judge_severity {
	JUDGE_ADVICE,		/* allowed, but there is a better way */
	JUDGE_DOUBTFUL,		/* allowed, or not for us to know; a reader had better not rely on it */
	JUDGE_BREAKS,		/* against the specification: a reader is misled */
};

/* Which of the facts a rule cannot do without. */
enum judge_needs {
	JUDGE_PAGE,
	JUDGE_GUEST,
	JUDGE_TRUTH,		/* of the guest */
	JUDGE_DEVICE,		/* of the guest, and no page file has them */
	JUDGE_UPDATE,
	JUDGE_DISRUPTION,	/* an update with another marker */
	JUDGE_WATCH,
};

/* What a broken rule takes away from readers. */
enum judge_loss {
	JUDGE_NOTHING,
	JUDGE_ALL_TIME,
	JUDGE_SOME,		/* a timescale, the bounds, the generation ... */
};

struct judge_rule {
	const char *id;
	enum judge_needs needs;
	enum judge_severity severity;
	enum judge_loss loss;
	const char *clause;	/* of UAPI.13 */
	const char *demand;	/* what it asks of a page */
	/* False: the rule is kept, or the facts do not allow to judge it. @says names the values. */
	bool (*broken)(const struct judge_facts *f, char says[JUDGE_TEXT]);
};

extern const struct judge_rule judge_rules[];
extern const size_t judge_rule_count;

/* NULL: there is none. */
const struct judge_rule *judge_rule_named(const char *id);

const char *judge_severity_name(enum judge_severity severity);
const char *judge_needs_name(enum judge_needs needs);

/* Do the facts allow to judge this rule? */
bool judge_can(const struct judge_rule *rule, const struct judge_facts *f);

struct judge_finding {
	const struct judge_rule *rule;
	char says[JUDGE_TEXT];
};

/**
 * judge() - which rules are broken?
 * @f:		the facts
 * @findings:	receives them, the gravest first
 * @room:	for how many of them there is room; of the rest, the least grave are dropped
 *
 * Where one rule explains why another would be broken, only the first is.
 *
 * Return: how many findings there are.
 */
size_t judge(const struct judge_facts *f, struct judge_finding *findings, size_t room);

/* ---- What a page offers ------------------------------------------------------------ */

/* Besides the marker, which each page has. */
struct judge_offer {
	const char *name;
	const char *clause;	/* of UAPI.13 */
	bool (*has)(const struct judge_page *page);
};

#define JUDGE_OFFERS 5
extern const struct judge_offer judge_offers[JUDGE_OFFERS];

/* ---- What several of them, and the tools, ask ------------------------------------- */

/* The status allows to rely on time, period and counter value. */
bool judge_vouches(const struct judge_page *p);
/* It does so, and time can be computed: counter, timescale, size, period, date are possible. */
bool judge_has_formula(const struct judge_page *p);
/* Such a page has error bounds that bound something. */
bool judge_has_bounds(const struct judge_page *p);
/* Ticks a second; 0: none. */
double judge_frequency(const struct judge_page *p);
/* From the reference to the counter now, in ns; limited to +-292 years. */
int64_t judge_age(const struct judge_page *p, uint64_t counter);

/* ---- Values as people read them ---------------------------------------------------- */

#define JUDGE_VALUE 40

/* "0.92 ms", "1 day", "31.7 years", three digits. Returns @to. */
const char *judge_duration(char to[JUDGE_VALUE], uint64_t ns);
/* "2.5 GHz" */
const char *judge_hertz(char to[JUDGE_VALUE], double hz);
/* "2026-01-01T00:00:00Z", or the seconds where that is no date */
const char *judge_date(char to[JUDGE_VALUE], const struct vmclock_instant *utc);

#endif /* VMCLOCK_JUDGE_JUDGE_H */
