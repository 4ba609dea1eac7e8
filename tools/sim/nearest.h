/* SPDX-License-Identifier: MIT */
/* The name that somebody may have meant. */
#ifndef VMCLOCK_SIM_NEAREST_H
#define VMCLOCK_SIM_NEAREST_H

#include <stddef.h>

/*
 * @name_of: the names by their numbers from 0; NULL ends them. Returns the name that is
 * at most a third of @word away from it, in letters; or NULL.
 */
const char *sim_nearest(const char *word, const char *(*name_of)(size_t number));

#endif /* VMCLOCK_SIM_NEAREST_H */
