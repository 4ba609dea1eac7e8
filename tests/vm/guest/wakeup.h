/* SPDX-License-Identifier: MIT */
/*
 * Memory by which a guest's sleeper tells the host at once that it sleeps,
 * and that it woke: behind the page and what exchange.h has there.
 * lab/vmlab/guest/wakeup.py is the host's side.
 */
#ifndef WAKEUP_H
#define WAKEUP_H

#include <stdint.h>

/* From the page on. */
#define WAKEUP_OFFSET 0x2000

/* asleep, where the kernel has no such way to sleep */
#define WAKEUP_MISSING UINT64_MAX

struct wakeup {
	uint64_t asleep;	/* how often it has fallen asleep */
	uint64_t woken;		/* how often it has been woken */
	uint64_t counter;	/* the guest's counter when it was woken last */
};

#endif /* WAKEUP_H */
