/* SPDX-License-Identifier: MIT */
/* The options of vmclock-sim. */
#ifndef VMCLOCK_SIM_OPTIONS_H
#define VMCLOCK_SIM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct sim_options {
	const char *path;
	const char *control;
	const char *script;
	bool keep;
	bool inside;
	uint64_t offset;		/* of the page in the file */
	uint64_t counter_offset;
	uint64_t marker;
	bool has_marker;
	uint64_t generation;
	bool has_generation;
	uint64_t flags;			/* to be set in addition */
	uint32_t size;
	int64_t interval;		/* ns; 0: flat out */
	bool hold;
	bool marker_only;
	bool utc;
	bool no_bounds;
	bool scripted;
	int64_t start;			/* UTC, s */
	bool starts_now;
	bool has_tai_offset;		/* to be published as it is */
	bool no_tai_offset;
	int16_t tai_offset;
	double ppm;
	double drift;
	double period_maxerror;		/* ppm */
	int64_t maxerror;		/* ns, < 0: as the host says */
	uint8_t status;
	uint8_t smearing;
};

#endif /* VMCLOCK_SIM_OPTIONS_H */
