/* SPDX-License-Identifier: MIT */
/* The input of a reading: one state of the page that gives time. */
#ifndef VMCLOCK_BASIS_H
#define VMCLOCK_BASIS_H

#include "calc/snapshot.h"
#include "counter.h"
#include "section.h"

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

struct basis {
	struct vmclock_snapshot s;
	uint64_t time_esterror;	/* ns */
	uint64_t period_esterror;
	uint64_t reach;		/* ticks after the reference for which leap seconds are known */
	uint64_t first;		/* if completed: the first reference under this marker */
	uint32_t seq;		/* the sequence count of the page or copy */
	bool completed;
	bool lasts;		/* its line may be cached under @seq */
};

/*
 * Takes the basis, and reads the counter in the same section, unless the counter
 * is GIVEN. @once: tries once, and returns -EBUSY if the page is in an update.
 * Returns 0, or an error of vmclock_now().
 */
int vmclock_take_basis(const struct vmclock *vc, enum counter_source source, bool once,
		       uint64_t *counter, struct basis *basis);

/* May the time of this counter value be computed from the basis? 0, or an error of vmclock_at(). */
int vmclock_check_basis(const struct basis *basis, uint64_t counter);

#endif /* VMCLOCK_BASIS_H */
