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

struct timesyncd {
	struct command busctl;
	struct restart restart;
	struct clock_state since;	/* answers to earlier requests do not count */
	struct anchored known;
	struct clock_state asked;	/* when busctl was started */
	int64_t slewing;		/* ns that were pending before it was last set */
	bool was_set;			/* the clock was set: busctl has to ask for the answer */
	int64_t next;			/* CLOCK_MONOTONIC: no start of busctl before this time */
	int64_t apart;			/* ns: the time between two questions */
	int64_t taken;			/* T1 of the answer that was taken last */
};

extern const struct ntp_daemon timesyncd_daemon;

#endif /* VMCLOCKD_TIMESYNCD_H */
