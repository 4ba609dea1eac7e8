/* SPDX-License-Identifier: MIT */
/*
 * The kernel's clock in a reaction: its rate, and what the kernel says of it.
 * Where the configuration forbids changes, nothing is changed.
 */
#ifndef VMCLOCKD_KERNEL_CLOCK_H
#define VMCLOCKD_KERNEL_CLOCK_H

#include <stdint.h>

#include "offset.h"

struct daemon;

/* Notes in the daemon whether the kernel calls its clock synchronised. */
void kernel_clock_note_synchronised(struct daemon *d);
/* Declares the kernel's clock unsynchronised. */
void kernel_clock_unsynchronise(struct daemon *d);
/* Sets the rate by the page, so that @offset decays; not where an NTP daemon does that. */
void kernel_clock_steer(struct daemon *d, int64_t offset);
/* Tells the kernel the bound of its clock's error. */
void kernel_clock_vouch(struct daemon *d, const struct offset *offset);

#endif /* VMCLOCKD_KERNEL_CLOCK_H */
