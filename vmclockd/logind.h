/* SPDX-License-Identifier: MIT */
/*
 * systemd-logind announces a sleep, and waits until vmclockd has withdrawn the
 * trust. Uses libsystemd, if configure has found it; without libsystemd or logind,
 * no news ever comes.
 *
 * No function waits for the bus.
 */
#ifndef VMCLOCKD_LOGIND_H
#define VMCLOCKD_LOGIND_H

#include <stdbool.h>
#include <stdint.h>

enum logind_news {
	LOGIND_NOTHING,
	LOGIND_SLEEP,			/* the machine is going to sleep: call logind_ready() */
	LOGIND_AWAKE,			/* it is awake again, or has not slept after all */
};

struct logind {
	struct sd_bus *bus;		/* NULL: not connected */
	int inhibitor;			/* while it is open, logind waits; -1 */
	enum logind_news news;
	bool told;			/* the log says that logind does not wait for us */
	int64_t retry;			/* CLOCK_MONOTONIC, ns: do not connect before */
};

void logind_init(struct logind *l);
void logind_stop(struct logind *l);

/* Call it each second: connects, if possible and if a retry is due. */
void logind_tick(struct logind *l, int64_t now);

/* What to poll: the descriptor (or -1), for which events, and until when; INT64_MAX: no limit. */
int logind_fd(const struct logind *l);
int logind_events(const struct logind *l);
int64_t logind_due(const struct logind *l);

/* Processes messages from the bus. Returns each news once. */
enum logind_news logind_process(struct logind *l);

/* Nobody relies on the clock any more: the machine may sleep. */
void logind_ready(struct logind *l);

#endif /* VMCLOCKD_LOGIND_H */
