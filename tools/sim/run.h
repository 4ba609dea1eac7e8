/* SPDX-License-Identifier: MIT */
/* A command that finds the page in place of the device /dev/vmclock0. */
#ifndef VMCLOCK_SIM_RUN_H
#define VMCLOCK_SIM_RUN_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* The exit status of --run, as of env(1), if the simulator cannot provide the page. */
#define SIM_RUN_CANNOT 125

/* Makes a folder of our own for the page. Returns the page's path, or NULL with a line on stderr. */
char *sim_run_make_path(void);
/* Removes the folder, and frees the path; NULL is fine. */
void sim_run_remove_path(char *path);
/*
 * Starts the command in a mount namespace of its own, with @page as
 * /dev/vmclock0. @mask: the signals that are blocked in it. Returns its
 * process, or -1 with a line on stderr.
 */
pid_t sim_run_start(char **words, const char *page, const sigset_t *mask);
/* True: the process has ended, and *@status is the exit status that a shell gives it. */
bool sim_run_ended(pid_t process, int *status);

#endif /* VMCLOCK_SIM_RUN_H */
