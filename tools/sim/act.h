/* SPDX-License-Identifier: MIT */
/* What the commands do. */
#ifndef VMCLOCK_SIM_ACT_H
#define VMCLOCK_SIM_ACT_H

#include <stddef.h>

struct sim;
struct sim_command;

/*
 * Does what the command says. @answer receives the lines that the command prints; most
 * print none. Returns 0, or -1 with the error and its remedy in @answer, without a
 * newline: nothing was done.
 */
int sim_act(struct sim *sim, const struct sim_command *command, char *answer, size_t size);

#endif /* VMCLOCK_SIM_ACT_H */
