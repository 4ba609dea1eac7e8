// SPDX-License-Identifier: MIT
/* The host's time, with bounds, computed from the page and the counter. */
#include <limits.h>
#include <time.h>

#include "counter.h"
#include "internal.h"
#include "vmclock-calc.h"

_Static_assert(sizeof(time_t) == 8, "libvmclock needs a time_t of 64 bits");

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

/* The fields that change; one access each, inside the section. */
static inline void load_fields(const struct vmclock *vc, struct vmclock_snapshot *s)
{
	const struct vmclock_abi *page = vc->page;
	/* Status to shift lie in one aligned word: pad, status, smearing, offset, leap, shift. */
	uint64_t word = __atomic_load_n((const uint64_t *)&page->pad, __ATOMIC_RELAXED);

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

static inline void set_timespec(struct timespec *ts, const struct vmclock_instant *t)
{
	ts->tv_sec = t->sec;
	ts->tv_nsec = (long)t->nsec;
}

static inline int convert(const struct vmclock_snapshot *s, enum vmclock_scale scale,
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

static void set_unbounded(struct vmclock_time *out)
{
	out->earliest = (struct timespec){ .tv_sec = INT64_MIN };
	out->latest = (struct timespec){ .tv_sec = INT64_MAX, .tv_nsec = NS_PER_SEC - 1 };
}
