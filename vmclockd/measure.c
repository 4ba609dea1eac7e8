// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "clocks.h"
#include "daemon.h"
#include "measure.h"

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

int measure_once(struct daemon *d, struct offset *offset)
{
	int64_t at = monotonic_now();
	int ret = d->device.has_time
			  ? offset_measure(d->device.vc, d->marker, offset)
			  : by_ntp_offset(&d->by_ntp, d->device.vc, &d->device.state, offset);

	offset->at = at;
	return ret;
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
