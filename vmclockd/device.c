// SPDX-License-Identifier: MIT
/* The VMClock device. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "log.h"

static const char *reason(int error)
{
	switch (error) {
	case -ENOENT:
	case -ENODEV:
		return "there is no such device yet: it is waited for";
	case -EBADMSG:
		return "it holds no VMClock page";
	case -EPROTONOSUPPORT:
		return "its page has a version that is not known";
	default:
		return strerror(-error);
	}
}

bool device_open(struct device *device)
{
	struct vmclock_time time;
	int ret;

	if (device->vc)
		return true;
	ret = vmclock_open(&device->vc, device->path);
	if (ret) {
		device->vc = NULL;
		if (ret != device->told)
			say(LOG_WARNING, "%s: %s", device->path, reason(ret));
		device->told = ret;
		return false;
	}
	ret = vmclock_now(device->vc, VMCLOCK_UTC, &time);
	device->has_time = ret != -ENODATA && ret != -EOPNOTSUPP;
	device->told = 0;
	say(LOG_INFO, "%s: %s", device->path,
	    device->has_time ? "its page gives time" : "its page gives a marker only");
	return true;
}

void device_close(struct device *device)
{
	vmclock_close(device->vc);
	device->vc = NULL;
}

/* Reading the descriptor acknowledges what poll(2) told; it also tells that the device is gone. */
static bool gone(const struct device *device)
{
	char byte;

	return pread(vmclock_fd(device->vc), &byte, 1, 0) < 0 && errno == ENODEV;
}

int device_look(struct device *device)
{
	if (gone(device)) {
		say(LOG_WARNING, "%s: the device is gone: its return is waited for", device->path);
		device_close(device);
		device->told = -ENOENT;
		return -ENODEV;
	}
	return vmclock_read_state(device->vc, &device->state);
}

/* A driver without poll says at once that there is something, right after it was acknowledged. */
int device_fd(const struct device *device)
{
	struct pollfd pfd = { .fd = vmclock_fd(device->vc), .events = POLLIN };
	uint64_t before = vmclock_marker(device->vc);

	if (gone(device) || poll(&pfd, 1, 0) <= 0)
		return pfd.fd;
	return before == vmclock_marker(device->vc) ? -1 : pfd.fd;
}
