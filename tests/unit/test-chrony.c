// SPDX-License-Identifier: MIT
/*
 * What chronyc answers, as recorded from chrony 4.3, and shell scripts in its
 * place that fail in each way.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "chrony.h"
#include "unit.h"

/* ---- Recorded: `chronyc -c` ------------------------------------------------------------- */

/* With `offset 0.25` for its server: "0.249998719 seconds slow of NTP time", "0.055 ppm slow". */
#define GOOD                                                                              \
	"7F000001,127.0.0.1,6,1795627658.799144014,0.249998719,-0.000000113,0.000001391," \
	"-0.055,-0.039,0.299,0.000006310,0.000001310,1.0,Normal"
/* "0.000006974 seconds fast", "1.253 ppm fast" */
#define RESET                                                                          \
	"00000000,,0,0.000000000,-0.000006974,0.000000000,0.000000000,1.253,0.000,0.000," \
	"1.000000000,1.000000000,0.0,Not synchronised"
#define LOCAL                                                                             \
	"7F7F0101,,10,1795627622.523399143,0.000000000,0.000000000,0.000000000,0.000,0.000," \
	"0.000,0.000000000,0.000000000,0.0,Normal"

#define SELECTED   "^,*,127.0.0.1,5,0,377,1,0.000001561,0.000001448,0.000004720"
#define UNSELECTED "^,?,127.0.0.1,0,1,0,4294967295,0.000000000,0.000000000,0.000000000"

static void tracking_is_understood(void **state)
{
	struct report r;

	(void)state;
	assert_int_equal(chrony_parse_tracking(GOOD, &r), 0);
	assert_int_equal(r.refid, 0x7f000001);
	assert_int_equal(r.stratum, 6);
	assert_int_equal(r.reference, 1795627658);
	assert_int_equal(r.reference_ns, 799144014);
	assert_int_equal(r.offset, 249998719);
	assert_int_equal(r.corrected, 113);
	assert_int_equal(r.frequency, -55);
	assert_int_equal(r.residual, -39);
	assert_int_equal(r.skew, 299);
	assert_int_equal(r.root_delay, 6310);
	assert_int_equal(r.root_dispersion, 1310);
	assert_int_equal(r.leap, REPORT_LEAP_NONE);
	assert_null(report_refusal(&r));

	assert_int_equal(chrony_parse_tracking(RESET, &r), 0);
	assert_int_equal(r.offset, -6974);
	assert_int_equal(r.frequency, 1253);
	assert_int_equal(r.leap, REPORT_LEAP_UNKNOWN);
	assert_non_null(report_refusal(&r));

	assert_int_equal(chrony_parse_tracking(LOCAL, &r), 0);
	assert_int_equal(r.leap, REPORT_LEAP_NONE);
	assert_non_null(report_refusal(&r));
}

static void leap_seconds_are_understood(void **state)
{
	static const struct {
		const char *text;
		enum report_leap leap;
	} leaps[] = { { "Insert second", REPORT_LEAP_INSERT },
		      { "Delete second", REPORT_LEAP_DELETE } };
	char line[CHRONY_LINE];
	struct report r;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		snprintf(line, sizeof(line), "%.*s%s", (int)strlen(GOOD) - 6, GOOD, leaps[i].text);
		assert_int_equal(chrony_parse_tracking(line, &r), 0);
		assert_int_equal(r.leap, leaps[i].leap);
	}
}

/* GOOD with one field replaced. */
static int parse_with(int field, const char *text, struct report *r)
{
	char good[] = GOOD, line[2 * CHRONY_LINE] = "", *rest = good, *s;
	int i;

	for (i = 0; (s = strsep(&rest, ",")); i++)
		sprintf(line + strlen(line), "%s%s", i ? "," : "", i == field ? text : s);
	return chrony_parse_tracking(line, r);
}

