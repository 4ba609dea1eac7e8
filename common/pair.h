/* SPDX-License-Identifier: MIT */
/* A pair is a reading of the kernel's clocks at one value of the CPU's counter. */
#ifndef VMCLOCK_COMMON_PAIR_H
#define VMCLOCK_COMMON_PAIR_H

#include <stdint.h>

struct pair {
	uint64_t counter;	/* the middle of the bracket */
	int64_t real;		/* CLOCK_REALTIME, ns since 1970 */
	int64_t raw;		/* CLOCK_MONOTONIC_RAW, ns */
	uint64_t width;		/* ticks of the bracket, within which both clocks were read */
};

/* Both clocks, read between two readings of the counter. */
struct bracket {
	uint64_t begin;
	uint64_t end;
	int64_t real;
	int64_t raw;
};

#define PAIR_TRIES	20

/**
 * pair_tightest() - make a pair from the narrowest bracket
 * @brackets:	the brackets
 * @count:	how many, at least 1
 * @pair:	receives the pair
 *
 * Return: 0; or -EIO: the counter went forward in no bracket.
 */
int pair_tightest(const struct bracket *brackets, unsigned int count, struct pair *pair);

/**
 * pair_read() - read the clocks @tries times, and keep the tightest pair
 * @pair:	receives the pair
 * @tries:	1..PAIR_TRIES
 *
 * Reads the clocks in user space if the kernel allows. The counter values of the
 * readings differ from the pair's by at most half the width, rounded up. The
 * readings are rounded down to the nanosecond.
 *
 * Return: 0; -EINVAL: @tries is out of range; -EIO: as above, or a clock does not
 * fit in 64 bits of ns; or the error of clock_gettime().
 */
int pair_read(struct pair *pair, unsigned int tries);

#endif /* VMCLOCK_COMMON_PAIR_H */
