// SPDX-License-Identifier: MIT
/*
 * Prints "listening", then for each uevent of a VMClock device a line with the time of
 * its arrival and its VMCLOCK_ variables, as soon as it comes. It is fast enough, and has
 * room enough, to lose no event of a flood.
 */
#include <linux/netlink.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <time.h>

#include "guest.h"

#define ROOM (64 << 20)
#define OURS "VMCLOCK_"

static void print_variables(const char *text, const char *end)
{
	struct timespec now;
	bool ours = false;

	clock_gettime(CLOCK_MONOTONIC, &now);
	for (; text < end; text += strlen(text) + 1) {
		if (strncmp(text, OURS, strlen(OURS)))
			continue;
		if (!ours)
			printf("AT=%lld.%06ld", (long long)now.tv_sec, now.tv_nsec / 1000);
		ours = true;
		printf(" %s", text);
	}
	if (ours)
		putchar('\n');
}

int main(void)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	static char message[8192];
	const int room = ROOM;
	ssize_t got;

	print_lines();
	expect(fd >= 0);
	expect(!setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)));
	expect(!bind(fd, (struct sockaddr *)&kernel, sizeof(kernel)));
	puts("listening");
	for (;;) {
		got = recv(fd, message, sizeof(message) - 1, 0);
		expect(got > 0);
		message[got] = '\0';
		print_variables(message, message + got);
	}
}