static void numbers_are_exact(void **state)
{
	struct report r;

	(void)state;
	assert_int_equal(parse_with(4, "+1.5", &r), 0);
	assert_int_equal(r.offset, 1500000000);
	assert_int_equal(parse_with(4, "-0.0000000019", &r), 0);
	assert_int_equal(r.offset, -1);
	assert_int_equal(parse_with(4, "-9223372036.854775807", &r), 0);
	assert_int_equal(r.offset, -INT64_MAX);
	assert_int_equal(parse_with(7, "100000.001", &r), 0);
	assert_int_equal(r.frequency, 100000001);
	assert_int_equal(parse_with(1, "NTP server; whatever", &r), 0);
	assert_int_equal(parse_with(0, "FFFFFFFF", &r), 0);
	assert_int_equal(r.refid, UINT32_MAX);
}

static void what_is_odd_is_refused_as_a_whole(void **state)
{
	static const char *const numbers[] = {
		"", "-", "nan", "inf", "1", "1.", ".5", "1e-3", "0x1.8", " 1.5", "1.5 ", "1.5s",
		"--1.5", "+-1.5", "1..5", "1.5.5", "99999999999999999999.0", "1;5",
	};
	static const char *const lines[] = {
		"", ",", GOOD ",", GOOD ",1", "," GOOD, GOOD "\n", GOOD "\r", "x" GOOD, GOOD GOOD,
		"506 Cannot talk to daemon", "200 OK", SELECTED,
	};
	char half[] = GOOD, longer[4096];
	struct report r, before;
	size_t i, field;

	(void)state;
	memset(&r, 0x5a, sizeof(r));
	before = r;
	for (field = 3; field <= 12; field++)
		for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
			if (parse_with((int)field, numbers[i], &r) != -EBADMSG)
				fail_msg("field %zu may be \"%s\"", field, numbers[i]);
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(chrony_parse_tracking(lines[i], &r), -EBADMSG);
	for (i = sizeof(half) - 2; i > 0; i--) {
		half[i] = '\0';
		assert_int_equal(chrony_parse_tracking(half, &r), -EBADMSG);
	}
	assert_int_equal(parse_with(0, "7F00001", &r), -EBADMSG);
	assert_int_equal(parse_with(0, "7F0000001", &r), -EBADMSG);
	assert_int_equal(parse_with(0, "7F00000G", &r), -EBADMSG);
	assert_int_equal(parse_with(1, "na\tme", &r), -EBADMSG);
	assert_int_equal(parse_with(1, "na\xc3\xa4me", &r), -EBADMSG);
	assert_int_equal(parse_with(2, "-1", &r), -EBADMSG);
	assert_int_equal(parse_with(2, "1.0", &r), -EBADMSG);
	assert_int_equal(parse_with(2, "4294967296", &r), -EBADMSG);
	assert_int_equal(parse_with(13, "normal", &r), -EBADMSG);
	assert_int_equal(parse_with(13, "", &r), -EBADMSG);
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(chrony_parse_tracking(longer, &r), -EBADMSG);
	assert_memory_equal(&r, &before, sizeof(r));
}

