// SPDX-License-Identifier: MIT
/* Rules of an update: a page, and the page that it replaced. */
#include <inttypes.h>
#include <math.h>

#include "calc/scale.h"
#include "calc/time.h"
#include "internal.h"

/* The host and this code round to nanoseconds: an interval may change by this much. */
#define ROUNDING_NS 2

/* ---- How two pages are compared ----------------------------------------------------------- */

static bool same_constants(const struct judge_page *a, const struct judge_page *b)
{
	return a->magic == b->magic && a->size == b->size && a->version == b->version &&
	       a->s.counter_id == b->s.counter_id && a->s.time_type == b->s.time_type;
}

static bool goes_on(const struct judge_facts *f)
{
	return same_constants(f->before, f->page) && (int32_t)(f->page->seq - f->before->seq) > 0;
}

/* Both pages are of one host, without a disruption in between. */
static bool keeps_marker(const struct judge_facts *f)
{
	return goes_on(f) && f->before->s.marker == f->page->s.marker &&
	       judge_has_formula(f->before) && judge_has_formula(f->page);
}

/* The time of a counter value, in TAI if the page has it. False: a leap second is near. */
static bool time_at(const struct judge_page *p, uint64_t counter, struct vmclock_instant *t)
{
	if (vmclock_calc_time(&p->s, counter, t))
		return false;
	if (p->s.time_type != VMCLOCK_TIME_UTC || !vmclock_calc_to_tai(&p->s, t))
		return true;
	return p->s.leap == VMCLOCK_LEAP_NONE;
}

/* False: only one of the pages has an offset from TAI, so they cannot be compared. */
static bool same_scale(const struct judge_page *before, const struct judge_page *page)
{
	uint64_t change = before->s.flags ^ page->s.flags;

	return page->s.time_type != VMCLOCK_TIME_UTC ||
	       !(change & VMCLOCK_FLAG_TAI_OFFSET_VALID);
}

/* The new page's time minus the old page's time, at a counter value. */
static bool advance(const struct judge_page *before, const struct judge_page *page,
		    uint64_t counter, int64_t *ns)
{
	struct vmclock_instant was, is;

	if (!same_scale(before, page) || !time_at(before, counter, &was) ||
	    !time_at(page, counter, &is))
		return false;
	*ns = judge_difference(&is, &was);
	return true;
}

static bool utc_reference(const struct judge_page *p, int64_t *sec)
{
	int offset = 0;

	if (p->s.time_type == VMCLOCK_TIME_MONOTONIC ||
	    (p->s.time_type == VMCLOCK_TIME_TAI && vmclock_calc_tai_offset(&p->s, &offset)))
		return false;
	*sec = (int64_t)p->s.time_sec - offset;
	return *sec >= 0;
}

/* ---- What may not change ------------------------------------------------------------------- */

bool judge_constant_changed(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	const struct judge_page *a = f->before, *b = f->page;

	if (a->magic != b->magic)
		return judge_say(says, "magic changed from 0x%08" PRIx32 " to 0x%08" PRIx32,
				 a->magic, b->magic);
	if (a->size != b->size)
		return judge_say(says, "size changed from %" PRIu32 " to %" PRIu32, a->size,
				 b->size);
	if (a->version != b->version)
		return judge_say(says, "version changed from %u to %u", a->version, b->version);
	if (a->s.counter_id != b->s.counter_id)
		return judge_say(says, "counter_id changed from %u to %u", a->s.counter_id,
				 b->s.counter_id);
	return a->s.time_type != b->s.time_type &&
	       judge_say(says, "time_type changed from %u to %u", a->s.time_type, b->s.time_type);
}

bool judge_sequence_backwards(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	return same_constants(f->before, f->page) && (int32_t)(f->page->seq - f->before->seq) < 0 &&
	       judge_say(says, "seq_count went back from %" PRIu32 " to %" PRIu32, f->before->seq,
			 f->page->seq);
}

/* ---- The marker ------------------------------------------------------------------------------ */

/*
 * The machine may have been on several hosts: on the way back to the first one, its
 * memory has the page of then. Of older markers, the period must be the same as well,
 * lest an honest host be accused of a coincidence.
 */
bool judge_time_of_former_host(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	const struct vmclock_snapshot *a = &judge_former(f)->s, *b = &f->page->s;
	const struct judge_reference *earlier;

	if (!goes_on(f))
		return false;
	if (a->counter_value == b->counter_value && a->time_sec == b->time_sec &&
	    a->time_frac == b->time_frac)
		return judge_say(says,
				 "disruption_marker changed from %" PRIu64 " to %" PRIu64
				 ", but the reference, counter and time, is that of before",
				 (uint64_t)a->marker, (uint64_t)b->marker);
	earlier = f->history ? judge_had_reference(f->history, b) : NULL;
	return earlier &&
	       judge_say(says,
			 "disruption_marker is %" PRIu64
			 " now, but the reference, counter and time, is that of an earlier one, %" PRIu64,
			 (uint64_t)b->marker, earlier->marker);
}

