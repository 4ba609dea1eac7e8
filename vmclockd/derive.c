// SPDX-License-Identifier: MIT
/*
 * From the counter to UTC with bounds.
 *
 * Times are integers. Periods are computed in long double, whose mantissa has 64
 * bits or more on all architectures of VMClock. The error of ten operations is
 * less than 2^-60; 2^-58 is added to the bound of the period.
 */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "calc/scale.h"
#include "calc/time.h"
#include "derive.h"

_Static_assert(LDBL_MANT_DIG >= 64, "periods need more than a double");

#define PPB			INT64_C(1000000000)

#define SPACING_MIN		INT64_C(16000000)
#define SPACING_MAX		(SPACING_MIN << 11)	/* 33 s; 32 pairs then span 17 minutes */
#define BASELINE_MIN		INT64_C(100000000)
#define RESIDUAL_MAX		1000
#define PERIOD_ERROR_MAX	1000000

/* Limits of a report, in ns and ppb. chronyd's own limits are narrower. */
#define FREQUENCY_MAX		100000000
#define RATE_ERROR_MAX		1000000
#define SECONDS_MAX		(INT64_C(1) << 33)
#define OFFSET_MAX		(SECONDS_MAX * PPB)
#define DELAY_MAX		(1000 * PPB)

/* Limit of the slew between two pairs: ns, or this part of the daemon's bound if larger. */
#define MOVED_MAX		1000
#define MOVED_PART		16
/* Offset, delay and dispersion are printed to the nanosecond. */
#define TIME_ROUNDING		5
/* Frequency, residual and skew are printed to the ppb. */
#define RATE_ROUNDING		3

/* ---- The nominal period --------------------------------------------------------- */

void fit_reset(struct fit *fit)
{
	memset(fit, 0, sizeof(*fit));
	fit->spacing = SPACING_MIN;
}

/* How far the readings may be from the pair's counter value, in ns, with rounding. */
static int64_t pair_error(const struct pair *p, long double ns_per_tick)
{
	long double half = ((long double)p->width + 1) / 2 * ns_per_tick;

	return half < DELAY_MAX ? (int64_t)half + 2 : DELAY_MAX;
}

int64_t fit_baseline(const struct fit *fit)
{
	return fit->count ? fit->last.raw - fit->pair[0].raw : 0;
}

/* ns a tick, from the first pair to the last one. */
static long double chord(const struct fit *fit)
{
	return (long double)fit_baseline(fit) /
	       (long double)(fit->last.counter - fit->pair[0].counter);
}

static int64_t largest_pair_error(const struct fit *fit, long double ns_per_tick)
{
	int64_t largest = pair_error(&fit->last, ns_per_tick);
	unsigned int i;

	for (i = 0; i < fit->count; i++)
		if (pair_error(&fit->pair[i], ns_per_tick) > largest)
			largest = pair_error(&fit->pair[i], ns_per_tick);
	return largest;
}

/* In ppb; above the limit while the period is unknown. */
static int64_t period_error(const struct fit *fit, long double ns_per_tick)
{
	int64_t baseline = fit_baseline(fit);
	__int128 ns = pair_error(&fit->pair[0], ns_per_tick);

	if (baseline <= 0)
		return PPB;
	ns += pair_error(&fit->last, ns_per_tick);
	/* A residual may be larger than it seems by a pair's error. */
	ns += 4 * ((__int128)fit->residual + largest_pair_error(fit, ns_per_tick));
	ns = ns * PPB / baseline + 1;
	return ns < PPB ? (int64_t)ns : PPB;
}

/* Is the pair on the extended line, within the errors of the pairs and of the slope? */
static bool as_expected(const struct fit *fit, const struct pair *pair)
{
	long double ns_per_tick, ns, allowed;

	if (fit_baseline(fit) <= 0)
		return true;
	ns_per_tick = chord(fit);
	ns = (long double)(pair->counter - fit->last.counter) * ns_per_tick;
	allowed = RESIDUAL_MAX + pair_error(&fit->last, ns_per_tick);
	allowed += pair_error(pair, ns_per_tick) + ns * period_error(fit, ns_per_tick) / PPB;
	return fabsl((long double)(pair->raw - fit->last.raw) - ns) <= allowed;
}

/* Finds the largest distance of a kept pair from the chord; false if it is too large. */
static bool measure_residual(struct fit *fit)
{
	long double ns_per_tick = chord(fit);
	int64_t allowed = RESIDUAL_MAX + 2 * largest_pair_error(fit, ns_per_tick);
	unsigned int i;

	fit->residual = 0;
	for (i = 1; i < fit->count; i++) {
		long double ticks = fit->pair[i].counter - fit->pair[0].counter;
		long double ns = fit->pair[i].raw - fit->pair[0].raw;
		long double residual = ceill(fabsl(ns - ticks * ns_per_tick));

		if (residual > allowed)
			return false;
		if (residual > fit->residual)
			fit->residual = (int64_t)residual;
	}
	return true;
}

