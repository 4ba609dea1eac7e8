// SPDX-License-Identifier: MIT
/* The common part of the NTP daemons that only give anchors. */
#include <errno.h>

#include "anchored.h"

void anchored_reset(struct anchored *a, const char *why)
{
	*a = (struct anchored){ .why = why };
}

bool anchored_slept(const struct anchored *a, const struct clock_state *now)
{
	return a->last.raw && clock_slept(&a->last, now);
}

bool anchored_was_set(const struct anchored *a, const struct clock_state *now)
{
	return now->synchronised && (!a->last.synchronised || now->maxerror < a->last.maxerror);
}

int anchored_measured(const struct anchored *a, const char **why)
{
	if (a->anchors.count)
		return 0;
	*why = a->why;
	return -EAGAIN;
}

int anchored_report(const struct anchored *a, struct report *report, const char **why)
{
	struct clock_state now;
	int ret = clock_look(&now);

	if (ret)
		return ret;
	*why = a->why;
	if (anchored_slept(a, &now) ||
	    anchors_report(&a->anchors, now.raw, now.real, now.width, report))
		return -EAGAIN;
	return 0;
}