bool judge_marker_reused(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	return goes_on(f) && f->history && judge_had_marker(f->history, f->page->s.marker) &&
	       judge_say(says,
			 "disruption_marker is %" PRIu64
			 " again, as before an earlier disruption: a reader that slept finds none",
			 (uint64_t)f->page->s.marker);
}

/* A new host may not promise that time is monotonic. */
bool judge_capability_lost(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	uint64_t lost = f->before->s.flags & ~f->page->s.flags;

	if (!goes_on(f))
		return false;
	if (lost & VMCLOCK_FLAG_NOTIFICATION_PRESENT)
		return judge_say(says, "NOTIFICATION_PRESENT was cleared: waiting readers are not "
				       "woken any more");
	if (lost & VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT)
		return judge_say(says, "VM_GEN_COUNTER_PRESENT was cleared: clones are not told apart "
				       "any more");
	return lost & VMCLOCK_FLAG_TIME_MONOTONIC && f->before->s.marker == f->page->s.marker &&
	       judge_say(says, "TIME_MONOTONIC was cleared: time may go back from now on");
}

bool judge_disruption_unannounced(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	const uint64_t notice = VMCLOCK_FLAG_DISRUPTION_SOON | VMCLOCK_FLAG_DISRUPTION_IMMINENT;

	return goes_on(f) && !(f->before->s.flags & notice) &&
	       judge_say(says,
			 "disruption_marker changed from %" PRIu64 " to %" PRIu64
			 " without a flag that announces it",
			 (uint64_t)f->before->s.marker, (uint64_t)f->page->s.marker);
}

bool judge_generation_alone(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	const struct judge_page *a = f->before, *b = f->page;

	return goes_on(f) && a->s.flags & b->s.flags & VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT &&
	       VMCLOCK_COVERS(b->s.size, vm_generation_counter) && a->generation != b->generation &&
	       a->s.marker == b->s.marker &&
	       judge_say(says,
			 "vm_generation_counter changed from %" PRIu64 " to %" PRIu64
			 ", and disruption_marker did not",
			 a->generation, b->generation);
}

/* ---- Time ------------------------------------------------------------------------------------ */

bool judge_reference_backwards(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	struct vmclock_instant before, now;
	char by[JUDGE_VALUE];
	int64_t ns;

	if (!keeps_marker(f))
		return false;
	ns = judge_age(f->page, f->before->s.counter_value);
	if ((int64_t)(f->page->s.counter_value - f->before->s.counter_value) < 0)
		return judge_say(says, "counter_value went back by %s",
				 judge_duration(by, (uint64_t)ns));
	if (!same_scale(f->before, f->page) || !time_at(f->before, f->before->s.counter_value, &before) ||
	    !time_at(f->page, f->page->s.counter_value, &now))
		return false;
	ns = judge_difference(&now, &before);
	return ns < 0 && judge_say(says, "the reference time went back by %s",
				   judge_duration(by, -(uint64_t)ns));
}

bool judge_interval_left(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	char by[JUDGE_VALUE], was[JUDGE_VALUE], moved[JUDGE_VALUE];
	uint64_t counter = f->page->s.counter_value;
	__u64 before, now;
	int64_t ahead;
	__int128 low, high;

	if (!keeps_marker(f) || !judge_has_bounds(f->before) || judge_reference_backwards(f, says) ||
	    !advance(f->before, f->page, counter, &ahead) ||
	    vmclock_calc_error(&f->before->s, counter, &before))
		return false;
	/* Even a time without bounds must lie inside. */
	if (!judge_has_bounds(f->page))
		now = 0;
	else if (vmclock_calc_error(&f->page->s, counter, &now))
		return false;
	/* How far the new interval reaches beyond the old one. */
	low = (__int128)now - before - ahead;
	high = (__int128)now - before + ahead;
	if (low <= ROUNDING_NS && high <= ROUNDING_NS)
		return false;
	return judge_say(says,
			 "at the new reference, time is %s %s and bounded by %s, which reaches "
			 "%s beyond the %s of before",
			 judge_duration(moved, ahead < 0 ? -(uint64_t)ahead : (uint64_t)ahead),
			 ahead < 0 ? "earlier" : "later", judge_duration(by, now),
			 low > high ? "below" : "above", judge_duration(was, before));
}

