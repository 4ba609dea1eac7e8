/* SPDX-License-Identifier: MIT */
/*
 * How soon after a change the driver wakes a waiting program. The driver also looks at
 * the page by itself, ten times a second, so a wake-up alone proves no notification;
 * but one within milliseconds of each change comes from the host.
 */
#ifndef VMCLOCK_VERIFY_WOKEN_H
#define VMCLOCK_VERIFY_WOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "source.h"

/* A wake-up within this time is soon. */
#define WOKEN_SOON_NS 10000000

struct woken {
	char notification[16];		/* how the driver notices changes; empty: nobody tells */
	uint64_t changes;		/* those that were waited for, one at a time */
	uint64_t heard, soon;
	int64_t longest;		/* ns, of those heard */
	int64_t since;			/* of the change that is waited for; 0: none */
	uint32_t seq;
};

/* Asks the driver for a signal after each change, if it is one that tells. */
void woken_begin(struct woken *woken, const struct source *source);
void woken_end(const struct source *source);
/* A change of the page, to this sequence count, was seen. */
void woken_changed(struct woken *woken, uint32_t seq, int64_t now);
/* Counts a signal that came since. */
void woken_look(struct woken *woken);

#endif /* VMCLOCK_VERIFY_WOKEN_H */
