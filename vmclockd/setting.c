// SPDX-License-Identifier: MIT
/* A setting of the clock by systemd-timesyncd, and the answer that it belongs to. */
#include <stdlib.h>

#include "clocks.h"
#include "setting.h"

/* The system clock's rate error is 1/1000 at most: 500 ppm, and 500 ppm of the raw clock. */
#define RATE_OFF 1000
#define SLACK	 NS_PER_MS
/* timesyncd computes in floating point numbers of seconds since 1900. */
#define STEP_ROUNDING INT64_C(10000) /* ns */

const char setting_not_alone[] = "another program has set the system clock";

int64_t setting_came(const struct setting *set, const struct message *m)
{
	return set->before.raw + (m->destination - set->before.real);
}

/*
 * How far an earlier slew may have moved the clock between the request, the answer and the
 * look. After the look the kernel slews by a third of the pending part in a second at
 * most; three thirds also cover the larger slew before the look.
 */
static int64_t slewed(const struct setting *set, const struct message *m)
{
	__int128 pending = llabs(set->before.pending);
	__int128 time =
		(__int128)llabs(m->destination - set->before.real) + (m->destination - m->origin);

	if (time >= NS_PER_SEC * 3 / 2)
		return (int64_t)(pending * 3 / 2);
	return (int64_t)(pending * time / NS_PER_SEC);
}

/* The error of setting_came(). */
static int64_t came_error(const struct setting *set, const struct message *m)
{
	return llabs(m->destination - set->before.real) / RATE_OFF + slewed(set, m) +
	       set->before.width;
}

/* How exactly a step of the clock is known. */
static int64_t step_error(const struct setting *set)
{
	return STEP_ROUNDING + set->before.width + set->after.width;
}

static bool was_stepped_by(const struct setting *set, int64_t ns)
{
	return llabs(set->after.lead - set->before.lead - ns) <= step_error(set);
}

bool setting_is_stepped(const struct setting *set)
{
	return !was_stepped_by(set, 0);
}

/*
 * Has only timesyncd stepped the clock? If not, the times of its answer may be by the clock
 * from before the step: timesyncd drops such an answer only if it learns of the step first.
 */
static bool was_stepped_alone(const struct setting *set, const struct message *m)
{
	return !set->stepped &&
	       (!setting_is_stepped(set) || was_stepped_by(set, message_offset(m)));
}

/* Was the request sent since then? By CLOCK_MONOTONIC, for the clock may have been stepped. */
static bool was_sent_since(const struct clock_state *since, const struct setting *set,
			   const struct message *m)
{
	return m->origin - set->before.lead >= since->real - since->lead;
}

/* Did the answer come before this setting of the clock, and after the one before? */
static bool came_between(const struct setting *set, const struct message *m)
{
	int64_t at = setting_came(set, m);

	return at > set->earlier && at - came_error(set, m) <= set->after.raw;
}

/*
 * How far the clock may be from what timesyncd has set it to, because its slew is uneven.
 * The kernel slews by a quarter in a second at most, and may begin, and take this off the
 * pending part, up to a second late.
 */
static int64_t uneven(const struct setting *set, const struct message *m)
{
	return setting_is_stepped(set) ? 0 : llabs(message_offset(m)) / 2;
}

/* Is the clock, with the rest of the slew, as timesyncd sets it by this answer? */
static bool is_set_by(const struct setting *set, const struct message *m,
		      const struct clock_state *now)
{
	int64_t age = now->raw - setting_came(set, m);
	int64_t off = now->real + now->pending - (m->destination + message_offset(m)) - age;

	return llabs(off) <= SLACK + llabs(age) / RATE_OFF + came_error(set, m) + uneven(set, m);
}

const char *setting_mismatch(const struct setting *set, const struct clock_state *since,
			     const struct message *m, const struct clock_state *now)
{
	if (!was_sent_since(since, set, m))
		return "systemd-timesyncd has not measured anew yet";
	if (!now->synchronised || !came_between(set, m))
		return "the system clock is not as systemd-timesyncd has set it";
	if (!was_stepped_alone(set, m))
		return setting_not_alone;
	if (!is_set_by(set, m, now))
		return "the system clock is not as systemd-timesyncd has set it";
	return NULL;
}

/* The formula of vmclockd(8), and the uncertainty of the looks. */
int64_t setting_error(const struct setting *set, const struct message *m)
{
	return message_error(m) + came_error(set, m) + (m->destination - m->origin) / RATE_OFF +
	       step_error(set) + 1;
}
