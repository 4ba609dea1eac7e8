/* SPDX-License-Identifier: MIT */
/*
 * The common part of the NTP daemons that only give anchors (timesyncd, ntpd):
 * the kernel's clock at the last look, and the report that follows from the
 * anchors.
 */
#ifndef VMCLOCKD_ANCHORED_H
#define VMCLOCKD_ANCHORED_H

#include <stdbool.h>

#include "anchor.h"
#include "clock.h"

struct anchored {
	struct anchors anchors;
	struct clock_state last;	/* at the last look */
	const char *why;		/* why there is no new anchor; NULL: there is one */
};

/* Forgets all measurements. @why: the reason for having none. */
void anchored_reset(struct anchored *a, const char *why);

/* Has the machine slept since the last look? */
bool anchored_slept(const struct anchored *a, const struct clock_state *now);

/* Has the daemon set the clock since the last look? Then the kernel's maximum error has dropped. */
bool anchored_was_set(const struct anchored *a, const struct clock_state *now);

/* As the functions of struct ntp_daemon. */
int anchored_measured(const struct anchored *a, const char **why);
int anchored_report(const struct anchored *a, struct report *report, const char **why);

#endif /* VMCLOCKD_ANCHORED_H */
