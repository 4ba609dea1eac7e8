// SPDX-License-Identifier: MIT
/* Sleeping until the page changes, on any driver and on files. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "monotonic.h"
#include "section.h"

#define SLICE_NS	INT64_C(100000000)	/* a change is noticed within this time */
#define REST_NS		INT64_C(10000000)	/* the pause between looks, if events never stop */

/*
 * Our driver sets both bits if the device was unbound or unplugged. The in-tree
 * driver (seen in 7.3) sets POLLHUP alone if the device does not notify.
 */
static bool is_gone(short revents)
{
	return (revents & (POLLERR | POLLHUP)) == (POLLERR | POLLHUP);
}

int vmclock_check_device(const struct vmclock *vc)
{
	const struct timespec at_once = { 0 };
	struct pollfd pfd = { .fd = vc->fd };

	if (!vc->device)
		return 0;
	if (ppoll(&pfd, 1, &at_once, NULL) < 0)
		return -errno;
	if (pfd.revents & POLLNVAL)
		return -EBADF;
	return is_gone(pfd.revents) ? -ENODEV : 0;
}

/*
 * Opens a file description of its own, so that acknowledging events here does not
 * take them from programs that poll vmclock_fd(). Returns -1 if there are no events.
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
	/* If the device is gone, its number may belong to another device now. */
	if (pread(fd, &magic, sizeof(magic), 0) == sizeof(magic) &&
	    le32toh(magic) == VMCLOCK_MAGIC)
		return fd;
	close(fd);
	return -1;
}

/* Gives up events: from now on the wait only looks at the page. */
static void close_events(int *fd)
{
	close(*fd);
	*fd = -1;
}

/* Acknowledges a change: the file is readable again only after the next change. */
static int acknowledge(int *fd)
{
	char byte;
	ssize_t got = pread(*fd, &byte, 1, 0);

	if (got < 0 && (errno == ENODEV || errno == EINTR))
		return -errno;
	/* Ignore a long update: it ends. After any other error the events would never end. */
	if (!got || (got < 0 && errno != EAGAIN && errno != ETIMEDOUT))
		close_events(fd);
	return 0;
}

/*
 * Waits until the device reports a change, for @ns at most. Returns sooner, and
 * closes *fd, if the device cannot report any.
 */
static int wait_for_event(int *fd, int64_t ns)
{
	struct timespec ts = { .tv_sec = ns / NS_PER_SEC, .tv_nsec = ns % NS_PER_SEC };
	/* A VMClock is never writable: POLLOUT means that the driver has no poll operation. */
	struct pollfd pfd = { .fd = *fd, .events = POLLIN | POLLOUT };

	if (ppoll(&pfd, 1, &ts, NULL) < 0)
		return -errno;
	if (is_gone(pfd.revents))
		return -ENODEV;
	/* Somebody closed the descriptor, and its number may belong to another file now. */
	if (pfd.revents & POLLNVAL)
		*fd = -1;
	else if (pfd.revents & ~POLLIN)
		close_events(fd);
	else if (pfd.revents)
		return acknowledge(fd);
	return 0;
}

/* The caller waits for another state, or, if @state is NULL, for another marker. */
struct known {
	uint64_t marker;
	struct vmclock_state *state;
};

static bool state_differs(const struct vmclock_state *a, const struct vmclock_state *b)
{
	return a->marker != b->marker || a->generation != b->generation || a->flags != b->flags ||
	       a->status != b->status;
}

/*
 * One load, without the sequence count: the functions that callers use next wait for
 * the end of an update.
 */
static bool marker_differs(const struct vmclock *vc, uint64_t marker)
{
	return page_u64(vc->page->disruption_marker) != marker;
}

/* Has the page changed? If so, a state that the caller waits for receives the new one. */
static bool differs(const struct vmclock *vc, const struct known *known)
{
	struct vmclock_state now;
	unsigned int looks = 0;

	if (!known->state)
		return marker_differs(vc, known->marker);
	/* Do not wait here for a host that stays in the middle of an update. */
	while (vmclock_try_state(vc, &now)) {
		if (++looks == SECTION_FAST_TRIES)
			return false;
		cpu_relax();
	}
	if (!state_differs(&now, known->state))
		return false;
	*known->state = now;
	return true;
}

static int64_t at_most(int64_t ns, int64_t most)
{
	return ns < most ? ns : most;
}

static int wait_for_change(const struct vmclock *vc, const struct known *known, int64_t deadline,
			   int *fd)
{
	int64_t began, ended, left;
	int ret;

	for (;;) {
		ret = monotonic_ns(&began);
		if (differs(vc, known))
			return 0;
		if (!ret)
			ret = vmclock_check_device(vc);
		if (ret)
			return ret;
		left = deadline - began;
		if (left <= 0)
			return -ETIMEDOUT;
		ret = *fd < 0 ? vmclock_sleep(at_most(left, SLICE_NS)) :
				wait_for_event(fd, at_most(left, SLICE_NS));
		if (!ret)
			ret = monotonic_ns(&ended);
		if (ret)
			return ret;
		if (differs(vc, known))
			return 0;

		/* Sleep, because events that never stop must not make this a busy loop. */
		left = deadline - ended;
		if (ended - began < REST_NS && left > 0)
			ret = vmclock_sleep(at_most(left, REST_NS));
		if (ret)
			return ret;
	}
}

static int wait_for(const struct vmclock *vc, const struct known *known,
		    const struct timespec *timeout)
{
	int64_t deadline;
	int ret, fd;

	if (timeout && !vmclock_is_timeout(timeout))
		return -EINVAL;
	if (differs(vc, known))
		return 0;
	ret = vmclock_deadline(timeout, &deadline);
	if (!ret)
		ret = vmclock_check_device(vc);
	if (ret)
		return ret;

	fd = open_events(vc);
	ret = wait_for_change(vc, known, deadline, &fd);
	if (fd >= 0)
		close(fd);
	return ret;
}

VMCLOCK_PUBLIC
int vmclock_wait_disrupted(const struct vmclock *vc, uint64_t marker,
			   const struct timespec *timeout)
{
	return wait_for(vc, &(struct known){ .marker = marker }, timeout);
}

VMCLOCK_PUBLIC
int vmclock_wait_state(const struct vmclock *vc, struct vmclock_state *state,
		       const struct timespec *timeout)
{
	return wait_for(vc, &(struct known){ .state = state }, timeout);
}
