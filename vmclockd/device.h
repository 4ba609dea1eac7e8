/* SPDX-License-Identifier: MIT */
/* The VMClock device: there, gone, and back again; and what its page says. */
#ifndef VMCLOCKD_DEVICE_H
#define VMCLOCKD_DEVICE_H

#include <stdbool.h>

#include "vmclock.h"

struct device {
	const char *path;
	struct vmclock *vc;		/* NULL: there is none now */
	struct vmclock_state state;	/* as of the last look */
	bool has_time;			/* its page may carry time */
	int told;			/* the error that was told last, so that it is not told again */
};

/* Opens it if it is not open. Returns whether it is; why not is told once. */
bool device_open(struct device *device);
void device_close(struct device *device);

/* Reads the state anew. 0, -ENODEV: the device is gone (and closed now), or vmclock_read_state(). */
int device_look(struct device *device);

/* What to poll for POLLIN, or -1: look each DEVICE_LOOK_MS. Reading acknowledges. */
#define DEVICE_LOOK_MS 20
int device_fd(const struct device *device);

#endif /* VMCLOCKD_DEVICE_H */
