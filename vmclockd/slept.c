// SPDX-License-Identifier: MIT
#include <time.h>

#include "clocks.h"
#include "slept.h"

bool slept_between(struct slept *slept, int64_t before, int64_t boot, int64_t after)
{
	int64_t least = boot - after, most = boot - before;
	bool grown = slept->known && least > slept->most;

	if (grown || !slept->known || most < slept->most)
		slept->most = most;
	slept->known = true;
	return grown;
}

bool slept_look(struct slept *slept)
{
	int64_t before = monotonic_now();
	struct timespec boot;

	if (clock_gettime(CLOCK_BOOTTIME, &boot))
		return false;
	return slept_between(slept, before, (int64_t)boot.tv_sec * NS_PER_SEC + boot.tv_nsec,
			     monotonic_now());
}
