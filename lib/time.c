// SPDX-License-Identifier: MIT
/* The host's time, with bounds, computed from the page and the counter. */
#include <string.h>
#include <time.h>

#include "basis.h"
#include "line-cache.h"
#include "calc/scale.h"
#include "calc/time.h"

_Static_assert(sizeof(time_t) == 8, "libvmclock needs a time_t of 64 bits");

#define NS NS_PER_SEC

/*
 * Converts from the page's scale to an even scale: TAI, or UTC continued without
 * leap seconds. @second receives the page's leap second, if it has one.
 */
static inline int to_even_scale(const struct vmclock_snapshot *s, enum vmclock_scale scale,
				struct vmclock_instant *t, struct vmclock_leap_second *second)
{
	switch (scale) {
	case VMCLOCK_SCALE_TAI:
		*second = (struct vmclock_leap_second){ 0 };
		return vmclock_calc_to_tai(s, t);
	case VMCLOCK_SCALE_UTC:
	case VMCLOCK_SCALE_SMEARED:
		return vmclock_calc_linear(s, t, second);
	}
	return -EINVAL;
}

static inline int to_scale(const struct vmclock_leap_second *second, uint8_t smearing,
			   enum vmclock_scale scale, struct vmclock_instant *t)
{
	switch (scale) {
	case VMCLOCK_SCALE_UTC:
		return vmclock_calc_linear_to_utc(second, t);
	case VMCLOCK_SCALE_SMEARED:
		return vmclock_calc_linear_to_smeared(second, smearing, false, t);
	default:
		return 0;
	}
}

static inline int bounds_to_scale(const struct vmclock_leap_second *second, uint8_t smearing,
				  enum vmclock_scale scale, struct vmclock_instant *earliest,
				  struct vmclock_instant *latest)
{
	switch (scale) {
	case VMCLOCK_SCALE_UTC:
		return vmclock_calc_bounds_to_utc(second, earliest, latest);
	case VMCLOCK_SCALE_SMEARED:
		return vmclock_calc_bounds_to_smeared(second, smearing, earliest, latest);
	default:
		return 0;
	}
}

static inline struct timespec to_timespec(const struct vmclock_instant *t)
{
	return (struct timespec){ .tv_sec = t->sec, .tv_nsec = (long)t->nsec };
}

