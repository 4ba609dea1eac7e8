/* SPDX-License-Identifier: MIT */
/* Is a program running? */
#ifndef VMCLOCKD_PROCESS_H
#define VMCLOCKD_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/* The unit tests have another one. */
#ifndef PROC_FOLDER
#define PROC_FOLDER "/proc"
#endif

/* Does a program have this UDP port? */
bool process_has_port(unsigned int port);

/* The process ID in a file; 0: none. */
pid_t process_in(const char *file);

/**
 * process_is() - is the process an instance of the program?
 * @pid:	the process; 0 is none
 * @name:	the program's, as in /proc/PID/comm
 * @port:	the program's UDP port
 *
 * When a program was killed, its number may become another program's. Where another user's
 * processes are hidden, as from vmclockd.service, the program is known by its port.
 */
bool process_is(pid_t pid, const char *name, unsigned int port);

#endif /* VMCLOCKD_PROCESS_H */
