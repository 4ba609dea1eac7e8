/* SPDX-License-Identifier: MIT */
/*
 * UTC with bounds at any value of the counter, derived from pairs and from an
 * NTP daemon's report on CLOCK_REALTIME. Pure arithmetic; thread-safe, and safe
 * in signal handlers.
 *
 * Units are ns, ppb (1e-9), and for periods 1 / 2^(64 + shift) s, as on a
 * VMClock page. Bounds are rounded outwards.
 */
#ifndef VMCLOCKD_DERIVE_H
#define VMCLOCKD_DERIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/leaps.h"
#include "common/pair.h"

/* ---- The nominal period of the counter, measured by CLOCK_MONOTONIC_RAW -------- */

#define FIT_PAIRS	32

/* Pairs under one marker and one clocksource; fit_add() keeps a bounded number. */
struct fit {
	struct pair pair[FIT_PAIRS];	/* oldest first, about evenly spaced */
	unsigned int count;
	struct pair last;
	int64_t spacing;		/* ns between pairs that are kept */
	int64_t residual;		/* ns: a kept pair's largest distance from the chord */
};

/** fit_reset() - forget all pairs, after a change of the marker or the clocksource */
void fit_reset(struct fit *fit);

/**
 * fit_add() - add a pair
 * @fit:	the fit
 * @pair:	the pair; its counter value is above that of the previous pair
 *
 * Pairs of the last 17 minutes count, so the fit follows a slow change of the period.
 *
 * Return: 0; or -EDOM: the pair is more than 1 us off the line, or not later
 * than the previous pair. Then the counter was disrupted, or CLOCK_MONOTONIC_RAW
 * does not run evenly with it: old pairs are void, and @pair begins a fresh fit.
 */
int fit_add(struct fit *fit, const struct pair *pair);

/**
 * fit_baseline() - the time that the pairs span, in ns; 0 with fewer than two
 */
int64_t fit_baseline(const struct fit *fit);

/**
 * fit_period() - the nominal period
 * @fit:	the fit
 * @ns_per_tick: receives the period
 * @error_ppb:	receives the bound of its error, rounded up
 *
 * The bound is the pairs' widths plus four times the largest residual, over the baseline.
 * Four residuals cover the difference of an evenly changing period from its mean.
 *
 * Return: 0 or -EAGAIN: the baseline is below 100 ms, or the error above 1000 ppm.
 */
int fit_period(const struct fit *fit, long double *ns_per_tick, int64_t *error_ppb);

/* ---- The report of an NTP daemon ------------------------------------------------- */

enum report_leap {
	REPORT_LEAP_UNKNOWN,		/* not synchronised, or no answer */
	REPORT_LEAP_NONE,
	REPORT_LEAP_INSERT,
	REPORT_LEAP_DELETE,
};

struct report {
	int64_t offset;			/* ns: true time = CLOCK_REALTIME + offset */
	int64_t corrected;		/* ns: what it stepped or slewed the clock by, the last time */
	int64_t root_delay;		/* ns */
	int64_t root_dispersion;	/* ns */
	int64_t frequency;		/* ppb: how much CLOCK_MONOTONIC_RAW is fast */
	int64_t residual;		/* ppb */
	int64_t skew;			/* ppb: the error bound of frequency */
	int64_t reference;		/* UTC, s: when the daemon last measured */
	int32_t reference_ns;		/* and ns, if it says */
	uint32_t refid;
	uint32_t stratum;
	enum report_leap leap;
};

/**
 * report_refusal() - why a report cannot be used
 * @report:	the report
 *
 * Return: a sentence without a full stop, or NULL: the report can be used.
 */
const char *report_refusal(const struct report *report);

/* ---- The cone: UTC and its bounds at any value of the counter ------------------- */

struct cone {
	uint64_t counter;		/* the reference */
	int64_t utc;			/* ns since 1970 at the reference */
	uint64_t time_maxerror;		/* ns at the reference */
	uint64_t period;		/* these two in 1 / 2^(64 + shift) s */
	uint64_t period_maxerror;
	int64_t reference;		/* of the report: when the daemon last measured */
	int64_t known_until;		/* UTC, s: an unknown leap second may be there; 0: none */
	uint8_t shift;
	uint8_t leap;			/* VMCLOCK_LEAP_*, for the page */
};

struct derive_options {
	int64_t wander;			/* ppb: how far the counter's rate may change */
	int64_t max_error;		/* ns: a larger bound is refused; at most 1 s */
	const struct leaps *leaps;	/* may be NULL */
	int64_t announced;		/* UTC, s: of the leap second announced last; 0: none was */
	bool source_smears;
};

