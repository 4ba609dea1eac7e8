/* SPDX-License-Identifier: MIT */
/*
 * The schedule of bursts. In a burst the NTP daemon measures at once. Bursts come
 * soon enough to heal this machine, and seldom enough to spare the servers, even
 * when many machines are moved together.
 *
 * Pure; times are ns of CLOCK_MONOTONIC.
 */
#ifndef VMCLOCKD_BURSTS_H
#define VMCLOCKD_BURSTS_H

#include <stdint.h>

#define BURSTS_MAX	 6			/* in any window, over all reactions */
#define BURSTS_WINDOW_NS INT64_C(600000000000)

/*
 * Shares of the window: markers leave some bursts for repetitions, and these
 * leave some for a network that comes back, or for the next disruption.
 */
#define BURSTS_BY_MARKERS 3
#define BURSTS_BY_TIME	  (BURSTS_MAX - 1)

struct bursts {
	int64_t made[BURSTS_MAX];	/* times of the last bursts, the newest first */
	unsigned int count;		/* number of times in @made */
	unsigned int repeated;		/* repetitions in this reaction */
	unsigned int share;		/* a burst is due once fewer are in the window; 0: none */
	int64_t next;			/* when a repetition is due */
};

/** bursts_init() - set up: none was made, and none is wanted before bursts_reaction() */
void bursts_init(struct bursts *b);

/** bursts_reaction() - a reaction begins: a burst now, others after 8, 16, 32, 64, 64... s */
void bursts_reaction(struct bursts *b, int64_t now);

/** bursts_marker() - another disruption within a reaction: a burst at once, if few were made */
void bursts_marker(struct bursts *b);

/** bursts_network() - the network may reach the servers again: a burst at once */
void bursts_network(struct bursts *b);

/** bursts_due() - when the next burst is to be made; INT64_MAX: none is wanted */
int64_t bursts_due(const struct bursts *b);

/**
 * bursts_made() - the burst that was due is made now
 * @b:		the bursts
 * @now:	the time
 * @random:	32 random bits, so that a fleet that was moved together does not ask together
 */
void bursts_made(struct bursts *b, int64_t now, uint32_t random);

#endif /* VMCLOCKD_BURSTS_H */
