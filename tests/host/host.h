/* SPDX-License-Identifier: MIT */
/* A host within the process: makes and updates a page that the library opens. */
#ifndef HOST_H
#define HOST_H

#include <stdint.h>

#include "vmclock.h"
#include "vmclock-abi.h"

struct host {
	struct vmclock_abi *page;	/* the writer's mapping */
	int fd;				/* a file in memory: nothing is left behind */
};

/* These functions end the program with a message if a system call fails. */
void host_create(struct host *host, const struct vmclock_abi *first);
struct vmclock *host_open(const struct host *host);
void host_destroy(struct host *host);
/*
 * From now on the host writes at the address where this handle reads, because
 * ThreadSanitizer does not know that two mappings are the same memory. Close the
 * handle after host_destroy().
 */
void host_join(struct host *host, const struct vmclock *vc);

/* Makes one update: writes everything after the sequence count. For one thread at a time. */
void host_publish(struct host *host, const struct vmclock_abi *next);

/* Fills a page with the system's present TAI on this machine's counter, within 1 ms. */
void host_fill_time(struct vmclock_abi *page);

/* Binds the thread to the CPU with this number among its allowed CPUs; best effort. */
void host_use_cpu(unsigned int number);
unsigned int host_cpus(void);

/* CLOCK_MONOTONIC. */
int64_t host_monotonic_ns(void);

#endif /* HOST_H */
