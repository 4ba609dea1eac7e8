/* SPDX-License-Identifier: MIT */
/* Options that exclude each other. */
#ifndef VMCLOCK_SIM_EXCLUDE_H
#define VMCLOCK_SIM_EXCLUDE_H

#include <stdbool.h>
#include <stddef.h>

#include "vmclock-abi.h"

#define SIM_OPTIONS_MAX 64

/* The size of the smallest page that has this field. */
#define SIM_REACHES(field) \
	(offsetof(struct vmclock_abi, field) + sizeof(((struct vmclock_abi *)NULL)->field))
/* That of the smallest page with time. */
#define SIM_REACHES_TIME SIM_REACHES(time_frac_sec)

/* The names of the options that were given. */
struct sim_given {
	const char *names[SIM_OPTIONS_MAX];
	size_t count;
};

struct sim_options;

bool sim_is_given(const struct sim_given *given, const char *name);
/* Returns 0, or -1 with a line on stderr: two of the options contradict each other. */
int sim_exclude(const struct sim_options *options, const struct sim_given *given);

#endif /* VMCLOCK_SIM_EXCLUDE_H */
