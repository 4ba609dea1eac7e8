// SPDX-License-Identifier: MIT
/*
 * Reads the page by io_uring(7) in the middle of an update: prints "reading", and the
 * result when the read has completed, or "missing" if the kernel has no io_uring.
 */
#include <fcntl.h>

#include "guest.h"
#include "uring.h"

int main(void)
{
	int fd = open(DEVICE, O_RDONLY);
	static char page[64];

	print_lines();
	expect(fd >= 0);
	if (!uring_open()) {
		puts("missing");
		return 0;
	}
	uring_submit(&(struct io_uring_sqe) {
		.opcode = IORING_OP_READ, .fd = fd, .addr = (uintptr_t)page, .len = sizeof(page),
	});
	puts("reading");
	printf("%d\n", uring_completion());
	return 0;
}
