/* SPDX-License-Identifier: MIT */
/* The state, as the command show prints it. */
#ifndef VMCLOCK_SIM_SHOW_H
#define VMCLOCK_SIM_SHOW_H

#include <stddef.h>

struct sim;

/* @answer receives a line for each value. */
void sim_show(const struct sim *sim, char *answer, size_t size);

#endif /* VMCLOCK_SIM_SHOW_H */
