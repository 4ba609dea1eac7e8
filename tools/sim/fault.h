/* SPDX-License-Identifier: MIT */
/* Pages that break one rule of vmclock-rules(7), and no other. */
#ifndef VMCLOCK_SIM_FAULT_H
#define VMCLOCK_SIM_FAULT_H

#include <stdbool.h>
#include <stddef.h>

struct sim;
struct sim_fault;

/* NULL: there is none of that name. */
const struct sim_fault *sim_fault_named(const char *name);
/* Prints the names, for --help and errors: NAME, NAME ... */
void sim_fault_list(char *to, size_t size);
/* A page that breaks its rule as it stands is published once: no update may break another. */
bool sim_fault_holds(const struct sim_fault *fault);
/* Changes the content of the next update. Call it when all else is filled in. */
void sim_fault_spoil(struct sim *sim);
/* Publishes the update as the fault has it. False: as usual. */
bool sim_fault_publish(struct sim *sim);

#endif /* VMCLOCK_SIM_FAULT_H */
