// SPDX-License-Identifier: MIT
/*
 * A polling reader: reads the page, which is readable at once unless its count is 0,
 * prints "waiting" before it sleeps, then for each change of the page a line with the
 * marker, until it has seen COUNT changes. With --epoll it waits by epoll(7).
 */
#include <endian.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "guest.h"
#include "vmclock-abi.h"

static struct vmclock_abi read_page(int fd)
{
	struct vmclock_abi page;

	expect(pread(fd, &page, sizeof(page), 0) == sizeof(page));
	return page;
}

static short poll_now(int fd, int timeout)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN | POLLOUT | POLLPRI };

	expect(poll(&pfd, 1, timeout) >= 0);
	return pfd.revents;
}

static void wait_by_poll(int fd)
{
	expect(poll_now(fd, -1) == POLLIN);
}

static void wait_by_epoll(int fd)
{
	struct epoll_event event = { .events = EPOLLIN };
	int set = epoll_create1(0);

	expect(!epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
	expect(epoll_wait(set, &event, 1, -1) == 1);
	expect(event.events == EPOLLIN);
	close(set);
}

int main(int argc, char **argv)
{
	int use_epoll = argc > 1 && !strcmp(argv[1], "--epoll");
	int count = atoi(argc > 1 + use_epoll ? argv[1 + use_epoll] : "1");
	int fd = open(DEVICE, O_RDONLY);
	short revents;

	print_lines();
	expect(fd >= 0);
	revents = poll_now(fd, 0);
	expect(revents == (read_page(fd).seq_count ? POLLIN : 0));
	expect(poll_now(fd, 0) == 0);
	puts("waiting");

	while (count--) {
		if (use_epoll)
			wait_by_epoll(fd);
		else
			wait_by_poll(fd);
		/* Readable until it is read, quiet afterwards. */
		expect(poll_now(fd, 0) == POLLIN);
		printf("marker %" PRIu64 "\n", le64toh(read_page(fd).disruption_marker));
		expect(poll_now(fd, 0) == 0);
	}
	return 0;
}
