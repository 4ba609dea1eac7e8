// SPDX-License-Identifier: MIT
/* Rules of one page. */
#include <inttypes.h>
#include <math.h>
#include <time.h>

#include "calc/scale.h"
#include "calc/time.h"
#include "internal.h"

/* The counter of every CPU that can have a VMClock runs at a rate between these two. */
#define LEAST_HZ 1e6
#define MOST_HZ	 1e11

/* A period whose maximum error is above 1 % is useless for a clock. */
#define RATE_SHARE 100

/* The newest known leap second, at the start of 2017. */
#define LAST_LEAP INT64_C(1483228800)

#define YEAR_NS (UINT64_C(31557600) * NS_PER_SEC)

/* An earlier rule explains that this page gives no time. */
static bool gives_no_time(const struct judge_page *p)
{
	return !judge_vouches(p) || p->s.counter_id == VMCLOCK_COUNTER_INVALID;
}

static bool covers_time(const struct judge_page *p)
{
	return VMCLOCK_COVERS(p->s.size, time_frac_sec);
}

bool judge_has_possible_rate(const struct judge_page *p)
{
	double hz = judge_frequency(p);

	return hz >= LEAST_HZ && hz <= MOST_HZ;
}

static bool is_possible_date(const struct judge_page *p)
{
	return p->s.time_type == VMCLOCK_TIME_MONOTONIC || p->s.time_sec < VMCLOCK_CALC_MAX_SEC;
}

static bool is_assigned_counter(const struct judge_page *p)
{
	return p->s.counter_id == VMCLOCK_COUNTER_ARM_VCNT ||
	       p->s.counter_id == VMCLOCK_COUNTER_X86_TSC;
}

bool judge_vouches(const struct judge_page *p)
{
	return VMCLOCK_COVERS(p->s.size, clock_status) &&
	       (p->s.status == VMCLOCK_STATUS_SYNCHRONIZED ||
		p->s.status == VMCLOCK_STATUS_FREERUNNING);
}

bool judge_has_formula(const struct judge_page *p)
{
	return judge_vouches(p) && is_assigned_counter(p) &&
	       p->s.time_type <= VMCLOCK_TIME_MONOTONIC && covers_time(p) &&
	       judge_has_possible_rate(p) && is_possible_date(p);
}

bool judge_has_bounds(const struct judge_page *p)
{
	return judge_has_formula(p) && vmclock_calc_has_error(&p->s) &&
	       p->s.time_maxerror <= YEAR_NS && p->s.period_maxerror <= p->s.period / RATE_SHARE;
}

double judge_frequency(const struct judge_page *p)
{
	if (!p->s.period)
		return 0;
	return ldexp(1 / (double)p->s.period, 64 + p->s.shift);
}

/* ---- The constant fields -------------------------------------------------------------- */

bool judge_counter_unassigned(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	unsigned int id = f->page->s.counter_id;

	return !is_assigned_counter(f->page) && id != VMCLOCK_COUNTER_INVALID &&
	       judge_say(says, "counter_id is %u, which is no counter", id);
}

bool judge_counter_missing(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	return judge_vouches(f->page) && f->page->s.counter_id == VMCLOCK_COUNTER_INVALID &&
	       judge_say(says,
			 "the clock status is %u, but the page names no CPU counter to tell "
			 "time by",
			 f->page->s.status);
}

bool judge_timescale_unusable(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	unsigned int type = f->page->s.time_type;

	return type > VMCLOCK_TIME_MONOTONIC &&
	       judge_say(says, "time_type is %u%s", type,
			 type <= VMCLOCK_TIME_INVALID_MAYBE_SMEARED ? ": a page is never smeared"
								    : ", which is no timescale");
}

bool judge_timescale_utc(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	return judge_has_formula(f->page) && f->page->s.time_type == VMCLOCK_TIME_UTC &&
	       judge_say(says, "the page counts in UTC, whose numbers come twice in a leap second; "
			       "TAI with its offset is recommended");
}

bool judge_no_date(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	return judge_has_formula(f->page) && f->page->s.time_type == VMCLOCK_TIME_MONOTONIC &&
	       judge_say(says,
			 "time is monotonic, counted from an unknown start: intervals, but no "
			 "date");
}

/* ---- Flags, status, leap seconds -------------------------------------------------------- */

bool judge_reserved_not_zero(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	const uint8_t *pad = f->page->pad;

	return VMCLOCK_COVERS(f->page->s.size, pad) && (pad[0] || pad[1]) &&
	       judge_say(says, "the unused bytes at 0x20 are 0x%02x 0x%02x, not zero", pad[0],
			 pad[1]);
}

bool judge_flags_unknown(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	uint64_t unknown = f->page->s.flags &
			   ~((uint64_t)(VMCLOCK_FLAG_NOTIFICATION_PRESENT << 1) - 1);

	return unknown &&
	       judge_say(says, "flags that version 1.1 does not assign are set: 0x%" PRIx64,
			 unknown);
}

