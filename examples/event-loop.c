// SPDX-License-Identifier: MIT
/*
 * An event loop (epoll) that reacts to disruptions, clones and maintenance, and stamps the lines
 * of standard input, a pipe or a terminal. Stamps are in TAI, which no leap second sets back.
 *
 * If the driver cannot wake the loop, and for page files, the loop looks ten times a second.
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <vmclock.h>

struct loop {
	const struct vmclock *vc;
	int epoll;
	int timer;
	bool woken;			/* the driver wakes us when the page changes */
	bool trusted;			/* the system clock is right under @marker */
	uint64_t marker;
	struct vmclock_state seen;
};

static int add(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data = { .fd = fd } };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

/* Starts the timer only while it is needed: an idle program should not wake up. */
static int set_timer(const struct loop *loop)
{
	struct itimerspec each = { .it_interval = { .tv_nsec = 100000000 } };

	if (!loop->woken || !loop->trusted)
		each.it_value = each.it_interval;
	return timerfd_settime(loop->timer, 0, &each, NULL) ? -errno : 0;
}

/* Uses the system clock again if vmclockd vouches for it. */
static void look_for_trust(struct loop *loop)
{
	uint64_t marker;
	int ret = vmclock_system_trusted(loop->vc, &marker);

	if (ret == -ENOENT) {
		/* No vmclockd runs. Here: correct the clock. Then go on. */
		marker = loop->seen.marker;
		ret = 0;
	}
	if (ret)
		return;
	loop->marker = marker;
	loop->trusted = true;
	printf("the clock is trusted, marker %" PRIu64 "\n", marker);
}

static const char *maintenance(const struct vmclock_state *state)
{
	if (state->flags & VMCLOCK_FLAG_MAINTENANCE_IMMINENT)
		return "imminent, within about an hour";
	if (state->flags & VMCLOCK_FLAG_MAINTENANCE_SOON)
		return "soon, within about a day";
	return "none announced";
}

static void report(const struct vmclock_state *before, const struct vmclock_state *now)
{
	if (now->marker != before->marker)
		printf("disrupted: marker %" PRIu64 " -> %" PRIu64 "\n", before->marker,
		       now->marker);
	if (now->flags & before->flags & VMCLOCK_FLAG_GENERATION_PRESENT &&
	    now->generation != before->generation)
		printf("this machine is a clone: generation %" PRIu64 " -> %" PRIu64 "\n",
		       before->generation, now->generation);
	if ((now->flags ^ before->flags) &
	    (VMCLOCK_FLAG_MAINTENANCE_SOON | VMCLOCK_FLAG_MAINTENANCE_IMMINENT))
		printf("maintenance: %s\n", maintenance(now));
}

static int look(struct loop *loop)
{
	struct vmclock_state now;
	int ret = vmclock_read_state(loop->vc, &now);

	/* -ETIMEDOUT: the host is in the middle of an update. Its end wakes this loop, too. */
	if (ret && ret != -ETIMEDOUT)
		return ret;
	if (!ret) {
		report(&loop->seen, &now);
		if (now.marker != loop->seen.marker)
			loop->trusted = false;
		loop->seen = now;
		if (!loop->trusted)
			look_for_trust(loop);
	}
	return set_timer(loop);
}

/* Reading acknowledges the change; epoll would report it for ever otherwise. */
static int page_changed(struct loop *loop, uint32_t events)
{
	int fd = vmclock_fd(loop->vc);
	char byte;

	if (pread(fd, &byte, 1, 0) < 0 && errno == ENODEV)
		return -ENODEV;
	if (events & (EPOLLERR | EPOLLHUP)) {
		/* The kernel's own driver cannot wake us for this device: use the timer. */
		loop->woken = false;
		if (epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL))
			return -errno;
	}
	return look(loop);
}

static int timer_expired(struct loop *loop)
{
	uint64_t times;

	if (read(loop->timer, &times, sizeof(times)) < 0 && errno != EAGAIN)
		return -errno;
	return look(loop);
}

/* Each read is one event. Returns 1 at the end of the input. */
static int stamp(const struct loop *loop)
{
	char input[4096];
	ssize_t size = read(STDIN_FILENO, input, sizeof(input));
	struct timespec ts;
	int ret;

	if (size <= 0)
		return size ? -errno : 1;
	ret = vmclock_system_time(loop->vc, CLOCK_TAI, loop->marker, &ts);
	if (ret == -ESTALE) {
		/* The loop may not have seen the disruption yet. */
		puts("event REFUSED: the clock was disrupted");
		return 0;
	}
	if (!ret)
		printf("event at %lld.%09ld\n", (long long)ts.tv_sec, ts.tv_nsec);
	return ret;
}

static int run(struct loop *loop)
{
	struct epoll_event event;
	int ret = 0;

	while (!ret) {
		if (epoll_wait(loop->epoll, &event, 1, -1) < 0)
			ret = errno == EINTR ? 0 : -errno;
		else if (event.data.fd == STDIN_FILENO)
			ret = stamp(loop);
		else if (event.data.fd == loop->timer)
			ret = timer_expired(loop);
		else
			ret = page_changed(loop, event.events);
	}
	return ret < 0 ? ret : 0;
}

static int start(struct loop *loop)
{
	int ret;

	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	loop->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (loop->epoll < 0 || loop->timer < 0)
		return -errno;
	ret = add(loop->epoll, loop->timer);
	if (!ret)
		ret = add(loop->epoll, STDIN_FILENO);
	if (ret)
		return ret;

	/* -EPERM: the file has no poll operation. */
	ret = add(loop->epoll, vmclock_fd(loop->vc));
	if (ret && ret != -EPERM)
		return ret;
	loop->woken = !ret;

	ret = vmclock_read_state(loop->vc, &loop->seen);
	if (ret)
		return ret;
	loop->marker = loop->seen.marker;
	loop->trusted = true;
	printf("watching, marker %" PRIu64 "\n", loop->marker);
	return set_timer(loop);
}

int main(void)
{
	struct loop loop = { 0 };
	struct vmclock *vc;
	int ret;

	ret = vmclock_open(&vc, NULL);
	if (ret) {
		fprintf(stderr,
			"event-loop: cannot open the VMClock device: %s; vmclock-check tells more\n",
			vmclock_strerror(ret));
		return 1;
	}

	setvbuf(stdout, NULL, _IOLBF, 0);
	loop.vc = vc;
	ret = start(&loop);
	if (!ret)
		ret = run(&loop);
	if (ret)
		fprintf(stderr, "event-loop: cannot go on: %s\n", vmclock_strerror(ret));
	vmclock_close(vc);
	return ret != 0;
}
