/* SPDX-License-Identifier: MIT */
/*
 * The kernel's clocksource. Pairs of the counter and the raw clock can be
 * compared only while the clocksource stays the same.
 */
#ifndef VMCLOCKD_CLOCKSOURCE_H
#define VMCLOCKD_CLOCKSOURCE_H

#include <stdbool.h>

#define CLOCKSOURCE_FOLDER "/sys/devices/system/clocksource/clocksource0"

struct clocksource {
	int current, available;		/* descriptors of files in /sys; -1: no such file */
	char name[32];			/* the current one; empty: unknown */
	bool had_tsc;			/* the time-stamp counter was available */
	bool lost_tsc;			/* then the kernel found that it is not steady */
};

/* Reads the clocksource. Without the files in /sys, it counts as unchanging. */
void clocksource_open(struct clocksource *c, const char *folder);
void clocksource_close(struct clocksource *c);

/**
 * clocksource_changed() - look again
 *
 * Return: what has changed, as a sentence without a full stop; NULL: nothing.
 */
const char *clocksource_changed(struct clocksource *c);

/** clocksource_by_counter() - may the kernel's time run on the same counter as VMClock pages? */
bool clocksource_by_counter(const struct clocksource *c);

#endif /* VMCLOCKD_CLOCKSOURCE_H */
