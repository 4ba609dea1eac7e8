/* SPDX-License-Identifier: MIT */
/*
 * Has the machine slept? CLOCK_BOOTTIME goes on meanwhile, CLOCK_MONOTONIC does
 * not. What a hypervisor does to a machine that it pauses, neither clock tells.
 */
#ifndef VMCLOCKD_SLEPT_H
#define VMCLOCKD_SLEPT_H

#include <stdbool.h>
#include <stdint.h>

struct slept {
	bool known;
	int64_t most;	/* ns: how far boot time can have been ahead at the last looks */
};

/**
 * slept_between() - one look: boot time between two readings of the monotonic clock
 * @slept:	all zero before the first look
 * @before:	CLOCK_MONOTONIC, ns
 * @boot:	CLOCK_BOOTTIME, ns
 * @after:	CLOCK_MONOTONIC again
 *
 * Return: has the distance certainly grown since an earlier look? However long
 * this process had to wait between two readings, that alone is no sleep.
 */
bool slept_between(struct slept *slept, int64_t before, int64_t boot, int64_t after);

/** slept_look() - the same with the clocks of now */
bool slept_look(struct slept *slept);

#endif /* VMCLOCKD_SLEPT_H */
