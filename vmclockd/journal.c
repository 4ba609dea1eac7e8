// SPDX-License-Identifier: MIT
/* Uses libsystemd, where configure has found it. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "common/program.h"
#include "journal.h"
#include "log.h"

#define TEXT 512

#ifdef HAVE_LIBSYSTEMD
/* Leaves out the fields that name file, line and function. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

/* The unit test has another one. */
#ifndef JOURNAL_SOCKET
#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#endif

static const struct {
	const char *name;
	const char *id;
} events[] = {
	[JOURNAL_DISRUPTED] = { "disrupted", "1194e5156c2c4803bb951dece27d853d" },
	[JOURNAL_GENERATION] = { "generation", "3de02027e1f548f18e10fe168697f666" },
	[JOURNAL_TRUSTED] = { "trusted", "a8b9326d73f64ace8e7fb01d56733ead" },
	[JOURNAL_UNTRUSTED] = { "untrusted", "800a00b09b914b659af3fab1c3471025" },
	[JOURNAL_REFUSED] = { "refused", "addb41ef236443c7bf135fc9ec51f6b2" },
};

#define FIELDS 11

struct entry {
	char text[FIELDS][TEXT + 16];
	struct iovec fields[FIELDS];
	int count;
};

static void add(struct entry *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct entry *e, const char *fmt, ...)
{
	char *text = e->text[e->count];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(e->text[0]), fmt, args);
	va_end(args);
	e->fields[e->count++] = (struct iovec){ .iov_base = text, .iov_len = strlen(text) };
}

/* Is the journal's queue full? Then sending would wait. */
static bool journal_hangs(void)
{
	const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	bool hangs;

	if (fd < 0)
		return false;
	hangs = !connect(fd, (const struct sockaddr *)&address, sizeof(address)) &&
		!poll(&pfd, 1, 0);
	close(fd);
	return hangs;
}

/* Returns whether the journal has taken the entry. */
static bool send_entry(enum journal_event event, const struct hook_facts *facts, int level,
		       const char *line)
{
	struct entry e = { .count = 0 };

	if (!log_is_journal() || journal_hangs())
		return false;
	add(&e, "MESSAGE=%s", line);
	add(&e, "MESSAGE_ID=%s", events[event].id);
	add(&e, "PRIORITY=%d", level);
	add(&e, "SYSLOG_IDENTIFIER=vmclockd");
	add(&e, "VMCLOCK_EVENT=%s", events[event].name);
	add(&e, "VMCLOCK_MARKER=%" PRIu64, facts->marker);
	add(&e, "VMCLOCK_GENERATION=%" PRIu64, facts->generation);
	add(&e, "VMCLOCK_OFFSET_NS=%" PRId64, facts->offset);
	add(&e, "VMCLOCK_DURATION_NS=%" PRId64, facts->duration);
	if (facts->marker_before != facts->marker)
		add(&e, "VMCLOCK_MARKER_BEFORE=%" PRIu64, facts->marker_before);
	if (event == JOURNAL_TRUSTED)
		add(&e, "VMCLOCK_BOUND_NS=%" PRId64, facts->bound);
	return sd_journal_sendv(e.fields, e.count) >= 0;
}
#else
static bool send_entry(enum journal_event event, const struct hook_facts *facts, int level,
		       const char *line)
{
	(void)event;
	(void)facts;
	(void)level;
	(void)line;
	return false;
}
#endif

void journal_tell(enum journal_event event, const struct hook_facts *facts, int level,
		  const char *fmt, va_list args)
{
	char text[TEXT], line[TEXT];

	vsnprintf(text, sizeof(text), fmt, args);
	copy_printable(line, sizeof(line), text);
	if (!send_entry(event, facts, level, line))
		say(level, "%s", line);
}
