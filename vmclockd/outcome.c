// SPDX-License-Identifier: MIT
#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>

#include "clocks.h"
#include "daemon.h"
#include "events.h"
#include "kernel-clock.h"
#include "log.h"
#include "outcome.h"
#include "trust.h"

void outcome_retry(struct daemon *d, int64_t ns)
{
	d->retry = monotonic_now() + ns;
}

/* Returns whether the reason is a new one. */
static bool note_refusal(struct daemon *d, const char *why)
{
	bool is_new = d->phase != PHASE_REFUSED || d->refusal != why;

	d->phase = PHASE_REFUSED;
	d->refusal = why;
	d->retry = monotonic_now() + REFUSED_NS;
	return is_new;
}

#define UNTRUSTED "the system clock stays untrusted: "

void outcome_refuse(struct daemon *d, const char *why)
{
	if (note_refusal(d, why))
		events_log(d, JOURNAL_REFUSED, LOG_WARNING, UNTRUSTED "%s", why);
}

void outcome_refuse_too_wide(struct daemon *d, const struct offset *offset)
{
	if (note_refusal(d, "its error may exceed trusted_max_error"))
		events_log(d, JOURNAL_REFUSED, LOG_WARNING,
			   UNTRUSTED "it is off by %" PRId64 " ns, give or take %" PRId64
				     " ns, and trusted_max_error is %" PRId64 " ns",
			   (int64_t)llabs(offset->ns), offset->error, d->config.trusted_max_error);
}

void outcome_distrust(struct daemon *d)
{
	d->phase = PHASE_REACTING;
	d->began = monotonic_now();
	d->stepped = 0;
	trust_withdraw(d);
}

void outcome_trust(struct daemon *d, const struct offset *offset)
{
	struct vmclock_run_state *next = &d->state.next;
	int64_t took = monotonic_now() - d->began;

	kernel_clock_vouch(d, offset);
	d->was_synchronised = false;
	if (d->disrupted) {
		next->last_duration = htole64((uint64_t)took);
		next->last_offset = htole64((uint64_t)d->stepped);
	}
	d->phase = PHASE_TRUSTED;
	trust_vouch(d, offset);
	events_log(d, JOURNAL_TRUSTED, LOG_NOTICE,
		   "the system clock is right within %" PRId64 " ns, %" PRId64 ".%03" PRId64
		   " ms after %s",
		   offset->error + (int64_t)llabs(offset->ns), took / NS_PER_MS, took / 1000 % 1000,
		   d->disrupted ? "the disruption was seen" : "vmclockd first looked at it");
	if (d->disrupted)
		events_tell_hooks(d, HOOK_TRUSTED);
	d->disrupted = false;
}
