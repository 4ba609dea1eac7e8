/* SPDX-License-Identifier: MIT */
/* The promise of the page: a line, and how far the clock may be from it. */
#ifndef VMCLOCK_SIM_MODEL_H
#define VMCLOCK_SIM_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "counter.h"

struct sim_model {
	struct sim_line line;		/* the reference */
	uint64_t period_maxerror;	/* in the line's units */
	uint64_t time_maxerror;		/* ns, at the reference */

	uint64_t fixed;		/* the counter value at the last reading of the clock */
	uint64_t movable;	/* how many ticks beyond @fixed the reference may move */
	uint64_t slack;		/* ns: the part of @time_maxerror that pays for these moves */

	long double tick;	/* the clock's period when the line began */
	struct sim_pair begin;	/* where the line began: for measuring its period again */
	uint64_t refine_at;	/* ticks from @begin to the next measurement */
	uint64_t refinable;	/* by how much the period may still change */
};

/* Makes a new promise, independent of the previous one: the marker has to change. */
void sim_model_begin(struct sim_model *model, const struct sim_reading *reading,
		     double period_maxerror_ppm, uint64_t slack_ns);
/*
 * Updates the model by a reading. False, and nothing is changed: the clock has
 * broken the promise of the page. Begin again.
 */
bool sim_model_fix(struct sim_model *model, const struct sim_reading *reading, bool refine,
		   uint64_t slack_ns);
/* Moves the reference along its line, between two readings. */
void sim_model_move(struct sim_model *model, uint64_t counter);

#endif /* VMCLOCK_SIM_MODEL_H */
