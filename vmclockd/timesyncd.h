/* SPDX-License-Identifier: MIT */
/*
 * systemd-timesyncd as the NTP daemon. It reports only the last answer of its
 * server, and sets the kernel's maximum error to 0: the bounds follow from the
 * answer.
 */
#ifndef VMCLOCKD_TIMESYNCD_H
#define VMCLOCKD_TIMESYNCD_H

#include "anchored.h"
#include "command.h"
#include "restart.h"
#include "setting.h"

struct timesyncd {
	struct command busctl;
	struct restart restart;
	struct clock_state since;	/* answers to earlier requests do not count */
	struct anchored known;
	struct setting set;		/* when timesyncd last set the clock */
	bool stepped;			/* the clock was stepped, and no answer explains this */
	bool was_set;			/* the clock was set: busctl has to ask for the answer */
	int64_t next;			/* CLOCK_MONOTONIC: no start of busctl before this time */
	int64_t apart;			/* ns: the time between two questions */
	int64_t judged;			/* T1 of the last answer that was taken, or never counts */
};

extern const struct ntp_daemon timesyncd_daemon;

#endif /* VMCLOCKD_TIMESYNCD_H */
