/* SPDX-License-Identifier: MIT */
/*
 * Has the machine slept? During a sleep CLOCK_BOOTTIME runs and CLOCK_MONOTONIC
 * stands still. Neither clock shows a pause by the hypervisor.
 */
#ifndef VMCLOCKD_SLEPT_H
#define VMCLOCKD_SLEPT_H

#include <stdbool.h>
#include <stdint.h>

struct slept {
	bool known;
	int64_t most;	/* ns: upper limit of boot time's lead at the last looks */
};

/**
 * slept_between() - one look: boot time between two readings of the monotonic clock
 * @slept:	all zero before the first look
 * @before:	CLOCK_MONOTONIC, ns
 * @boot:	CLOCK_BOOTTIME, ns
 * @after:	CLOCK_MONOTONIC again
 *
 * Return: whether the lead of boot time has certainly grown since an earlier look. A
 * delay of this process between two readings never counts as a sleep.
 */
bool slept_between(struct slept *slept, int64_t before, int64_t boot, int64_t after);

/** slept_look() - the same with the clocks of now */
bool slept_look(struct slept *slept);

#endif /* VMCLOCKD_SLEPT_H */
