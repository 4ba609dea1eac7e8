/* SPDX-License-Identifier: MIT */
/* How an attempt to set the system clock right ends: trust, refusal or a retry. */
#ifndef VMCLOCKD_OUTCOME_H
#define VMCLOCKD_OUTCOME_H

#include <stdint.h>

#include "clocks.h"
#include "offset.h"

/* The time from a refusal to the next attempt. */
#define REFUSED_NS NS_PER_SEC

struct daemon;

/* Schedules the next attempt in @ns. */
void outcome_retry(struct daemon *d, int64_t ns);
/* Leaves the clock untrusted, and schedules the next attempt in REFUSED_NS. @why: for the log. */
void outcome_refuse(struct daemon *d, const char *why);
/* The same, because the error may be more than trusted_max_error. */
void outcome_refuse_too_wide(struct daemon *d, const struct offset *offset);
/*
 * A trusted clock is not trusted any more, though there was no disruption: it is
 * to be set right again. The last bound stays in the state; readers let it grow.
 */
void outcome_distrust(struct daemon *d);
/* Ends the reaction: the clock is trusted, with bounds from @offset. */
void outcome_trust(struct daemon *d, const struct offset *offset);

#endif /* VMCLOCKD_OUTCOME_H */
