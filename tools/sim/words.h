/* SPDX-License-Identifier: MIT */
/* The words that follow a command's name. */
#ifndef VMCLOCK_SIM_WORDS_H
#define VMCLOCK_SIM_WORDS_H

#include <stddef.h>

struct sim_command;

struct sim_argument {
	struct sim_command *command;	/* receives the value */
	const char *verb;		/* the command's name, for errors */
	char *why;			/* receives the error and its remedy, without a newline */
	size_t size;
};

/* Each parses one word. Returns 0, or -1 with the error. */
int sim_word_frequency(const struct sim_argument *a, const char *word);
int sim_word_step(const struct sim_argument *a, const char *word);
int sim_word_duration(const struct sim_argument *a, const char *word);
int sim_word_change(const struct sim_argument *a, const char *word);
int sim_word_on(const struct sim_argument *a, const char *word);
int sim_word_stall(const struct sim_argument *a, const char *word);
int sim_word_status(const struct sim_argument *a, const char *word);
int sim_word_smearing(const struct sim_argument *a, const char *word);
int sim_word_leap(const struct sim_argument *a, const char *word);
int sim_word_number(const struct sim_argument *a, const char *word);
int sim_word_offset(const struct sim_argument *a, const char *word);
int sim_word_interval(const struct sim_argument *a, const char *word);

#endif /* VMCLOCK_SIM_WORDS_H */
