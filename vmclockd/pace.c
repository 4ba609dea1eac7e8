// SPDX-License-Identifier: MIT
#include "pace.h"

void pace_init(struct pace *pace, unsigned int at_once, int64_t interval)
{
	*pace = (struct pace){ .interval = interval, .slack = (at_once - 1) * interval };
}

int64_t pace_due(const struct pace *pace)
{
	return pace->even - pace->slack;
}

void pace_take(struct pace *pace, int64_t now)
{
	if (pace->even < now)
		pace->even = now;
	pace->even += pace->interval;
}
