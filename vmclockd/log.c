// SPDX-License-Identifier: MIT
/* Lines on stderr. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "tools/common.h"

static bool verbose;
static bool to_journal;

/* Is stderr still the stream that systemd names in JOURNAL_STREAM? */
static bool is_journal(const char *stream)
{
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       !fstat(STDERR_FILENO, &st) && st.st_dev == device && st.st_ino == inode;
}

void log_open(bool tell_all)
{
	verbose = tell_all;
	to_journal = is_journal(getenv("JOURNAL_STREAM"));
}

bool log_is_journal(void)
{
	return to_journal;
}

void say(int level, const char *fmt, ...)
{
	char text[512], line[sizeof(text)];
	va_list args;

	if (level == LOG_DEBUG && !verbose)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	/* Parts of the text may come from other programs. */
	copy_printable(line, sizeof(line), text);
	/* One write for each line, so that lines of other writers do not mix in. */
	if (to_journal)
		fprintf(stderr, "<%d>%s\n", level, line);
	else
		fprintf(stderr, "vmclockd: %s\n", line);
}
