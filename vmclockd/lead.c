// SPDX-License-Identifier: MIT
#include <errno.h>

#include "clocks.h"
#include "lead.h"

/* The number of readings, of which the narrowest counts. */
#define READINGS 4

static int read_once(struct lead *lead)
{
	int64_t before = monotonic_now(), real;
	struct timespec ts;

	if (clock_gettime(CLOCK_REALTIME, &ts))
		return -errno;
	real = (int64_t)ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
	*lead = (struct lead){ .least = real - monotonic_now(), .most = real - before };
	return 0;
}

int lead_read(struct lead *lead)
{
	int ret = read_once(lead);
	struct lead one = { 0 };
	int i;

	for (i = 1; !ret && i < READINGS; i++) {
		ret = read_once(&one);
		if (!ret && lead_width(&one) < lead_width(lead))
			*lead = one;
	}
	return ret;
}

int64_t lead_stepped(const struct lead *before, const struct lead *after)
{
	if (after->least <= before->most && before->least <= after->most)
		return 0;
	return after->least + lead_width(after) / 2 - before->least - lead_width(before) / 2;
}

struct lead lead_common(const struct lead *a, const struct lead *b)
{
	return (struct lead){
		.least = a->least > b->least ? a->least : b->least,
		.most = a->most < b->most ? a->most : b->most,
	};
}
