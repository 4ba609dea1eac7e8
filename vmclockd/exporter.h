/* SPDX-License-Identifier: MIT */
/* Metrics for node_exporter, in a file: written after each change, and periodically. */
#ifndef VMCLOCKD_EXPORTER_H
#define VMCLOCKD_EXPORTER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/metrics.h"
#include "textfile.h"

struct daemon;

/* The values whose change makes a new text due. */
struct exported {
	bool up;
	uint8_t trust;
	uint8_t status;
	uint32_t flags;
	uint64_t marker;
	uint64_t generation;
	uint64_t disruptions;
};

struct exporter {
	bool open;
	struct textfile file;
	struct exported last;
	int64_t renewed;		/* CLOCK_MONOTONIC */
	char *completed;		/* the path of the completed page */
};

/* Starts the writer if the configuration asks for metrics; logs a failure. */
void exporter_open(struct daemon *d);
/* Writes the metrics if they are due. */
void exporter_look(struct daemon *d);
/* Writes the metrics a last time, and stops the writer. */
void exporter_close(struct daemon *d);

#endif /* VMCLOCKD_EXPORTER_H */
