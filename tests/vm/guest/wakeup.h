/* SPDX-License-Identifier: MIT */
/*
 * Memory in which a guest's sleeper shows the host at once that it sleeps, and that it
 * woke: after the page and the memory of exchange.h.
 * lab/vmlab/guest/wakeup.py is the host's side.
 */
#ifndef WAKEUP_H
#define WAKEUP_H

#include <stdint.h>

/* Relative to the page. */
#define WAKEUP_OFFSET 0x2000

/* The value of asleep if the kernel does not have this way of waiting. */
#define WAKEUP_MISSING UINT64_MAX

struct wakeup {
	uint64_t asleep;	/* how often it has fallen asleep */
	uint64_t woken;		/* how often it has been woken */
	uint64_t counter;	/* the guest's counter when it was woken last */
};

#endif /* WAKEUP_H */
