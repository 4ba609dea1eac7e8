// SPDX-License-Identifier: MIT
/* Rules that need a watch over the live page. */
#include <inttypes.h>

#include "calc/base.h"
#include "internal.h"

/* The time for which readers wait. */
#define UPDATE_NS 100000000

/* A test may cause some disruptions one after the other, and then wait. */
#define RESTLESS 6

bool judge_torn_update(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	return f->watch->torn &&
	       judge_say(says,
			 "in %" PRIu64 " of %" PRIu64 " looks, fields changed while the sequence "
			 "count stayed at one even value",
			 f->watch->torn, f->watch->samples);
}

bool judge_slow_update(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	char longest[JUDGE_VALUE];

	return !f->watch->stuck && f->watch->longest_update > UPDATE_NS &&
	       judge_say(says, "an update took %s; readers give up after 100 ms",
			 judge_duration(longest, (uint64_t)f->watch->longest_update));
}

bool judge_stuck_update(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	char longest[JUDGE_VALUE];

	return f->watch->stuck && f->watch->longest_update > UPDATE_NS &&
	       judge_say(says,
			 "the sequence count has been odd for %s: an update was begun and has not "
			 "ended",
			 judge_duration(longest, (uint64_t)f->watch->longest_update));
}

bool judge_marker_restless(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	char text[JUDGE_VALUE];

	return f->watch->markers >= RESTLESS &&
	       f->watch->markers > (uint64_t)f->watch->duration / NS_PER_SEC &&
	       judge_say(says,
			 "disruption_marker changed %" PRIu64
			 " times in %s: no clock becomes right in between",
			 f->watch->markers, judge_duration(text, (uint64_t)f->watch->duration));
}
