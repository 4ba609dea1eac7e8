// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "clocks.h"
#include "daemon.h"
#include "measure.h"
#include "vmclock.h"

/* The time between two measurements that must agree before the clock is stepped. */
#define AGREE_APART_NS (2 * NS_PER_MS)
/* A slew may move the clock by a tenth of this time. */
#define SLEW_MAX 10

static bool agree(const struct offset *a, const struct offset *b)
{
	int64_t apart = b->pair.raw - a->pair.raw;
	int64_t differ = b->ns - a->ns;

	return apart > 0 && llabs(differ) <= a->error + b->error + apart / SLEW_MAX;
}

/* By the page's own time only if the last look found that it may be believed. */
static int measure(struct daemon *d, struct offset *offset)
{
	if (!d->device.has_time)
		return by_ntp_offset(&d->by_ntp, d->device.vc, &d->device.state, offset);
	return d->believed ? offset_measure(d->device.vc, d->marker, offset) : -EAGAIN;
}

/* -ESTALE: the page has changed since the last look; only the next look can judge its time. */
static int check_unchanged(const struct daemon *d)
{
	struct vmclock_state now;
	int ret = vmclock_read_state(d->device.vc, &now);

	if (ret)
		return ret;
	return now.marker == d->marker && now.generation == d->generation ? 0 : -ESTALE;
}

/* The lead of the measured clock. -ESTALE: the clock was stepped in between, or for a moment. */
static int lead_meanwhile(const struct lead *before, struct offset *offset)
{
	int64_t real = offset->pair.real;
	struct lead after;
	int ret = lead_read(&after);

	if (ret)
		return ret;
	if (lead_stepped(before, &after))
		return -ESTALE;
	offset->lead = lead_common(before, &after);
	if (real < offset->at + offset->lead.least || real > monotonic_now() + offset->lead.most)
		return -ESTALE;
	return 0;
}

int measure_once(struct daemon *d, struct offset *offset)
{
	int64_t at = monotonic_now();
	struct lead before;
	int ret = lead_read(&before) ?: measure(d, offset);

	offset->at = at;
	ret = ret ?: lead_meanwhile(&before, offset);
	/* Also after an error: the library gives no time that has not been judged. */
	return check_unchanged(d) ?: ret;
}

int measure_twice(struct daemon *d, struct offset *offset)
{
	const struct timespec rest = { .tv_nsec = AGREE_APART_NS };
	struct offset first;
	int ret = measure_once(d, &first);

	if (ret)
		return ret;
	clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, NULL);
	ret = measure_once(d, offset);
	if (ret)
		return ret;
	return agree(&first, offset) ? 0 : -EAGAIN;
}
