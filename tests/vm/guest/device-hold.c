// SPDX-License-Identifier: MIT
/*
 * Holds the device in every way (open file, mapping, sleeping poller) while the
 * driver is unbound, and checks the result of each. Prints "holding", then "ok"
 * after the unbinding; then stays until stdin ends, so that the module stays in use.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

/* Who waits for a signal of a device that is gone already is told, and waits no longer. */
static void signal_is_sent(int fd)
{
	const struct timespec limit = { .tv_sec = 10 };
	sigset_t io;

	sigemptyset(&io);
	sigaddset(&io, SIGIO);
	expect(!sigprocmask(SIG_BLOCK, &io, NULL));
	expect(!fcntl(fd, F_SETOWN, getpid()));
	expect(!fcntl(fd, F_SETFL, O_ASYNC));
	expect(sigtimedwait(&io, NULL, &limit) == SIGIO);
}

int main(void)
{
	int fd = open(DEVICE, O_RDONLY);
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	unsigned char buffer[16];
	unsigned char *page;

	print_lines();
	expect(fd >= 0);
	page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	expect(page != MAP_FAILED);
	expect(read(fd, buffer, sizeof(buffer)) == sizeof(buffer));
	puts("holding");

	/* Nobody changes the page, so only the unbinding ends this sleep. */
	expect(poll(&pfd, 1, -1) == 1);
	expect(pfd.revents == (POLLERR | POLLHUP));

	expect_errno(read(fd, buffer, sizeof(buffer)), ENODEV);
	expect_errno(pread(fd, buffer, sizeof(buffer), 0), ENODEV);
	expect(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED && errno == ENODEV);
	expect(!memcmp(page, "VCLK", 4));
	expect_errno(mprotect(page, 4096, PROT_READ | PROT_WRITE), EACCES);
	signal_is_sent(fd);
	puts("ok");

	while (read(0, buffer, sizeof(buffer)) > 0)
		;
	expect(!munmap(page, 4096));
	expect(!close(fd));
	return 0;
}
