// SPDX-License-Identifier: MIT
/*
 * Stamps events with the system clock, but not after the clock was disrupted: a
 * database must not order transactions by such stamps. If vmclockd runs, goes on
 * when the clock is trusted again. Stamps are in TAI, because UTC goes back in a
 * positive leap second. Reports maintenance that the host announces.
 *
 * Usage: stamp-events [COUNT [INTERVAL-MS]]      (no COUNT: until stopped)
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <vmclock.h>

static void rest(unsigned long ms)
{
	const struct timespec ts = {
		.tv_sec = (time_t)(ms / 1000),
		.tv_nsec = (long)(ms % 1000) * 1000000,
	};

	nanosleep(&ts, NULL);
}

static const char *announced(const struct vmclock *vc)
{
	struct vmclock_state state;

	if (vmclock_read_state(vc, &state))
		return "unknown, the host is busy";
	if (state.flags & VMCLOCK_FLAG_MAINTENANCE_IMMINENT)
		return "imminent, within about an hour";
	if (state.flags & VMCLOCK_FLAG_MAINTENANCE_SOON)
		return "soon, within about a day";
	return "none announced";
}

/* Prints changes of announced maintenance. Here: begin no work that a disruption spoils. */
static void report_maintenance(const struct vmclock *vc)
{
	static const char *before = "none announced";
	const char *now = announced(vc);

	if (strcmp(now, before))
		printf("maintenance: %s\n", now);
	before = now;
}

static long ms_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Returns 0 with the marker to go on with, or a negative errno value. */
static int wait_until_right(const struct vmclock *vc, uint64_t *marker)
{
	long began = ms_now();
	int ret;

	while ((ret = vmclock_system_trusted(vc, marker))) {
		if (ret == -ENOENT) {
			/* No vmclockd runs. Here: correct the clock. Then go on. */
			*marker = vmclock_marker(vc);
			return 0;
		}
		ret = vmclock_system_wait_trusted(vc, NULL);
		if (ret)
			return ret;
	}
	printf("the clock is trusted again, after %ld ms, marker %" PRIu64 "\n", ms_now() - began,
	       *marker);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	unsigned long interval = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000;
	struct vmclock *vc;
	struct timespec ts;
	unsigned long i;
	uint64_t marker;
	int ret;

	ret = vmclock_open(&vc, NULL);
	if (ret) {
		fprintf(stderr,
			"stamp-events: cannot open the VMClock device: %s; vmclock-check tells more\n",
			vmclock_strerror(ret));
		return 1;
	}

	setvbuf(stdout, NULL, _IOLBF, 0);
	marker = vmclock_marker(vc);
	printf("watching, marker %" PRIu64 "\n", marker);

	for (i = 1; !count || i <= count; i++) {
		report_maintenance(vc);
		ret = vmclock_system_time(vc, CLOCK_TAI, marker, &ts);
		if (ret == -ESTALE) {
			printf("event %lu REFUSED: clock disrupted, marker %" PRIu64 " -> %" PRIu64 "\n",
			       i, marker, vmclock_marker(vc));
			ret = wait_until_right(vc, &marker);
		} else if (!ret) {
			printf("event %lu at %lld.%09ld\n", i, (long long)ts.tv_sec, ts.tv_nsec);
		}
		if (ret) {
			fprintf(stderr, "stamp-events: cannot read the clock: %s\n", vmclock_strerror(ret));
			break;
		}
		rest(interval);
	}

	vmclock_close(vc);
	return ret != 0;
}
