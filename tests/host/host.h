/* SPDX-License-Identifier: MIT */
/* A host within the process: a page that the library opens, and the updates of it. */
#ifndef HOST_H
#define HOST_H

#include <stdint.h>

#include "vmclock.h"
#include "vmclock-abi.h"

struct host {
	struct vmclock_abi *page;	/* the writer's mapping */
	int fd;				/* of a file in memory: nothing is left behind */
};

/* These end the program with a message where the system refuses. */
void host_create(struct host *host, const struct vmclock_abi *first);
struct vmclock *host_open(const struct host *host);
void host_destroy(struct host *host);
/*
 * From now on the host writes where this handle reads, at the same address:
 * ThreadSanitizer does not know that others may be the same memory. To be
 * closed after host_destroy().
 */
void host_join(struct host *host, const struct vmclock *vc);

/* One update: all that comes after the sequence count. For one thread at a time. */
void host_publish(struct host *host, const struct vmclock_abi *next);

/* Fills a page with the system's TAI as of now, by this machine's counter, within 1 ms. */
void host_fill_time(struct vmclock_abi *page);

/* Binds the thread to the CPU with this number among those it may use; best effort. */
void host_use_cpu(unsigned int number);
unsigned int host_cpus(void);

/* CLOCK_MONOTONIC. */
int64_t host_monotonic_ns(void);

#endif /* HOST_H */