/* The wander is chrony's own maxclockerror. */
#define DERIVE_DEFAULTS { .wander = 1000, .max_error = 1000000000 }

/**
 * derive_refusal() - why no bounds can follow from this report
 * @after:	a pair
 * @report:	the report
 * @options:	the options
 *
 * Return: report_refusal()'s sentence, or one on leap seconds or on a bound
 * above the limit; or NULL: there can be bounds.
 */
const char *derive_refusal(const struct pair *after, const struct report *report,
			   const struct derive_options *options);

/**
 * derive_cone() - derive UTC at a pair's counter value, and after it
 * @fit:	the nominal period
 * @before:	a pair from before the daemon was asked
 * @after:	a pair from after its answer: the cone's reference
 * @report:	the answer
 * @options:	the options
 * @cone:	receives the cone
 *
 * At the reference true UTC is within @time_maxerror of @utc, if the report is
 * true and CLOCK_REALTIME was slewed in one direction only between the pairs.
 * From there on the error grows by @period_maxerror a tick at most, while the
 * counter's rate wanders by no more than @options allow.
 *
 * Return: 0; -EINVAL: derive_refusal() says why; or -EAGAIN, ask again: the
 * fit is too young, CLOCK_REALTIME moved between the pairs by more than 1 us and
 * a sixteenth of the daemon's own bound, the bounds are too wide, a leap second is
 * possible within 5 s, or the daemon has not measured since a leap second.
 */
int derive_cone(const struct fit *fit, const struct pair *before, const struct pair *after,
		const struct report *report, const struct derive_options *options,
		struct cone *cone);

/**
 * cone_reference() - the reference time as a page has it
 * @cone:	the cone
 * @sec:	receives time_sec
 * @frac:	receives time_frac_sec
 */
void cone_reference(const struct cone *cone, uint64_t *sec, uint64_t *frac);

/**
 * cone_at() - the bounds of UTC at a counter value
 * @cone:	the cone
 * @counter:	the counter
 * @earliest:	receives the bounds, ns since 1970
 * @latest:	the same
 *
 * The arithmetic is that of the page's readers.
 *
 * Return: 0; -ENODATA: leap seconds are not known until then; or -EOVERFLOW.
 */
int cone_at(const struct cone *cone, uint64_t counter, int64_t *earliest, int64_t *latest);

/**
 * cone_reach() - for how many ticks after the reference the cone gives time
 * @cone:	the cone
 *
 * Return: the ticks for which the time is certainly more than a second before
 * known_until, at least 1; 0: there is no limit.
 */
uint64_t cone_reach(const struct cone *cone);

/**
 * cone_advance() - the same cone from another reference
 * @cone:	the cone
 * @counter:	the new reference
 * @leap:	VMCLOCK_LEAP_* there
 * @out:	receives the cone; may be @cone
 *
 * Return: 0 or the error of cone_at().
 */
int cone_advance(const struct cone *cone, uint64_t counter, uint8_t leap, struct cone *out);

/**
 * cone_update() - the next cone to publish
 * @old:	the previous cone
 * @new:	the new measurement
 * @out:	receives the cone; may be either
 *
 * The bounds at the new reference are the intersection of both cones; the rate is
 * the new measurement's.
 *
 * Return: 0; -ERANGE: the cones exclude each other; or the error of cone_at().
 */
int cone_update(const struct cone *old, const struct cone *new, struct cone *out);

/* ---- Conflicts -------------------------------------------------------------------- */

#define TRACK_AGREE	3

/*
 * The cones under one marker. The first cone is good at once. After a conflict,
 * three cones must agree, each from another measurement of the daemon's.
 */
struct track {
	struct cone cone;
	unsigned int agreed;		/* number of cones that went into @cone */
	unsigned int needed;		/* number of them that makes @cone good */
};

/** track_reset() - begin anew, under a new marker */
void track_reset(struct track *track);

/**
 * track_update() - take in a new measurement
 * @track:	the track
 * @new:	the measurement
 *
 * Return: 0: track->cone is good; -ERANGE: @new conflicts with the previous
 * track->cone, and replaces it, but is not good yet; -EAGAIN: more cones that agree
 * are needed. If leap seconds are not known until now, the previous cone is dropped
 * without a conflict.
 */
int track_update(struct track *track, const struct cone *new);

/** track_good() - may track->cone be published? */
bool track_good(const struct track *track);

#endif /* VMCLOCKD_DERIVE_H */
