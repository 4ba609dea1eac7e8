/* SPDX-License-Identifier: MIT */
/*
 * Does a notification follow each change of the page? The driver counts notifications.
 * A notification belongs to all changes before it, because a host or the guest's
 * interrupt may merge several. Two changes that are too far apart for that need two.
 */
#ifndef VMCLOCK_VERIFY_NOTIFIED_H
#define VMCLOCK_VERIFY_NOTIFIED_H

#include <stdbool.h>
#include <stdint.h>

#include "judge/judge.h"
#include "source.h"

/* How often to read the count. */
#define NOTIFIED_NS 1000000

struct notified {
	int fd;				/* the driver's count; -1: there is none */
	bool device;			/* the page is that of a device */
	bool counts;			/* there is a count */
	struct judge_notifications seen;

	uint64_t count;			/* the last one that was read */
	uint64_t before;		/* the count before the next change of the page */
	/* The changes without a notification so far. */
	uint64_t pending;
	uint64_t base;			/* the count before the last of them */
	int64_t first, last;		/* when the first and the last of them came */
	int64_t unheard;		/* when the count was read last; it had not grown */
};

/* Opens the count, if the driver has one, and reads it: call before the first look at the page. */
void notified_open(struct notified *n, const struct source *source);
void notified_close(struct notified *n);

/* Reads the count. False: there is none, or no longer. */
bool notified_read(struct notified *n, uint64_t *count);

/* The count before the watch. */
void notified_begin(struct notified *n, uint64_t count);

/* The page that was seen at @now replaces @before. NULL: it is the first. */
void notified_page(struct notified *n, const struct judge_page *before,
		   const struct judge_page *page, int64_t now);

/*
 * The count was at least @count at @now.
 * @unchanged: the page that was seen last had not been replaced after the count was read.
 */
void notified_count(struct notified *n, uint64_t count, bool unchanged, int64_t now);

/* May a notification still come in time? */
bool notified_waits(const struct notified *n, int64_t now);

/* The watch is over. */
void notified_end(struct notified *n);

/* Why the rules of this need cannot be judged; NULL: they can, or they need something else. */
const char *notified_unknown(const struct notified *n, enum judge_needs needs);

#endif /* VMCLOCK_VERIFY_NOTIFIED_H */
