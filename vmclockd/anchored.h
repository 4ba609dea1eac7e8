/* SPDX-License-Identifier: MIT */
/*
 * What daemons have in common of which anchors are all that is known: how the
 * kernel's clock was at the last look, and what follows from the anchors now.
 */
#ifndef VMCLOCKD_ANCHORED_H
#define VMCLOCKD_ANCHORED_H

#include <stdbool.h>

#include "anchor.h"
#include "clock.h"

struct anchored {
	struct anchors anchors;
	struct clock_state last;	/* at the last look */
	const char *why;		/* there is nothing new */
};

/* All that was measured is void. */
void anchored_reset(struct anchored *a, const char *why);

/* Since the last look: has the machine slept? */
bool anchored_slept(const struct anchored *a, const struct clock_state *now);

/* Since the last look: has the daemon set the clock? Then the kernel's maximum error is less. */
bool anchored_was_set(const struct anchored *a, const struct clock_state *now);

/* As the functions of struct ntp_daemon. */
int anchored_measured(const struct anchored *a);
int anchored_report(const struct anchored *a, struct report *report, const char **why);

#endif /* VMCLOCKD_ANCHORED_H */
