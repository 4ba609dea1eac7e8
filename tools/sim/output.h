/* SPDX-License-Identifier: MIT */
/* Standard output and standard error, which never keep the page waiting. */
#ifndef VMCLOCK_SIM_OUTPUT_H
#define VMCLOCK_SIM_OUTPUT_H

#include <stdbool.h>

/* From now on threads write; before, each call does. Returns 0, or -1 with a line on stderr. */
int sim_output_start(void);
/* On standard output. False: nobody reads it, and there is no room; it is dropped. */
bool sim_print(const char *text);
/* A line on standard error, which begins with the program's name. */
void sim_report(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Is there room for the answers to many commands? */
bool sim_output_has_room(void);
/* Could not even the first line be written? Nobody knows of the page then. */
bool sim_output_is_void(void);
/*
 * Waits until all is written, or until nobody has read for a while. Returns 0, or -1:
 * some of the output was lost, which is said.
 */
int sim_output_end(void);

#endif /* VMCLOCK_SIM_OUTPUT_H */
