// SPDX-License-Identifier: MIT
/*
 * The reaction to a disruption: trust in the system clock is withdrawn, the
 * clock is set right, and it is trusted again.
 */
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "by-page.h"
#include "counter.h"
#include "daemon.h"
#include "events.h"
#include "kernel-clock.h"
#include "log.h"
#include "look.h"
#include "measure.h"
#include "outcome.h"
#include "random.h"
#include "reaction.h"
#include "trust.h"

/* How often the NTP daemon is asked whether it has measured again. */
#define NTP_RETRY_NS (200 * NS_PER_MS)
/* After this time it is asked less often. */
#define NTP_SOON_NS (30 * NS_PER_SEC)
/* This many reactions may begin at once, further ones at this interval: see begin(). */
#define REACTIONS_AT_ONCE 10
#define REACTION_NS	  NS_PER_SEC
/* A machine that was going to sleep is taken to be awake after this time. */
#define FALLING_ASLEEP_NS (120 * NS_PER_SEC)

/* ---- The course of a reaction ------------------------------------------------------------ */

/* The NTP daemon sets the clock. The offset from the derived time shows when it is right. */
static void react_by_ntp(struct daemon *d)
{
	struct offset offset;
	const char *why;
	int ret = by_ntp_advance(&d->by_ntp, &d->ntp, d->device.vc, &d->device.state, &why);

	if (!ret) {
		why = BY_NTP_UNEVEN;
		ret = measure_once(d, &offset);
	}
	if (ret == -ESTALE || ret == -ECANCELED)
		return;
	if (ret == -EDOM) {
		reaction_doubt(d, why);
		return;
	}
	if (ret) {
		outcome_refuse(d, why);
	} else if (offset.error + llabs(offset.ns) > d->config.trusted_max_error) {
		outcome_refuse_too_wide(d, &offset);
	} else {
		outcome_trust(d, &offset);
		return;
	}
	outcome_retry(d, monotonic_now() - d->began < NTP_SOON_NS ? NTP_RETRY_NS : NS_PER_SEC);
}

static void count_reaction(struct daemon *d)
{
	state_add(&d->state.next.reactions, 1);
	d->began = monotonic_now();
	d->stepped = 0;
}

/* The completed page needs a steady counter on which the kernel's clock runs. */
static void look_at_counter(struct daemon *d)
{
	bool usable = counter_steady() && clocksource_by_counter(&d->clocksource);

	if (!usable && !d->by_ntp.no_counter && !d->device.has_time)
		say(LOG_NOTICE, "no page is completed: the counter is not steady, or the kernel's "
				"clock does not run on it; only the system clock is vouched for");
	d->by_ntp.no_counter = !usable;
}

/* Withdraws the trust and forgets all measurements, before anything else that may take time. */
static void untrust(struct daemon *d)
{
	steer_disrupted(&d->steer);
	look_at_counter(d);
	by_ntp_disrupted(&d->by_ntp, &d->device.state, true);
	kernel_clock_note_synchronised(d);
	trust_withdraw(d);
	kernel_clock_unsynchronise(d);
	d->phase = PHASE_REACTING;
	d->refusal = NULL;
	d->ntp_told = false;
	d->ntp_again = 0;
	d->begins = true;
	d->retry = pace_due(&d->pace);
}

static void disrupted(struct daemon *d)
{
	struct vmclock_run_state *next = &d->state.next;

	/* If vmclockd is killed after the state has the new generation, only the promise is left. */
	if (d->generation != d->device.state.generation) {
		hooks_promise(&d->hooks, HOOK_GENERATION);
		state_add(&next->generations, 1);
	}
	d->marker = d->device.state.marker;
	d->generation = d->device.state.generation;
	d->untold++;
	state_add(&next->disruptions, 1);
	if (!d->disrupted)
		count_reaction(d);
	d->disrupted = true;
	untrust(d);
}

/* A clone may have the same marker and another generation. */
static bool is_disrupted(const struct daemon *d)
{
	return d->marker != d->device.state.marker || d->generation != d->device.state.generation;
}

/* The previous vmclockd was killed during a reaction: begins a new one. */
static void react_again(struct daemon *d)
{
	d->marker_before = d->marker;
	untrust(d);
	events_log(d, JOURNAL_DISRUPTED, LOG_WARNING,
		   "disruption marker %#" PRIx64 ": the reaction to it was not finished",
		   d->marker);
	if (may_change(d) && hooks_owe(&d->hooks, HOOK_GENERATION))
		random_part(d->generation, d->marker);
	events_tell_hooks(d, HOOK_DISRUPTED);
}

/*
 * A storm of markers causes few lines, hooks and commands to NTP daemons, but the
 * last marker always causes them. untrust() is called for each marker.
 */
static void begin(struct daemon *d)
{
	d->begins = false;
	pace_take(&d->pace, monotonic_now());
	if (d->untold)
		events_tell_markers(d);
}

static void advance(struct daemon *d)
{
	if (d->phase == PHASE_TRUSTED || d->asleep || monotonic_now() < d->retry)
		return;
	if (d->begins)
		begin(d);
	if (d->device.has_time)
		by_page_react(d);
	else
		react_by_ntp(d);
}

/* ---- While the clock is trusted ---------------------------------------------------------- */

/* Measures the offset. @why receives the reason of an error. */
static int measure_trusted(struct daemon *d, struct offset *offset, const char **why)
{
	int ret;

	if (d->device.has_time) {
		ret = measure_once(d, offset);
		*why = by_page_no_time(ret);
		return ret;
	}
	/* Ask the NTP daemon first: its answer may void the bounds that trust rests on. */
	ret = by_ntp_advance(&d->by_ntp, &d->ntp, d->device.vc, &d->device.state, why);
	if (ret == -ESTALE || ret == -ECANCELED || ret == -EDOM)
		return ret;
	if (!ret)
		*why = BY_NTP_UNEVEN;
	return measure_once(d, offset);
}

