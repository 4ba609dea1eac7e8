// SPDX-License-Identifier: MIT
/* chronyd as the NTP daemon, with shell scripts in place of chronyc. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "chronyd-socket.h"
#include "lead.h"
#include "ntpplace.h"
#include "process.h"
#include "unit.h"

static const struct ntp_daemon *const d = &chronyd_daemon;

static int set_up(void **state)
{
	return place_set_up(state, d);
}

static int tear_down(void **state)
{
	unlink(CHRONYD_SOCKET);
	unlink(CHRONYD_PID_FILES);
	if (system("rm -rf " PROC_FOLDER))
		return -1;
	return place_tear_down(state);
}

/* ---- In the place of lead.c ---------------------------------------------------------- */

static int64_t stepped; /* CLOCK_REALTIME, by somebody */

int lead_read(struct lead *lead)
{
	*lead = (struct lead){ .least = stepped, .most = stepped };
	return 0;
}

int64_t lead_stepped(const struct lead *before, const struct lead *after)
{
	return after->least - before->least;
}

/* ---- The tests ----------------------------------------------------------------------- */

/* Makes a socket, in place of another process's. */
static int bind_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	unlink(path);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static int start_process(void)
{
	return bind_at(CHRONYD_SOCKET);
}

/* The socket's file stays after a process that was killed. */
static void a_socket_alone_is_no_daemon(void **state)
{
	struct place *p = *state;
	int fd;

	assert_false(d->runs(&p->config));
	fd = start_process();
	assert_true(d->runs(&p->config));
	close(fd);
	assert_int_equal(access(CHRONYD_SOCKET, F_OK), 0);
	assert_false(d->runs(&p->config));
}

/* ---- A chronyd with another socket ------------------------------------------------------ */

