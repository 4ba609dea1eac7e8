/* SPDX-License-Identifier: MIT */
/* Instants: signed seconds and 0..999999999 nanoseconds, rounded down. */
#ifndef VMCLOCK_CALC_INSTANT_H
#define VMCLOCK_CALC_INSTANT_H

#include "calc/base.h"

struct vmclock_instant {
	__s64 sec;
	__u32 nsec;
};

/**
 * vmclock_calc_shift_time() - move an instant by nanoseconds
 * @t:		the instant, changed in place on success
 * @ns:		the distance, of either sign
 *
 * Return: 0 or -EOVERFLOW.
 */
static inline int vmclock_calc_shift_time(struct vmclock_instant *t, __s64 ns)
{
	__s64 sec = ns / NS_PER_SEC;
	__s64 nsec = (__s64)t->nsec + ns % NS_PER_SEC;

	if (nsec < 0) {
		nsec += NS_PER_SEC;
		sec--;
	} else if (nsec >= NS_PER_SEC) {
		nsec -= NS_PER_SEC;
		sec++;
	}
	if (__builtin_add_overflow(t->sec, sec, &sec))
		return -EOVERFLOW;
	t->sec = sec;
	t->nsec = (__u32)nsec;
	return 0;
}

#endif /* VMCLOCK_CALC_INSTANT_H */
