/* SPDX-License-Identifier: MIT */
/*
 * The table of rules, of UAPI.13 v1.1, for the content of a VMClock page and for
 * its updates. vmclock-check and vmclock-verify both use it.
 *
 *	rules.c		the table, and the walk through it
 *	fields.c	rules of one page
 *	updates.c	rules of an update: a page and the next one
 *	history.c	what is remembered of earlier pages
 *	guest.c		rules that need the machine's own counter and clocks
 *	watch.c		rules that need to have watched the live page
 *	notifications.c	rules that need the driver's count of notifications
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

/* The facts that this machine has itself, read just after the page. */
struct judge_guest {
	uint8_t counter_id;		/* VMCLOCK_COUNTER_*, of this CPU; INVALID: none is known */
	uint64_t counter;
	double frequency_hz;		/* as measured here; 0: not measured */
	double frequency_doubt;		/* its likely relative error, at most */
	double frequency_error;		/* its certain relative error, at most */

	bool has_clock;			/* the system's clock, when @counter was read */
	struct vmclock_instant clock;	/* UTC */
	uint64_t clock_error;		/* ns, in both directions, as the system knows it */
	uint64_t pairing_error;		/* ns: how far from @counter the clock may have been read */
	int tai;			/* TAI - UTC; 0: the system does not know it */
	bool tai_certain;		/* no leap second can have come since it was known */
	int64_t no_leaps_until;		/* UTC, s: by a list, there is none since 2017; 0: no such list */

	bool has_truth;			/* a reference clock that the user vouches for */
	struct vmclock_instant truth;	/* when @counter was read: UTC, or TAI if @truth_is_tai */
	bool truth_is_tai;
	uint64_t truth_error;		/* ns */

	bool has_names;			/* the device's ACPI names are known */
	bool has_hid;			/* _HID is AMZNC10C */
	bool has_cid;			/* a _CID is VMCLOCK */

	uint64_t max_error;		/* ns: wider bounds are useless to the user */
	uint64_t max_age;		/* ns: the limit for the age of the reference */
	unsigned int max_growth;	/* the limit for the growth of its bounds, a factor; 0: none */
};

/* The result of a watch over the live page. */
struct judge_watch {
	uint64_t samples;
	uint64_t torn;			/* samples whose content changed under one even count */
	int64_t longest_update;		/* ns: the longest time with an odd count */
	bool stuck;			/* the count is still odd */
	uint64_t changes;		/* of the sequence count, from one even value to another */
	uint64_t markers;		/* how often the marker changed */
	int64_t duration;		/* ns */
};

/* A notification that comes later is late: by then, the driver has looked at the page itself. */
#define JUDGE_LATE_NS	 100000000
/* No notification within this time, or before the next change: none belongs to this change. */
#define JUDGE_MISSING_NS 500000000

/* The driver's count of notifications, during the watch. Of changes, those under the flag. */
struct judge_notifications {
	bool announced;			/* the flag was set at some time */
	uint64_t heard;			/* notifications, with or without a change */
	uint64_t followed;		/* changes that a notification followed; several may share one */
	uint64_t late;			/* notifications more than JUDGE_LATE_NS after a change */
	int64_t longest;		/* ns: the longest time from a change to its notification */
	uint64_t missing;		/* changes that no notification followed */
};

/* So many markers are remembered. */
#define JUDGE_MARKERS 64

/* The last time under an earlier marker. */
struct judge_reference {
	uint64_t marker;
	uint64_t counter_value;
	uint64_t time_sec, time_frac;
	uint64_t period;
	uint8_t shift;
};

/* Earlier pages, up to the one before. Begin with zeros. */
struct judge_history {
	bool begun;
	uint64_t marker;		/* of the last page */
	bool has_time, has_bounds;	/* since @marker came */
	struct judge_page time;		/* the last page with time since @marker came */
	struct judge_page bounds;	/* the last page with bounds since @marker came */
	bool has_former;
	struct judge_page former;	/* the last page with time before @marker came */
	uint64_t markers[JUDGE_MARKERS];	/* those before @marker, the newest ones */
	size_t n_markers;
	struct judge_reference formers[JUDGE_MARKERS];	/* the newest ones */
	size_t n_formers;
};

void judge_history_add(struct judge_history *history, const struct judge_page *page);

/* Each but @page may be NULL: unknown. Rules that need an unknown fact count as kept. */
struct judge_facts {
	const struct judge_page *page;
	const struct judge_page *before;	/* the page that @page replaced */
	const struct judge_history *history;	/* up to @before, and with it */
	const struct judge_guest *guest;
	const struct judge_watch *watch;
	const struct judge_notifications *notifications;
};

/**
 * judge_page_of() - the facts of a copy of the page
 * @abi:	the copy, little-endian; zero where the page has no field
 * @page:	receives the facts
 */
void judge_page_of(const struct vmclock_abi *abi, struct judge_page *page);

