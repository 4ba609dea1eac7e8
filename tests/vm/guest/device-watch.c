// SPDX-License-Identifier: MIT
/*
 * A mapping reader: prints "marker N" at the start and at each change it
 * sees in the mapped page, until it has seen COUNT changes.
 */
#include <endian.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <time.h>

#include "guest.h"
#include "vmclock-abi.h"

int main(int argc, char **argv)
{
	const struct timespec rest = { .tv_nsec = 1000000 };
	int count = atoi(argc > 1 ? argv[1] : "1");
	const struct vmclock_abi *page;
	uint64_t marker, seen;
	int fd = open(DEVICE, O_RDONLY);

	print_lines();
	expect(fd >= 0);
	page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	expect(page != MAP_FAILED);

	seen = le64toh(__atomic_load_n(&page->disruption_marker, __ATOMIC_RELAXED));
	printf("marker %" PRIu64 "\n", seen);
	while (count) {
		marker = le64toh(__atomic_load_n(&page->disruption_marker, __ATOMIC_RELAXED));
		if (marker != seen) {
			printf("marker %" PRIu64 "\n", marker);
			seen = marker;
			count--;
		}
		nanosleep(&rest, NULL);
	}
	return 0;
}
