// SPDX-License-Identifier: MIT
#include <endian.h>
#include <inttypes.h>
#include <stdarg.h>

#include "clocks.h"
#include "daemon.h"
#include "events.h"
#include "log.h"
#include "random.h"

static struct hook_facts facts_of(const struct daemon *d)
{
	bool trusted = d->state.next.trust == VMCLOCK_RUN_TRUSTED;

	return (struct hook_facts){
		.marker_before = d->disrupted ? d->marker_before : d->marker,
		.marker = d->marker,
		.generation = d->generation,
		.offset = d->stepped,
		.bound = trusted ? (int64_t)le64toh(d->state.next.bound) : 0,
		.duration = monotonic_now() - d->began,
	};
}

void events_tell_hooks(struct daemon *d, enum hook_event event)
{
	const struct hook_facts facts = facts_of(d);

	hooks_tell(&d->hooks, event, &facts);
}

void events_log(const struct daemon *d, enum journal_event event, int level, const char *fmt, ...)
{
	const struct hook_facts facts = facts_of(d);
	va_list args;

	va_start(args, fmt);
	journal_tell(event, &facts, level, fmt, args);
	va_end(args);
}

void events_tell_markers(struct daemon *d)
{
	bool other = d->generation != d->generation_told;

	d->marker_before = d->marker_told;
	if (d->untold > 1)
		events_log(d, JOURNAL_DISRUPTED, LOG_WARNING,
			   "disruption marker %#" PRIx64
			   ", after %u others since the last one told: "
			   "the system clock is not trusted",
			   d->marker, d->untold - 1);
	else
		events_log(d, JOURNAL_DISRUPTED, LOG_WARNING,
			   "disruption marker %#" PRIx64 ": the system clock is not trusted",
			   d->marker);
	if (other)
		events_log(d, JOURNAL_GENERATION, LOG_NOTICE,
			   "generation %" PRIu64 ": the machine was restored, or is a clone",
			   d->generation);
	d->marker_told = d->marker;
	d->generation_told = d->generation;
	d->untold = 0;
	if (other && may_change(d))
		random_part(d->generation, d->marker);
	events_tell_hooks(d, HOOK_DISRUPTED);
	if (other)
		events_tell_hooks(d, HOOK_GENERATION);
}

void events_tell_owed(struct daemon *d)
{
	if (hooks_owe(&d->hooks, HOOK_DISRUPTED))
		events_tell_hooks(d, HOOK_DISRUPTED);
	if (hooks_owe(&d->hooks, HOOK_GENERATION))
		events_tell_hooks(d, HOOK_GENERATION);
}
