/* SPDX-License-Identifier: MIT */
/*
 * Tells when the time servers may be within reach again: when the kernel reports
 * a new route or carrier by netlink. It listens only while vmclockd waits for the
 * servers, so it costs nothing on routers, whose routes change all day.
 */
#ifndef VMCLOCKD_NETWORK_H
#define VMCLOCKD_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NETWORK_LINKS	    64
/* ns: a network that comes up causes many messages; those within this time count as one. */
#define NETWORK_COALESCE_NS 100000000

struct network {
	int fd;				/* -1: not listening */
	bool failed;			/* the log says that listening is not possible */
	int64_t due;			/* CLOCK_MONOTONIC, ns: when to report; INT64_MAX: never */
	int links[NETWORK_LINKS];	/* indexes of links with a carrier */
	unsigned int count;
};

void network_init(struct network *n);

/* Begins or stops listening. Logs once that listening is not possible. */
void network_listen(struct network *n, bool wanted);

/* The descriptor to poll for POLLIN; -1 while a report is due. */
int network_fd(const struct network *n);

/**
 * network_came() - has a route appeared, or a carrier come up?
 * @n:		the network
 * @now:	CLOCK_MONOTONIC, ns
 *
 * Call it when network_fd() is readable, and at the time @n->due.
 *
 * Return: true, once for all that happens within NETWORK_COALESCE_NS.
 */
bool network_came(struct network *n, int64_t now);

/* Do these messages report a new route or carrier? @length may cut off the last one. */
bool network_parse(struct network *n, const void *messages, size_t length);

#endif /* VMCLOCKD_NETWORK_H */