static bool has_left_bounds(const struct daemon *d, const struct offset *offset)
{
	int64_t max = d->config.trusted_max_error;

	return offset->error > max || offset->ns > max || offset->ns < -max;
}

static void lose_trust(struct daemon *d, const char *why)
{
	outcome_distrust(d);
	events_log(d, JOURNAL_UNTRUSTED, LOG_WARNING, "%s: the system clock is not trusted", why);
}

static void keep_trust(struct daemon *d, const struct offset *offset)
{
	if (d->device.has_time) {
		steer_pair(&d->steer, &offset->pair);
		kernel_clock_steer(d, offset->ns);
		kernel_clock_plan_leap(d, offset);
	}
	kernel_clock_keep(d, offset);
	trust_vouch(d, offset);
}

static void watch_trusted(struct daemon *d)
{
	struct offset offset;
	const char *why;
	int ret = measure_trusted(d, &offset, &why);

	/* There is another marker, or somebody steps the clock: the loop is woken again. */
	if (ret == -ESTALE || ret == -ECANCELED)
		return;
	if (ret == -EDOM)
		reaction_doubt(d, why);
	else if (ret)
		lose_trust(d, why);
	else if (has_left_bounds(d, &offset))
		lose_trust(d, "the clock has left its bounds");
	else
		keep_trust(d, &offset);
}

/* ---- What starts and stops it ------------------------------------------------------------ */

void reaction_look(struct daemon *d)
{
	if (!d->started) {
		reaction_start(d);
		return;
	}
	if (!look_at_page(d))
		return;
	completed_maintenance(&d->by_ntp.completed, &d->device.state);
	if (is_disrupted(d))
		disrupted(d);
	else if (d->believed && d->state.next.doubted)
		trust_publish(d, d->state.next.trust);
	advance(d);
}

/* Resumes what this process, or an earlier one since the boot, has published last. */
static void resume(struct daemon *d)
{
	const struct vmclock_run_state *before = &d->state.next;

	d->marker = le64toh(before->marker);
	d->generation = le64toh(before->generation);
	d->was_synchronised = before->was_synchronised && before->trust != VMCLOCK_RUN_TRUSTED;
	d->disrupted = before->trust == VMCLOCK_RUN_DISRUPTED;
	stale_resume(&d->stale, &before->believed, d->marker, d->generation, d->disrupted);
}

void reaction_init(struct daemon *d)
{
	pace_init(&d->pace, REACTIONS_AT_ONCE, REACTION_NS);
	if (d->state.resumed)
		resume(d);
}

void reaction_start(struct daemon *d)
{
	bool unfinished;

	d->disrupted = false;
	if (d->state.resumed)
		resume(d);
	unfinished = d->disrupted;
	if (!look_at_page(d))
		return;
	d->started = true;
	/* The first start after the boot is no disruption; at a later one the marker may be new. */
	if (!d->state.resumed) {
		d->marker = d->device.state.marker;
		d->generation = d->device.state.generation;
	}
	d->marker_told = d->marker;
	d->generation_told = d->generation;
	d->began = monotonic_now();
	if (is_disrupted(d)) {
		d->was_synchronised |= d->state.next.was_synchronised;
		disrupted(d);
	} else if (unfinished) {
		react_again(d);
	} else {
		d->retry = 0;
		d->phase = PHASE_REACTING;
		d->ntp_told = true;
		look_at_counter(d);
		by_ntp_disrupted(&d->by_ntp, &d->device.state, false);
		/* Hooks have run for a disruption, but not all of them for its end. */
		d->disrupted |= hooks_owe(&d->hooks, HOOK_TRUSTED);
		trust_publish(d, VMCLOCK_RUN_UNKNOWN);
	}
	events_tell_owed(d);
	/* When the device comes back, its marker is compared with this one. */
	d->state.resumed = true;
	advance(d);
}

void reaction_tick(struct daemon *d)
{
	if (d->asleep && monotonic_now() > d->asleep)
		reaction_awake(d);
	if (!d->asleep)
		by_page_tell_ntp_again(d);
	if (d->phase == PHASE_TRUSTED)
		watch_trusted(d);
	else
		trust_publish(d, d->state.next.trust);
}

void reaction_network(struct daemon *d)
{
	if (d->phase == PHASE_TRUSTED || d->device.has_time)
		return;
	say(LOG_DEBUG, "the network has changed: the time servers are asked again");
	by_ntp_network(&d->by_ntp);
	/* In a storm of markers the pace decides. */
	if (!d->begins)
		d->retry = 0;
}

void reaction_doubt(struct daemon *d, const char *why)
{
	if (d->started && d->phase == PHASE_TRUSTED)
		count_reaction(d);
	if (d->started)
		untrust(d);
	events_log(d, JOURNAL_UNTRUSTED, LOG_WARNING, "%s: the system clock is not trusted", why);
}

void reaction_sleep(struct daemon *d)
{
	if (!d->asleep)
		reaction_doubt(d, "the machine is going to sleep");
	d->asleep = monotonic_now() + FALLING_ASLEEP_NS;
}

void reaction_awake(struct daemon *d)
{
	d->asleep = 0;
	reaction_doubt(d, "the machine has slept");
}

void reaction_withdraw(struct daemon *d)
{
	bool trusted = d->started && d->phase == PHASE_TRUSTED;

	d->phase = PHASE_REACTING;
	d->started = false;
	trust_withdraw(d);
	if (trusted)
		events_log(d, JOURNAL_UNTRUSTED, LOG_WARNING,
			   "no device: the system clock is not trusted");
}
