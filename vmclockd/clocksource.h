/* SPDX-License-Identifier: MIT */
/*
 * What the kernel counts its time by. Pairs of the counter and its raw clock
 * belong together only while that is the same.
 */
#ifndef VMCLOCKD_CLOCKSOURCE_H
#define VMCLOCKD_CLOCKSOURCE_H

#include <stdbool.h>

#define CLOCKSOURCE_FOLDER "/sys/devices/system/clocksource/clocksource0"

struct clocksource {
	int current, available;		/* descriptors that stay open; -1: nothing is told here */
	char name[32];			/* the current one; empty: unknown */
	bool had_tsc;			/* the time-stamp counter was available */
	bool lost_tsc;			/* and the kernel found that it is not steady */
};

/* What it is now; where /sys does not tell, it is taken not to change. */
void clocksource_open(struct clocksource *c, const char *folder);
void clocksource_close(struct clocksource *c);

/**
 * clocksource_changed() - look again
 *
 * Return: what has changed, as a sentence without a full stop; NULL: nothing.
 */
const char *clocksource_changed(struct clocksource *c);

/** clocksource_by_counter() - may the kernel's time run by the counter that pages count by? */
bool clocksource_by_counter(const struct clocksource *c);

#endif /* VMCLOCKD_CLOCKSOURCE_H */