/* Makes room for one pair: drops every other pair, or the oldest one. */
static void make_room(struct fit *fit)
{
	unsigned int i;

	if (fit->spacing < SPACING_MAX) {
		fit->spacing *= 2;
		fit->count /= 2;
		for (i = 1; i < fit->count; i++)
			fit->pair[i] = fit->pair[i * 2UL];
		return;
	}
	fit->count--;
	memmove(&fit->pair[0], &fit->pair[1], fit->count * sizeof(fit->pair[0]));
}

static void keep(struct fit *fit, const struct pair *pair)
{
	if (fit->count && pair->raw - fit->pair[fit->count - 1].raw < fit->spacing)
		return;
	if (fit->count == FIT_PAIRS)
		make_room(fit);
	fit->pair[fit->count++] = *pair;
}

static bool follows(const struct pair *last, const struct pair *pair)
{
	uint64_t ticks = pair->counter - last->counter;

	return ticks && !(ticks >> 63) && pair->raw >= last->raw;
}

int fit_add(struct fit *fit, const struct pair *pair)
{
	bool good = true;

	if (fit->count) {
		good = follows(&fit->last, pair) && as_expected(fit, pair);
		fit->last = *pair;
		good = good && measure_residual(fit);
	}
	if (!good || !fit->count)
		fit_reset(fit);
	fit->last = *pair;
	keep(fit, pair);
	return good ? 0 : -EDOM;
}

int fit_period(const struct fit *fit, long double *ns_per_tick, int64_t *error_ppb)
{
	if (fit_baseline(fit) < BASELINE_MIN)
		return -EAGAIN;
	*ns_per_tick = chord(fit);
	*error_ppb = period_error(fit, *ns_per_tick);
	return *error_ppb <= PERIOD_ERROR_MAX ? 0 : -EAGAIN;
}

/* ---- The report ----------------------------------------------------------------- */

static bool within(int64_t value, int64_t limit)
{
	return value >= -limit && value <= limit;
}

static bool is_absurd(const struct report *r)
{
	return !within(r->offset, OFFSET_MAX) || !within(r->frequency, FREQUENCY_MAX) ||
	       !within(r->root_delay, DELAY_MAX) || !within(r->root_dispersion, DELAY_MAX) ||
	       r->reference <= 0 || r->reference > SECONDS_MAX;
}

const char *report_refusal(const struct report *r)
{
	if (r->leap != REPORT_LEAP_NONE && r->leap != REPORT_LEAP_INSERT &&
	    r->leap != REPORT_LEAP_DELETE)
		return "the NTP daemon is not synchronised";
	if (!r->refid)
		return "the NTP daemon has no reference";
	/* 127.127.1.x is the reference ID of a local clock. */
	if (r->refid >> 8 == 0x7f7f01)
		return "the NTP daemon's reference is the system clock itself (chrony.conf: local)";
	if (r->stratum < 1 || r->stratum > 15)
		return "the NTP daemon's stratum is not within 1..15";
	if (r->root_delay < 0 || r->root_dispersion < 0 || r->skew < 0)
		return "the NTP daemon reports a negative delay, dispersion or skew";
	if (!r->root_delay && !r->root_dispersion)
		return "the NTP daemon reports no delay and no dispersion: it has measured nothing";
	if (is_absurd(r))
		return "the NTP daemon reports numbers that cannot be true";
	if (r->skew > RATE_ERROR_MAX || !within(r->residual, RATE_ERROR_MAX))
		return "the NTP daemon does not know the clock's frequency within 1000 ppm yet";
	return NULL;
}

static int announced(const struct report *r)
{
	return (r->leap == REPORT_LEAP_INSERT) - (r->leap == REPORT_LEAP_DELETE);
}

/* Root delay / 2 + root dispersion. */
static int64_t root_distance(const struct report *r)
{
	return r->root_delay / 2 + r->root_delay % 2 + r->root_dispersion;
}

static bool has_utc(const struct pair *p, const struct report *r)
{
	int64_t utc;

	return p->real >= 0 && !__builtin_add_overflow(p->real, r->offset, &utc) && utc >= 0;
}

const char *derive_refusal(const struct pair *after, const struct report *report,
			   const struct derive_options *options)
{
	const char *refusal = report_refusal(report);
	int64_t sec;

	if (refusal)
		return refusal;
	if (!has_utc(after, report))
		return "the time is before 1970 or after 2261";
	if (root_distance(report) > options->max_error)
		return "the NTP daemon's own bound is above the limit";
	sec = (after->real + report->offset) / PPB;
	refusal = leaps_refusal(options->leaps, sec, announced(report), options->source_smears);
	if (!refusal && leaps_may_be_smeared(options->leaps, sec, options->announced))
		refusal = "less than a day after a leap second that was not announced, so the "
			  "time servers may smear it";
	return refusal;
}

