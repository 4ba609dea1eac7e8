// SPDX-License-Identifier: MIT
#include <endian.h>
#include <stdlib.h>

#include "clocks.h"
#include "daemon.h"
#include "trust.h"

/* How long a state is valid for readers. It is renewed each second. */
#define VALID_NS (5 * NS_PER_SEC)
/* ppb: the drift to assume between two looks if only vmclockd slews the system clock. */
#define DRIFT 500000

/* Counts the time without trust while it lasts, but not the time before the first trust. */
static void count_untrusted(struct daemon *d, uint8_t trust)
{
	struct vmclock_run_state *next = &d->state.next;
	int64_t now = monotonic_now();

	if (d->untrusted_since)
		state_add(&next->untrusted, (uint64_t)(now - d->untrusted_since));
	d->untrusted_since = trust != VMCLOCK_RUN_TRUSTED && next->last_trusted_sec ? now : 0;
}

void trust_publish(struct daemon *d, uint8_t trust)
{
	struct vmclock_run_state *next = &d->state.next;
	/* Count from the measurement, because this process may have been stopped since. */
	uint64_t since = trust == VMCLOCK_RUN_TRUSTED ? le64toh(next->bound_at)
						      : (uint64_t)monotonic_now();

	/* Do not publish before a marker is known: the next vmclockd would see a new marker. */
	if (!d->started && !d->state.resumed)
		return;
	count_untrusted(d, trust);
	next->trust = trust;
	/* Note it now: at a disruption, another thread changes the kernel's status at once. */
	next->was_synchronised = d->was_synchronised ||
				 (trust == VMCLOCK_RUN_TRUSTED && d->kernel_synchronised);
	next->believed = d->stale.believed;
	next->doubted = d->device.has_time && !d->believed;
	next->marker = htole64(d->marker);
	next->generation = htole64(d->generation);
	next->clock_status = d->device.has_time ? d->device.state.status
						: d->by_ntp.completed.next.page.clock_status;
	next->valid_until = htole64(since + VALID_NS);
	state_publish(&d->state);
	clockbound_publish(&d->clockbound, next);
}

void trust_withdraw(struct daemon *d)
{
	trust_publish(d, d->disrupted ? VMCLOCK_RUN_DISRUPTED : VMCLOCK_RUN_UNKNOWN);
}

/* An NTP daemon may slew at any time, and away from true time if its source is wrong. */
static uint32_t drift(const struct daemon *d)
{
	int64_t slew = d->config.slew_max;

	if (d->ntp.found == NTP_NONE || slew < DRIFT)
		return DRIFT;
	return slew < UINT32_MAX ? (uint32_t)slew : UINT32_MAX;
}

void trust_vouch(struct daemon *d, const struct offset *offset)
{
	struct vmclock_run_state *next = &d->state.next;
	int64_t bound = offset->error + llabs(offset->ns);

	next->bound = htole64((uint64_t)bound);
	next->bound_at = htole64((uint64_t)offset->at);
	next->drift = htole32(drift(d));
	next->lead_least = htole64((uint64_t)offset->lead.least);
	next->lead_most = htole64((uint64_t)offset->lead.most);
	next->last_trusted_sec = htole64((uint64_t)offset->sec);
	trust_publish(d, VMCLOCK_RUN_TRUSTED);
}
