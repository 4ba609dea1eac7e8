/* SPDX-License-Identifier: MIT */
/*
 * systemd-logind tells before the machine sleeps, and waits until vmclockd has
 * withdrawn its word. By libsystemd, if that was there at build time; without
 * it, or without logind, nothing is ever told here.
 *
 * No function waits for the bus.
 */
#ifndef VMCLOCKD_LOGIND_H
#define VMCLOCKD_LOGIND_H

#include <stdbool.h>
#include <stdint.h>

enum logind_news {
	LOGIND_NOTHING,
	LOGIND_SLEEP,			/* the machine is going to sleep: then logind_ready() */
	LOGIND_AWAKE,			/* it did, or did not after all */
};

struct logind {
	struct sd_bus *bus;		/* NULL: not connected */
	int inhibitor;			/* while it is open, logind waits; -1 */
	enum logind_news news;
	bool told;			/* that logind does not wait for us */
	int64_t retry;			/* CLOCK_MONOTONIC, ns: not connected before */
};

void logind_init(struct logind *l);
void logind_stop(struct logind *l);

/* Each second: connects, if that is possible and has not been tried just before. */
void logind_tick(struct logind *l, int64_t now);

/* What to poll: the descriptor (or -1), for which events, and until when; INT64_MAX: no limit. */
int logind_fd(const struct logind *l);
int logind_events(const struct logind *l);
int64_t logind_due(const struct logind *l);

/* Does what there is to do on the bus. What this returns is told once. */
enum logind_news logind_process(struct logind *l);

/* Nobody relies on the clock any more: the machine may sleep. */
void logind_ready(struct logind *l);

#endif /* VMCLOCKD_LOGIND_H */
