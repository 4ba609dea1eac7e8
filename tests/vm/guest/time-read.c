// SPDX-License-Identifier: MIT
/*
 * Reads the time in all scales: time-read [SECONDS]. Once, or every 5 ms for this
 * time. Prints one line for each reading; times in nanoseconds, "-" without bounds. A
 * failing reading prints the scale and the name of the error.
 *
 *	SCALE COUNTER TIME EARLIEST LATEST LEAP		SCALE: utc, tai, smeared
 */
#include <inttypes.h>
#include <time.h>

#include "guest.h"
#include "vmclock.h"

static const char *const scales[] = {
	[VMCLOCK_SCALE_UTC] = "utc",
	[VMCLOCK_SCALE_TAI] = "tai",
	[VMCLOCK_SCALE_SMEARED] = "smeared",
};

static int64_t ns(const struct timespec *ts)
{
	return ts->tv_sec * INT64_C(1000000000) + ts->tv_nsec;
}

static void print_reading(const struct vmclock *vc, enum vmclock_scale scale)
{
	struct vmclock_time t;
	int ret = vmclock_now(vc, scale, &t);

	if (ret) {
		printf("%s %s\n", scales[scale], strerrorname_np(-ret));
		return;
	}
	printf("%s %" PRIu64 " %" PRId64, scales[scale], t.counter, ns(&t.time));
	if (t.flags & VMCLOCK_FLAG_BOUNDED)
		printf(" %" PRId64 " %" PRId64, ns(&t.earliest), ns(&t.latest));
	else
		printf(" - -");
	printf(" %u\n", t.leap);
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	const struct timespec rest = { .tv_nsec = 5000000 };
	double end = seconds() + (argc > 1 ? atof(argv[1]) : 0);
	struct vmclock *vc;

	expect(!vmclock_open(&vc, NULL));
	do {
		print_reading(vc, VMCLOCK_SCALE_UTC);
		print_reading(vc, VMCLOCK_SCALE_TAI);
		print_reading(vc, VMCLOCK_SCALE_SMEARED);
		nanosleep(&rest, NULL);
	} while (seconds() < end);
	vmclock_close(vc);
	return 0;
}
