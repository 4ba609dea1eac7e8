// SPDX-License-Identifier: MIT
/* Rules that need the driver's count of notifications. */
#include <inttypes.h>

#include "internal.h"

#define MS 1000000

bool judge_notification_missing(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	const struct judge_notifications *n = f->notifications;

	if (!n->missing)
		return false;
	if (!n->followed)
		return judge_say(says,
				 "the flag promises notifications, but none followed a change within "
				 "%d ms; changes: %" PRIu64,
				 JUDGE_MISSING_NS / MS, n->missing);
	return judge_say(says,
			 "no notification followed %" PRIu64 " of %" PRIu64 " changes: none came "
			 "within %d ms, or before the next change",
			 n->missing, n->missing + n->followed, JUDGE_MISSING_NS / MS);
}

bool judge_notification_late(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	const struct judge_notifications *n = f->notifications;
	char longest[JUDGE_VALUE];

	return n->late &&
	       judge_say(says,
			 "of the notifications, %" PRIu64 " came more than %d ms after a change, "
			 "the latest %s after it",
			 n->late, JUDGE_LATE_NS / MS, judge_duration(longest, (uint64_t)n->longest));
}

bool judge_notification_unannounced(const struct judge_facts *f, char says[JUDGE_TEXT])
{
	return !f->notifications->announced && f->notifications->heard &&
	       judge_say(says,
			 "notifications came, %" PRIu64 " in all, but the flag "
			 "NOTIFICATION_PRESENT is not set",
			 f->notifications->heard);
}
