/* SPDX-License-Identifier: MIT */
/* The VMClock device, which may disappear and come back, and the state on its page. */
#ifndef VMCLOCKD_DEVICE_H
#define VMCLOCKD_DEVICE_H

#include <pthread.h>
#include <stdbool.h>

#include "vmclock.h"

struct device {
	const char *path;
	struct vmclock *vc;		/* NULL: the device is not open */
	struct vmclock_state state;	/* as of the last look */
	bool has_time;			/* its page may carry time */
	int told;			/* the error that was logged last: logged only once */

	int event;			/* readable: the marker changed, or the device is gone */
	pthread_t watcher;
	bool gone;			/* set by the watcher */
	bool unsynchronises;		/* the watcher may change the kernel's clock */
	bool rang;			/* the watcher has declared the clock unsynchronised */
	bool was_synchronised;		/* with @rang: the clock was synchronised before */
};

/* Call this once. Returns 0 or a negative errno value. */
int device_init(struct device *device, const char *path);

/* Opens the device unless it is open. Returns whether it is open; logs once why it is not. */
bool device_open(struct device *device);
void device_close(struct device *device);

/*
 * Has the watcher declared the kernel's clock unsynchronised since the last call? Sets
 * *@was if the kernel had called it synchronised.
 */
bool device_rang(struct device *device, bool *was);

/*
 * Clears the event, and reads the state anew. Returns 0; -ENODEV: the device is
 * gone, and was closed; or the error of vmclock_read_state().
 */
int device_look(struct device *device);

#endif /* VMCLOCKD_DEVICE_H */
