// SPDX-License-Identifier: MIT
/* A command from a line of text. */
#include <string.h>

#include "command.h"
#include "common/program.h"
#include "verbs.h"
#include "words.h"

#define WORDS_MAX 8

void sim_command_uncomment(char *line)
{
	char *mark = line;

	while ((mark = strchr(mark, '#'))) {
		if (mark == line || mark[-1] == ' ' || mark[-1] == '\t') {
			*mark = '\0';
			return;
		}
		mark++;
	}
}

int sim_command_parse(struct sim_command *command, const char *line, char *why, size_t size)
{
	struct sim_argument a = { .command = command, .why = why, .size = size };
	char copy[SIM_LINE_MAX], *words[WORDS_MAX], *word, *rest = NULL;
	const struct sim_row *row;
	int count = 0, i;

	*command = (struct sim_command){ .verb = SIM_SHOW };
	if (strlen(line) >= sizeof(copy))
		return say_why(why, size, "the line is too long for a command");
	copy_printable(copy, sizeof(copy), line);
	/* copy_printable() replaced tabs by question marks; put spaces there. */
	for (i = 0; copy[i]; i++)
		if (line[i] == '\t')
			copy[i] = ' ';
	for (word = strtok_r(copy, " ", &rest); word && count < WORDS_MAX;
	     word = strtok_r(NULL, " ", &rest))
		words[count++] = word;
	if (!count)
		return say_why(why, size, "the command is empty");

	row = sim_verb_named(words[0]);
	if (!row)
		return sim_verb_unknown(why, size, words[0]);
	if (count - 1 < row->least || count - 1 > row->most)
		return say_why(why, size, "%s: write '%s'", words[0], row->usage);

	command->verb = row->verb;
	a.verb = words[0];
	for (i = 1; i < count; i++)
		if (row->parse(&a, words[i]))
			return -1;
	return 0;
}