/*
 * At the old reference the old interval was guaranteed, and the new one holds for
 * earlier counter values as well. Later, while the bounds were withdrawn, nothing was.
 */
bool judge_interval_contradicted(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	const struct judge_page *was = judge_withdrawn(f);
	uint64_t counter = was->s.counter_value;
	char by[JUDGE_VALUE], a[JUDGE_VALUE], b[JUDGE_VALUE];
	__u64 before, now;
	int64_t ahead;

	if (!goes_on(f) || !same_constants(was, f->page))
		return false;
	if ((int64_t)(f->page->s.counter_value - counter) < 0)
		return judge_say(says, "time came back with a counter_value that is %s earlier",
				 judge_duration(by, (uint64_t)judge_age(f->page, counter)));
	if (!advance(was, f->page, counter, &ahead) ||
	    vmclock_calc_error(&was->s, counter, &before) ||
	    vmclock_calc_error(&f->page->s, counter, &now) ||
	    (ahead < 0 ? -(__int128)ahead : ahead) <= (__int128)before + now + ROUNDING_NS)
		return false;
	return judge_say(says,
			 "time was withdrawn and came back %s %s, but before it was guaranteed within "
			 "%s, and now, for the same counter value, within %s",
			 judge_duration(by, ahead < 0 ? -(uint64_t)ahead : (uint64_t)ahead),
			 ahead < 0 ? "earlier" : "later", judge_duration(a, before),
			 judge_duration(b, now));
}

bool judge_rate_left(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	const struct vmclock_snapshot *a = &f->before->s, *b = &f->page->s;
	long double was, is, room;

	if (!keeps_marker(f) || !judge_has_bounds(f->before) || !judge_has_bounds(f->page))
		return false;
	was = ldexpl((long double)a->period, -a->shift);
	is = ldexpl((long double)b->period, -b->shift);
	room = ldexpl((long double)a->period_maxerror, -a->shift) +
	       ldexpl((long double)b->period_maxerror, -b->shift);
	/* One unit for the rounding of each period. */
	room += ldexpl(1, -a->shift) + ldexpl(1, -b->shift);
	return fabsl(is - was) > room &&
	       judge_say(says,
			 "the period changed by %.6Lg ppm, and both maximum errors allow for "
			 "%.6Lg ppm",
			 (is / was - 1) * 1000000, room / was * 1000000);
}

/* The last page with time under the marker, if the page before has withdrawn it. */
static const struct judge_page *last_time(const struct judge_facts *f)
{
	const struct judge_history *h = f->history;

	return goes_on(f) && h && h->has_time && h->marker == f->page->s.marker &&
	       !judge_has_formula(f->before) && judge_has_formula(f->page) &&
	       same_constants(&h->time, f->page) ? &h->time : NULL;
}

/* By how much the reference went back while time was withdrawn; 0: not at all, or not known. */
static uint64_t returns_earlier(const struct judge_facts *f, const struct judge_page *was)
{
	struct vmclock_instant before, now;
	int64_t ns;

	if (!same_scale(was, f->page) || !time_at(was, was->s.counter_value, &before) ||
	    !time_at(f->page, f->page->s.counter_value, &now))
		return 0;
	ns = judge_difference(&now, &before);
	return ns < 0 ? -(uint64_t)ns : 0;
}

bool judge_monotonic_backwards(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	const struct judge_page *was = last_time(f);
	char by[JUDGE_VALUE];
	int64_t ahead = 0;

	if (!((was ? was : f->before)->s.flags & f->page->s.flags & VMCLOCK_FLAG_TIME_MONOTONIC))
		return false;
	if (was && !(judge_withdrawn(f) && judge_interval_contradicted(f, says)))
		ahead = -(int64_t)returns_earlier(f, was);
	else if (!keeps_marker(f) || judge_reference_backwards(f, says) ||
		 judge_interval_left(f, says) ||
		 !advance(f->before, f->page, f->page->s.counter_value, &ahead))
		return false;
	return ahead < 0 &&
	       judge_say(says,
			 "the flags promise monotonic time, but the update moved it back by %s",
			 judge_duration(by, -(uint64_t)ahead));
}

/* ---- Leap seconds --------------------------------------------------------------------- */

static const char *leap_name(unsigned int leap)
{
	static const char *const names[] = { "NONE", "PRE_POS",	 "PRE_NEG",
					     "POS",  "POST_POS", "POST_NEG" };

	return leap < sizeof(names) / sizeof(names[0]) ? names[leap] : "?";
}

