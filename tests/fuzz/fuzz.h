/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* What must hold whatever the input is. */
#define CHECK(cond) \
	do { \
		if (!(cond)) { \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #cond); \
			abort(); \
		} \
	} while (0)

/* libFuzzer requires this name. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int fuzz_clock_gettime(clockid_t clock, struct timespec *ts);

#endif /* FUZZ_H */
