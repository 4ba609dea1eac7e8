/* SPDX-License-Identifier: MIT */
/*
 * A setting of the clock by systemd-timesyncd: was it made by a given NTP answer, and
 * when did the answer come by the raw clock? Pure arithmetic.
 *
 * An answer has its times by the system clock from before the setting. The last look
 * before the setting converts them, so the slew or step by this answer does not matter.
 */
#ifndef VMCLOCKD_SETTING_H
#define VMCLOCKD_SETTING_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "message.h"

/* Between two looks timesyncd has set the clock. */
struct setting {
	struct clock_state before;
	struct clock_state after;	/* .raw is 0: the setting has not been seen yet */
	int64_t earlier;		/* CLOCK_MONOTONIC_RAW: not set between this and @before */
	bool stepped;			/* but perhaps stepped by another program */
};

/* The times of the answer may be from before a step of the clock: it never counts. */
extern const char setting_not_alone[];

/** setting_is_stepped() - was the clock stepped between the two looks? */
bool setting_is_stepped(const struct setting *set);

/**
 * setting_mismatch() - why this answer does not count as the one that has set the clock
 * @set:	the setting
 * @since:	a look; the request must have been sent after it
 * @m:		the answer
 * @now:	the clock now
 *
 * Return: a sentence without a full stop, which may be setting_not_alone; or NULL: it counts.
 */
const char *setting_mismatch(const struct setting *set, const struct clock_state *since,
			     const struct message *m, const struct clock_state *now);

/** setting_came() - when the answer came, by CLOCK_MONOTONIC_RAW, ns */
int64_t setting_came(const struct setting *set, const struct message *m);

/** setting_error() - the bound, in ns, of the error of the answer's time then */
int64_t setting_error(const struct setting *set, const struct message *m);

#endif /* VMCLOCKD_SETTING_H */
