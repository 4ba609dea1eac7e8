// SPDX-License-Identifier: MIT
/* Is the page's time still the former host's? */
#include <string.h>

#include "stale.h"
#include "calc/scale.h"
#include "calc/time.h"

static struct vmclock_snapshot snapshot(const struct vmclock_abi *page)
{
	struct vmclock_snapshot s;

	vmclock_calc_snapshot(page, le32toh(page->size), &s);
	return s;
}

static bool has_time(const struct vmclock_snapshot *s)
{
	return !vmclock_calc_usable(s, s->counter_id);
}

/* ---- Contradictions -------------------------------------------------------------- */

/* The bounds of the time on the page's own scale; in UTC, with the announced leap second. */
static int interval(const struct vmclock_snapshot *s, __u64 counter,
		    struct vmclock_instant *earliest, struct vmclock_instant *latest)
{
	struct vmclock_leap_second second = { 0 };
	__u64 error;
	int ret;

	ret = vmclock_calc_time(s, counter, earliest) ?: vmclock_calc_error(s, counter, &error);
	if (!ret && s->time_type == VMCLOCK_TIME_UTC)
		ret = vmclock_calc_linear(s, earliest, &second);
	if (ret)
		return ret;
	*latest = *earliest;
	/* One ns more at the late end, because the time was rounded down. */
	ret = vmclock_calc_shift_time(earliest, -(__s64)error)
		      ?: vmclock_calc_shift_time(latest, (__s64)error + 1);
	if (!ret && s->time_type == VMCLOCK_TIME_UTC)
		ret = vmclock_calc_bounds_to_utc(&second, earliest, latest);
	return ret;
}

static bool is_before(const struct vmclock_instant *a, const struct vmclock_instant *b)
{
	return a->sec < b->sec || (a->sec == b->sec && a->nsec < b->nsec);
}

/* Scales a period up by @by bits; false: it does not fit. */
static bool scale(__u64 value, unsigned int by, vmclock_u128 *scaled)
{
	*scaled = by < 64 ? (vmclock_u128)value << by : 0;
	return by < 64;
}

static bool periods_differ(const struct vmclock_snapshot *a, const struct vmclock_snapshot *b)
{
	unsigned int shift = a->shift > b->shift ? a->shift : b->shift;
	vmclock_u128 period_a, period_b, error_a, error_b, apart;

	if (!scale(a->period, shift - a->shift, &period_a) ||
	    !scale(b->period, shift - b->shift, &period_b) ||
	    !scale(a->period_maxerror, shift - a->shift, &error_a) ||
	    !scale(b->period_maxerror, shift - b->shift, &error_b))
		return false;
	apart = period_a > period_b ? period_a - period_b : period_b - period_a;
	/* Each period was rounded by up to one unit. */
	error_a += (vmclock_u128)1 << (shift - a->shift);
	error_b += (vmclock_u128)1 << (shift - b->shift);
	return apart > error_a && apart - error_a > error_b;
}

bool stale_contradicts(const struct vmclock_abi *before, const struct vmclock_abi *page)
{
	struct vmclock_snapshot a = snapshot(before), b = snapshot(page);
	struct vmclock_instant a_earliest, a_latest, b_earliest, b_latest;

	if (!has_time(&a) || !has_time(&b) || a.counter_id != b.counter_id ||
	    a.time_type != b.time_type || interval(&a, b.counter_value, &a_earliest, &a_latest) ||
	    interval(&b, b.counter_value, &b_earliest, &b_latest))
		return false;
	return is_before(&a_latest, &b_earliest) || is_before(&b_latest, &a_earliest) ||
	       periods_differ(&a, &b);
}

/* ---- From look to look ------------------------------------------------------------- */

static bool same_time(const struct vmclock_abi *a, const struct vmclock_abi *b)
{
	return a->counter_value == b->counter_value && a->time_sec == b->time_sec &&
	       a->time_frac_sec == b->time_frac_sec &&
	       a->counter_period_frac_sec == b->counter_period_frac_sec &&
	       a->counter_period_shift == b->counter_period_shift;
}

static uint64_t generation_of(const struct vmclock_abi *page)
{
	return le64toh(page->flags) & VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT
		       ? le64toh(page->vm_generation_counter)
		       : 0;
}

/* Was the page published under the marker and generation of the last look? */
static bool is_same(const struct stale *stale, const struct vmclock_abi *page)
{
	return le64toh(page->disruption_marker) == stale->marker &&
	       generation_of(page) == stale->generation;
}

static void begin(struct stale *stale, const struct vmclock_abi *page)
{
	const struct vmclock_abi *believed = &stale->believed;

	/* The former host may have published an update that nobody has looked at. */
	stale->waiting = stale->looked && (!believed->magic || !is_same(stale, believed) ||
					   !stale_contradicts(believed, page));
	stale->first = *page;
	stale->marker = le64toh(page->disruption_marker);
	stale->generation = generation_of(page);
	stale->looked = true;
}

void stale_resume(struct stale *stale, const struct vmclock_abi *believed, uint64_t marker,
		  uint64_t generation, bool disrupted)
{
	*stale = (struct stale){
		.believed = *believed,
		.marker = marker,
		.generation = generation,
		.looked = true,
	};
	/* The page is not known under this marker: the next page has to change before it counts. */
	if (believed->magic ? !is_same(stale, believed) : disrupted)
		stale->marker = ~marker;
}

bool stale_look(struct stale *stale, const struct vmclock_abi *page)
{
	const struct vmclock_snapshot s = snapshot(page);

	if (!stale->looked || !is_same(stale, page))
		begin(stale, page);
	else if (stale->waiting && !same_time(page, &stale->first))
		stale->waiting = false;
	if (!stale->waiting && has_time(&s))
		stale->believed = *page;
	return !stale->waiting;
}
