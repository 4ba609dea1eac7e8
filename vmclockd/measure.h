/* SPDX-License-Identifier: MIT */
/* The system clock's offset, by the page's time or by NTP. */
#ifndef VMCLOCKD_MEASURE_H
#define VMCLOCKD_MEASURE_H

#include "offset.h"

struct daemon;

/*
 * Returns 0; -ESTALE: the page has another marker or generation than at the last
 * look, or the clock was stepped during the measurement; or another error of
 * offset_measure() or by_ntp_offset().
 */
int measure_once(struct daemon *d, struct offset *offset);
/* Measures twice; @offset receives the later one. Returns -EAGAIN if they do not agree. */
int measure_twice(struct daemon *d, struct offset *offset);

#endif /* VMCLOCKD_MEASURE_H */
