// SPDX-License-Identifier: MIT
/* Entries for the journal: fields that programs look for; plain lines without a journal. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "config.h"
#include "journal.h"
#include "log.h"
#include "unit.h"

/* ---- The journal, and stderr: journal.c is linked with these ------------------------------- */

static bool journal;	/* stderr goes to it */
static int answer;	/* of it */
static char sent[8192]; /* fields, a line each */
static char said[1024]; /* on stderr */

bool log_is_journal(void)
{
	return journal;
}

void say(int level, const char *fmt, ...)
{
	char line[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	snprintf(said, sizeof(said), "<%d>%s\n", level, line);
}

int sd_journal_sendv(const struct iovec *fields, int n);

int sd_journal_sendv(const struct iovec *fields, int n)
{
	size_t length = 0;
	int i;

	for (i = 0; i < n; i++)
		length += (size_t)snprintf(sent + length, sizeof(sent) - length, "%.*s\n",
					   (int)fields[i].iov_len,
					   (const char *)fields[i].iov_base);
	return answer;
}

static void tell(enum journal_event event, const struct hook_facts *facts, int level,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void tell(enum journal_event event, const struct hook_facts *facts, int level,
		 const char *fmt, ...)
{
	va_list args;

	*sent = '\0';
	*said = '\0';
	va_start(args, fmt);
	journal_tell(event, facts, level, fmt, args);
	va_end(args);
}

static const struct hook_facts facts = {
	.marker_before = 7,
	.marker = UINT64_MAX,
	.generation = 3,
	.offset = -10000000,
	.bound = 1234,
	.duration = 5000000000,
};

/* ---- Tests ------------------------------------------------------------------------------ */

#ifdef HAVE_LIBSYSTEMD
static void test_fields(void **state)
{
	(void)state;
	journal = true;
	answer = 0;
	tell(JOURNAL_TRUSTED, &facts, LOG_NOTICE, "right within %d ns", 1234);
	assert_string_equal(sent, "MESSAGE=right within 1234 ns\n"
				  "MESSAGE_ID=a8b9326d73f64ace8e7fb01d56733ead\n"
				  "PRIORITY=5\n"
				  "SYSLOG_IDENTIFIER=vmclockd\n"
				  "VMCLOCK_EVENT=trusted\n"
				  "VMCLOCK_MARKER=18446744073709551615\n"
				  "VMCLOCK_GENERATION=3\n"
				  "VMCLOCK_OFFSET_NS=-10000000\n"
				  "VMCLOCK_DURATION_NS=5000000000\n"
				  "VMCLOCK_MARKER_BEFORE=7\n"
				  "VMCLOCK_BOUND_NS=1234\n");
	assert_string_equal(said, "");
}

/* vmclockd(8) has these IDs; what is not known is left out. */
static void test_events(void **state)
{
	static const struct {
		enum journal_event event;
		const char *name, *id;
	} events[] = {
		{ JOURNAL_DISRUPTED, "disrupted", "1194e5156c2c4803bb951dece27d853d" },
		{ JOURNAL_GENERATION, "generation", "3de02027e1f548f18e10fe168697f666" },
		{ JOURNAL_UNTRUSTED, "untrusted", "800a00b09b914b659af3fab1c3471025" },
		{ JOURNAL_REFUSED, "refused", "addb41ef236443c7bf135fc9ec51f6b2" },
	};
	struct hook_facts same = facts;
	char expected[128];
	size_t i;

	(void)state;
	journal = true;
	answer = 0;
	same.marker_before = same.marker;
	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		tell(events[i].event, &same, LOG_WARNING, "what");
		snprintf(expected, sizeof(expected), "\nMESSAGE_ID=%s\nPRIORITY=4\n", events[i].id);
		assert_non_null(strstr(sent, expected));
		snprintf(expected, sizeof(expected), "\nVMCLOCK_EVENT=%s\n", events[i].name);
		assert_non_null(strstr(sent, expected));
		assert_null(strstr(sent, "VMCLOCK_BOUND_NS"));
		assert_null(strstr(sent, "VMCLOCK_MARKER_BEFORE"));
	}
}

static void test_journal_fails(void **state)
{
	(void)state;
	journal = true;
	answer = -ENOENT;
	tell(JOURNAL_DISRUPTED, &facts, LOG_WARNING, "what: %s", "a%sb");
	assert_string_equal(said, "<4>what: a%sb\n");
	assert_non_null(strstr(sent, "MESSAGE=what: a%sb\n"));
	tell(JOURNAL_DISRUPTED, &facts, LOG_WARNING, "from outside: %s", "\nPRIORITY=0\033");
	assert_non_null(strstr(sent, "MESSAGE=from outside: ?PRIORITY=0?\n"));
}

/* Writers to a stopped journald wait when its queue is full. vmclockd must not wait. */
static void test_journal_hangs(void **state)
{
	const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int other = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char entry[64];

	(void)state;
	unlink(JOURNAL_SOCKET);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(connect(other, (const struct sockaddr *)&address, sizeof(address)), 0);
	journal = true;
	answer = 0;
	tell(JOURNAL_DISRUPTED, &facts, LOG_WARNING, "what");
	assert_string_equal(said, "");
	while (send(other, "X=1\n", 4, 0) > 0)
		;
	assert_int_equal(errno, EAGAIN);
	tell(JOURNAL_DISRUPTED, &facts, LOG_WARNING, "what");
	assert_string_equal(sent, "");
	assert_string_equal(said, "<4>what\n");
	/* It goes on. */
	while (recv(fd, entry, sizeof(entry), MSG_DONTWAIT) > 0)
		;
	tell(JOURNAL_DISRUPTED, &facts, LOG_WARNING, "what");
	assert_string_equal(said, "");
	close(other);
	close(fd);
	unlink(JOURNAL_SOCKET);
}

/* A line may be long: it is cut, and its entry is whole. */
static void test_long_line(void **state)
{
	(void)state;
	journal = true;
	answer = 0;
	tell(JOURNAL_REFUSED, &facts, LOG_WARNING, "%01000d", 0);
	assert_int_equal(strcspn(sent, "\n"), strlen("MESSAGE=") + 511);
	assert_non_null(strstr(sent, "\nVMCLOCK_EVENT=refused\n"));
}
#endif

static void test_no_journal(void **state)
{
	(void)state;
	journal = false;
	tell(JOURNAL_DISRUPTED, &facts, LOG_WARNING, "marker %#x", 8);
	assert_string_equal(sent, "");
	assert_string_equal(said, "<4>marker 0x8\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef HAVE_LIBSYSTEMD
		cmocka_unit_test(test_fields),	      cmocka_unit_test(test_events),
		cmocka_unit_test(test_journal_fails), cmocka_unit_test(test_journal_hangs),
		cmocka_unit_test(test_long_line),
#endif
		cmocka_unit_test(test_no_journal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
