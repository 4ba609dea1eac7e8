// SPDX-License-Identifier: MIT
#include <time.h>
#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>
#endif

#include "calc/base.h"
#include "common/number.h"
#include "counter.h"
#include "vmclock-abi.h"

#define PAIRS		32
#define MEASURE_NS	200000000

#if defined(__x86_64__)

const char *sim_counter_check(void)
{
	unsigned int eax, ebx, ecx, edx;

	if (!__get_cpuid(0x80000007, &eax, &ebx, &ecx, &edx) || !(edx & (1 << 8)))
		return "this CPU has no invariant TSC to count time by";
	return NULL;
}

uint8_t sim_counter_id(void)
{
	return VMCLOCK_COUNTER_X86_TSC;
}

uint64_t sim_counter_read(void)
{
	uint64_t value;

	/* The fences keep the CPU from moving the read in either direction. */
	_mm_lfence();
	value = __rdtsc();
	_mm_lfence();
	return value;
}

#elif defined(__aarch64__)

const char *sim_counter_check(void)
{
	return NULL;
}

uint8_t sim_counter_id(void)
{
	return VMCLOCK_COUNTER_ARM_VCNT;
}

uint64_t sim_counter_read(void)
{
	uint64_t value;

	__asm__ volatile("isb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(value) : : "memory");
	return value;
}

#else

const char *sim_counter_check(void)
{
	return "VMClock pages know no counter of this architecture";
}

uint8_t sim_counter_id(void)
{
	return VMCLOCK_COUNTER_INVALID;
}

uint64_t sim_counter_read(void)
{
	return 0;
}

#endif

void sim_counter_pair(clockid_t clock, long double tick, struct sim_pair *pair)
{
	uint64_t best = UINT64_MAX;
	int i;

	for (i = 0; i < PAIRS; i++) {
		uint64_t before, width;
		struct timespec ts;

		before = sim_counter_read();
		clock_gettime(clock, &ts);
		width = sim_counter_read() - before;
		if (width >= best)
			continue;
		best = width;
		pair->counter = before + width / 2;
		pair->time = sim_time_of(ts.tv_sec, ts.tv_nsec);
	}
	/* The clock was read somewhere in between, and it rounds down to the nanosecond. */
	pair->error = (uint64_t)(((long double)best / 2 + 1) * tick * NS_PER_SEC) + 2;
}

long double sim_counter_measure(void)
{
	const struct timespec rest = { .tv_nsec = MEASURE_NS };
	struct sim_pair first, last;

	sim_counter_pair(CLOCK_MONOTONIC_RAW, 0, &first);
	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, NULL))
		;
	sim_counter_pair(CLOCK_MONOTONIC_RAW, 0, &last);
	if (last.counter == first.counter)
		return 0;
	return (long double)(last.time - first.time) / TWO_TO_64 /
	       (long double)(last.counter - first.counter);
}
