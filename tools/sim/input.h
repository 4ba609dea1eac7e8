/* SPDX-License-Identifier: MIT */
/* The sources of commands: stdin, the control socket, a script; and the socket's client. */
#ifndef VMCLOCK_SIM_INPUT_H
#define VMCLOCK_SIM_INPUT_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct sim;
struct sim_options;

/* Both return 0, or the exit status with a line on stderr. */
int sim_input_read_script(const struct sim_options *options);
/* @read_stdin: there may be commands. */
int sim_input_open(const char *control, bool read_stdin);
void sim_input_close(void);
/* Runs the commands of the script that are due. Returns when the next is due, or FOREVER. */
int64_t sim_input_script(struct sim *sim, int64_t started, int64_t now);
/* Sleeps until @deadline at most, and runs the commands that arrive. @mask as for ppoll(2). */
void sim_input_wait(struct sim *sim, int64_t deadline, const sigset_t *mask);
/* The client: sends the words as one command, and prints the answer. Returns the exit status. */
int sim_input_tell(const char *control, int count, char **words);

#endif /* VMCLOCK_SIM_INPUT_H */
