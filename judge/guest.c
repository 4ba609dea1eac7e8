// SPDX-License-Identifier: MIT
/* Rules that need the machine's own counter and clocks. */
#include <math.h>

#include "calc/scale.h"
#include "calc/time.h"
#include "internal.h"

/* A period without a maximum error may still be off by this share, as much as NTP can correct. */
#define UNCLAIMED 5e-4

/* A reference of this age may be that of a host which updates its page seldom. */
#define YOUNG_NS (INT64_C(5) * NS_PER_SEC)

/* The longest update that readers wait for. */
#define UPDATE_NS 100000000

int64_t judge_difference(const struct vmclock_instant *a, const struct vmclock_instant *b)
{
	__int128 ns = ((__int128)a->sec - b->sec) * NS_PER_SEC + a->nsec - b->nsec;

	return ns > INT64_MAX ? INT64_MAX : ns < -INT64_MAX ? -INT64_MAX : (int64_t)ns;
}

int64_t judge_age(const struct judge_page *p, uint64_t counter)
{
	static const struct vmclock_instant start;
	bool before = (int64_t)(counter - p->s.counter_value) < 0;
	struct vmclock_instant t;

	if (vmclock_calc_since(&p->s, counter, &t))
		return before ? -INT64_MAX : INT64_MAX;
	return judge_difference(&t, &start);
}

/* ---- The counter ------------------------------------------------------------------------ */

static bool is_own_counter(const struct judge_facts *f)
{
	return judge_has_formula(f->page) && f->page->s.counter_id == f->guest->counter_id;
}

bool judge_counter_elsewhere(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	return judge_has_formula(f->page) && f->guest->counter_id != VMCLOCK_COUNTER_INVALID &&
	       f->page->s.counter_id != f->guest->counter_id &&
	       judge_say(says, "counter %u is not one of this CPU", f->page->s.counter_id);
}

/* The share by which the page allows its period to be off; 0: it does not say. */
static double claimed_error(const struct judge_page *p)
{
	return p->s.flags & VMCLOCK_FLAG_PERIOD_MAXERROR_VALID ?
		       (double)p->s.period_maxerror / (double)p->s.period : 0;
}

/* The page's rate is this share above the rate here. False: one of them is not known. */
static bool compare_rates(const struct judge_facts *f, double *above)
{
	if (!is_own_counter(f) || !(f->guest->frequency_hz > 0))
		return false;
	*above = judge_frequency(f->page) / f->guest->frequency_hz - 1;
	return true;
}

static bool say_rates(const struct judge_facts *f, char says[JUDGE_TEXT], double above, double known)
{
	char page[JUDGE_VALUE], here[JUDGE_VALUE], by[JUDGE_VALUE], within[JUDGE_VALUE];

	return judge_say(says,
			 "the page says that the counter runs at %s, which is %s %s than the %s "
			 "measured here within %s",
			 judge_hertz(page, judge_frequency(f->page)), judge_share(by, fabs(above)),
			 above < 0 ? "slower" : "faster", judge_hertz(here, f->guest->frequency_hz),
			 judge_share(within, known));
}

bool judge_period_differs(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	double known = f->guest->frequency_error, claimed = claimed_error(f->page), above;

	if (!claimed && known < UNCLAIMED)
		claimed = UNCLAIMED;
	return compare_rates(f, &above) && fabs(above) > known + claimed &&
	       say_rates(f, says, above, known);
}

bool judge_period_unlikely(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	double known = f->guest->frequency_doubt, above;

	return compare_rates(f, &above) && fabs(above) > known + claimed_error(f->page) &&
	       !judge_period_differs(f, says) && say_rates(f, says, above, known);
}

/* ---- The reference ----------------------------------------------------------------------- */

static bool is_right_counter(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	return is_own_counter(f) && !judge_period_differs(f, says);
}

bool judge_reference_ahead(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	char by[JUDGE_VALUE];
	int64_t age;

	if (!is_right_counter(f, says))
		return false;
	age = judge_age(f->page, f->guest->counter);
	return age < -UPDATE_NS && judge_say(says, "the reference is %s ahead of the counter",
					     judge_duration(by, -(uint64_t)age));
}

/*
 * By how much the bounds have grown since the reference. False: not by more than
 * what is allowed, or it is too young to tell by that.
 */
static bool has_outgrown(const struct judge_facts *f, int64_t age, __u64 *error)
{
	const struct vmclock_snapshot *s = &f->page->s;

	return f->guest->max_growth && age > YOUNG_NS && judge_has_bounds(f->page) &&
	       !vmclock_calc_error(s, f->guest->counter, error) &&
	       *error > (vmclock_u128)(s->time_maxerror + 1) * f->guest->max_growth;
}

bool judge_reference_old(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	char old[JUDGE_VALUE], most[JUDGE_VALUE], first[JUDGE_VALUE];
	int64_t age;
	__u64 error;

	if (!is_right_counter(f, says))
		return false;
	age = judge_age(f->page, f->guest->counter);
	if (age > 0 && (uint64_t)age > f->guest->max_age) {
		judge_durations(old, (uint64_t)age, most, f->guest->max_age);
		return judge_say(says,
				 "the reference is %s old (allowed: %s): nobody keeps the page up to "
				 "date",
				 old, most);
	}
	return has_outgrown(f, age, &error) &&
	       judge_say(says,
			 "the reference is %s old, and its bounds have grown from %s to %s since: "
			 "nobody keeps the page up to date",
			 judge_duration(old, (uint64_t)age),
			 judge_duration(first, f->page->s.time_maxerror),
			 judge_duration(most, error));
}

