// SPDX-License-Identifier: MIT
/*
 * The VMClock device. A thread sleeps in vmclock_wait_disrupted(), which works with
 * every driver, and makes a descriptor readable for the main loop when it wakes.
 */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "counter.h"
#include "device.h"
#include "log.h"
#include "thread.h"

/* ns: in a storm of disruptions, one event stands for all markers of this time. */
#define QUIET_NS 5000000

static const char *reason(int error)
{
	switch (error) {
	case -ENOENT:
	case -ENODEV:
		return "there is no such device yet; waiting for it";
	case -EBADMSG:
		return "it holds no VMClock page";
	case -EPROTONOSUPPORT:
		return "its page has a version that this vmclockd does not know";
	case -ETIMEDOUT:
		return "the host does not finish an update of the page";
	default:
		return strerror(-error);
	}
}

static void pass_on(struct device *device)
{
	const uint64_t one = 1;

	while (write(device->event, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/*
 * Before anything else: when the machine runs again, the main loop may have to wait for a
 * processor, or for its pages.
 */
static void unsynchronise(struct device *device)
{
	bool was;

	if (!device->unsynchronises || clock_unsynchronise(&was))
		return;
	if (was)
		__atomic_store_n(&device->was_synchronised, true, __ATOMIC_RELAXED);
	__atomic_store_n(&device->rang, true, __ATOMIC_RELEASE);
}

bool device_rang(struct device *device, bool *was)
{
	if (!__atomic_exchange_n(&device->rang, false, __ATOMIC_ACQUIRE))
		return false;
	*was |= __atomic_exchange_n(&device->was_synchronised, false, __ATOMIC_RELAXED);
	return true;
}

static void *watch(void *data)
{
	const struct timespec quiet = { .tv_nsec = QUIET_NS };
	struct device *device = data;
	uint64_t marker = device->state.marker;
	int ret;

	for (;;) {
		ret = vmclock_wait_disrupted(device->vc, marker, NULL);
		if (ret && ret != -EINTR)
			break;
		unsynchronise(device);
		marker = vmclock_marker(device->vc);
		pass_on(device);
		clock_nanosleep(CLOCK_MONOTONIC, 0, &quiet, NULL);
	}
	__atomic_store_n(&device->gone, true, __ATOMIC_RELEASE);
	pass_on(device);
	return NULL;
}

int device_init(struct device *device, const char *path)
{
	*device = (struct device){ .path = path };
	device->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return device->event < 0 ? -errno : 0;
}

/* Reads the constants of the device's page; vmclock_now() would read the completed page too. */
static bool may_have_time(const struct vmclock *vc)
{
	const struct vmclock_abi *page = vmclock_page(vc);

	return counter_steady() && page->counter_id == COUNTER_ID &&
	       (page->time_type == VMCLOCK_TIME_UTC || page->time_type == VMCLOCK_TIME_TAI);
}

static int try_open(struct device *device)
{
	int ret = vmclock_open(&device->vc, device->path);

	if (ret)
		return ret;
	ret = vmclock_read_state(device->vc, &device->state);
	device->gone = false;
	ret = ret ?: thread_start(&device->watcher, watch, device);
	if (ret)
		vmclock_close(device->vc);
	return ret;
}

bool device_open(struct device *device)
{
	int ret;

	if (device->vc)
		return true;
	ret = try_open(device);
	if (ret) {
		device->vc = NULL;
		if (ret != device->told)
			say(LOG_WARNING, "%s: %s", device->path, reason(ret));
		device->told = ret;
		return false;
	}
	device->has_time = may_have_time(device->vc);
	device->told = 0;
	say(LOG_INFO, "%s: %s", device->path,
	    device->has_time ? "its page gives time" : "its page gives a marker only");
	return true;
}

void device_close(struct device *device)
{
	if (!device->vc)
		return;
	pthread_cancel(device->watcher);
	pthread_join(device->watcher, NULL);
	vmclock_close(device->vc);
	device->vc = NULL;
}

/* Was the page file removed that stands for a device? A new publisher may make another one. */
static bool is_removed(const struct device *device)
{
	struct stat st;

	return !fstat(vmclock_fd(device->vc), &st) && S_ISREG(st.st_mode) && !st.st_nlink;
}

int device_look(struct device *device)
{
	uint64_t events;

	if (read(device->event, &events, sizeof(events)) < 0 && errno != EAGAIN)
		return -errno;
	if (__atomic_load_n(&device->gone, __ATOMIC_ACQUIRE) || is_removed(device)) {
		say(LOG_WARNING, "%s: the device is gone; waiting for its return", device->path);
		device_close(device);
		device->told = -ENOENT;
		return -ENODEV;
	}
	return vmclock_read_state(device->vc, &device->state);
}
