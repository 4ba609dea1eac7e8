// SPDX-License-Identifier: MIT
/* Sleeping until the marker changes, on any driver and on files. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#define NS_PER_SEC	INT64_C(1000000000)
#define SLICE_NS	INT64_C(100000000)	/* never sleep past a change for longer */
#define REST_NS		INT64_C(10000000)	/* between looks at a page that is busy otherwise */

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

/* When to give up, on CLOCK_MONOTONIC; INT64_MAX: never. */
static int deadline_of(const struct timespec *timeout, int64_t *deadline)
{
	int64_t now = now_ns();

	*deadline = INT64_MAX;
	if (!timeout)
		return 0;
	if (timeout->tv_sec < 0 || timeout->tv_nsec < 0 || timeout->tv_nsec >= NS_PER_SEC)
		return -EINVAL;
	if (timeout->tv_sec < (INT64_MAX - now) / NS_PER_SEC - 1)
		*deadline = now + (int64_t)timeout->tv_sec * NS_PER_SEC + timeout->tv_nsec;
	return 0;
}

/*
 * Unbound or unplugged: our driver then sets both. POLLHUP alone is how the
 * in-tree driver (seen in 7.3) says that the device does not notify.
 */
static bool is_gone(short revents)
{
	return (revents & (POLLERR | POLLHUP)) == (POLLERR | POLLHUP);
}

static bool device_gone(const struct vmclock *vc)
{
	struct pollfd pfd = { .fd = vc->fd };

	return vc->device && poll(&pfd, 1, 0) == 1 && is_gone(pfd.revents);
}

/*
 * A file description of its own, so that acknowledging events here takes
 * none away from those who poll vmclock_fd(). -1: look without being woken.
 */
static int open_events(const struct vmclock *vc)
{
	char path[32];
	uint32_t magic;
	int fd;

	if (!vc->device)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", vc->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -1;
	/* The number of a device that is gone may be another one's by now. */
	if (pread(fd, &magic, sizeof(magic), 0) == sizeof(magic) &&
	    le32toh(magic) == VMCLOCK_MAGIC)
		return fd;
	close(fd);
	return -1;
}

/* Acknowledge: the file is readable again only after the next change. */
static int acknowledge(int fd)
{
	char byte;

	if (pread(fd, &byte, 1, 0) < 0 && errno == ENODEV)
		return -ENODEV;
	return 0;
}

static int rest(int64_t ns)
{
	struct timespec ts = { .tv_sec = ns / NS_PER_SEC, .tv_nsec = ns % NS_PER_SEC };

	return clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL) == EINTR ? -EINTR : 0;
}

/* Sleep for @ns at most, less if the device has news. May set *fd to -1. */
static int rest_or_event(int *fd, int64_t ns)
{
	struct timespec ts = { .tv_sec = ns / NS_PER_SEC, .tv_nsec = ns % NS_PER_SEC };
	/* No driver of a VMClock is writable: that is poll(2) without a poll operation. */
	struct pollfd pfd = { .fd = *fd, .events = POLLIN | POLLOUT };
	int ret;

	if (*fd < 0)
		return rest(ns);

	ret = ppoll(&pfd, 1, &ts, NULL);
	if (ret < 0)
		return errno == EINTR ? -EINTR : rest(ns);
	if (is_gone(pfd.revents))
		return -ENODEV;
	if (pfd.revents & (POLLOUT | POLLERR | POLLHUP)) {
		close(*fd);
		*fd = -1;
		return rest(ns);
	}
	return pfd.revents & POLLIN ? acknowledge(*fd) : 0;
}

/*
 * One load tells, without the sequence count: whoever acts on the answer
 * goes through functions that wait for the end of the update.
 */
static bool marker_differs(const struct vmclock *vc, uint64_t marker)
{
	return page_u64(vc->page->disruption_marker) != marker;
}

static int wait_for_change(const struct vmclock *vc, uint64_t marker, int64_t deadline, int *fd)
{
	for (;;) {
		int64_t began = now_ns();
		int64_t left = deadline - began;
		int64_t slept;
		int ret;

		if (marker_differs(vc, marker))
			return 0;
		if (device_gone(vc))
			return -ENODEV;
		if (left <= 0)
			return -ETIMEDOUT;
		ret = rest_or_event(fd, left < SLICE_NS ? left : SLICE_NS);
		if (ret)
			return ret;
		if (marker_differs(vc, marker))
			return 0;

		/* A page that changes all the time must not make this a busy loop. */
		slept = now_ns() - began;
		left -= slept;
		if (slept < REST_NS && left > 0)
			ret = rest(left < REST_NS ? left : REST_NS);
		if (ret)
			return ret;
	}
}

VMCLOCK_PUBLIC
int vmclock_wait(const struct vmclock *vc, uint64_t marker, const struct timespec *timeout)
{
	int64_t deadline;
	int ret, fd;

	ret = deadline_of(timeout, &deadline);
	if (ret)
		return ret;
	if (marker_differs(vc, marker))
		return 0;
	if (device_gone(vc))
		return -ENODEV;

	fd = open_events(vc);
	ret = wait_for_change(vc, marker, deadline, &fd);
	if (fd >= 0)
		close(fd);
	return ret;
}
