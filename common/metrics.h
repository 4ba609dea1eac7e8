/* SPDX-License-Identifier: MIT */
/*
 * Metrics of a VMClock and of vmclockd for monitoring systems. Both vmclock-check
 * --openmetrics and vmclockd's file for node_exporter have them. vmclock-check(1)
 * lists their names: add to them, never change them.
 */
#ifndef VMCLOCK_COMMON_METRICS_H
#define VMCLOCK_COMMON_METRICS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/run-layout.h"
#include "vmclock.h"

struct metrics {
	char device[256];		/* printable */

	/* The device's page, and the time that it or the completed page gives now. */
	bool up;			/* the page can be read */
	struct vmclock_state page;	/* its status may be that of the completed page */
	bool has_time;			/* there is a time, and @reference_age */
	bool has_bound;			/* it has @bound */
	int64_t reference_age;		/* ns */
	int64_t bound;			/* ns: half the width of the interval */

	/* vmclockd, and its judgement of the system clock. */
	bool running;
	uint8_t trust;			/* VMCLOCK_RUN_*; only while it runs */
	bool has_state;
	struct vmclock_run_state state;	/* little-endian; of the vmclockd that ran last */
};

/* Names the device: "/dev/vmclock0" as "vmclock0", other paths in full. */
void metrics_name(struct metrics *m, const char *path);

/*
 * Reads the page and the time. @vc may be NULL: the page cannot be read. The
 * caller fills in vmclockd's fields before. @completed: the path of the
 * completed page. Returns 0, or the error that keeps the page from being read.
 */
int metrics_look(struct metrics *m, const struct vmclock *vc, const char *completed);

/*
 * Prints OpenMetrics text, which is valid in Prometheus' own format as well.
 * The two formats want the type of a counter under different names, so counters
 * have no type.
 */
void metrics_print(const struct metrics *m, FILE *out);

#endif /* VMCLOCK_COMMON_METRICS_H */
