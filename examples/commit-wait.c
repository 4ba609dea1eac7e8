// SPDX-License-Identifier: MIT
/*
 * Commit wait, as in a distributed database. A transaction gets the latest possible present time,
 * and is answered when this time is certainly over. So a transaction that begins after the answer,
 * on any machine, gets a later time. Times are in TAI, where each number is one instant.
 *
 * A disruption during the wait makes the time worthless: the transaction is rolled back.
 *
 * Usage: commit-wait [COUNT]      (default: 1)
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <vmclock.h>

static const char *why(int error)
{
	switch (-error) {
	case ESTALE:
		return "the clock was disrupted";
	case EAGAIN:
		return "nobody is sure of the time now";
	case ENODATA:
		return "the page gives no time with bounds, and no vmclockd completes it";
	case EOPNOTSUPP:
		return "the page counts by another counter, or this CPU's is not steady";
	default:
		return vmclock_strerror(error);
	}
}

static int commit(const struct vmclock *vc)
{
	struct vmclock_time now;
	int ret;

	ret = vmclock_now(vc, VMCLOCK_SCALE_TAI, &now);
	if (ret)
		return ret;
	if (!(now.flags & VMCLOCK_FLAG_BOUNDED))
		return -ENODATA;

	/* Here: write the transaction to the log, with now.latest as its time. */
	printf("written with the time %lld.%09ld\n", (long long)now.latest.tv_sec,
	       now.latest.tv_nsec);

	do
		ret = vmclock_wait_past(vc, VMCLOCK_SCALE_TAI, now.marker, &now.latest, NULL);
	while (ret == -EINTR);
	return ret;
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
	struct vmclock *vc;
	unsigned long i;
	int ret;

	ret = vmclock_open(&vc, NULL);
	if (ret) {
		fprintf(stderr,
			"commit-wait: cannot open the VMClock device: %s; vmclock-check tells more\n",
			vmclock_strerror(ret));
		return 1;
	}

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 1; i <= count; i++) {
		ret = commit(vc);
		if (!ret) {
			printf("transaction %lu: committed\n", i);
		} else if (ret == -ESTALE) {
			/* Here: begin the transaction again when the time is known again. */
			printf("transaction %lu: rolled back: %s\n", i, why(ret));
		} else {
			fprintf(stderr, "commit-wait: cannot commit: %s\n", why(ret));
			break;
		}
	}

	vmclock_close(vc);
	return ret != 0;
}
