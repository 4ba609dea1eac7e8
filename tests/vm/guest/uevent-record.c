// SPDX-License-Identifier: MIT
/*
 * Prints "listening", then for each uevent of a VMClock device a line with its
 * VMCLOCK_ variables, as soon as it comes. It is fast enough, and has room enough, to
 * lose no event of a flood.
 */
#include <linux/netlink.h>
#include <sys/socket.h>

#include "guest.h"

#define ROOM (64 << 20)
#define OURS "VMCLOCK_"

static void print_variables(const char *text, const char *end)
{
	const char *separator = "";

	for (; text < end; text += strlen(text) + 1) {
		if (strncmp(text, OURS, strlen(OURS)))
			continue;
		printf("%s%s", separator, text);
		separator = " ";
	}
	if (*separator)
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
