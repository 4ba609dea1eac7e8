/* SPDX-License-Identifier: MIT */
/* The time-stamp counter. */
#ifndef VMCLOCK_COUNTER_X86_H
#define VMCLOCK_COUNTER_X86_H

#include <cpuid.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "vmclock-abi.h"

#define COUNTER_ID VMCLOCK_COUNTER_X86_TSC

/*
 * RDTSC returns two halves. Subtract @start from the low half first, while the
 * high half is being shifted.
 */
static inline uint64_t counter_join(uint64_t high, uint64_t low, uint64_t start)
{
	low -= start;
	/* Keeps the compiler from subtracting @start last. */
	__asm__("" : "+r"(low));
	return (high << 32) + low;
}

static inline uint64_t counter_relaxed_since(uint64_t start)
{
	uint64_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return counter_join(high, low, start);
}

/* LFENCE; RDTSC orders as strictly as RDTSCP here, and was faster on AMD EPYC 7003. */
static inline uint64_t counter_ordered_since(uint64_t start)
{
	uint64_t low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return counter_join(high, low, start);
}

/* Does the kernel offer the counter as a clocksource? Not if it found the counter unsteady. */
static inline bool counter_offered_by_kernel(void)
{
	char sources[256], *source, *rest;
	ssize_t len;
	int fd;

	fd = open("/sys/devices/system/clocksource/clocksource0/available_clocksource",
		  O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, sources, sizeof(sources) - 1);
	close(fd);
	if (len < 0)
		return false;
	sources[len] = '\0';
	for (source = strtok_r(sources, " \n", &rest); source; source = strtok_r(NULL, " \n", &rest))
		if (!strcmp(source, "tsc"))
			return true;
	return false;
}

/*
 * The counter is steady if the processor has the "invariant TSC" bit. Hypervisors hide
 * the bit from machines that may migrate: without it, ask the kernel.
 */
static inline bool counter_steady(void)
{
	unsigned int eax, ebx, ecx, edx;

	if (__get_cpuid(0x80000007, &eax, &ebx, &ecx, &edx) && edx & (1U << 8))
		return true;
	return counter_offered_by_kernel();
}

#endif /* VMCLOCK_COUNTER_X86_H */
