/* SPDX-License-Identifier: MIT */
/* The table of commands: their names, their words, what they need of the page. */
#ifndef VMCLOCK_SIM_VERBS_H
#define VMCLOCK_SIM_VERBS_H

#include <stdbool.h>
#include <stddef.h>

#include "command.h"
#include "words.h"

struct sim_row {
	const char *name;
	enum sim_verb verb;
	int least, most;	/* words that follow */
	int (*parse)(const struct sim_argument *a, const char *word);
	size_t needs;		/* the page's size; SIM_REACHES_TIME: also a page with time */
	bool content;		/* it changes the clock, or a field that --fault determines */
	const char *usage;
	const char *help;
};

/* The row of a command, by its name (NULL: there is none) or its number. */
const struct sim_row *sim_verb_named(const char *name);
const struct sim_row *sim_verb_row(enum sim_verb verb);

/* Says that there is no command of this name, and which one may be meant. Returns -1. */
int sim_verb_unknown(char *why, size_t size, const char *word);

/* The commands, a line each, for --help. */
void sim_verbs_explain(char *to, size_t size);

#endif /* VMCLOCK_SIM_VERBS_H */
