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
	FRESH_UNKNOWN,			/* not known: chronyd has not been asked yet */
	FRESH_OTHER,			/* those after @before */
	FRESH_NONE,			/* none, until chronyd drops its old ones by itself */
	FRESH_ALL,			/* all */
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
	int64_t before;			/* time of the last measurement that does not count */
	struct lead lead;		/* before the measurements that count */
	struct incarnation clean;	/* this chronyd has dropped its measurements */
};

extern const struct ntp_daemon chronyd_daemon;

#endif /* VMCLOCKD_CHRONYD_H */
