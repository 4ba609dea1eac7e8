// SPDX-License-Identifier: MIT
/* How good the time of a counter value is: the age of its reference, and the estimated error. */
#include "basis.h"
#include "calc/time.h"

/* The time from the reference to the counter in ns, rounded down. -EOVERFLOW: too far. */
static int age_of(const struct vmclock_snapshot *s, uint64_t counter, int64_t *age)
{
	/* A page with the reference time 0 gives the age instead of the time since 1970. */
	const struct vmclock_snapshot since = {
		.counter_value = s->counter_value,
		.period = s->period,
		.shift = s->shift,
	};
	struct vmclock_instant t;

	if (vmclock_calc_time(&since, counter, &t) ||
	    __builtin_mul_overflow(t.sec, NS_PER_SEC, age) ||
	    __builtin_add_overflow(*age, (int64_t)t.nsec, age))
		return -EOVERFLOW;
	return 0;
}

/* Computed like the maximum error, from the fields and flags of the estimated error. */
static bool estimate(const struct basis *basis, uint64_t counter, uint64_t *esterror)
{
	const uint64_t both = VMCLOCK_FLAG_PERIOD_ESTERROR_VALID | VMCLOCK_FLAG_TIME_ESTERROR_VALID;
	struct vmclock_snapshot s = basis->s;
	__u64 ns;

	if ((s.flags & both) != both)
		return false;
	s.flags |= VMCLOCK_FLAG_PERIOD_MAXERROR_VALID | VMCLOCK_FLAG_TIME_MAXERROR_VALID;
	s.time_maxerror = basis->time_esterror;
	s.period_maxerror = basis->period_esterror;
	if (vmclock_calc_error(&s, counter, &ns))
		return false;
	*esterror = ns;
	return true;
}

VMCLOCK_PUBLIC
int vmclock_quality_at(const struct vmclock *vc, uint64_t counter, struct vmclock_quality *quality)
{
	struct vmclock_quality result = { .esterror = UINT64_MAX };
	struct basis basis;
	int ret;

	ret = vmclock_take_basis(vc, GIVEN, false, &counter, &basis);
	if (!ret)
		ret = vmclock_check_basis(&basis, counter);
	if (!ret)
		ret = age_of(&basis.s, counter, &result.age);
	if (ret)
		return ret;
	result.marker = basis.s.marker;
	result.status = basis.s.status;
	if (basis.completed)
		result.flags |= VMCLOCK_FLAG_COMPLETED;
	if (estimate(&basis, counter, &result.esterror))
		result.flags |= VMCLOCK_FLAG_ESTIMATED;
	*quality = result;
	return 0;
}
