/* SPDX-License-Identifier: MIT */
/*
 * systemd-timesyncd as the NTP daemon. It tells nothing of the clock but the
 * last answer of its server, and the kernel's maximum error is 0 whenever it
 * sets the clock: its bounds follow from that answer.
 */
#ifndef VMCLOCKD_TIMESYNCD_H
#define VMCLOCKD_TIMESYNCD_H

#include "anchored.h"
#include "command.h"
#include "restart.h"

struct timesyncd {
	struct command busctl;
	struct restart restart;
	struct clock_state since;	/* what was sent before that does not count */
	struct anchored known;
	struct clock_state asked;	/* when busctl was started */
	int64_t slewing;		/* ns that were pending before it was last set */
	bool was_set;			/* and timesyncd has not been asked by what */
	int64_t next;			/* CLOCK_MONOTONIC: busctl is not started before */
	int64_t apart;			/* ns */
	int64_t taken;			/* T1 of the answer that was taken last */
};

extern const struct ntp_daemon timesyncd_daemon;

#endif /* VMCLOCKD_TIMESYNCD_H */
