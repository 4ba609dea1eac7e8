/* SPDX-License-Identifier: MIT */
/* The commands, and how they are written. */
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

/* Ends a line where a comment begins: at a # that is the first character, or behind a blank. */
void sim_command_uncomment(char *line);
/* Returns 0, or -1 with the error and its remedy in @why, without a newline. */
int sim_command_parse(struct sim_command *command, const char *line, char *why, size_t size);

#endif /* VMCLOCK_SIM_COMMAND_H */
