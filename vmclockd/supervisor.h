/* SPDX-License-Identifier: MIT */
/* Tells systemd that vmclockd is ready, alive or stopping. Does nothing without systemd. */
#ifndef VMCLOCKD_SUPERVISOR_H
#define VMCLOCKD_SUPERVISOR_H

void supervisor_ready(void);
void supervisor_alive(void);
void supervisor_stopping(void);

#endif /* VMCLOCKD_SUPERVISOR_H */