/* ---- The cone --------------------------------------------------------------------- */

struct rate {
	long double nominal;	/* ns a tick */
	long double period;	/* ns a tick, of true time */
	int64_t error;		/* ppb of the larger one */
};

static int derive_rate(const struct fit *fit, const struct report *report,
		       const struct derive_options *options, struct rate *rate)
{
	int64_t nominal_error, sum;
	int ret = fit_period(fit, &rate->nominal, &nominal_error);

	if (ret)
		return ret;
	rate->period = rate->nominal * (PPB - report->frequency) / PPB;
	sum = report->skew + (report->residual < 0 ? -report->residual : report->residual) +
	      options->wander + nominal_error;
	/* The rates multiply: sum / 1000 covers the products of errors below 1000 ppm. */
	rate->error = sum + sum / 1000 + 1 + RATE_ROUNDING;
	return 0;
}

static long double larger_period(const struct rate *rate)
{
	return rate->period > rate->nominal ? rate->period : rate->nominal;
}

/* Chooses the shift that gives the period 63 bits. */
static int set_period(struct cone *cone, const struct rate *rate)
{
	long double seconds = rate->period / PPB;
	int exponent;

	if (!(seconds > 0x1p-60L && seconds < 0x1p-10L))
		return -EAGAIN;
	frexpl(seconds, &exponent);
	cone->shift = (uint8_t)(-1 - exponent);
	cone->period = (uint64_t)ldexpl(seconds, 64 + cone->shift);
	cone->period_maxerror = (uint64_t)ldexpl(larger_period(rate) / PPB * rate->error / PPB,
						 64 + cone->shift) +
				(cone->period >> 58) + 2;
	return 0;
}

/* ns by which CLOCK_REALTIME moved against the cone between the pairs. */
static long double moved(const struct pair *before, const struct pair *after,
			 const struct rate *rate)
{
	long double ticks = after->counter - before->counter;

	return fabsl((long double)(after->real - before->real) - ticks * rate->period);
}

static int64_t moved_max(const struct report *r)
{
	int64_t part = root_distance(r) / MOVED_PART;

	return part > MOVED_MAX ? part : MOVED_MAX;
}

static int set_time(struct cone *cone, const struct pair *before, const struct pair *after,
		    const struct report *report, const struct rate *rate)
{
	long double ticks = after->counter - before->counter;
	long double slewed = moved(before, after, rate);
	/* The report is true for some instant between the pairs. */
	long double drifted = ticks * larger_period(rate) * rate->error / PPB;

	if (slewed > moved_max(report) || drifted > PPB)
		return -EAGAIN;
	cone->counter = after->counter;
	cone->utc = after->real + report->offset;
	/* utc uses the later pair's error, slewed uses the errors of both pairs. */
	cone->time_maxerror = (uint64_t)(root_distance(report) + pair_error(before, rate->nominal) +
					 2 * pair_error(after, rate->nominal) +
					 (int64_t)ceill(slewed) + (int64_t)ceill(drifted) +
					 TIME_ROUNDING);
	return 0;
}

static bool leap_is_near(const struct pair *p, const struct report *report)
{
	return !has_utc(p, report) || leaps_near(p->real, p->real + report->offset);
}

int derive_cone(const struct fit *fit, const struct pair *before, const struct pair *after,
		const struct report *report, const struct derive_options *options,
		struct cone *cone)
{
	struct cone c = { 0 };
	struct rate rate;
	int64_t sec;
	int ret;

	if (derive_refusal(after, report, options))
		return -EINVAL;
	sec = (after->real + report->offset) / PPB;
	if ((after->counter - before->counter) >> 63 || leap_is_near(before, report) ||
	    leap_is_near(after, report) || leaps_since(options->leaps, report->reference, sec))
		return -EAGAIN;
	ret = derive_rate(fit, report, options, &rate);
	ret = ret ?: set_period(&c, &rate);
	ret = ret ?: set_time(&c, before, after, report, &rate);
	if (ret)
		return ret;
	if (c.time_maxerror > (uint64_t)options->max_error)
		return -EAGAIN;
	c.reference = report->reference;
	c.leap = leaps_indicator(options->leaps, sec, announced(report));
	c.known_until = leaps_known_until(options->leaps, sec);
	*cone = c;
	return 0;
}

void cone_reference(const struct cone *cone, uint64_t *sec, uint64_t *frac)
{
	vmclock_u128 nsec = (vmclock_u128)(cone->utc % PPB) << 64;

	*sec = (uint64_t)(cone->utc / PPB);
	/* Round up, because readers round down. */
	*frac = (uint64_t)((nsec + PPB - 1) / PPB);
}

