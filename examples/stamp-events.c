// SPDX-License-Identifier: MIT
/*
 * Stamps events with the system clock, and refuses to once the clock has
 * been disrupted: what a database would do before it orders transactions by
 * such a stamp. In TAI, for UTC goes back in a positive leap second. Says so
 * when the host announces maintenance, with every host.
 *
 * Usage: stamp-events [COUNT [INTERVAL-MS]]      (no COUNT: until stopped)
 */
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
	if (state.flags & VMCLOCK_MAINTENANCE_IMMINENT)
		return "imminent, within about an hour";
	if (state.flags & VMCLOCK_MAINTENANCE_SOON)
		return "soon, within about a day";
	return "none announced";
}

/* Prints it where it has changed. Here: begin nothing that a disruption would spoil. */
static void report_maintenance(const struct vmclock *vc)
{
	static const char *before = "none announced";
	const char *now = announced(vc);

	if (strcmp(now, before))
		printf("maintenance: %s\n", now);
	before = now;
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
		fprintf(stderr, "stamp-events: cannot open the VMClock device: %s\n", strerror(-ret));
		return 1;
	}

	setvbuf(stdout, NULL, _IOLBF, 0);
	marker = vmclock_marker(vc);
	printf("watching, marker %" PRIu64 "\n", marker);

	for (i = 1; !count || i <= count; i++) {
		report_maintenance(vc);
		ret = vmclock_gettime(vc, CLOCK_TAI, marker, &ts);
		if (ret == -ESTALE) {
			uint64_t now = vmclock_marker(vc);

			printf("event %lu REFUSED: clock disrupted, marker %" PRIu64 " -> %" PRIu64 "\n",
			       i, marker, now);
			/* Here: wait until the clock is right again. Then go on. */
			marker = now;
		} else if (ret) {
			fprintf(stderr, "stamp-events: cannot read the clock: %s\n", strerror(-ret));
			break;
		} else {
			printf("event %lu at %lld.%09ld\n", i, (long long)ts.tv_sec, ts.tv_nsec);
		}
		rest(interval);
	}

	vmclock_close(vc);
	return ret && ret != -ESTALE;
}
