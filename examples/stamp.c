// SPDX-License-Identifier: MIT
/* The least that a program does: it stamps an event only by a clock that was not disrupted. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <vmclock.h>

int main(void)
{
	struct vmclock *vc;
	struct timespec ts;
	int ret = vmclock_open(&vc, NULL);

	if (ret) {
		fprintf(stderr, "no VMClock: %s; vmclock-check tells more\n", vmclock_strerror(ret));
		return 1;
	}
	uint64_t marker = vmclock_marker(vc); /* the clock is right now: remember */
	fputs("press Enter\n", stderr);
	getchar(); /* the event */
	ret = vmclock_system_time(vc, CLOCK_TAI, marker, &ts);
	if (ret == -ESTALE)
		puts("the clock was disrupted: set it right before you use it");
	else if (ret)
		fprintf(stderr, "cannot read the clock: %s\n", vmclock_strerror(ret));
	else
		printf("%lld.%09ld\n", (long long)ts.tv_sec, ts.tv_nsec);
	vmclock_close(vc);
	return ret != 0;
}
