// SPDX-License-Identifier: MIT
/*
 * Compares exact cross timestamps of a PTP clock with vmclock_at() on the same counter
 * value. Prints lines of "FIRST LAST DEVICE REALTIME MONORAW": the counter values
 * during the call whose TAI by vmclock_at() equals the device's time to the
 * nanosecond; fails if there is none.
 *
 * Usage: time-precise CLOCK COUNT
 */
#include <fcntl.h>
#include <inttypes.h>
#include <linux/ptp_clock.h>
#include <sys/ioctl.h>
#include <time.h>

#include "guest.h"
#include "vmclock.h"
#include "../../counter.h"

static int64_t ns(const struct ptp_clock_time *t)
{
	return t->sec * INT64_C(1000000000) + t->nsec;
}

static int64_t time_at(const struct vmclock *vc, uint64_t counter)
{
	struct vmclock_time t;

	expect(!vmclock_at(vc, VMCLOCK_SCALE_TAI, counter, &t));
	return t.time.tv_sec * INT64_C(1000000000) + t.time.tv_nsec;
}

/* The first of before..after whose time is not before @time; after + 1: none. */
static uint64_t first_at(const struct vmclock *vc, int64_t time, uint64_t before, uint64_t after)
{
	while (before <= after) {
		uint64_t middle = before + (after - before) / 2;

		if (time_at(vc, middle) < time)
			before = middle + 1;
		else
			after = middle - 1;
	}
	return before;
}

int main(int argc, char **argv)
{
	struct ptp_sys_offset_precise precise;
	uint64_t before, after, first, last;
	struct vmclock *vc;
	int fd, i, ret;

	expect(argc == 3);
	fd = open(argv[1], O_RDWR);
	expect(fd >= 0);
	expect(!vmclock_open(&vc, NULL));
	for (i = 0; i < atoi(argv[2]); i++) {
		int64_t device;

		memset(&precise, 0, sizeof(precise));
		before = read_counter();
		ret = ioctl(fd, PTP_SYS_OFFSET_PRECISE, &precise);
		after = read_counter();
		expect(!ret);
		device = ns(&precise.device);
		first = first_at(vc, device, before, after);
		last = first_at(vc, device + 1, before, after) - 1;
		if (first > last)
			fail("%" PRId64 " is the time of no counter in %" PRIu64 "..%" PRIu64
			     ", they are %" PRId64 "..%" PRId64, device, before, after,
			     time_at(vc, before), time_at(vc, after));
		printf("%" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", first, last,
		       device, ns(&precise.sys_realtime), ns(&precise.sys_monoraw));
	}
	vmclock_close(vc);
	return 0;
}
