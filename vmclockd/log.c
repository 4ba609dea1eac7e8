// SPDX-License-Identifier: MIT
/* Lines on stderr. */
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/program.h"
#include "log.h"

#define LINE 512

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
	/* The reader of stderr may be gone. */
	signal(SIGPIPE, SIG_IGN);
}

bool log_is_journal(void)
{
	return to_journal;
}

/* Writing to a full pipe, socket or terminal would wait, and a reaction must not wait. */
static bool has_room(void)
{
	struct pollfd fd = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&fd, 1, 0) == 1 && fd.revents & POLLOUT;
}

/* One write for each line, so that lines of other writers do not mix in. */
static bool put(int level, const char *line)
{
	char text[LINE + 32];

	if (!has_room())
		return false;
	if (to_journal)
		snprintf(text, sizeof(text), "<%d>%s\n", level, line);
	else
		snprintf(text, sizeof(text), "vmclockd: %s\n", line);
	return write(STDERR_FILENO, text, strlen(text)) >= 0;
}

/* The thread that writes metrics says something now and then, too. */
static void put_or_count(int level, const char *line)
{
	static unsigned int lost;
	unsigned int before = __atomic_exchange_n(&lost, 0, __ATOMIC_RELAXED);
	char text[64];

	if (before) {
		snprintf(text, sizeof(text), "%u lines were lost, as nobody read them", before);
		if (put(LOG_WARNING, text))
			before = 0;
	}
	if (before || !put(level, line))
		__atomic_add_fetch(&lost, before + 1, __ATOMIC_RELAXED);
}

void say(int level, const char *fmt, ...)
{
	char text[LINE], line[LINE];
	va_list args;

	if (level == LOG_DEBUG && !verbose)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	/* Parts of the text may come from other programs. */
	copy_printable(line, sizeof(line), text);
	put_or_count(level, line);
}
