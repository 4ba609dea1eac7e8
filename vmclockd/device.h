/* SPDX-License-Identifier: MIT */
/* The VMClock device: there, gone, and back again; and what its page says. */
#ifndef VMCLOCKD_DEVICE_H
#define VMCLOCKD_DEVICE_H

#include <pthread.h>
#include <stdbool.h>

#include "vmclock.h"

struct device {
	const char *path;
	struct vmclock *vc;		/* NULL: there is none now */
	struct vmclock_state state;	/* as of the last look */
	bool has_time;			/* its page may carry time */
	int told;			/* the error that was told last, so that it is not told again */

	int event;			/* readable: the marker has moved, or the device is gone */
	pthread_t watcher;
	bool gone;			/* by the watcher */
};

/* Once, with the path. Returns 0 or a negative errno value. */
int device_init(struct device *device, const char *path);

/* Opens it if it is not open. Returns whether it is; why not is told once. */
bool device_open(struct device *device);
void device_close(struct device *device);

/*
 * Takes the event, and reads the state anew. 0, -ENODEV: the device is gone
 * (and closed now), or the error of vmclock_read_state().
 */
int device_look(struct device *device);

#endif /* VMCLOCKD_DEVICE_H */
