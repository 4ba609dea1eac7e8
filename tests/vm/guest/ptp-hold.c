// SPDX-License-Identifier: MIT
/*
 * Holds a PTP clock open and reads it without pause, while the driver is unbound:
 * ptp-hold CLOCK. Prints "holding", then "ok" when every way of reading gives ENODEV;
 * then stays until stdin ends.
 */
#include <fcntl.h>
#include <linux/ptp_clock.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

#define FD_TO_CLOCKID(fd) ((clockid_t)(~(unsigned int)(fd) << 3 | 3))

static int fd;

static int get_time(void)
{
	struct timespec ts;

	return clock_gettime(FD_TO_CLOCKID(fd), &ts);
}

static int get_extended(void)
{
	struct ptp_sys_offset_extended extended = { .n_samples = 3 };

	return ioctl(fd, PTP_SYS_OFFSET_EXTENDED, &extended);
}

static int get_precise(void)
{
	struct ptp_sys_offset_precise precise = { 0 };

	return ioctl(fd, PTP_SYS_OFFSET_PRECISE, &precise);
}

static int get_caps(void)
{
	struct ptp_clock_caps caps;

	return ioctl(fd, PTP_CLOCK_GETCAPS, &caps);
}

int main(int argc, char **argv)
{
	int (*const ways[])(void) = { get_time, get_extended, get_precise, get_caps };
	const int count = sizeof(ways) / sizeof(ways[0]);
	struct pollfd pfd = { .events = POLLIN };
	char buffer[64];
	int gone = 0;
	int i;

	print_lines();
	expect(argc > 1);
	fd = open(argv[1], O_RDWR);
	expect(fd >= 0);
	for (i = 0; i < count; i++)
		expect(!ways[i]());
	puts("holding");

	/* A clock that is gone stays gone. */
	for (i = 0; gone < 3 * count; i = (i + 1) % count) {
		if (!ways[i]()) {
			expect(!gone);
			continue;
		}
		expect(errno == ENODEV);
		gone++;
	}
	expect_errno(read(fd, buffer, sizeof(buffer)), ENODEV);
	pfd.fd = fd;
	expect(poll(&pfd, 1, 0) >= 0);
	puts("ok");

	while (read(0, buffer, sizeof(buffer)) > 0)
		;
	expect(!close(fd));
	return 0;
}