static void sources_are_understood(void **state)
{
	(void)state;
	assert_int_equal(chrony_parse_source(SELECTED), 1);
	assert_int_equal(chrony_parse_source(UNSELECTED), 0);
	/* A selected source with a reach of zero, and a source that is only combined. */
	assert_int_equal(chrony_parse_source("^,*,ntp1,5,6,0,1,0.1,0.1,0.1"), 0);
	assert_int_equal(chrony_parse_source("#,+,PPS0,0,4,377,1,0.1,-0.1,0.1"), 0);
	assert_int_equal(chrony_parse_source("=,*,peer,2,-2,1,1,0.1,0.1,0.1"), 1);
	assert_int_equal(chrony_parse_source("^,*,ntp1,5,6,378,1,0.1,0.1,0.1"), -EBADMSG);
	assert_int_equal(chrony_parse_source("^,*,ntp1,5,6,400,1,0.1,0.1,0.1"), -EBADMSG);
	assert_int_equal(chrony_parse_source("^,!,ntp1,5,6,377,1,0.1,0.1,0.1"), -EBADMSG);
	assert_int_equal(chrony_parse_source("^*,*,ntp1,5,6,377,1,0.1,0.1,0.1"), -EBADMSG);
	assert_int_equal(chrony_parse_source("?,*,ntp1,5,6,377,1,0.1,0.1,0.1"), -EBADMSG);
	assert_int_equal(chrony_parse_source("^,*,ntp1,5,6,377,1,0.1,0.1"), -EBADMSG);
	assert_int_equal(chrony_parse_source("^,*,ntp1,5,6,377,1,0.1,0.1,nan"), -EBADMSG);
	assert_int_equal(chrony_parse_source(""), -EBADMSG);
}

static void activity_is_understood(void **state)
{
	struct chrony_sources s = { .selected = true };

	(void)state;
	assert_int_equal(chrony_parse_activity("1,2,3,4,5", &s), 0);
	assert_true(s.selected);
	assert_int_equal(s.online, 1);
	assert_int_equal(s.offline, 2);
	assert_int_equal(s.burst_online, 3);
	assert_int_equal(s.burst_offline, 4);
	assert_int_equal(s.unresolved, 5);
	assert_int_equal(chrony_parse_activity("1,2,3,4", &s), -EBADMSG);
	assert_int_equal(chrony_parse_activity("1,2,3,4,5,6", &s), -EBADMSG);
	assert_int_equal(chrony_parse_activity("1,2,3,4,-5", &s), -EBADMSG);
	assert_int_equal(chrony_parse_activity("1,2,3,4,A", &s), -EBADMSG);
}

/* ---- In place of chronyc -------------------------------------------------------------------- */

/* A limit that must not be reached: much longer than anything here takes. */
#define PATIENCE	60000

struct place {
	char folder[32];
	char program[64];
	char path[64];
	struct chrony chrony;
};

static const char *file_in(struct place *p, const char *name)
{
	snprintf(p->path, sizeof(p->path), "%s/%s", p->folder, name);
	return p->path;
}

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	if (!p)
		return -1;
	*state = p;
	strcpy(p->folder, "/tmp/vmclock-chrony-XXXXXX");
	if (!mkdtemp(p->folder))
		return -1;
	snprintf(p->program, sizeof(p->program), "%s", file_in(p, "chronyc"));
	chrony_init(&p->chrony, p->program, PATIENCE, -1);
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = { "chronyc", "log", "fifo", "seen" };
	struct place *p = *state;
	size_t i;

	chrony_stop(&p->chrony);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(file_in(p, names[i]));
	i = (size_t)rmdir(p->folder);
	free(p);
	return (int)i;
}

/* Makes a chronyc that runs a script at its start and one for each line, and logs both. */
static void answer_after(struct place *p, const char *start, const char *script)
{
	FILE *f = fopen(p->program, "w");

	assert_non_null(f);
	fprintf(f,
		"#!/bin/sh\n"
		"cd %s || exit\n"
		"echo start \"$@\" >>log\n"
		"%s\n"
		"while read -r line; do\n"
		"	echo \"$line\" >>log\n"
		"	%s\n"
		"done\n",
		p->folder, start, script);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(p->program, 0755), 0);
}

static void answer(struct place *p, const char *script)
{
	answer_after(p, ":", script);
}

static void assert_file(struct place *p, const char *name, const char *expected)
{
	char text[4096];
	FILE *f = fopen(file_in(p, name), "r");
	size_t got;

	assert_non_null(f);
	got = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[got] = '\0';
	assert_string_equal(text, expected);
}