bool judge_status_unassigned(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	const struct judge_page *p = f->page;

	return VMCLOCK_COVERS(p->s.size, clock_status) && p->s.status > VMCLOCK_STATUS_UNRELIABLE &&
	       judge_say(says, "clock_status is %u, which has no meaning", p->s.status);
}

bool judge_smearing_unassigned(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	const struct judge_page *p = f->page;

	return VMCLOCK_COVERS(p->s.size, leap_second_smearing_hint) &&
	       p->s.smearing > VMCLOCK_SMEARING_UTC_SLS &&
	       judge_say(says, "leap_second_smearing_hint is %u, which has no meaning",
			 p->s.smearing);
}

/* The leap second that the indicator means. False: there is no date. Else @error, as of calc/leap.h. */
static bool find_leap(const struct judge_page *p, struct vmclock_instant *utc,
		      struct vmclock_leap_second *second, int *error)
{
	int offset = 0;

	if (!judge_has_formula(p) || p->s.time_type == VMCLOCK_TIME_MONOTONIC ||
	    (p->s.time_type == VMCLOCK_TIME_TAI && vmclock_calc_tai_offset(&p->s, &offset)))
		return false;
	*utc = (struct vmclock_instant){ .sec = (int64_t)p->s.time_sec - offset };
	*error = vmclock_calc_leap_second(&p->s, utc->sec, second);
	return true;
}

bool judge_leap_indicator_impossible(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	const struct judge_page *p = f->page;
	struct vmclock_leap_second second;
	struct vmclock_instant utc;
	char date[JUDGE_VALUE];
	int error;

	if (judge_has_formula(p) && p->s.time_type != VMCLOCK_TIME_MONOTONIC &&
	    p->s.leap > VMCLOCK_LEAP_POST_NEG)
		return judge_say(says, "leap_indicator is %u, which has no meaning", p->s.leap);
	return find_leap(p, &utc, &second, &error) && error &&
	       judge_say(says, "leap_indicator is %u, which cannot be so at the reference time, %s",
			 p->s.leap, judge_date(date, &utc));
}

/* All of them so far; ITU-R TF.460 also allows the end of any other month. */
static bool ends_half_a_year(int64_t midnight)
{
	time_t t = (time_t)midnight;
	struct tm tm;

	return gmtime_r(&t, &tm) && (tm.tm_mon == 0 || tm.tm_mon == 6);
}

bool judge_leap_unlikely(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	const struct judge_page *p = f->page;
	struct vmclock_leap_second second;
	struct vmclock_instant utc;
	int64_t until = JUDGE_LEAPS_KNOWN_UNTIL;
	char at[JUDGE_VALUE];
	int error;

	if (!find_leap(p, &utc, &second, &error) || error || !second.sign)
		return false;
	if (f->guest && f->guest->no_leaps_until > until)
		until = f->guest->no_leaps_until;
	utc.sec = second.midnight;
	if (utc.sec > LAST_LEAP && utc.sec <= until)
		return judge_say(says,
				 "leap_indicator %u means a leap second before %s, but there is none",
				 p->s.leap, judge_date(at, &utc));
	return !ends_half_a_year(utc.sec) &&
	       judge_say(says,
			 "leap_indicator %u means a leap second before %s; all so far came at the "
			 "end of June or December",
			 p->s.leap, judge_date(at, &utc));
}

bool judge_tai_offset_impossible(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	const struct judge_page *p = f->page;
	int tai;

	return judge_vouches(p) && VMCLOCK_COVERS(p->s.size, tai_offset_sec) &&
	       p->s.flags & VMCLOCK_FLAG_TAI_OFFSET_VALID && vmclock_calc_tai_offset(&p->s, &tai) &&
	       judge_say(says, "the TAI offset is %d s, not within 10 to 100 s", p->s.tai_offset);
}

bool judge_tai_offset_positive(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	const struct judge_page *p = f->page;
	int tai;

	return VMCLOCK_COVERS(p->s.size, tai_offset_sec) && p->s.tai_offset > 0 &&
	       !vmclock_calc_tai_offset(&p->s, &tai) &&
	       judge_say(says,
			 "the TAI offset is +%d s, as version 1.0 of the specification had it; "
			 "version 1.1 says -%d s",
			 tai, tai);
}

bool judge_no_utc(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	return judge_has_formula(f->page) && f->page->s.time_type == VMCLOCK_TIME_TAI &&
	       !(f->page->s.flags & VMCLOCK_FLAG_TAI_OFFSET_VALID) &&
	       judge_say(says, "time is TAI without its offset: no UTC");
}

/* ---- Period and time ---------------------------------------------------------------------- */

bool judge_period_zero(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	return !gives_no_time(f->page) && covers_time(f->page) && !f->page->s.period &&
	       judge_say(says, "the counter period is zero");
}

