/* SPDX-License-Identifier: MIT */
/* chronyd as the NTP daemon. */
#ifndef VMCLOCKD_CHRONYD_H
#define VMCLOCKD_CHRONYD_H

#include <sys/types.h>
#include <time.h>

#include "chrony.h"
#include "lead.h"

/* Which of chronyd's measurements count. */
enum chronyd_fresh {
	FRESH_UNKNOWN,			/* it has not been asked yet */
	FRESH_OTHER,			/* others than the one that it had then */
	FRESH_NONE,			/* none before it has dropped them, by itself */
	FRESH_ALL,
};

/* A chronyd, by its socket: each one makes its own. All zero: unknown. */
struct incarnation {
	dev_t device;
	ino_t inode;
	struct timespec made;
};

struct chronyd {
	struct chrony chronyc;
	enum chronyd_fresh fresh;
	int64_t before;			/* the reference of that measurement, which does not count */
	struct lead lead;		/* before the measurements that count */
	struct incarnation clean;	/* has no measurements from before the last disruption */
};

extern const struct ntp_daemon chronyd_daemon;

#endif /* VMCLOCKD_CHRONYD_H */
