/* SPDX-License-Identifier: MIT */
/*
 * How often something may be done: some times at once, and from then on once
 * in an interval. Pure; times are ns of one clock.
 */
#ifndef VMCLOCKD_PACE_H
#define VMCLOCKD_PACE_H

#include <stdint.h>

struct pace {
	int64_t interval;
	int64_t slack;			/* so much earlier than evenly it may be done */
	int64_t even;			/* when it would be due, if it were done evenly */
};

/** pace_init() - @at_once times (1 or more) without waiting, and once more after each @interval */
void pace_init(struct pace *pace, unsigned int at_once, int64_t interval);

/** pace_due() - from when on it may be done; in the past: at once */
int64_t pace_due(const struct pace *pace);

/** pace_take() - it is done @now, which is pace_due() or later */
void pace_take(struct pace *pace, int64_t now);

#endif /* VMCLOCKD_PACE_H */
