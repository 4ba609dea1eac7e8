// SPDX-License-Identifier: MIT
#include <string.h>

#include "nearest.h"

#define NAME_MAX_LENGTH 40

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters must be inserted, deleted or replaced (Levenshtein's distance). */
static size_t distance(const char *a, const char *b)
{
	size_t row[NAME_MAX_LENGTH + 1], length = strlen(b), i, j;

	for (j = 0; j <= length; j++)
		row[j] = j;
	for (i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (j = 0; j < length; j++) {
			size_t replaced = diagonal + (a[i] != b[j]);

			diagonal = row[j + 1];
			row[j + 1] = smaller(replaced, smaller(row[j], row[j + 1]) + 1);
		}
	}
	return row[length];
}

const char *sim_nearest(const char *word, const char *(*name_of)(size_t number))
{
	size_t least = strlen(word) / 3 + 1, i;
	const char *name, *best = NULL;

	for (i = 0; (name = name_of(i)); i++) {
		size_t away = strlen(name) <= NAME_MAX_LENGTH ? distance(word, name) : least;

		if (away < least) {
			least = away;
			best = name;
		}
	}
	return best;
}
