// SPDX-License-Identifier: MIT
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "by-page.h"
#include "clock.h"
#include "clocks.h"
#include "daemon.h"
#include "kernel-clock.h"
#include "log.h"
#include "measure.h"
#include "outcome.h"
#include "steps.h"

/* The first step removes the offset, further ones what is left of it. */
#define STEPS_MAX 3
/* The time to the next attempt after a failed measurement. */
#define RETRY_NS (20 * NS_PER_MS)
/* A try with an NTP daemon that does not answer takes a second, so tries are rare. */
#define NTP_AGAIN_NS (5 * NS_PER_SEC)

/* Why the page's time may be wrong, or NULL. The limits of single steps are in steps.c. */
static const char *refusal(const struct daemon *d, const struct offset *offset)
{
	const struct config *config = &d->config;
	int64_t trusted = (int64_t)le64toh(d->state.next.last_trusted_sec);

	if (offset->error > config->step_max_error)
		return "the page's bounds are wider than step_max_error";
	/* The clocks of two hosts differ, so the right time may be a little earlier. */
	if (offset->sec + config->step_back_max / NS_PER_SEC + 1 < trusted)
		return "the page's time is earlier than the last trusted time";
	return NULL;
}

static int step(struct daemon *d, const struct offset *offset)
{
	int ret;

	if (!may_change(d)) {
		if (d->phase != PHASE_REFUSED)
			say(LOG_NOTICE, "would step the system clock by %" PRId64 " ns",
			    offset->ns);
		outcome_refuse(d, "nothing is changed: mode = observe, or --dry-run");
		return -ECANCELED;
	}
	ret = clock_step(offset->ns);
	if (ret) {
		outcome_refuse(d, ret == -EPERM ? "it cannot be stepped without CAP_SYS_TIME"
						: "the kernel refuses to step it");
		return ret;
	}
	d->stepped += offset->ns;
	say(LOG_NOTICE, "stepped the system clock by %" PRId64 " ns (+-%" PRId64 ")", offset->ns,
	    offset->error);
	return 0;
}

const char *by_page_no_time(int error)
{
	switch (error) {
	case -ENODATA:
		return "the page gives no time with bounds";
	case -EOVERFLOW:
		return "the page's time is centuries away";
	case -EOPNOTSUPP:
		return "the counter that the page names cannot be used here";
	default:
		return "the page's time cannot be relied on now";
	}
}

/* Is it worth telling the daemon again later? A daemon that refused would refuse again. */
static bool is_unanswered(int error)
{
	return error == -ETIMEDOUT || error == -ECONNREFUSED || error == -EPIPE;
}

/* Returns false if another disruption came: the reaction begins anew. */
static bool tell_ntp(struct daemon *d)
{
	int ret;

	if (d->ntp_told || !may_change(d))
		return true;
	ret = ntp_disrupted(&d->ntp, &d->steer, &d->page);
	if (ret == -ECANCELED)
		return false;
	d->ntp_told = true;
	d->ntp_again = is_unanswered(ret) || ntp_must_be_told(&d->ntp)
			       ? monotonic_now() + NTP_AGAIN_NS
			       : 0;
	return true;
}

/* An NTP daemon that was not told sets the clock by its old measurements. */
void by_page_tell_ntp_again(struct daemon *d)
{
	/* A daemon that was started since may have loaded its old measurements. */
	if (!d->ntp_again && d->device.has_time && may_change(d) && ntp_must_be_told(&d->ntp))
		d->ntp_again = monotonic_now();
	if (!d->ntp_again || monotonic_now() < d->ntp_again)
		return;
	d->ntp_told = false;
	tell_ntp(d);
}

static void refuse_former_host(struct daemon *d)
{
	outcome_refuse(d, "the page's marker has changed, but its time may still be the former "
			  "host's");
	/* The host updates the time soon, unless its publisher missed the migration. */
	if (monotonic_now() - d->began < NS_PER_SEC)
		outcome_retry(d, RETRY_NS);
}

/*
 * Returns false after another disruption, or if somebody steps the clock, or if no
 * offset can be measured, which is logged.
 */
static bool measured(struct daemon *d, struct offset *offset)
{
	int ret = measure_twice(d, offset);

	if (ret && ret != -ESTALE) {
		outcome_refuse(d, by_page_no_time(ret));
		outcome_retry(d, RETRY_NS);
	}
	return !ret;
}

static bool is_small(const struct daemon *d, const struct offset *offset)
{
	return offset->ns <= d->config.step_min && offset->ns >= -d->config.step_min;
}

/* Steps the clock, or stores in *@slewed why it is slewed. Returns false after a refusal. */
static bool remove_offset(struct daemon *d, const struct offset *offset, const char **slewed)
{
	const char *why = refusal(d, offset);

	if (!why)
		*slewed = steps_refusal(&d->config, offset->ns);
	if (!why && !may_change(d))
		why = *slewed;
	if (why) {
		outcome_refuse(d, why);
		return false;
	}
	if (*slewed)
		return true;
	if (step(d, offset))
		return false;
	kernel_clock_steer(d, 0);
	return true;
}

/*
 * Removes the offset, and tells the NTP daemon: its measurements are void even if
 * the clock is not stepped. @offset receives the last measurement. Returns false
 * after a refusal or another disruption.
 */
static bool set_right(struct daemon *d, struct offset *offset, const char **slewed)
{
	int steps;

	for (steps = 0; steps < STEPS_MAX && !*slewed; steps++) {
		if (!measured(d, offset))
			return false;
		if (is_small(d, offset) && d->ntp_told)
			return true;
		if (!is_small(d, offset) && !remove_offset(d, offset, slewed))
			return false;
		if (!tell_ntp(d))
			return false;
	}
	if (*slewed) {
		steer_pair(&d->steer, &offset->pair);
		kernel_clock_steer(d, offset->ns);
	}
	return true;
}

static void conclude(struct daemon *d, const struct offset *offset, const char *slewed)
{
	if (offset->error > d->config.trusted_max_error) {
		outcome_refuse_too_wide(d, offset);
	} else if (llabs(offset->ns) <= d->config.trusted_max_error) {
		if (slewed)
			say(LOG_NOTICE, "the system clock is slewed, not stepped: %s", slewed);
		outcome_trust(d, offset);
	} else if (slewed) {
		outcome_refuse(d, slewed);
	} else {
		outcome_retry(d, RETRY_NS);
	}
}

void by_page_react(struct daemon *d)
{
	const char *slewed = NULL;
	struct offset offset;

	if (!d->believed)
		refuse_former_host(d);
	else if (set_right(d, &offset, &slewed))
		conclude(d, &offset, slewed);
}