static struct vmclock_snapshot snapshot(const struct cone *cone)
{
	struct vmclock_snapshot s = {
		.flags = VMCLOCK_FLAG_PERIOD_MAXERROR_VALID | VMCLOCK_FLAG_TIME_MAXERROR_VALID,
		.counter_value = cone->counter,
		.period = cone->period,
		.period_maxerror = cone->period_maxerror,
		.time_maxerror = cone->time_maxerror,
		.size = sizeof(struct vmclock_abi),
		.time_type = VMCLOCK_TIME_UTC,
		.leap = cone->leap,
		.shift = cone->shift,
	};
	uint64_t sec, frac;

	cone_reference(cone, &sec, &frac);
	s.time_sec = sec;
	s.time_frac = frac;
	return s;
}

static int to_ns(const struct vmclock_instant *t, int64_t *ns)
{
	if (__builtin_mul_overflow(t->sec, PPB, ns) || __builtin_add_overflow(*ns, t->nsec, ns))
		return -EOVERFLOW;
	return 0;
}

int cone_at(const struct cone *cone, uint64_t counter, int64_t *earliest, int64_t *latest)
{
	struct vmclock_snapshot s = snapshot(cone);
	struct vmclock_leap_second second;
	struct vmclock_instant first, last;
	__u64 error;
	int ret;

	ret = vmclock_calc_time(&s, counter, &first) ?: vmclock_calc_error(&s, counter, &error) ?:
	      vmclock_calc_linear(&s, &first, &second);
	if (ret)
		return ret;
	last = first;
	/* One ns more at the late end, because the time was rounded down. */
	ret = vmclock_calc_shift_time(&first, -(int64_t)error) ?:
	      vmclock_calc_shift_time(&last, (int64_t)error + 1) ?:
	      vmclock_calc_bounds_to_utc(&second, &first, &last) ?:
	      to_ns(&first, earliest) ?: to_ns(&last, latest);
	/* A negative leap second may remove the last second before known_until. */
	if (!ret && cone->known_until && *latest >= (cone->known_until - 1) * PPB)
		return -ENODATA;
	return ret;
}

uint64_t cone_reach(const struct cone *cone)
{
	long double period = ldexpl((long double)cone->period + (long double)cone->period_maxerror + 1,
				    -64 - cone->shift) * PPB;
	/* Bounds are rounded by some ns. */
	int64_t left = (cone->known_until - 1) * PPB - cone->utc - (int64_t)cone->time_maxerror - 10;
	long double ticks = (long double)left / period;

	if (!cone->known_until)
		return 0;
	/* Double rounding of periods is far below a thousandth of a tick in a month. */
	return ticks > 2 ? (uint64_t)(ticks * (1 - 0x1p-58L)) - 1 : 1;
}

static void set_interval(struct cone *cone, int64_t earliest, int64_t latest)
{
	cone->utc = earliest + (latest - earliest) / 2;
	cone->time_maxerror = (uint64_t)(latest - earliest + 1) / 2;
}

int cone_advance(const struct cone *cone, uint64_t counter, uint8_t leap, struct cone *out)
{
	int64_t earliest, latest;
	int ret = cone_at(cone, counter, &earliest, &latest);

	if (ret)
		return ret;
	*out = *cone;
	out->counter = counter;
	out->leap = leap;
	set_interval(out, earliest, latest);
	return 0;
}

int cone_update(const struct cone *old, const struct cone *new, struct cone *out)
{
	int64_t first = new->utc - (int64_t)new->time_maxerror;
	int64_t last = new->utc + (int64_t)new->time_maxerror;
	int64_t earliest, latest;
	int ret = cone_at(old, new->counter, &earliest, &latest);

	if (ret)
		return ret;
	if (earliest > first)
		first = earliest;
	if (latest < last)
		last = latest;
	if (first > last)
		return -ERANGE;
	*out = *new;
	set_interval(out, first, last);
	return 0;
}

/* ---- Conflicts ---------------------------------------------------------------------- */

void track_reset(struct track *track)
{
	memset(track, 0, sizeof(*track));
	track->needed = 1;
}

bool track_good(const struct track *track)
{
	return track->agreed && track->agreed >= track->needed;
}

int track_update(struct track *track, const struct cone *new)
{
	bool measured = !track->agreed || new->reference != track->cone.reference;
	int ret = track->agreed ? cone_update(&track->cone, new, &track->cone) : -ENODATA;

	if (ret == -ENODATA) {
		if (track->agreed)
			track_reset(track);
		track->cone = *new;
	} else if (ret) {
		*track = (struct track){ .cone = *new, .agreed = 1, .needed = TRACK_AGREE };
		return -ERANGE;
	}
	if (measured && !track_good(track))
		track->agreed++;
	return track_good(track) ? 0 : -EAGAIN;
}
