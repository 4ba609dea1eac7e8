/* SPDX-License-Identifier: MIT */
/* The commands: parsing and running them. */
#ifndef VMCLOCK_SIM_COMMAND_H
#define VMCLOCK_SIM_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sim_verb {
	SIM_DISRUPT,
	SIM_SNAPSHOT,
	SIM_STATUS,
	SIM_LEAP,
	SIM_SMEARING,
	SIM_SOON,
	SIM_IMMINENT,
	SIM_CALM,
	SIM_FREQUENCY,
	SIM_DRIFT,
	SIM_STEP,
	SIM_STALL,
	SIM_GARBAGE,
	SIM_MARKER_ONLY,
	SIM_MARKER,
	SIM_GENERATION,
	SIM_TAI_OFFSET,
	SIM_INTERVAL,
	SIM_SHOW,
	SIM_HELP,
	SIM_QUIT,
};

struct sim_command {
	enum sim_verb verb;
	bool has_ppm, has_ns;
	double ppm;
	int64_t ns;		/* a step, or a duration; FOREVER; 0: off */
	int value;		/* a status, a sign, a hint, an offset */
	bool none;		/* no offset */
	uint64_t number;	/* a marker, a generation */
};

#define SIM_LINE_MAX	256	/* of a command, its end included */
#define SIM_ANSWER_MAX	8192	/* more than the longest path */

struct sim;
struct sim_options;

/* The commands, a line each, for --help. */
void sim_command_explain(char *to, size_t size);
/* Ends a line where a comment begins: at a # that is the first character, or behind a blank. */
void sim_command_uncomment(char *line);
/* Returns 0, or -1 with the error and its remedy in @why, without a newline. */
int sim_command_parse(struct sim_command *command, const char *line, char *why, size_t size);
/* Does it have an effect on a page of these options? Returns as sim_command_parse() does. */
int sim_command_check(const struct sim_options *options, const struct sim_command *command,
		      char *why, size_t size);
/*
 * @answer receives the lines that the command prints; most print none. Returns 0, or
 * -1 with the error and its remedy in @answer, without a newline: nothing was done.
 */
int sim_command_run(struct sim *sim, const struct sim_command *command, char *answer, size_t size);

#endif /* VMCLOCK_SIM_COMMAND_H */
