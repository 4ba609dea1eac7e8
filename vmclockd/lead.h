/* SPDX-License-Identifier: MIT */
/*
 * The lead: how far CLOCK_REALTIME is ahead of CLOCK_MONOTONIC. Slews change both
 * clocks alike, so only a step or a leap second changes the lead.
 */
#ifndef VMCLOCKD_LEAD_H
#define VMCLOCKD_LEAD_H

#include <stdint.h>

struct lead {
	int64_t least, most; /* ns */
};

/** lead_read() - read both clocks. Returns 0 or the error of clock_gettime() */
int lead_read(struct lead *lead);

/**
 * lead_stepped() - how far the clock was stepped between two readings
 *
 * Return: ns; 0 if no step is certain.
 */
int64_t lead_stepped(const struct lead *before, const struct lead *after);

/** lead_common() - what two readings tell together, if the clock was not stepped in between */
struct lead lead_common(const struct lead *a, const struct lead *b);

/** lead_width() - how uncertain a reading is, in ns */
static inline int64_t lead_width(const struct lead *lead)
{
	return lead->most - lead->least;
}

#endif /* VMCLOCKD_LEAD_H */