#define HONEST                                      \
	"case $line in\n"                           \
	"tracking) echo '" GOOD "' ;;\n"            \
	"sources) echo '" UNSELECTED "'; echo '" SELECTED "' ;;\n" \
	"activity) echo 2,0,0,0,1 ;;\n"             \
	"forbidden) echo '501 Not authorised' ;;\n" \
	"failing) echo '500 Failure' ;;\n"          \
	"unknown) echo 'Unrecognized command' >&2 ;;\n" \
	"*) echo '200 OK' ;;\n"                     \
	"esac"

static void one_process_answers_all(void **state)
{
	struct place *p = *state;
	struct chrony_sources s;
	struct report r;
	pid_t pid;

	answer(p, HONEST);
	assert_int_equal(chrony_tracking(&p->chrony, &r), 0);
	assert_int_equal(r.offset, 249998719);
	pid = p->chrony.pid;
	assert_int_equal(chrony_command(&p->chrony, "reset sources"), 0);
	assert_int_equal(chrony_sources(&p->chrony, &s), 0);
	assert_true(s.selected);
	assert_int_equal(s.online, 2);
	assert_int_equal(s.unresolved, 1);
	assert_int_equal(chrony_selected_source(&p->chrony), 1);
	/* Errors of chronyd do not end chronyc. */
	assert_int_equal(chrony_command(&p->chrony, "failing"), -EREMOTEIO);
	assert_string_equal(p->chrony.answer, "500 Failure");
	assert_int_equal(chrony_command(&p->chrony, "unknown"), -EOPNOTSUPP);
	assert_int_equal(chrony_tracking(&p->chrony, &r), 0);
	assert_int_equal(p->chrony.pid, pid);
	assert_file(p, "log", "start -u root -n -c\ntracking\nreset sources\nsources\nactivity\n"
			      "sources\nactivity\nfailing\nunknown\ntracking\n");
}

static void who_may_not_is_told(void **state)
{
	struct place *p = *state;
	struct report r;

	answer(p, HONEST);
	assert_int_equal(chrony_tracking(&p->chrony, &r), 0);
	assert_int_equal(chrony_command(&p->chrony, "forbidden"), -EPERM);
	assert_string_equal(p->chrony.answer, "501 Not authorised");
	assert_true(chrony_was_refused(-EPERM));
	/* The next one may: with chronyd's socket. */
	assert_int_equal(p->chrony.pid, 0);
	assert_file(p, "log", "start -u root -n -c\ntracking\nforbidden\nstart -u root -n -c\nforbidden\n");
}

/*
 * Versions that know no option -u: as glibc's getopt() says it, and as musl's. If the chronyc of
 * the configuration is a script, the name may be another one.
 */
#define BEFORE_4_8(name, words)                                        \
	"[ \"$1\" = -u ] && { echo \"" name ": " words "\" >&2; " \
	"echo 'Usage: chronyc [OPTION]... [COMMAND]...'; exit 1; }"
/* Without -u, it gives up root, which a program without capabilities may not. */
#define FROM_4_8 "[ \"$1\" = -u ] || { echo 'setgroups() failed : Operation not permitted' >&2; exit 1; }"

static void older_versions_get_no_user(void **state)
{
	static const char *const starts[] = { BEFORE_4_8("chronyc", "invalid option -- 'u'"),
					      BEFORE_4_8("chronyc", "unrecognized option: u"),
					      BEFORE_4_8("/opt/chronyc", "invalid option -- 'u'") };
	struct place *p = *state;
	struct report r;
	int i;

	for (i = 0; i < 3; i++) {
		answer_after(p, starts[i], HONEST);
		assert_int_equal(chrony_tracking(&p->chrony, &r), 0);
		chrony_stop(&p->chrony);
		/* Once known, it is not tried again. */
		assert_int_equal(chrony_tracking(&p->chrony, &r), 0);
		assert_file(p, "log", "start -u root -n -c\nstart -n -c\ntracking\n"
				      "start -n -c\ntracking\n");
		chrony_stop(&p->chrony);
		unlink(file_in(p, "log"));
		p->chrony.knows_no_user = false;
	}
}