static void write_proc(const char *name, const char *text)
{
	char path[64];
	FILE *file;

	assert_int_equal(system("mkdir -p " PROC_FOLDER "/net"), 0);
	snprintf(path, sizeof(path), PROC_FOLDER "/net/%s", name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void the_socket_may_have_another_path(void **state)
{
	struct place *p = *state;
	char path[96], called[128];
	int fd, usual;

	snprintf(path, sizeof(path), "%s/cmd", p->folder);
	p->config.chronyd_socket = path;
	fd = bind_at(path);
	assert_true(d->runs(&p->config));
	/* Then a chronyd at the usual path is another one. */
	close(fd);
	usual = start_process();
	assert_false(d->runs(&p->config));
	close(usual);
	/* chronyc is told. */
	script(p, "chronyc", "while read -r line; do echo '200 OK'; done");
	d->stop(&p->ntp);
	d->start(&p->ntp);
	p->ntp.chronyd.chronyc.interrupt = -1;
	p->ntp.chronyd.chronyc.timeout = 20000;
	stepped = 0;
	assert_int_equal(d->forget(&p->ntp), 0);
	snprintf(called, sizeof(called), "-u root -n -c -h %s\n", path);
	assert_string_equal(last_call(p, "chronyc"), called);
}

/* It keeps the clock all the same: vmclockd must not steer against it. */
static void a_chronyd_without_the_socket_is_told(void **state)
{
	struct place *p = *state;

	write_proc("udp",
		   "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when\n"
		   "  345: 0100007F:0143 00000000:0000 07 00000000:00000000 00:00000000\n");
	assert_true(chronyd_runs_elsewhere());
	d->stop(&p->ntp);
	d->start(&p->ntp);
	assert_string_equal(logged, "chronyd runs, but has no socket " CHRONYD_SOCKET
				    ": set chronyd_socket to its path, which is "
				    "bindcmdaddress in chrony.conf, or remove "
				    "'bindcmdaddress /' there");
	/* A port of IPv6; or none, and the file of its process ID, which may be stale. */
	write_proc("udp", "");
	assert_false(chronyd_runs_elsewhere());
	write_proc("udp6", "  345: 00000000000000000000000001000000:0143 0:0 07\n");
	assert_true(chronyd_runs_elsewhere());
	write_proc("udp6", "");
	assert_int_equal(system("echo $PPID >" CHRONYD_PID_FILES), 0);
	assert_false(chronyd_runs_elsewhere());
	assert_int_equal(system("mkdir " PROC_FOLDER "/$PPID && "
				"echo chronyd >" PROC_FOLDER "/$PPID/comm"), 0);
	assert_true(chronyd_runs_elsewhere());
	assert_int_equal(system("echo bash >" PROC_FOLDER "/$PPID/comm"), 0);
	assert_false(chronyd_runs_elsewhere());
}

/* As timemaster's. Anybody can make such a socket, so it is named, and not used. */
static void a_socket_elsewhere_is_told(void **state)
{
	struct place *p = *state;
	char path[96], line[512], expected[256];
	int fd;

	snprintf(path, sizeof(path), "%s/chronyd.sock", p->folder);
	fd = bind_at(path);
	snprintf(line, sizeof(line),
		 "Num       RefCount Protocol Flags    Type St Inode Path\n"
		 "0000000000000000: 00000002 00000000 00010000 0001 01 14 /nowhere/chronyd.sock\n"
		 "0000000000000000: 00000002 00000000 00000000 0002 01 15\n"
		 "0000000000000000: 00000002 00000000 00000000 0002 01 16 %s\n", path);
	write_proc("unix", line);
	assert_false(d->runs(&p->config));
	*logged = '\0';
	chronyd_socket_tell(&p->config, false);
	snprintf(expected, sizeof(expected),
		 "there is a socket %s: if the chronyd there keeps the system clock, "
		 "set chronyd_socket to this path", path);
	assert_string_equal(logged, expected);
	chronyd_socket_tell(&p->config, true);
	snprintf(expected, sizeof(expected), "chrony.conf, perhaps %s", path);
	assert_non_null(strstr(logged, expected));
	/* Nothing to tell: it is gone, or known. */
	*logged = '\0';
	close(fd);
	chronyd_socket_tell(&p->config, false);
	fd = bind_at(path);
	p->config.chronyd_socket = path;
	chronyd_socket_tell(&p->config, false);
	assert_string_equal(logged, "");
	close(fd);
}

/* ---- What it has measured --------------------------------------------------------------- */

/* A chronyd that has a source once there is a file "selected". */
static void answer(struct place *p, char chronyc[96])
{
	script(p, "chronyc",
	       "cd ${0%/*}\n"
	       "while read -r line; do\n"
	       "case $line in\n"
	       "sources) [ -e selected ] && echo '^,*,192.0.2.1,5,0,377,1,0.0,0.0,0.0' ||\n"
	       "	echo '^,?,192.0.2.1,0,1,0,4294967295,0.0,0.0,0.0' ;;\n"
	       "activity) echo 1,0,0,0,0 ;;\n"
	       "tracking) leap=; . ./last\n"
	       "	echo C0000201,192.0.2.1,3,$measured,0.001,$offset,0.0,0.0,0.0,1.0,0.001,"
	       "0.001,1.0,${leap:-Normal} ;;\n"
	       "*) echo x >>\"${line%% *}.log\"; echo '200 OK' ;;\n"
	       "esac\n"
	       "done");
	snprintf(chronyc, 96, "%s/chronyc", p->folder);
	p->config.chronyc = chronyc;
	p->config.step_back_max = NS_PER_SEC;
	d->stop(&p->ntp);
	d->start(&p->ntp);
	p->ntp.chronyd.chronyc.interrupt = -1;
	p->ntp.chronyd.chronyc.timeout = 20000;
}

static void write_file(const struct place *p, const char *name, const char *text)
{
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", p->folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* Its last measurement, and by how many s the clock was fast then: by that it steps or slews it. */
static void measured(const struct place *p, int when, const char *fast)
{
	char text[96];

	snprintf(text, sizeof(text), "measured=%d.5 offset=%s\n", 1795627658 + when, fast);
	write_file(p, "last", text);
}

static void select_source(const struct place *p)
{
	write_file(p, "selected", "");
}

static void lose_source(const struct place *p)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/selected", p->folder);
	unlink(path);
}

/* A host's agent steps the clock after a restore: chronyd's samples are void again. */
static void a_step_by_another_begins_it_anew(void **state)
{
	struct place *p = *state;
	char chronyc[96];

	stepped = 0;
	answer(p, chronyc);
	measured(p, 0, "0.0");
	assert_int_equal(d->forget(&p->ntp), 0);
	assert_int_equal(place_measured(p), -EAGAIN);
	assert_int_equal(count(p, "reset"), 1);
	stepped = NS_PER_SEC;
	assert_int_equal(place_measured(p), -EAGAIN);
	assert_int_equal(count(p, "reset"), 2);
	/* Each step is handled once. */
	assert_int_equal(place_measured(p), -EAGAIN);
	assert_int_equal(count(p, "reset"), 2);
	assert_int_equal(count(p, "makestep"), 0);
	/* With a source, chronyd may have stepped the clock itself, by its own offset. */
	select_source(p);
	measured(p, 0, "1.0");
	stepped = 0;
	assert_int_equal(place_measured(p), 0);
	assert_int_equal(count(p, "reset"), 2);
	assert_int_equal(count(p, "makestep"), 1);
}

/* Just before chronyd gets a source, or while it does: it uses the old clock unknowingly. */
static void a_step_by_another_at_the_last_moment_is_seen(void **state)
{
	static const int64_t steps[] = { NS_PER_SEC, -NS_PER_SEC, 3600 * NS_PER_SEC, NS_PER_MS };
	struct place *p = *state;
	char chronyc[96];
	size_t i;

	answer(p, chronyc);
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int before = count(p, "reset"), made = count(p, "makestep");

		stepped = 0;
		lose_source(p);
		assert_int_equal(d->forget(&p->ntp), 0);
		assert_int_equal(place_measured(p), -EAGAIN);
		select_source(p);
		measured(p, 0, "-0.000020000");
		stepped = steps[i];
		assert_int_equal(place_measured(p), -EAGAIN);
		assert_int_equal(count(p, "reset"), before + 2);
		assert_int_equal(count(p, "makestep"), made);
		/* chronyd has measured anew. */
		measured(p, 6, "1.0");
		assert_int_equal(place_measured(p), 0);
		assert_int_equal(count(p, "reset"), before + 2);
	}
}

static int report(struct place *p)
{
	struct report unused;
	const char *why;

	return d->report(&p->ntp, &unused, &why);
}

/* vmclockd starts; then somebody steps the clock by a second, and chronyd corrects it by @offset. */
static int report_after_step(struct place *p, const char *offset)
{
	stepped = 0;
	measured(p, 0, "0.0");
	assert_int_equal(d->begin(&p->ntp), 0);
	assert_int_equal(report(p), -EAGAIN);
	stepped = NS_PER_SEC;
	measured(p, 64, offset);
	return report(p);
}

/* At the start nothing is reset: a report with samples from before a step does not count. */
static void a_step_before_the_first_report_begins_it_anew(void **state)
{
	struct place *p = *state;
	char chronyc[96];

	answer(p, chronyc);
	assert_int_equal(report_after_step(p, "0.4"), -EAGAIN);
	assert_int_equal(count(p, "reset"), 1);
	measured(p, 128, "0.6");
	assert_int_equal(report(p), 0);

	/* chronyd's own steps do not count. */
	assert_int_equal(report_after_step(p, "-1.0"), 0);
	assert_int_equal(count(p, "reset"), 1);

	/* If vmclockd must not give orders, it waits until chronyd has dropped them. */
	p->ntp.silent = true;
	assert_int_equal(report_after_step(p, "0.4"), -EAGAIN);
	measured(p, 128, "0.1");
	assert_int_equal(report(p), -EAGAIN);
	assert_int_equal(count(p, "reset"), 1);
	write_file(p, "last", "measured=0.0 offset=0.0 leap='Not synchronised'\n");
	assert_int_equal(report(p), -EAGAIN);
	measured(p, 256, "0.0");
	assert_int_equal(report(p), 0);
}

/* A new process may have measurements that an old one has saved: `chronyd -r'. */
static void a_restart_is_seen_after_a_disruption(void **state)
{
	struct place *p = *state;
	char chronyc[96];
	int first, second;

	answer(p, chronyc);
	first = start_process();
	assert_int_equal(d->begin(&p->ntp), 0);
	second = start_process();
	assert_false(d->is_another(&p->ntp));
	assert_int_equal(d->forget(&p->ntp), 0);
	assert_false(d->is_another(&p->ntp));
	close(first);
	first = start_process();
	assert_true(d->is_another(&p->ntp));
	/* There is none for a moment, or it has refused. */
	unlink(CHRONYD_SOCKET);
	assert_false(d->is_another(&p->ntp));
	close(second);
	second = start_process();
	assert_true(d->is_another(&p->ntp));
	assert_int_equal(d->forget(&p->ntp), 0);
	assert_false(d->is_another(&p->ntp));
	close(first);
	close(second);
}

/* The disruption was an earlier vmclockd's. */
static void it_is_seen_after_a_restart_of_vmclockd(void **state)
{
	struct place *p = *state;
	char chronyc[96];
	int first, second;

	answer(p, chronyc);
	first = start_process();
	p->ntp.disrupted = true;
	assert_int_equal(d->begin(&p->ntp), 0);
	assert_false(d->is_another(&p->ntp));
	second = start_process();
	assert_true(d->is_another(&p->ntp));
	close(first);
	close(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_socket_alone_is_no_daemon, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_socket_may_have_another_path, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_chronyd_without_the_socket_is_told, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_socket_elsewhere_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_step_by_another_begins_it_anew, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_step_by_another_at_the_last_moment_is_seen, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_step_before_the_first_report_begins_it_anew,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_restart_is_seen_after_a_disruption, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(it_is_seen_after_a_restart_of_vmclockd, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
