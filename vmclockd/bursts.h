/* SPDX-License-Identifier: MIT */
/*
 * When an NTP daemon is asked to measure at once: soon enough to heal, and so
 * seldom that the servers are spared, whatever happens to this machine and to
 * others that were moved with it.
 *
 * Pure; times are ns of CLOCK_MONOTONIC.
 */
#ifndef VMCLOCKD_BURSTS_H
#define VMCLOCKD_BURSTS_H

#include <stdint.h>

#define BURSTS_MAX	 6			/* in any window, over all reactions */
#define BURSTS_WINDOW_NS INT64_C(600000000000)

/*
 * Not everything may use up the window: after a storm of markers something is
 * left for repetitions, and after these for a network that comes back, or for
 * the next disruption.
 */
#define BURSTS_BY_MARKERS 3
#define BURSTS_BY_TIME	  (BURSTS_MAX - 1)

struct bursts {
	int64_t made[BURSTS_MAX];	/* the newest first */
	unsigned int count;		/* of them */
	unsigned int repeated;		/* in this reaction */
	unsigned int share;		/* of the window, for one at once; 0: none is wanted */
	int64_t next;			/* by the time alone */
};

/** bursts_init() - none was made yet, and none is wanted before bursts_reaction() */
void bursts_init(struct bursts *b);

/** bursts_reaction() - a reaction begins: the first one now, then after 8, 16, 32, 64, 64... s */
void bursts_reaction(struct bursts *b, int64_t now);

/** bursts_marker() - another disruption within a reaction: at once, as long as few were made */
void bursts_marker(struct bursts *b);

/** bursts_network() - there may be a way to the servers now: at once */
void bursts_network(struct bursts *b);

/** bursts_due() - when the next one may be made; INT64_MAX: none is wanted */
int64_t bursts_due(const struct bursts *b);

/**
 * bursts_made() - one is made now, which is due
 * @b:		the bursts
 * @now:	the time
 * @random:	32 random bits: a fleet that was moved together shall not ask together
 */
void bursts_made(struct bursts *b, int64_t now, uint32_t random);

#endif /* VMCLOCKD_BURSTS_H */