/* It may have ended long before it is asked. */
static void an_older_version_may_have_ended(void **state)
{
	struct place *p = *state;
	siginfo_t info;
	struct report r;

	answer_after(p, BEFORE_4_8("chronyc", "invalid option -- 'u'"), HONEST);
	assert_int_equal(chrony_start(&p->chrony), 0);
	assert_int_equal(waitid(P_PID, (id_t)p->chrony.pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(chrony_tracking(&p->chrony, &r), 0);
}

static void sources_of_older_versions_are_told(void **state)
{
	struct place *p = *state;
	struct chrony_sources s;

	answer_after(p, BEFORE_4_8("chronyc", "invalid option -- 'u'"), HONEST);
	assert_int_equal(chrony_sources(&p->chrony, &s), 0);
	assert_true(s.selected);
}

static void it_may_be_updated(void **state)
{
	struct place *p = *state;
	struct report r;

	answer_after(p, BEFORE_4_8("chronyc", "invalid option -- 'u'"), HONEST);
	assert_int_equal(chrony_tracking(&p->chrony, &r), 0);
	answer_after(p, FROM_4_8, HONEST);
	chrony_stop(&p->chrony);
	assert_int_equal(chrony_tracking(&p->chrony, &r), -EBADMSG);
	assert_int_equal(chrony_tracking(&p->chrony, &r), 0);
	chrony_stop(&p->chrony);
	assert_int_equal(chrony_tracking(&p->chrony, &r), 0);
}

static void restart_chronyd(struct place *p, int number)
{
	FILE *f = fopen(file_in(p, "seen"), "w");

	assert_non_null(f);
	fprintf(f, "%d\n", number);
	fclose(f);
}

/*
 * A chronyc keeps to the socket of the chronyd that it has found first and,
 * where nothing hinders it, then asks by UDP, by which it may change nothing.
 */
static void chronyd_may_be_restarted(void **state)
{
	static const char *const refusals[] = { "506 Cannot talk to daemon", "501 Not authorised" };
	struct place *p = *state;
	char script[1024];
	struct report r;
	size_t i;

	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		snprintf(script, sizeof(script),
			 "read -r now <seen; : ${found:=$now}\n"
			 "[ $found = $now ] || { echo '%s'; continue; }\n" HONEST,
			 refusals[i]);
		answer(p, script);
		restart_chronyd(p, 1);
		assert_int_equal(chrony_command(&p->chrony, "reset sources"), 0);
		restart_chronyd(p, 2);
		assert_int_equal(chrony_command(&p->chrony, "reset sources"), 0);
		restart_chronyd(p, 3);
		assert_int_equal(chrony_tracking(&p->chrony, &r), 0);
		restart_chronyd(p, 4);
		assert_int_equal(chrony_selected_source(&p->chrony), 1);
		chrony_stop(&p->chrony);
	}
}

static void commands_are_one_line(void **state)
{
	struct place *p = *state;
	char longer[2 * CHRONY_LINE];

	answer(p, HONEST);
	assert_int_equal(chrony_command(&p->chrony, ""), -EINVAL);
	assert_int_equal(chrony_command(&p->chrony, "tracking\nmakestep"), -EINVAL);
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(chrony_command(&p->chrony, longer), -EINVAL);
	assert_int_equal(p->chrony.pid, 0);
}

/* The process has ended, and the next call gets a new, correct one. */
static void fails_and_recovers(struct place *p, const char *script, int error)
{
	struct report r, before;
	pid_t pid;

	answer(p, script);
	memset(&r, 0x5a, sizeof(r));
	before = r;
	assert_int_equal(chrony_start(&p->chrony), 0);
	pid = p->chrony.pid;
	assert_int_equal(chrony_tracking(&p->chrony, &r), error);
	assert_memory_equal(&r, &before, sizeof(r));
	assert_int_equal(p->chrony.pid, 0);
	chrony_stop(&p->chrony);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
	answer(p, HONEST);
	p->chrony.timeout = PATIENCE;
	assert_int_equal(chrony_tracking(&p->chrony, &r), 0);
	assert_int_equal(r.offset, 249998719);
	chrony_stop(&p->chrony);
}

static void garbage_is_refused(void **state)
{
	struct place *p = *state;

	fails_and_recovers(p, "echo hello", -EBADMSG);
	fails_and_recovers(p, "echo '200 OK'", -EBADMSG);
	fails_and_recovers(p, "echo", -EBADMSG);
	fails_and_recovers(p, "printf '" GOOD "\\n" GOOD "\\n'", -EBADMSG);
	fails_and_recovers(p, "printf '7F000001,na\\000me" GOOD "\\n'", -EBADMSG);
	fails_and_recovers(p, "cat /dev/zero", -EBADMSG);
	fails_and_recovers(p, "yes | tr -d '\\n'", -EBADMSG);
	fails_and_recovers(p, "echo '50 Failure'", -EBADMSG);
}

static void death_is_noticed(void **state)
{
	struct place *p = *state;

	fails_and_recovers(p, "exit 1", -EPIPE);
	fails_and_recovers(p, "kill -9 $$", -EPIPE);
	fails_and_recovers(p, "printf '7F000001,127'; exit 0", -EPIPE);
	fails_and_recovers(p, "echo 'Could not open connection to daemon' >&2; exit 1",
			   -ECONNREFUSED);
	fails_and_recovers(p, "echo '506 Cannot talk to daemon'", -ECONNREFUSED);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void hanging_has_a_limit(void **state)
{
	static const char *const scripts[] = {
		"sleep 1000",
		"printf '7F000001,127'; sleep 1000",
		"trap '' TERM INT HUP; sleep 1000; sleep 1000",
		"kill -STOP $$",
		"while :; do printf x; sleep 0.1; done",
	};
	struct place *p = *state;
	size_t i;

	for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		int64_t start = now_ms();

		p->chrony.timeout = 200;
		fails_and_recovers(p, scripts[i], -ETIMEDOUT);
		assert_true(now_ms() - start >= 200);
	}
}

/* A real chronyc has its own socket in chronyd's folder, and removes it. */
static void it_may_tidy_up(void **state)
{
	static const char tidy[] = "trap 'rm -f seen; exit' TERM EXIT; : >seen\n";
	struct place *p = *state;
	char script[sizeof(tidy) + sizeof(HONEST)];
	struct report r;

	snprintf(script, sizeof(script), "%s%s", tidy, HONEST);
	answer(p, script);
	assert_int_equal(chrony_tracking(&p->chrony, &r), 0);
	assert_int_equal(access(file_in(p, "seen"), F_OK), 0);
	chrony_stop(&p->chrony);
	assert_int_equal(access(file_in(p, "seen"), F_OK), -1);

	snprintf(script, sizeof(script), "%s%s", tidy, "sleep 1000 & wait");
	answer(p, script);
	p->chrony.timeout = 500;
	assert_int_equal(chrony_tracking(&p->chrony, &r), -ETIMEDOUT);
	chrony_stop(&p->chrony);
	assert_int_equal(access(file_in(p, "seen"), F_OK), -1);
}

/* Output between two calls: the next call gets a new chronyc, and its own answer. */
static void what_comes_unasked_is_no_answer(void **state)
{
	struct place *p = *state;
	struct report r;
	pid_t first;
	int fd;

	assert_int_equal(mkfifo(file_in(p, "fifo"), 0600), 0);
	fd = open(file_in(p, "fifo"), O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	answer(p, HONEST "\n read -r go <fifo; echo '" RESET "'; echo >seen");
	assert_int_equal(chrony_tracking(&p->chrony, &r), 0);
	first = p->chrony.pid;
	assert_int_equal(write(fd, "go\n", 3), 3);
	while (access(file_in(p, "seen"), F_OK))
		usleep(1000);
	answer(p, HONEST);
	assert_int_equal(chrony_tracking(&p->chrony, &r), 0);
	assert_int_equal(r.offset, 249998719);
	assert_int_not_equal(p->chrony.pid, first);
	close(fd);
}

static void a_dead_one_is_replaced(void **state)
{
	struct place *p = *state;
	struct report r;
	siginfo_t info;
	pid_t pid;
	int i;

	answer(p, HONEST);
	for (i = 0; i < 3 * LEFTOVERS_MAX; i++) {
		assert_int_equal(chrony_tracking(&p->chrony, &r), 0);
		pid = p->chrony.pid;
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	}
	chrony_stop(&p->chrony);
	/* None is left. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void sources_may_fail_too(void **state)
{
	static const struct {
		const char *script;
		int error;
	} faults[] = {
		{ "case $line in sources) echo '506 Cannot talk to daemon';; esac", -ECONNREFUSED },
		{ "case $line in sources) echo '" SELECTED "x';; *) echo 1,0,0,0,0;; esac",
		  -EBADMSG },
		{ "case $line in activity) printf '1,0,0,0,0\\n1,0,0,0,0\\n';; esac", -EBADMSG },
		{ "case $line in activity) while :; do echo '" SELECTED "'; done;; esac",
		  -EBADMSG },
		{ "case $line in activity) echo '" SELECTED "'; exit;; esac", -EPIPE },
	};
	struct place *p = *state;
	size_t i;

	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		answer(p, faults[i].script);
		assert_int_equal(chrony_selected_source(&p->chrony), faults[i].error);
		assert_int_equal(p->chrony.pid, 0);
	}
	answer(p, "case $line in activity) echo '0,0,0,0,0';; esac");
	assert_int_equal(chrony_selected_source(&p->chrony), 0);
}

static void what_cannot_be_started_is_told(void **state)
{
	struct place *p = *state;
	struct report r;
	FILE *f;

	assert_int_equal(chrony_tracking(&p->chrony, &r), -ENOENT);
	assert_int_equal(p->chrony.pid, 0);
	f = fopen(p->program, "w");
	assert_non_null(f);
	fputs("no program\n", f);
	fclose(f);
	assert_int_equal(chmod(p->program, 0644), 0);
	assert_int_equal(chrony_tracking(&p->chrony, &r), -EACCES);
	/* Neither a script with an interpreter nor a binary. */
	assert_int_equal(chmod(p->program, 0755), 0);
	assert_int_equal(chrony_tracking(&p->chrony, &r), -EPIPE);
}

static void interrupts_go_first(void **state)
{
	struct place *p = *state;
	struct report r;
	int fd;

	assert_int_equal(mkfifo(file_in(p, "fifo"), 0600), 0);
	fd = open(file_in(p, "fifo"), O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	chrony_init(&p->chrony, p->program, PATIENCE, fd);

	/* While it waits. */
	answer(p, "echo >fifo; sleep 1000");
	assert_int_equal(chrony_tracking(&p->chrony, &r), -ECANCELED);
	assert_int_equal(p->chrony.pid, 0);
	/* An interrupt before the call: nothing is even started. */
	answer(p, HONEST);
	assert_int_equal(chrony_command(&p->chrony, "makestep"), -ECANCELED);
	assert_int_equal(chrony_selected_source(&p->chrony), -ECANCELED);
	assert_file(p, "log", "start -u root -n -c\ntracking\n");
	assert_int_equal(read(fd, &r, 1), 1);
	assert_int_equal(chrony_command(&p->chrony, "makestep"), 0);
	close(fd);
}

/* It gets only three descriptors, a clean environment, and a group of its own. */
static void it_starts_clean(void **state)
{
	struct place *p = *state;
	char expected[256];
	sigset_t all, old;

	answer(p, "{ env | grep -v -e ^PWD= -e ^OLDPWD= -e ^_= | sort;\n"
		  "readlink /proc/$$/fd/* | grep -c ^socket;\n"
		  /* By the shell itself: while it waits for a child it blocks signals. */
		  "while read -r key value; do case $key$value in\n"
		  "SigBlk:*[!0]*) ;;\n"
		  "SigBlk:*) echo no signals blocked ;;\n"
		  "SigIgn:*[02468ace]??" "?) echo nor SIGPIPE ignored ;;\n"
		  "esac; done </proc/$$/status;\n"
		  "sed 's/.*) . [0-9]* //; s/ .*//' /proc/$$/stat; } >seen; echo 200 OK");
	setenv("LANG", "de_DE.UTF-8", 1);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(chrony_command(&p->chrony, "look"), 0);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &old, NULL);
	snprintf(expected, sizeof(expected),
		 "LC_ALL=C\nPATH=/usr/bin:/bin\nTZ=UTC0\n3\n"
		 "no signals blocked\nnor SIGPIPE ignored\n%d\n",
		 (int)p->chrony.pid);
	assert_file(p, "seen", expected);
	assert_int_equal(fcntl(p->chrony.fd, F_GETFD), FD_CLOEXEC);
}

/* The caller may have no standard descriptors, like some daemons. */
static void closed_descriptors_do_not_matter(void **state)
{
	struct place *p = *state;
	int status;
	pid_t pid;

	answer(p, HONEST);
	pid = fork();
	if (!pid) {
		close(0);
		close(1);
		close(2);
		status = chrony_command(&p->chrony, "makestep");
		chrony_stop(&p->chrony);
		_exit(status ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* By a signal upon which it removes its socket: systemd may kill us at any time. */
static void it_ends_with_us(void **state)
{
	static const char tidy[] = "trap 'rm -f seen; exit 3' TERM; : >seen\n"
				   "echo '200 OK'; sleep 1000 & wait";
	struct place *p = *state;
	int status, pipes[2];
	pid_t pid, child;

	answer(p, tidy);
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	if (!pid) {
		if (chrony_command(&p->chrony, "makestep") ||
		    write(pipes[1], &p->chrony.pid, sizeof(pid)) != sizeof(pid))
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(read(pipes[0], &child, sizeof(child)), sizeof(child));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* It does not look at its input, and would not see that this has ended. */
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	assert_int_equal(access(file_in(p, "seen"), F_OK), -1);
	kill(-child, SIGKILL);
	close(pipes[0]);
	close(pipes[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tracking_is_understood),
		cmocka_unit_test(leap_seconds_are_understood),
		cmocka_unit_test(numbers_are_exact),
		cmocka_unit_test(what_is_odd_is_refused_as_a_whole),
		cmocka_unit_test(sources_are_understood),
		cmocka_unit_test(activity_is_understood),
		cmocka_unit_test_setup_teardown(one_process_answers_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_may_not_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(older_versions_get_no_user, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_older_version_may_have_ended, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sources_of_older_versions_are_told, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(it_may_be_updated, set_up, tear_down),
		cmocka_unit_test_setup_teardown(chronyd_may_be_restarted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(commands_are_one_line, set_up, tear_down),
		cmocka_unit_test_setup_teardown(garbage_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(death_is_noticed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hanging_has_a_limit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_may_tidy_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_comes_unasked_is_no_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_dead_one_is_replaced, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sources_may_fail_too, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_cannot_be_started_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(interrupts_go_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_starts_clean, set_up, tear_down),
		cmocka_unit_test_setup_teardown(closed_descriptors_do_not_matter, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(it_ends_with_us, set_up, tear_down),
	};

	/* Some faults would make the test wait for ever. */
	alarm(300);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
