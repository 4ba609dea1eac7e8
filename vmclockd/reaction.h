/* SPDX-License-Identifier: MIT */
/*
 * The reaction to a disruption: trust in the system clock is withdrawn, the
 * clock is set right, and it is trusted again.
 */
#ifndef VMCLOCKD_REACTION_H
#define VMCLOCKD_REACTION_H

struct daemon;

/* Call it once, before all others. */
void reaction_init(struct daemon *d);
/* Looks at a device for the first time. A marker that changed meanwhile is a disruption. */
void reaction_start(struct daemon *d);
/* Call it when the page may have changed, and when a retry is due. */
void reaction_look(struct daemon *d);
/* Call it each second. */
void reaction_tick(struct daemon *d);
/* Call it when a route has appeared, or a carrier has come up. */
void reaction_network(struct daemon *d);
/* Withdraws the trust without a change of the marker. @why: the reason, for the log. */
void reaction_doubt(struct daemon *d, const char *why);
/* The machine is going to sleep: the clock is not trusted until it is awake. */
void reaction_sleep(struct daemon *d);
/* The machine has slept, or has stayed awake after all. */
void reaction_awake(struct daemon *d);
/* Call it when the device is gone: withdraws the trust. */
void reaction_withdraw(struct daemon *d);

#endif /* VMCLOCKD_REACTION_H */
