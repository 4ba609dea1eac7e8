// SPDX-License-Identifier: MIT
/* The host's time, with bounds, computed from the page and the counter. */
#include <time.h>

#include "counter.h"
#include "internal.h"
#include "vmclock-calc.h"

_Static_assert(sizeof(time_t) == 8, "libvmclock needs a time_t of 64 bits");

#define NS VMCLOCK_NS_PER_SEC

/* What can be said for the life of the device, so that no reading has to ask again. */
int vmclock_time_error(const struct vmclock *vc)
{
	const struct vmclock_snapshot s = {
		.size = (uint32_t)vc->size,
		.counter_id = vc->page->counter_id,
		.time_type = vc->page->time_type,
		.status = VMCLOCK_STATUS_SYNCHRONIZED,
		.period = 1,
	};
	int ret = vmclock_calc_usable(&s, COUNTER_ID);

	if (!ret && !counter_steady())
		ret = -EOPNOTSUPP;
	return ret;
}

/* The fields that change, inside the section: one access each. */
static inline __attribute__((always_inline)) void
load_fields(const struct vmclock *vc, struct vmclock_snapshot *s)
{
	const struct vmclock_abi *page = vc->page;
	/* These lie in one aligned word: pad, status, smearing, TAI offset, leap, shift. */
	uint64_t word = le64toh(__atomic_load_n((const uint64_t *)page->pad, __ATOMIC_RELAXED));

	s->marker = page_u64(page->disruption_marker);
	s->flags = page_u64(page->flags);
	s->status = (uint8_t)(word >> 16);
	s->smearing = (uint8_t)(word >> 24);
	s->tai_offset = (int16_t)(word >> 32);
	s->leap = (uint8_t)(word >> 48);
	s->shift = (uint8_t)(word >> 56);
	s->counter_value = page_u64(page->counter_value);
	s->period = page_u64(page->counter_period_frac_sec);
	s->period_maxerror = page_u64(page->counter_period_maxerror_rate_frac_sec);
	s->time_sec = page_u64(page->time_sec);
	s->time_frac = page_u64(page->time_frac_sec);
	s->time_maxerror = page_u64(page->time_maxerror_nanosec);
	s->size = (uint32_t)vc->size;
	s->time_type = vc->time_type;
	s->counter_id = COUNTER_ID;
}

static inline int to_scale(const struct vmclock_snapshot *s, enum vmclock_scale scale,
			   struct vmclock_instant *t, uint8_t *leap)
{
	*leap = VMCLOCK_LEAP_NONE;
	switch (scale) {
	case VMCLOCK_TAI:
		return vmclock_calc_to_tai(s, t);
	case VMCLOCK_UTC:
		return vmclock_calc_to_utc(s, t, leap);
	case VMCLOCK_SMEARED:
		return vmclock_calc_to_smeared(s, t, leap);
	}
	return -EINVAL;
}

static inline struct timespec to_timespec(const struct vmclock_instant *t)
{
	return (struct timespec){ .tv_sec = t->sec, .tv_nsec = (long)t->nsec };
}

/*
 * The bounds are moved on the page's scale and then converted, each by
 * itself: a leap second may lie between them. Bounds that do not fit the
 * scale are none.
 */
static inline bool set_bounds(const struct vmclock_snapshot *s, enum vmclock_scale scale,
			      const struct vmclock_instant *t, uint64_t error,
			      struct vmclock_time *out)
{
	struct vmclock_instant earliest = *t, latest = *t;
	uint8_t leap_then, leap;

	/* One more on the far side, for the time was rounded down. */
	if (vmclock_calc_shift_time(&earliest, -(int64_t)error) ||
	    vmclock_calc_shift_time(&latest, (int64_t)error + 1) ||
	    to_scale(s, scale, &earliest, &leap_then) || to_scale(s, scale, &latest, &leap))
		return false;
	/* UTC goes back by a second in between: both numberings must lie inside. */
	if (__builtin_expect(leap_then == VMCLOCK_LEAP_PRE_POS && leap != leap_then, 0) &&
	    (vmclock_calc_shift_time(&earliest, -NS) || vmclock_calc_shift_time(&latest, NS)))
		return false;
	out->earliest = to_timespec(&earliest);
	out->latest = to_timespec(&latest);
	return true;
}

static void set_unbounded(struct vmclock_time *out)
{
	out->earliest = (struct timespec){ .tv_sec = INT64_MIN };
	out->latest = (struct timespec){ .tv_sec = INT64_MAX, .tv_nsec = NS - 1 };
}

static uint32_t maintenance(uint64_t flags)
{
	return (flags & VMCLOCK_FLAG_DISRUPTION_SOON ? VMCLOCK_MAINTENANCE_SOON : 0) |
	       (flags & VMCLOCK_FLAG_DISRUPTION_IMMINENT ? VMCLOCK_MAINTENANCE_IMMINENT : 0);
}

/* Every page, every scale: correct before fast. */
static __attribute__((noinline)) int compute(const struct vmclock_snapshot *s,
					     enum vmclock_scale scale, uint64_t counter,
					     struct vmclock_time *out)
{
	struct vmclock_time result = { .counter = counter, .marker = s->marker };
	struct vmclock_instant t, scaled;
	__u64 error;
	int ret;

	ret = vmclock_calc_usable(s, COUNTER_ID);
	if (ret)
		return ret;
	ret = vmclock_calc_time(s, counter, &t);
	if (ret)
		return ret;
	scaled = t;
	ret = to_scale(s, scale, &scaled, &result.leap);
	if (ret)
		return ret;

