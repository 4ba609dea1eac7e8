/* SPDX-License-Identifier: MIT */
/* The options of vmclock-sim. */
#ifndef VMCLOCK_SIM_OPTIONS_H
#define VMCLOCK_SIM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct sim_fault;

struct sim_number {
	bool given;
	uint64_t value;
};

struct sim_start {
	bool given;
	bool now;
	int64_t sec;			/* UTC, since 1970 */
};

struct sim_tai_offset {
	bool given;			/* publish it as it is */
	bool none;			/* the page has none */
	int16_t sec;
};

struct sim_options {
	const char *path;

	struct sim_start start;
	double ppm;
	double drift;
	int64_t maxerror;		/* ns; < 0: as the host says */
	double period_maxerror;		/* ppm */

	int64_t interval;		/* ns; 0: flat out */
	bool hold;
	bool marker_only;
	bool utc;
	struct sim_tai_offset tai_offset;
	bool no_bounds;
	uint8_t status;
	uint8_t smearing;
	struct sim_number size;
	struct sim_number marker;
	struct sim_number generation;
	struct sim_number flags;	/* set these too */
	const struct sim_fault *fault;	/* NULL: none */

	bool keep;
	struct sim_number at;		/* the page's offset in the file */
	uint64_t counter_offset;

	const char *control;
	const char *script;
	const char *run;		/* the command; @words is the same with its arguments */
	const char *tell;		/* the socket; the next two fields are the command */
	char **words;
	int n_words;

	bool help;
	bool version;
};

/* Returns 0, or -1 with a line on stderr. */
int sim_options_parse(struct sim_options *options, int argc, char **argv);
/* Prints the options, for --help. */
void sim_options_explain(void);

#endif /* VMCLOCK_SIM_OPTIONS_H */
