/* SPDX-License-Identifier: MIT */
/* Shared by the programs that scenarios run in a guest. */
#ifndef GUEST_H
#define GUEST_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The device that the library opens. */
#define DEVICE (getenv("VMCLOCK_PATH") ? getenv("VMCLOCK_PATH") : "/dev/vmclock0")

/* Prints one line about the fault, and exits with status 1. */
#define fail(...) \
	do { \
		printf(__VA_ARGS__); \
		printf(" (%s:%d)\n", __FILE__, __LINE__); \
		exit(1); \
	} while (0)

#define expect(cond) \
	do { \
		if (!(cond)) \
			fail("not so: %s; errno %s", #cond, strerror(errno)); \
	} while (0)

/* The call must give -1 and this errno. */
#define expect_errno(call, number) \
	do { \
		errno = 0; \
		if ((call) != -1 || errno != (number)) \
			fail("%s gave \"%s\", not \"%s\"", #call, strerror(errno), \
			     strerror(number)); \
	} while (0)

/* Makes each line appear at once, because the scenario waits for it. */
static inline void print_lines(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
}

#endif /* GUEST_H */