/* @t is on an even scale. Returns false if the bounds are unknown at @t, or do not fit. */
static inline bool set_bounds(const struct vmclock_leap_second *second, uint8_t smearing,
			      enum vmclock_scale scale, const struct vmclock_instant *t,
			      uint64_t error, struct vmclock_time *out)
{
	struct vmclock_instant earliest = *t, latest = *t;

	/* One ns more at the late end, because the time was rounded down. */
	if (vmclock_calc_shift_time(&earliest, -(int64_t)error) ||
	    vmclock_calc_shift_time(&latest, (int64_t)error + 1) ||
	    bounds_to_scale(second, smearing, scale, &earliest, &latest))
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

/* Are all leap seconds up to this counter value known? */
static bool is_within_reach(const struct basis *basis, uint64_t counter)
{
	uint64_t since = counter - basis->s.counter_value;

	return since >> 63 || since < basis->reach;
}

/* The slow path, for every page and every scale. */
static int by_basis(const struct basis *basis, enum vmclock_scale scale, uint64_t counter,
		    struct vmclock_time *out)
{
	const struct vmclock_snapshot *s = &basis->s;
	struct vmclock_time result = { .counter = counter, .marker = s->marker };
	struct vmclock_leap_second second;
	struct vmclock_instant t, scaled;
	__u64 error;
	int ret;

	ret = vmclock_check_basis(basis, counter);
	if (ret)
		return ret;
	ret = vmclock_calc_time(s, counter, &t);
	if (ret)
		return ret;
	ret = to_even_scale(s, scale, &t, &second);
	if (ret)
		return ret;
	scaled = t;
	ret = to_scale(&second, s->smearing, scale, &scaled);
	if (ret)
		return ret;

	result.time = to_timespec(&scaled);
	result.leap = vmclock_calc_leap_at(&second, t.sec);
	result.status = s->status;
	result.flags = s->flags & READING_FLAGS;
	if (basis->completed)
		result.flags |= VMCLOCK_FLAG_COMPLETED;
	if ((scale == VMCLOCK_SCALE_TAI || is_within_reach(basis, counter)) &&
	    !vmclock_calc_error(s, counter, &error) &&
	    set_bounds(&second, s->smearing, scale, &t, error, &result))
		result.flags |= VMCLOCK_FLAG_BOUNDED;
	else
		set_unbounded(&result);
	*out = result;
	return 0;
}

/* Reads the counter, and subtracts @start, where the line begins. */
static inline __attribute__((always_inline)) uint64_t
read_since(enum counter_source source, uint64_t given, uint64_t start)
{
	switch (source) {
	case ORDERED:
		return counter_ordered_since(start);
	case RELAXED:
		return counter_relaxed_since(start);
	default:
		return given - start;
	}
}

/*
 * Draws the line that a bounded reading lies on. The line ends where the scale stops
 * being even, or where leap seconds are unknown. Returns false if there is no line.
 * @sec receives the reference's second on the scale.
 */
static bool draw(const struct basis *basis, enum vmclock_scale scale,
		 const struct vmclock_time *reading, struct line *line, int64_t *sec)
{
	struct vmclock_instant reference = { .sec = (int64_t)basis->s.time_sec };
	struct vmclock_leap_second second;
	int64_t from, until;

	if (!(reading->flags & VMCLOCK_FLAG_BOUNDED) || !basis->lasts ||
	    !line_draw(&basis->s, line) || to_even_scale(&basis->s, scale, &reference, &second))
		return false;
	*sec = reference.sec;
	if (scale == VMCLOCK_SCALE_TAI)
		return true;
	from = scale == VMCLOCK_SCALE_UTC ? second.utc_from : second.smeared_from;
	until = scale == VMCLOCK_SCALE_UTC ? second.utc_until : second.smeared_until;
	if (second.sign || !line_limit(line, from - reference.sec, until - reference.sec))
		return false;
	if (line->reach > basis->reach)
		line->reach = basis->reach;
	return true;
}

/* The slow path: read the page, and cache its line for the next readings. */
static __attribute__((noinline)) int read_page(const struct vmclock *vc, enum vmclock_scale scale,
					       enum counter_source source, bool once,
					       uint64_t counter, struct vmclock_time *out)
{
	struct basis basis;
	struct line line;
	int64_t sec;
	int ret;

	if (unlikely((unsigned int)scale >= CACHED_SCALES))
		return -EINVAL;
	ret = vmclock_take_basis(vc, source, once, &counter, &basis);
	if (!ret)
		ret = by_basis(&basis, scale, counter, out);
	if (!ret && draw(&basis, scale, out, &line, &sec))
		line_cache_store(vc->cache, &basis.s, &line, scale, basis.seq, sec, out);
	return ret;
}

/* Makes a reading of a line's result: @ns after @sec, less than a second unless @any. */
static inline __attribute__((always_inline)) void
put_reading(int64_t sec, uint64_t ns, uint64_t error, bool any, struct vmclock_time *out)
{
	/* One ns more for the latest time, because the time was rounded down. */
	uint64_t error_up = error + 1;
	int64_t whole, less, more;

	if (any && unlikely(ns >= NS)) {
		whole = (int64_t)ns / NS;
		ns -= (uint64_t)whole * NS;
		if ((int64_t)ns < 0) {
			whole--;
			ns += NS;
		}
		sec += whole;
	}
	out->time = (struct timespec){ .tv_sec = sec, .tv_nsec = (long)ns };
	less = (int64_t)(ns - error);
	more = (int64_t)(ns + error_up);
	out->earliest = (struct timespec){ .tv_sec = sec, .tv_nsec = less };
	out->latest = (struct timespec){ .tv_sec = sec, .tv_nsec = more };
	/* The error is less than a second, so a bound is at most one second off @sec. */
	if (unlikely(less < 0))
		out->earliest = (struct timespec){ .tv_sec = sec - 1, .tv_nsec = less + NS };
	if (unlikely(more >= NS))
		out->latest = (struct timespec){ .tv_sec = sec + 1, .tv_nsec = more - NS };
}

/* The fast path: uses the line that an earlier reading cached. False: the line is not valid. */
static inline __attribute__((always_inline)) bool
by_line(const struct vmclock *vc, enum vmclock_scale scale, enum counter_source source,
	uint64_t counter, struct vmclock_time *out)
{
	/* This order measured fastest; the asm statements keep the compiler from changing it. */
	const struct cached_line *cl;
	uint64_t tag, start, ticks, marker, state;
	__u64 ns, error;
	int64_t sec;

	if (unlikely((unsigned int)scale >= CACHED_SCALES))
		return false;
	cl = &vc->cache->lines[scale];
	tag = cached_line_tag(cl);
	__asm__ volatile("" : "+r"(cl));
	start = cache_load(cl->line.counter_value);
	ticks = read_since(source, counter, start);
	if (unlikely(!line_after(&cl->line, ticks, &ns, &error)))
		return false;
	__asm__ volatile("" : "+r"(ns), "+r"(error) : : "memory");
	sec = cache_load(cl->sec);
	state = cache_load(cl->state);
	marker = cache_load(cl->marker);
	if (unlikely(!cached_line_holds(cl, tag, marker, vc)))
		return false;
	/* The reading is not in the second of the cached line: make a new line. */
	if (source != GIVEN && unlikely(ns >= NS))
		return false;
	put_reading(sec, ns, error, source == GIVEN, out);
	out->counter = start + ticks;
	out->marker = marker;
	memcpy(&out->flags, &state, sizeof(state));
	return true;
}

static inline __attribute__((always_inline)) int
read_time(const struct vmclock *vc, enum vmclock_scale scale, enum counter_source source,
	  uint64_t counter, struct vmclock_time *out)
{
	if (likely(by_line(vc, scale, source, counter, out)))
		return 0;
	return read_page(vc, scale, source, false, counter, out);
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
int vmclock_try_now(const struct vmclock *vc, enum vmclock_scale scale, struct vmclock_time *now)
{
	if (likely(by_line(vc, scale, ORDERED, 0, now)))
		return 0;
	return read_page(vc, scale, ORDERED, true, 0, now);
}

VMCLOCK_PUBLIC
int vmclock_at(const struct vmclock *vc, enum vmclock_scale scale, uint64_t counter,
	       struct vmclock_time *then)
{
	return read_time(vc, scale, GIVEN, counter, then);
}

/*
 * Computes the first reading from the page, the others from the page's line if there
 * is one. No other thread uses this line, so it may begin in any second.
 */
VMCLOCK_PUBLIC
int vmclock_at_many(const struct vmclock *vc, enum vmclock_scale scale, const uint64_t *counters,
		    size_t count, struct vmclock_time *times)
{
	uint64_t first = 0, state = 0;
	bool is_line = false;
	struct basis basis;
	struct line line;
	__u64 ns, error;
	int64_t sec;
	size_t i;
	int ret;

	if ((unsigned int)scale >= CACHED_SCALES)
		return -EINVAL;
	ret = vmclock_take_basis(vc, GIVEN, false, &first, &basis);
	for (i = 0; !ret && i < count; i++) {
		if (is_line &&
		    line_after(&line, counters[i] - line.counter_value, &ns, &error)) {
			put_reading(sec, ns, error, true, &times[i]);
			times[i].counter = counters[i];
			times[i].marker = basis.s.marker;
			memcpy(&times[i].flags, &state, sizeof(state));
			continue;
		}
		ret = by_basis(&basis, scale, counters[i], &times[i]);
		if (!ret && !is_line) {
			is_line = draw(&basis, scale, &times[i], &line, &sec);
			memcpy(&state, &times[i].flags, sizeof(state));
		}
	}
	return ret;
}

VMCLOCK_PUBLIC
int vmclock_counter(const struct vmclock *vc, uint64_t *counter)
{
	if (!vc->counter_usable)
		return -EOPNOTSUPP;
	*counter = counter_ordered();
	return 0;
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

VMCLOCK_PUBLIC
bool vmclock_time_before(const struct vmclock_time *reading, const struct timespec *ts)
{
	return reading->flags & VMCLOCK_FLAG_BOUNDED && is_before(&reading->latest, ts);
}

VMCLOCK_PUBLIC
bool vmclock_time_after(const struct vmclock_time *reading, const struct timespec *ts)
{
	return reading->flags & VMCLOCK_FLAG_BOUNDED && is_before(ts, &reading->earliest);
}
