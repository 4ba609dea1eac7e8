/* SPDX-License-Identifier: MIT */
/*
 * What a monitoring system is told of a VMClock and of vmclockd: by
 * vmclock-check --openmetrics, and by vmclockd's file for node_exporter.
 * vmclock-check(1) lists the names: add to them, never change them.
 */
#ifndef VMCLOCK_TOOLS_METRICS_H
#define VMCLOCK_TOOLS_METRICS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "vmclock.h"
#include "vmclock-run.h"

struct metrics {
	char device[256];		/* fit to be printed */

	/* The device's page, and the time that it or the completed page gives now. */
	bool up;			/* it can be read */
	struct vmclock_state page;	/* its status may be that of the completed page */
	bool has_time;			/* these two are known */
	bool has_bound;
	int64_t reference_age;		/* ns */
	int64_t bound;			/* ns: half the width of the interval */

	/* vmclockd, and what it says of the system clock. */
	bool running;
	uint8_t trust;			/* VMCLOCK_RUN_*; while it runs */
	bool has_state;
	struct vmclock_run_state state;	/* little-endian; of the one that ran last */
};

/* "/dev/vmclock0" is told as "vmclock0", other paths in full. */
void metrics_name(struct metrics *m, const char *path);

/*
 * The page, and the time, as they are now; @vc may be NULL: it cannot be read.
 * What vmclockd says has to be there already. @completed: the path of the
 * completed page. Returns 0, or the error that keeps the page from being read.
 */
int metrics_look(struct metrics *m, const struct vmclock *vc, const char *completed);

/*
 * OpenMetrics text, which is Prometheus' own format as well. Of a counter the
 * two want the type under different names: it has none.
 */
void metrics_print(const struct metrics *m, FILE *out);

#endif /* VMCLOCK_TOOLS_METRICS_H */