	result.time = to_timespec(&scaled);
	result.status = s->status;
	result.flags = maintenance(s->flags);
	if (!vmclock_calc_error(s, counter, &error) && set_bounds(s, scale, &t, error, &result))
		result.flags |= VMCLOCK_BOUNDED;
	else
		set_unbounded(&result);
	*out = result;
	return 0;
}

/*
 * Does this reading need nothing but an addition to its seconds? So it is
 * for bounded pages far from leap seconds, which is nearly always.
 */
static inline __attribute__((always_inline)) bool
is_plain(const struct vmclock_snapshot *s, enum vmclock_scale scale, int64_t *add_seconds)
{
	const uint64_t unusual = VMCLOCK_FLAG_DISRUPTION_SOON | VMCLOCK_FLAG_DISRUPTION_IMMINENT;
	bool tai_page = s->time_type == VMCLOCK_TIME_TAI;
	int offset = 0;

	*add_seconds = 0;
	if (tai_page != (scale == VMCLOCK_TAI)) {
		if (vmclock_calc_tai_offset(s, &offset))
			return false;
		*add_seconds = tai_page ? -offset : offset;
	}
	return (unsigned int)scale <= VMCLOCK_TAI && s->leap == VMCLOCK_LEAP_NONE &&
	       !(s->flags & unusual) && s->period &&
	       (s->status == VMCLOCK_STATUS_SYNCHRONIZED ||
		s->status == VMCLOCK_STATUS_FREERUNNING);
}

static inline __attribute__((always_inline)) struct timespec normal(int64_t sec, int64_t nsec)
{
	if (nsec < 0)
		return (struct timespec){ .tv_sec = sec - 1, .tv_nsec = nsec + NS };
	if (nsec >= NS)
		return (struct timespec){ .tv_sec = sec + 1, .tv_nsec = nsec - NS };
	return (struct timespec){ .tv_sec = sec, .tv_nsec = nsec };
}

static inline __attribute__((always_inline)) bool
compute_plain(const struct vmclock_snapshot *s, const struct vmclock_line *line,
	      int64_t add_seconds, uint64_t counter, struct vmclock_time *out)
{
	int64_t sec = (int64_t)s->time_sec + add_seconds;
	__u64 ns, error;

	if (!vmclock_calc_line_at(line, counter, &ns, &error))
		return false;
	if (ns >= NS) {
		sec += (int64_t)(ns / NS);
		ns %= NS;
	}
	out->time.tv_sec = sec;
	out->time.tv_nsec = (long)ns;
	out->earliest = normal(sec, (int64_t)(ns - error));
	out->latest = normal(sec, (int64_t)(ns + error + 1));
	out->counter = counter;
	out->marker = s->marker;
	out->flags = VMCLOCK_BOUNDED;
	out->status = s->status;
	out->leap = VMCLOCK_LEAP_NONE;
	out->reserved = 0;
	return true;
}

enum counter_source { ORDERED, RELAXED, GIVEN };

static inline __attribute__((always_inline)) uint64_t
read_counter(enum counter_source source, uint64_t given)
{
	switch (source) {
	case ORDERED:
		return counter_ordered();
	case RELAXED:
		return counter_relaxed();
	default:
		return given;
	}
}

/* The host is at work, or the reading is no plain one: once more, by the book. */
static __attribute__((noinline)) int read_again(const struct vmclock *vc, enum vmclock_scale scale,
						enum counter_source source, uint64_t counter,
						struct vmclock_time *out)
{
	struct section section = { 0 };
	struct vmclock_snapshot s;
	int ret;

	if (vc->time_error)
		return vc->time_error;
	do {
		ret = section_begin(vc, &section);
		if (ret)
			return ret;
		counter = read_counter(source, counter);
		load_fields(vc, &s);
	} while (section_retry(vc, &section));

	return compute(&s, scale, counter, out);
}

static inline __attribute__((always_inline)) int
read_time(const struct vmclock *vc, enum vmclock_scale scale, enum counter_source source,
	  uint64_t counter, struct vmclock_time *out)
{
	struct vmclock_snapshot s;
	struct vmclock_line line;
	int64_t add_seconds;
	uint32_t seq;
	bool plain, drawn;

	seq = section_try(vc);
	/*
	 * First the counter: that takes long, and what does not depend on it
	 * is done meanwhile.
	 */
	counter = read_counter(source, counter);
	load_fields(vc, &s);
	drawn = vmclock_calc_line(&s, &line);
	plain = is_plain(&s, scale, &add_seconds) && drawn && !vc->time_error;
	if (__builtin_expect(section_held(vc, seq) && plain &&
			     compute_plain(&s, &line, add_seconds, counter, out), 1))
		return 0;
	return read_again(vc, scale, source, counter, out);
}

VMCLOCK_PUBLIC
int vmclock_now(const struct vmclock *vc, enum vmclock_scale scale, struct vmclock_time *now)
{
	return read_time(vc, scale, ORDERED, 0, now);
}

VMCLOCK_PUBLIC
int vmclock_now_relaxed(const struct vmclock *vc, enum vmclock_scale scale,
			struct vmclock_time *now)
{
	return read_time(vc, scale, RELAXED, 0, now);
}

VMCLOCK_PUBLIC
int vmclock_at(const struct vmclock *vc, enum vmclock_scale scale, uint64_t counter,
	       struct vmclock_time *then)
{
	return read_time(vc, scale, GIVEN, counter, then);
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

VMCLOCK_PUBLIC
bool vmclock_before(const struct vmclock_time *t, const struct timespec *ts)
{
	return t->flags & VMCLOCK_BOUNDED && is_before(&t->latest, ts);
}

VMCLOCK_PUBLIC
bool vmclock_after(const struct vmclock_time *t, const struct timespec *ts)
{
	return t->flags & VMCLOCK_BOUNDED && is_before(ts, &t->earliest);
}
