// SPDX-License-Identifier: MIT
/* The host's time, with bounds, computed from the page and the counter. */
#include <string.h>
#include <time.h>

#include "completed.h"
#include "counter.h"
#include "internal.h"
#include "line-cache.h"
#include "calc/scale.h"
#include "calc/time.h"

_Static_assert(sizeof(time_t) == 8, "libvmclock needs a time_t of 64 bits");

#define NS NS_PER_SEC

/* The error that holds for the life of the device, so that readings need not check it again. */
int vmclock_time_error(const struct vmclock *vc)
{
	const struct vmclock_snapshot s = {
		.size = (uint32_t)vc->size,
		.counter_id = page_u8(vc->page->counter_id),
		.time_type = vc->time_type,
		.status = VMCLOCK_STATUS_SYNCHRONIZED,
		.period = 1,
	};
	int ret = vmclock_calc_usable(&s, COUNTER_ID);

	if (!ret && !counter_steady())
		ret = -EOPNOTSUPP;
	return ret;
}

/* Reads the fields that change, each by one access; call within the section. */
static inline __attribute__((always_inline)) void
load_fields(const struct vmclock_abi *page, struct vmclock_snapshot *s)
{
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
	s->counter_id = COUNTER_ID;
}

/*
 * Converts from the page's scale to an even scale: TAI, or UTC continued without
 * leap seconds. @second receives the leap second that the page knows of.
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

/* @t is on an even scale. False: the bounds are unknown there, or do not fit. */
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

/* The slow path, for every page and every scale. */
static __attribute__((noinline)) int compute(const struct vmclock_snapshot *s,
					     enum vmclock_scale scale, uint64_t counter,
					     struct vmclock_time *out)
{
	struct vmclock_time result = { .counter = counter, .marker = s->marker };
	struct vmclock_leap_second second;
	struct vmclock_instant t, scaled;
	__u64 error;
	int ret;

	ret = vmclock_calc_usable(s, COUNTER_ID);
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
	if (!vmclock_calc_error(s, counter, &error) &&
	    set_bounds(&second, s->smearing, scale, &t, error, &result))
		result.flags |= VMCLOCK_FLAG_BOUNDED;
	else
		set_unbounded(&result);
	*out = result;
	return 0;
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

/* The counter less @start, where the line begins. */
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
 * Caches the line for the next readings. The line ends where the scale is no longer
 * even, where leap seconds are no longer known, and after @reach ticks.
 */
static void remember(const struct vmclock *vc, const struct vmclock_snapshot *s,
		     enum vmclock_scale scale, uint32_t seq, uint64_t reach,
		     const struct vmclock_time *result)
{
	struct vmclock_instant reference = { .sec = (int64_t)s->time_sec };
	struct vmclock_leap_second second;
	struct line line;
	int64_t from, until;

	if (!(result->flags & VMCLOCK_FLAG_BOUNDED) || !line_draw(s, &line) ||
	    to_even_scale(s, scale, &reference, &second))
		return;
	if (scale != VMCLOCK_SCALE_TAI) {
		from = scale == VMCLOCK_SCALE_UTC ? second.utc_from : second.smeared_from;
		until = scale == VMCLOCK_SCALE_UTC ? second.utc_until : second.smeared_until;
		if (second.sign || !line_limit(&line, from - reference.sec, until - reference.sec))
			return;
	}
	if (line.reach > reach)
		line.reach = reach;
	line_cache_store(vc->cache, s, &line, scale, seq, reference.sec, result);
}

/* A completed page does not know leap seconds past its @reach: no bounds there. */
static void limit_bounds(struct vmclock_snapshot *s, enum vmclock_scale scale, uint64_t counter,
			 uint64_t reach)
{
	uint64_t since = counter - s->counter_value;

	if (scale != VMCLOCK_SCALE_TAI && !(since >> 63) && since >= reach)
		s->flags &= ~(uint64_t)VMCLOCK_FLAG_TIME_MAXERROR_VALID;
}

/*
 * Reads the completed page, from the first copy that is whole. Reads the counter
 * within the section, so that a page that was withdrawn earlier is not used.
 * Compares the hypervisor's marker after that.
 */
static __attribute__((noinline)) int
read_completed(const struct vmclock *vc, const struct vmclock_run_page *copies[],
	       enum vmclock_scale scale, enum counter_source source, uint64_t counter,
	       struct vmclock_time *out)
{
	const struct vmclock_run_page *copy;
	struct vmclock_snapshot s;
	uint64_t generation, first, reach;
	unsigned int looks = 0;
	bool has_generation;
	uint32_t seq;
	int ret;

	do {
		/* The writer may be dead. */
		if (looks == RUN_LOOKS)
			return -EAGAIN;
		if (looks && looks % VMCLOCK_RUN_COPIES == 0)
			cpu_relax();
		copy = copies[looks++ % VMCLOCK_RUN_COPIES];
		seq = section_try(&copy->page);
		load_fields(&copy->page, &s);
		generation = page_u64(copy->page.vm_generation_counter);
		first = page_u64(copy->first_counter);
		reach = page_u64(copy->reach);
		counter = read_counter(source, counter);
	} while (!section_held(&copy->page, seq));
	s.size = VMCLOCK_RUN_COPY_SIZE;
	s.time_type = VMCLOCK_TIME_UTC;

