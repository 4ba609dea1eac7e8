// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "notified.h"

/* ---- The driver's count --------------------------------------------------------------- */

/* Only this project's driver has the attribute. */
void notified_open(struct notified *n, const struct source *source)
{
	char path[64];
	uint64_t count;

	*n = (struct notified){ .fd = -1, .device = source->device };
	if (!source->device)
		return;
	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/notification_count", source->major,
		 source->minor);
	n->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (notified_read(n, &count))
		notified_begin(n, count);
}

void notified_close(struct notified *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}

bool notified_read(struct notified *n, uint64_t *count)
{
	char text[24], *end;
	ssize_t len;

	if (n->fd < 0)
		return false;
	len = pread(n->fd, text, sizeof(text) - 1, 0);
	if (len <= 0)
		return false;
	text[len] = '\0';
	errno = 0;
	*count = strtoull(text, &end, 10);
	return !errno && end != text && *end == '\n';
}

/* ---- Changes and notifications ------------------------------------------------------------- */

void notified_begin(struct notified *n, uint64_t count)
{
	n->counts = true;
	n->count = n->before = count;
}

static bool promises(const struct judge_page *p)
{
	return p->s.flags & VMCLOCK_FLAG_NOTIFICATION_PRESENT;
}

static void end_waiting(struct notified *n, uint64_t *counter)
{
	*counter += n->pending;
	n->pending = 0;
}

void notified_page(struct notified *n, const struct judge_page *before,
		   const struct judge_page *page, int64_t now)
{
	n->seen.announced |= promises(page);
	/* The next notification will be that of this change. */
	if (n->pending && n->unheard - n->last >= JUDGE_MISSING_NS)
		end_waiting(n, &n->seen.missing);
	/* The update that sets or clears the flag need not be notified. */
	if (!before || !promises(before) || !promises(page)) {
		n->pending = 0;
		return;
	}
	if (!n->pending++)
		n->first = n->unheard = now;
	n->last = now;
	n->base = n->before;
}

/* Only readings count that had not grown: this process may have slept after the notification. */
static void note_heard(struct notified *n)
{
	int64_t late = n->unheard - n->first;

	n->seen.late += late > JUDGE_LATE_NS;
	if (late > n->seen.longest)
		n->seen.longest = late;
	end_waiting(n, &n->seen.followed);
}

void notified_count(struct notified *n, uint64_t count, bool unchanged, int64_t now)
{
	n->seen.heard += count - n->count;
	n->count = count;
	/* Of the last notification, the change that has not been seen yet may be the reason. */
	if (!unchanged)
		return;
	if (n->pending && count != n->base)
		note_heard(n);
	else if (n->pending)
		n->unheard = now;
	n->before = count;
}

bool notified_waits(const struct notified *n, int64_t now)
{
	return n->counts && n->pending && now - n->last <= JUDGE_MISSING_NS;
}

void notified_end(struct notified *n)
{
	if (n->pending && n->unheard - n->first >= JUDGE_MISSING_NS)
		end_waiting(n, &n->seen.missing);
	n->pending = 0;
}

const char *notified_unknown(const struct notified *n, enum judge_needs needs)
{
	if (needs != JUDGE_COUNT && needs != JUDGE_PROMISE)
		return NULL;
	if (!n->device)
		return "only a driver hears notifications";
	if (!n->counts)
		return "the driver gives no count of notifications";
	if (needs == JUDGE_PROMISE && !n->seen.followed && !n->seen.missing)
		return "no change was watched for long enough while the flag promised notifications";
	return NULL;
}