/* From 2017 on until here, 2026-06-28, it is known that there was no leap second. UTC. */
#define JUDGE_LEAPS_KNOWN_UNTIL INT64_C(1782604800)

/* More than there are rules. */
#define JUDGE_RULES_MAX 96

/* ---- Rules ----------------------------------------------------------------------- */

enum judge_severity {
	JUDGE_ADVICE,		/* allowed, but there is a better way */
	JUDGE_DOUBTFUL,		/* allowed, or impossible to decide here; readers should not rely on it */
	JUDGE_BREAKS,		/* violates the specification and misleads readers */
};

/* The facts that a rule needs. */
enum judge_needs {
	JUDGE_PAGE,
	JUDGE_GUEST,
	JUDGE_TRUTH,		/* in judge_guest: the reference clock */
	JUDGE_DEVICE,		/* in judge_guest: the ACPI names; a page file has none */
	JUDGE_UPDATE,
	JUDGE_DISRUPTION,	/* an update with another marker */
	JUDGE_ARRIVAL,		/* the first page with time under another marker */
	JUDGE_RETURN,		/* in judge_history: bounds that were withdrawn, and are back */
	JUDGE_WATCH,
	JUDGE_COUNT,		/* the driver's count of notifications */
	JUDGE_PROMISE,		/* the same, and a change for which the flag promises a notification */
};

/* What readers lose when the rule is broken; the worse, the later in the list. */
enum judge_loss {
	JUDGE_NOTHING,
	JUDGE_HINT,		/* what few readers ask for: an estimated error, the smearing hint */
	JUDGE_SOME,		/* a timescale, leap seconds, the generation, wake-ups */
	JUDGE_BOUNDS,		/* the order of events */
	JUDGE_NO_TIME,		/* the time, and readers notice it */
	JUDGE_ALL_TIME,		/* the time, and readers do not notice it */
};

struct judge_rule {
	const char *id;
	enum judge_needs needs;
	enum judge_severity severity;
	enum judge_loss loss;
	const char *clause;	/* of UAPI.13 */
	const char *demand;	/* what the rule demands of a page */
	/* False: the rule is kept, or the facts are not enough to judge it. @says receives the values. */
	bool (*broken)(const struct judge_facts *f, char says[JUDGE_TEXT]);
};

extern const struct judge_rule judge_rules[];
extern const size_t judge_rule_count;

/* NULL: there is no such rule. */
const struct judge_rule *judge_rule_named(const char *id);

const char *judge_severity_name(enum judge_severity severity);
const char *judge_needs_name(enum judge_needs needs);

/* Are the facts enough to judge this rule? */
bool judge_can(const struct judge_rule *rule, const struct judge_facts *f);

/*
 * Does @a hurt an application more than @b does? What is lost counts first, then the
 * severity; advice always comes last.
 */
bool judge_is_graver(const struct judge_rule *a, const struct judge_rule *b);

struct judge_finding {
	const struct judge_rule *rule;
	char says[JUDGE_TEXT];
};

/**
 * judge() - find the broken rules
 * @f:		the facts
 * @findings:	receives the broken rules, the gravest first
 * @room:	the size of @findings; if it is too small, the least grave are dropped
 *
 * If a broken rule would break another rule as well, only the first one is found.
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

/* With this status, time, period and counter value are reliable. */
bool judge_vouches(const struct judge_page *p);
/* judge_vouches(), and time can be computed: counter, timescale, size, period and date are possible. */
bool judge_has_formula(const struct judge_page *p);
/* judge_has_formula(), and the error bounds are usable. */
bool judge_has_bounds(const struct judge_page *p);
/* The counter of a CPU may run at this rate. */
bool judge_has_possible_rate(const struct judge_page *p);
/* Ticks per second; 0: the counter does not run. */
double judge_frequency(const struct judge_page *p);
/* From the reference to the counter now, in ns; limited to +-292 years. */
int64_t judge_age(const struct judge_page *p, uint64_t counter);

/* ---- Values in a form for people ---------------------------------------------------- */

#define JUDGE_VALUE 40

/* "0.92 ms", "1 day", "31.7 years", three digits. Returns @to. */
const char *judge_duration(char to[JUDGE_VALUE], uint64_t ns);
/* The same for two different ones, with as many digits as tell them apart. */
void judge_durations(char a[JUDGE_VALUE], uint64_t a_ns, char b[JUDGE_VALUE], uint64_t b_ns);
/* "2.5 GHz", "more than 100000 GHz" */
const char *judge_hertz(char to[JUDGE_VALUE], double hz);
/* "500 parts per billion", "12 ppm", "1.2 %" */
const char *judge_share(char to[JUDGE_VALUE], double share);
/* "2026-01-01T00:00:00Z", or the seconds if they are beyond the calendar */
const char *judge_date(char to[JUDGE_VALUE], const struct vmclock_instant *utc);

#endif /* VMCLOCK_JUDGE_JUDGE_H */