	/* vmclockd does not know the time yet, so no time can be stale. */
	if (s.status == VMCLOCK_STATUS_INITIALIZING)
		return -EAGAIN;
	has_generation = s.flags & VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT;
	ret = vmclock_check_current(vc, s.marker, has_generation ? &generation : NULL);
	if (!ret)
		ret = vmclock_calc_usable(&s, COUNTER_ID);
	if (!ret && vmclock_completed_is_before(&s, counter, first))
		ret = -ERANGE;
	if (!reach)
		reach = UINT64_MAX;
	limit_bounds(&s, scale, counter, reach);
	if (!ret)
		ret = compute(&s, scale, counter, out);
	if (ret)
		return ret;
	out->flags |= VMCLOCK_FLAG_COMPLETED;
	/* A cached line follows the count of the first copy only, and does not check @first. */
	if (copy == copies[0] && !vmclock_completed_is_before(&s, s.counter_value, first))
		remember(vc, &s, scale, seq, scale == VMCLOCK_SCALE_TAI ? UINT64_MAX : reach, out);
	return 0;
}

/* The slow path: read the page. */
static __attribute__((noinline)) int read_page(const struct vmclock *vc, enum vmclock_scale scale,
					       enum counter_source source, uint64_t counter,
					       struct vmclock_time *out)
{
	const struct vmclock_run_page *copies[VMCLOCK_RUN_COPIES];
	struct run_judgement judgement;
	struct section section = { 0 };
	struct vmclock_snapshot s;
	uint64_t generation;
	int ret;

	if (unlikely((unsigned int)scale >= CACHED_SCALES))
		return -EINVAL;
	if (vc->time_error)
		return vmclock_completed_copies(vc, copies) ?
			       read_completed(vc, copies, scale, source, counter, out) :
			       vc->time_error;
	vmclock_run_judge(vc, &judgement);
	do {
		ret = section_begin(vc, &section);
		if (ret)
			return ret;
		load_fields(vc->page, &s);
		generation = page_u64(vc->page->vm_generation_counter);
		counter = read_counter(source, counter);
	} while (section_retry(vc, &section));
	s.size = (uint32_t)vc->size;
	s.time_type = vc->time_type;
	if (!VMCLOCK_COVERS(vc->size, vm_generation_counter) ||
	    !(s.flags & VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT))
		generation = 0;

	ret = vmclock_run_believed(&judgement, s.marker, generation);
	if (!ret)
		ret = compute(&s, scale, counter, out);
	if (!ret)
		remember(vc, &s, scale, section.seq, UINT64_MAX, out);
	return ret;
}

/* The fast path: uses the cached line of an earlier reading, if the line still holds. */
static inline __attribute__((always_inline)) int
read_time(const struct vmclock *vc, enum vmclock_scale scale, enum counter_source source,
	  uint64_t counter, struct vmclock_time *out)
{
	/* This order measured fastest; the asm statements keep the compiler from changing it. */
	const struct cached_line *cl;
	uint64_t tag, start, ticks, marker, state;
	int64_t sec, whole, less, more;
	__u64 ns, error, error_up;

	if (unlikely((unsigned int)scale >= CACHED_SCALES))
		goto slow_path;
	cl = &vc->cache->lines[scale];
	tag = cached_line_tag(cl);
	__asm__ volatile("" : "+r"(cl));
	start = cache_load(cl->line.counter_value);
	ticks = read_since(source, counter, start);
	counter = start + ticks;
	if (unlikely(!line_after(&cl->line, ticks, &ns, &error)))
		goto slow_path;
	error_up = error + 1;
	__asm__ volatile("" : "+r"(ns), "+r"(error), "+r"(error_up) : : "memory");
	sec = cache_load(cl->sec);
	state = cache_load(cl->state);
	marker = cache_load(cl->marker);
	if (unlikely(!cached_line_holds(cl, tag, marker, vc)))
		goto slow_path;

	if (unlikely(ns >= NS)) {
		/* The reading is in another second than the cached line: make a new one. */
		if (source != GIVEN)
			goto slow_path;
		whole = (int64_t)ns / NS;
		ns -= (uint64_t)whole * NS;
		if ((int64_t)ns < 0) {
			whole--;
			ns += NS;
		}
		sec += whole;
	}
	out->time = (struct timespec){ .tv_sec = sec, .tv_nsec = (long)ns };
	out->counter = counter;
	out->marker = marker;
	memcpy(&out->flags, &state, sizeof(state));
	/* One ns more at the late end, because the time was rounded down. */
	less = (int64_t)(ns - error);
	more = (int64_t)(ns + error_up);
	out->earliest = (struct timespec){ .tv_sec = sec, .tv_nsec = less };
	out->latest = (struct timespec){ .tv_sec = sec, .tv_nsec = more };
	/* Bounds are half a second wide at most. */
	if (unlikely(less < 0))
		out->earliest = (struct timespec){ .tv_sec = sec - 1, .tv_nsec = less + NS };
	if (unlikely(more >= NS))
		out->latest = (struct timespec){ .tv_sec = sec + 1, .tv_nsec = more - NS };
	return 0;

slow_path:
	return read_page(vc, scale, source, counter, out);
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
bool vmclock_time_before(const struct vmclock_time *t, const struct timespec *ts)
{
	return t->flags & VMCLOCK_FLAG_BOUNDED && is_before(&t->latest, ts);
}

VMCLOCK_PUBLIC
bool vmclock_time_after(const struct vmclock_time *t, const struct timespec *ts)
{
	return t->flags & VMCLOCK_FLAG_BOUNDED && is_before(ts, &t->earliest);
}
