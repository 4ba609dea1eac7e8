/* SPDX-License-Identifier: MIT */
/*
 * What is published of the trust in the system clock: in /run/vmclock/state,
 * and for ClockBound's clients.
 */
#ifndef VMCLOCKD_TRUST_H
#define VMCLOCKD_TRUST_H

#include <stdint.h>

#include "offset.h"

struct daemon;

/* Publishes @trust, VMCLOCK_RUN_TRUSTED and so on, with the bounds of the last trust_vouch(). */
void trust_publish(struct daemon *d, uint8_t trust);
/* Publishes that nobody vouches for the system clock: since a disruption, or else. */
void trust_withdraw(struct daemon *d);
/* Publishes the system clock as trusted, with bounds from @offset. */
void trust_vouch(struct daemon *d, const struct offset *offset);

#endif /* VMCLOCKD_TRUST_H */
