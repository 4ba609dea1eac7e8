/* SPDX-License-Identifier: MIT */
/*
 * The kernel's clock in a reaction: its rate, status and bound. These functions
 * change nothing if the configuration forbids changes.
 */
#ifndef VMCLOCKD_KERNEL_CLOCK_H
#define VMCLOCKD_KERNEL_CLOCK_H

#include <stdint.h>

#include "offset.h"

struct daemon;

/*
 * Notes whether the kernel calls its clock synchronised. Call it before the
 * state is published, and before kernel_clock_unsynchronise(): if vmclockd is
 * killed in between, only the state still knows.
 */
void kernel_clock_note_synchronised(struct daemon *d);
/* Declares the kernel's clock unsynchronised. */
void kernel_clock_unsynchronise(struct daemon *d);
/* Sets the rate by the page, so that @offset decays; leaves this to an NTP daemon if one runs. */
void kernel_clock_steer(struct daemon *d, int64_t offset);
/* Has it take part in a leap second at the end of this day, by the page; likewise. */
void kernel_clock_plan_leap(struct daemon *d, const struct offset *offset);
/*
 * Tells the kernel the bound of its clock's error. The clock is declared
 * synchronised if vmclockd keeps it, or if it was synchronised before.
 */
void kernel_clock_vouch(struct daemon *d, const struct offset *offset);
/* Call it each second while the clock is trusted: tells the kernel the bound again if need be. */
void kernel_clock_keep(struct daemon *d, const struct offset *offset);

#endif /* VMCLOCKD_KERNEL_CLOCK_H */
