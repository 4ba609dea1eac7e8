/* SPDX-License-Identifier: MIT */
/*
 * Is there a way to the time servers now? The kernel tells of routes and
 * carriers by netlink. It is listened to only while that matters, so that
 * routers, where routes come and go all day, cost nothing.
 */
#ifndef VMCLOCKD_NETWORK_H
#define VMCLOCKD_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NETWORK_LINKS	    64
/* A network that comes up says many things: they count as one. */
#define NETWORK_COALESCE_NS 100000000

struct network {
	int fd;				/* -1: not listening */
	bool failed;			/* it was told that listening is not possible */
	int64_t due;			/* CLOCK_MONOTONIC, ns; INT64_MAX: nothing has come */
	int links[NETWORK_LINKS];	/* whose carrier is known to be there */
	unsigned int count;
};

void network_init(struct network *n);

/* Begins to listen, or ends. Where that is not possible a line says so, once. */
void network_listen(struct network *n, bool wanted);

/* What to poll for POLLIN; -1: nothing, for there is something to tell already. */
int network_fd(const struct network *n);

/**
 * network_came() - has a route appeared, or a carrier come up?
 * @n:		the network
 * @now:	CLOCK_MONOTONIC, ns
 *
 * To be called when network_fd() is readable, and at the time @n->due.
 *
 * Return: true, once for all that happens within NETWORK_COALESCE_NS.
 */
bool network_came(struct network *n, int64_t now);

/* The same of netlink messages alone; @length may cut off the last one. */
bool network_parse(struct network *n, const void *messages, size_t length);

#endif /* VMCLOCKD_NETWORK_H */
