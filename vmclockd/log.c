// SPDX-License-Identifier: MIT
/* Lines on stderr. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "log.h"

static bool verbose;
static bool to_journal;

void log_open(bool tell_all)
{
	verbose = tell_all;
	to_journal = getenv("JOURNAL_STREAM");
}

void say(int level, const char *fmt, ...)
{
	char line[512];
	va_list args;

	if (level == LOG_DEBUG && !verbose)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	/* One write for each line: others may write there, too. */
	if (to_journal)
		fprintf(stderr, "<%d>%s\n", level, line);
	else
		fprintf(stderr, "vmclockd: %s\n", line);
}