static bool is_current(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	return is_right_counter(f, says) && !judge_reference_ahead(f, says) &&
	       !judge_reference_old(f, says);
}

bool judge_bounds_wide(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	char error[JUDGE_VALUE], most[JUDGE_VALUE];
	__u64 ns = INT64_MAX;

	if (!is_current(f, says) || !judge_has_bounds(f->page) ||
	    (!vmclock_calc_error(&f->page->s, f->guest->counter, &ns) &&
	     ns <= f->guest->max_error))
		return false;
	judge_durations(error, ns, most, f->guest->max_error);
	return judge_say(says, "time is bounded by +-%s now (allowed: %s)", error, most);
}

/* ---- Other clocks -------------------------------------------------------------------------- */

/* The page's time now, in UTC. If the page has TAI only: with this system's TAI offset. */
static bool utc_now(const struct judge_facts *f, struct vmclock_instant *utc)
{
	struct vmclock_instant tai;
	__u8 leap;

	if (f->page->s.time_type == VMCLOCK_TIME_MONOTONIC ||
	    vmclock_calc_time(&f->page->s, f->guest->counter, utc))
		return false;
	tai = *utc;
	if (!vmclock_calc_to_utc(&f->page->s, utc, &leap))
		return true;
	if (!f->guest->tai || vmclock_calc_to_tai(&f->page->s, &tai) ||
	    __builtin_sub_overflow(tai.sec, f->guest->tai, &utc->sec))
		return false;
	utc->nsec = tai.nsec;
	return true;
}

/* The page's time now, in TAI. If the page has UTC only: with this system's TAI offset. */
static bool tai_now(const struct judge_facts *f, struct vmclock_instant *tai)
{
	if (f->page->s.time_type == VMCLOCK_TIME_MONOTONIC ||
	    vmclock_calc_time(&f->page->s, f->guest->counter, tai))
		return false;
	if (!vmclock_calc_to_tai(&f->page->s, tai))
		return true;
	return f->guest->tai_certain &&
	       !__builtin_add_overflow(tai->sec, f->guest->tai, &tai->sec);
}

/* How far is the page, whose time is @now, ahead of @clock, beyond what both errors explain? */
static bool is_apart(const struct judge_facts *f, const struct vmclock_instant *now,
		     const struct vmclock_instant *clock, uint64_t clock_error, int64_t *ahead,
		     __u64 *error)
{
	*error = 0;
	if (judge_has_bounds(f->page) && vmclock_calc_error(&f->page->s, f->guest->counter, error))
		return false;
	*ahead = judge_difference(now, clock);
	return (*ahead < 0 ? -(uint64_t)*ahead : (uint64_t)*ahead) >
	       (vmclock_u128)*error + clock_error;
}

static bool say_apart(char says[JUDGE_TEXT], const char *clock, uint64_t clock_error, int64_t ahead,
		      uint64_t error)
{
	char by[JUDGE_VALUE], page[JUDGE_VALUE], other[JUDGE_VALUE];

	return judge_say(says, "the page's time is %s %s %s; they claim +-%s and +-%s",
			 judge_duration(by, ahead < 0 ? -(uint64_t)ahead : (uint64_t)ahead),
			 ahead < 0 ? "behind" : "ahead of", clock, judge_duration(page, error),
			 judge_duration(other, clock_error));
}

bool judge_tai_offset_differs(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	const struct judge_guest *g = f->guest;
	int tai;

	return judge_vouches(f->page) && g->tai && !vmclock_calc_tai_offset(&f->page->s, &tai) &&
	       tai != g->tai &&
	       judge_say(says, "the page says that TAI - UTC is %d s, this system knows %d s", tai,
			 g->tai);
}

bool judge_clock_differs(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	const struct judge_guest *g = f->guest;
	struct vmclock_instant utc;
	int64_t ahead;
	__u64 error;

	return is_current(f, says) && g->has_clock && !g->has_truth &&
	       !judge_tai_offset_differs(f, says) && utc_now(f, &utc) &&
	       is_apart(f, &utc, &g->clock, g->clock_error, &ahead, &error) &&
	       say_apart(says, "the system clock", g->clock_error, ahead, error);
}

bool judge_time_untrue(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	const struct judge_guest *g = f->guest;
	struct vmclock_instant now;
	int64_t ahead;
	__u64 error;

	return is_current(f, says) && !judge_tai_offset_differs(f, says) &&
	       (g->truth_is_tai ? tai_now(f, &now) : utc_now(f, &now)) &&
	       is_apart(f, &now, &g->truth, g->truth_error, &ahead, &error) &&
	       say_apart(says, "the reference clock", g->truth_error, ahead, error);
}

/* ---- The device ----------------------------------------------------------------------------- */

bool judge_acpi_hid(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	return !f->guest->has_hid &&
	       judge_say(says,
			 "the ACPI device has no _HID \"AMZNC10C\": drivers that look for it do "
			 "not find the device");
}

bool judge_acpi_cid(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	return !f->guest->has_cid &&
	       judge_say(says,
			 "the ACPI device has no _CID \"VMCLOCK\": drivers that look for it do "
			 "not find the device");
}
