/* SPDX-License-Identifier: MIT */
/* What systemd is told: ready, alive, stopping. Nothing where it did not start us. */
#ifndef VMCLOCKD_SUPERVISOR_H
#define VMCLOCKD_SUPERVISOR_H

void supervisor_ready(void);
void supervisor_alive(void);
void supervisor_stopping(void);

#endif /* VMCLOCKD_SUPERVISOR_H */
