/* SPDX-License-Identifier: MIT */
/* The control socket: made, connected to, removed. */
#ifndef VMCLOCK_SIM_LISTENER_H
#define VMCLOCK_SIM_LISTENER_H

/* Returns the socket that listens at @path, or -1 with a line on stderr. */
int sim_listener_open(const char *path, int clients);
/* Closes it, and removes its name if that is still its own. */
void sim_listener_close(void);
/* Returns a connection whose reads give up after some seconds, or -1 with a line on stderr. */
int sim_listener_connect(const char *path, int patience);

#endif /* VMCLOCK_SIM_LISTENER_H */
