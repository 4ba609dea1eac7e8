/* SPDX-License-Identifier: MIT */
/* chronyd as the NTP daemon. */
#ifndef VMCLOCKD_CHRONYD_H
#define VMCLOCKD_CHRONYD_H

#include "chrony.h"
#include "lead.h"

/* Which of chronyd's measurements count. */
enum chronyd_fresh {
	FRESH_UNKNOWN,			/* chronyd has not been asked yet */
	FRESH_OTHER,			/* all but the one with the time @before */
	FRESH_ALL,
};

struct chronyd {
	struct chrony chronyc;
	enum chronyd_fresh fresh;
	int64_t before;			/* the time of the measurement that does not count */
	struct lead lead;		/* when chronyd was told to drop all measurements */
};

extern const struct ntp_daemon chronyd_daemon;

#endif /* VMCLOCKD_CHRONYD_H */
