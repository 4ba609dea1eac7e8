/* SPDX-License-Identifier: MIT */
/* Whether a command has an effect. A command without one is refused. */
#ifndef VMCLOCK_SIM_EFFECT_H
#define VMCLOCK_SIM_EFFECT_H

#include <stddef.h>

struct sim;
struct sim_command;
struct sim_options;

/* Both return 0, or -1 with the error and its remedy in @why, without a newline. */

/* Has it an effect on a page of these options? */
int sim_effect_on_page(const struct sim_options *options, const struct sim_command *command,
		       char *why, size_t size);
/* Has it one in the present state? */
int sim_effect_now(const struct sim *sim, const struct sim_command *command, char *why, size_t size);

#endif /* VMCLOCK_SIM_EFFECT_H */
