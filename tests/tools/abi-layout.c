// SPDX-License-Identifier: MIT
/* Prints the parts of vmclock.h that a binding needs, for the test of examples/vmclock.py. */
#include <stddef.h>
#include <stdio.h>

#include "vmclock.h"

#define SIZE(type)     printf("%s %zu\n", #type, sizeof(struct type))
#define CONSTANT(name) printf("%s %lu\n", #name, (unsigned long)VMCLOCK_##name)
#define FIELD(type, field)                                                     \
	printf("%s.%s %zu %zu\n", #type, #field, offsetof(struct type, field), \
	       sizeof(((struct type *)NULL)->field))

int main(void)
{
	SIZE(vmclock_time);
	FIELD(vmclock_time, time);
	FIELD(vmclock_time, earliest);
	FIELD(vmclock_time, latest);
	FIELD(vmclock_time, counter);
	FIELD(vmclock_time, marker);
	FIELD(vmclock_time, flags);
	FIELD(vmclock_time, status);
	FIELD(vmclock_time, leap);
	FIELD(vmclock_time, reserved);
	SIZE(vmclock_quality);
	FIELD(vmclock_quality, age);
	FIELD(vmclock_quality, esterror);
	FIELD(vmclock_quality, marker);
	FIELD(vmclock_quality, flags);
	FIELD(vmclock_quality, status);
	FIELD(vmclock_quality, reserved);
	SIZE(vmclock_state);
	FIELD(vmclock_state, marker);
	FIELD(vmclock_state, generation);
	FIELD(vmclock_state, flags);
	FIELD(vmclock_state, status);
	FIELD(vmclock_state, reserved);
	SIZE(timespec);
	FIELD(timespec, tv_sec);
	FIELD(timespec, tv_nsec);
	CONSTANT(SCALE_UTC);
	CONSTANT(SCALE_TAI);
	CONSTANT(SCALE_SMEARED);
	CONSTANT(FLAG_MAINTENANCE_SOON);
	CONSTANT(FLAG_MAINTENANCE_IMMINENT);
	CONSTANT(FLAG_MONOTONIC);
	CONSTANT(FLAG_GENERATION_PRESENT);
	CONSTANT(FLAG_BOUNDED);
	CONSTANT(FLAG_COMPLETED);
	CONSTANT(FLAG_ESTIMATED);
	printf("CLOCK_TAI %d\n", CLOCK_TAI);
	return 0;
}
