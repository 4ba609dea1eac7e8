/* SPDX-License-Identifier: MIT */
/* Events of a reaction, for the journal and the hooks. */
#ifndef VMCLOCKD_EVENTS_H
#define VMCLOCKD_EVENTS_H

#include "hooks.h"
#include "journal.h"

struct daemon;

/* Logs a line, with the facts of the reaction as the journal's fields. */
void events_log(const struct daemon *d, enum journal_event event, int level, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Runs the hooks for an event, with the facts of the reaction. */
void events_tell_hooks(struct daemon *d, enum hook_event event);
/*
 * Tells the journal and the hooks of all markers since the last call. If the
 * generation has changed, first seeds the kernel's random numbers anew, because
 * this machine is a clone.
 */
void events_tell_markers(struct daemon *d);
/* Runs the hooks for events that the previous vmclockd has not finished. */
void events_tell_owed(struct daemon *d);

#endif /* VMCLOCKD_EVENTS_H */
