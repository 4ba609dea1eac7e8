// SPDX-License-Identifier: MIT
/*
 * vmclock_wait_disrupted() on a real device: prints "waiting", then the result and the
 * markers. Fails if it was busy for more than a quarter of the time, or left
 * another number of descriptors open than it found.
 *
 * Usage: lib-wait [SECONDS]	SECONDS: the timeout, none by default
 *	  lib-wait --after FILE	waits only once FILE is there
 */
#include <dirent.h>
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "vmclock.h"

static double seconds(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	expect(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void wait_for_file(const char *path)
{
	const struct timespec rest = { .tv_nsec = 10000000 };

	while (access(path, F_OK))
		nanosleep(&rest, NULL);
}

int main(int argc, char **argv)
{
	bool after = argc > 2 && !strcmp(argv[1], "--after");
	bool limited = argc > 1 && !after;
	struct timespec timeout = { .tv_sec = limited ? atoi(argv[1]) : 0 };
	struct vmclock *vc;
	double slept, busy;
	uint64_t marker;
	int ret, open;

	print_lines();
	expect(!vmclock_open(&vc, NULL));
	marker = vmclock_marker(vc);
	puts("waiting");
	if (after)
		wait_for_file(argv[2]);

	open = descriptors();
	slept = seconds(CLOCK_MONOTONIC);
	busy = seconds(CLOCK_PROCESS_CPUTIME_ID);
	ret = vmclock_wait_disrupted(vc, marker, limited ? &timeout : NULL);
	slept = seconds(CLOCK_MONOTONIC) - slept;
	busy = seconds(CLOCK_PROCESS_CPUTIME_ID) - busy;

	expect(descriptors() == open);
	/* In a shorter time the processor itself may have been away, which counts as busy. */
	if (slept > 1.5)
		expect(busy < slept / 4);
	printf("%s %" PRIu64 " -> %" PRIu64 "\n", ret ? strerror(-ret) : "disrupted", marker,
	       vmclock_marker(vc));
	vmclock_close(vc);
	return 0;
}
