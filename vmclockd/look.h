/* SPDX-License-Identifier: MIT */
/* Looks at the device: its marker and generation, and its page. */
#ifndef VMCLOCKD_LOOK_H
#define VMCLOCKD_LOOK_H

#include <stdbool.h>

struct daemon;

/*
 * Reads the device's state and page into @d. Withdraws the trust if the page
 * cannot be read. Returns false then, and if there is no device.
 */
bool look_at_page(struct daemon *d);

#endif /* VMCLOCKD_LOOK_H */