bool judge_period_impossible(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	const struct judge_page *p = f->page;
	char hz[JUDGE_VALUE];

	return !gives_no_time(p) && covers_time(p) && p->s.period && !judge_has_possible_rate(p) &&
	       judge_say(says,
			 "period %" PRIu64 " with shift %u makes a counter of %s: no CPU has one",
			 (uint64_t)p->s.period, p->s.shift, judge_hertz(hz, judge_frequency(p)));
}

bool judge_time_impossible(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	const struct judge_page *p = f->page;

	return !gives_no_time(p) && covers_time(p) && !is_possible_date(p) &&
	       judge_say(says, "the reference time, %" PRIu64 " s, is after the year 9999",
			 (uint64_t)p->s.time_sec);
}

/* ---- The size, against what the page promises ------------------------------------------------ */

bool judge_time_not_covered(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	return !gives_no_time(f->page) && !covers_time(f->page) &&
	       judge_say(says,
			 "the clock status is %u, but the page ends before the reference time, "
			 "after %" PRIu32 " bytes",
			 f->page->s.status, f->page->size);
}

bool judge_bounds_not_covered(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	const struct judge_page *p = f->page;

	return p->s.flags & VMCLOCK_FLAG_TIME_MAXERROR_VALID && covers_time(p) &&
	       !VMCLOCK_COVERS(p->s.size, time_maxerror_nanosec) &&
	       judge_say(says, "the flags promise the maximum error of the time, but the page ends "
			       "before it");
}

bool judge_generation_not_covered(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	return f->page->s.flags & VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT &&
	       !VMCLOCK_COVERS(f->page->s.size, vm_generation_counter) &&
	       judge_say(says,
			 "the flags promise a generation counter, but the page ends before it");
}

/* ---- Errors ------------------------------------------------------------------------------- */

bool judge_no_bounds(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	const struct judge_page *p = f->page;
	uint64_t flags = p->s.flags;

	if (!judge_has_formula(p) || vmclock_calc_has_error(&p->s) ||
	    judge_bounds_not_covered(f, says))
		return false;
	if (!(flags & VMCLOCK_FLAG_TIME_MAXERROR_VALID))
		return judge_say(says,
				 "time has no error bounds: the host does not give the maximum "
				 "error of the time");
	return judge_say(says, "time has no error bounds: the host does not give the maximum error "
			       "of the period");
}

bool judge_maxerror_zero(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	if (!judge_has_bounds(f->page))
		return false;
	if (!f->page->s.time_maxerror)
		return judge_say(says, "the maximum error of the time is 0 ns: no clock is exact");
	return !f->page->s.period_maxerror &&
	       judge_say(says, "the maximum error of the period is 0: no counter is exact");
}

bool judge_maxerror_impossible(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	const struct judge_page *p = f->page;
	char error[JUDGE_VALUE];

	return judge_has_formula(p) && vmclock_calc_has_error(&p->s) &&
	       p->s.time_maxerror > YEAR_NS &&
	       judge_say(says, "the maximum error of the time is %s: it bounds nothing",
			 judge_duration(error, p->s.time_maxerror));
}

bool judge_rate_maxerror_impossible(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	const struct judge_page *p = f->page;
	char share[JUDGE_VALUE];

	return judge_has_formula(p) && vmclock_calc_has_error(&p->s) &&
	       p->s.period_maxerror > p->s.period / RATE_SHARE &&
	       judge_say(says, "the maximum error of the period is %s of it: it bounds nothing",
			 judge_share(share, (double)p->s.period_maxerror / (double)p->s.period));
}

bool judge_esterror_above_maxerror(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	const uint64_t both = VMCLOCK_FLAG_TIME_ESTERROR_VALID | VMCLOCK_FLAG_TIME_MAXERROR_VALID;
	const struct judge_page *p = f->page;
	char estimated[JUDGE_VALUE], most[JUDGE_VALUE];

	if (!judge_has_formula(p) || (p->s.flags & both) != both ||
	    !VMCLOCK_COVERS(p->s.size, time_maxerror_nanosec) ||
	    p->time_esterror <= p->s.time_maxerror)
		return false;
	judge_durations(estimated, p->time_esterror, most, p->s.time_maxerror);
	return judge_say(says, "the estimated error of the time, %s, is above the maximum, %s",
			 estimated, most);
}

bool judge_rate_esterror_above_maxerror(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	const uint64_t both = VMCLOCK_FLAG_PERIOD_ESTERROR_VALID |
			      VMCLOCK_FLAG_PERIOD_MAXERROR_VALID;
	const struct judge_page *p = f->page;

	return judge_has_formula(p) && (p->s.flags & both) == both &&
	       p->period_esterror > p->s.period_maxerror &&
	       judge_say(says,
			 "the estimated error of the period, %" PRIu64
			 ", is above the maximum, %" PRIu64,
			 p->period_esterror, (uint64_t)p->s.period_maxerror);
}
