/* SPDX-License-Identifier: MIT */
/* Pages that break one rule of vmclock-rules(7), and no other. */
#ifndef VMCLOCK_SIM_FAULT_H
#define VMCLOCK_SIM_FAULT_H

#include <stdbool.h>
#include <stddef.h>

struct sim;
struct sim_fault;

/* NULL: there is no fault of this name. */
const struct sim_fault *sim_fault_named(const char *name);
/* The names by their numbers from 0; NULL: there are no more. */
const char *sim_fault_name(size_t number);
/* Prints the names, for --help and errors: NAME, NAME ... */
void sim_fault_list(char *to, size_t size);
/*
 * True: the page breaks its rule without updates. It is published once, since an
 * update could break another rule.
 */
bool sim_fault_holds(const struct sim_fault *fault);
/* Changes the content of the next update. Call it when all other fields are filled in. */
void sim_fault_spoil(struct sim *sim);
/* Publishes the update in the way of the fault. False: the fault publishes as usual. */
bool sim_fault_publish(struct sim *sim);

#endif /* VMCLOCK_SIM_FAULT_H */
