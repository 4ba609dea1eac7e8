/* SPDX-License-Identifier: MIT */
/*
 * Limits how often something is done: some times at once, and then once in each
 * interval. Pure; times are ns of one clock.
 */
#ifndef VMCLOCKD_PACE_H
#define VMCLOCKD_PACE_H

#include <stdint.h>

struct pace {
	int64_t interval;
	int64_t slack;			/* how much earlier than @even it may be done */
	int64_t even;			/* when it would be due at an even pace */
};

/** pace_init() - allow @at_once times (1 or more) without waiting, then one in each @interval */
void pace_init(struct pace *pace, unsigned int at_once, int64_t interval);

/** pace_due() - the earliest time of the next one; in the past: at once */
int64_t pace_due(const struct pace *pace);

/** pace_take() - note that it is done @now, which is pace_due() or later */
void pace_take(struct pace *pace, int64_t now);

#endif /* VMCLOCKD_PACE_H */