static bool is_over(unsigned int leap)
{
	return leap == VMCLOCK_LEAP_POST_POS || leap == VMCLOCK_LEAP_POST_NEG;
}

static bool is_negative(unsigned int leap)
{
	return leap == VMCLOCK_LEAP_PRE_NEG || leap == VMCLOCK_LEAP_POST_NEG;
}

static bool is_announced(unsigned int leap)
{
	return leap == VMCLOCK_LEAP_PRE_POS || leap == VMCLOCK_LEAP_PRE_NEG;
}

/* @later: the second reference lies in a later month than the first. */
static bool may_follow(unsigned int was, unsigned int is, bool later)
{
	if (was == is)
		return was == VMCLOCK_LEAP_NONE || !later;
	switch (was) {
	case VMCLOCK_LEAP_NONE:
		return is_announced(is) || (later && is_over(is));
	case VMCLOCK_LEAP_PRE_POS:
	case VMCLOCK_LEAP_PRE_NEG:
		/* Another rule judges a withdrawal. */
		if (is == VMCLOCK_LEAP_NONE)
			return !later;
		if (is == VMCLOCK_LEAP_POS)
			return was == VMCLOCK_LEAP_PRE_POS;
		return later && is_over(is) && is_negative(was) == is_negative(is);
	case VMCLOCK_LEAP_POS:
		return is == VMCLOCK_LEAP_POST_POS;
	default:
		return is == VMCLOCK_LEAP_NONE || is_announced(is);
	}
}

bool judge_leap_life_cycle(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	unsigned int was = f->before->s.leap, is = f->page->s.leap;
	int64_t before, now;

	if (!keeps_marker(f) || judge_leap_indicator_impossible(f, says) ||
	    was > VMCLOCK_LEAP_POST_NEG || !utc_reference(f->before, &before) ||
	    !utc_reference(f->page, &now))
		return false;
	if (may_follow(was, is,
		       vmclock_calc_month_start(now, 0) > vmclock_calc_month_start(before, 0)))
		return false;
	if (was == is)
		return judge_say(says, "leap_indicator is %s in the next month as well",
				 leap_name(is));
	return judge_say(says, "leap_indicator changed from %s to %s, which cannot follow it here",
			 leap_name(was), leap_name(is));
}

bool judge_leap_withdrawn(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	unsigned int was = f->before->s.leap;

	return keeps_marker(f) && is_announced(was) && f->page->s.leap == VMCLOCK_LEAP_NONE &&
	       !judge_leap_life_cycle(f, says) &&
	       judge_say(says, "leap_indicator changed from %s to NONE before the end of the month",
			 leap_name(was));
}

bool judge_smearing_changed(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	const struct vmclock_snapshot *a = &f->before->s, *b = &f->page->s;

	return keeps_marker(f) && a->smearing != b->smearing &&
	       (a->leap != VMCLOCK_LEAP_NONE || b->leap != VMCLOCK_LEAP_NONE) &&
	       judge_say(says,
			 "leap_second_smearing_hint changed from %u to %u while leap_indicator is %s: "
			 "smeared time jumps",
			 a->smearing, b->smearing, leap_name(b->leap ? b->leap : a->leap));
}

/* Between the two references, the announced leap second has passed. */
static bool has_passed(unsigned int was, unsigned int is)
{
	return is_announced(was) && is_over(is) && is_negative(was) == is_negative(is);
}

bool judge_tai_offset_moved(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	unsigned int leap = f->page->s.leap, was = f->before->s.leap;
	int before, now;

	if (!goes_on(f) || f->before->s.marker != f->page->s.marker || !judge_vouches(f->before) ||
	    !judge_vouches(f->page) || vmclock_calc_tai_offset(&f->before->s, &before) ||
	    vmclock_calc_tai_offset(&f->page->s, &now) || judge_leap_life_cycle(f, says))
		return false;
	if (before == now)
		return has_passed(was, leap) &&
		       judge_say(says,
				 "leap_indicator changed from %s to %s, but TAI - UTC is %d s as "
				 "before",
				 leap_name(was), leap_name(leap), now);
	if (now == before + 1 && (was == VMCLOCK_LEAP_PRE_POS || was == VMCLOCK_LEAP_POS) &&
	    (leap == VMCLOCK_LEAP_POS || leap == VMCLOCK_LEAP_POST_POS))
		return false;
	if (now == before - 1 && was == VMCLOCK_LEAP_PRE_NEG && leap == VMCLOCK_LEAP_POST_NEG)
		return false;
	return judge_say(says, "TAI - UTC changed from %d s to %d s without such a leap second",
			 before, now);
}
