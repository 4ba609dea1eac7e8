/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* libFuzzer requires this name. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int fuzz_clock_gettime(clockid_t clock, struct timespec *ts);

#endif /* FUZZ_H */
