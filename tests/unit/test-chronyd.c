// SPDX-License-Identifier: MIT
/* What vmclockd makes of chronyd: with shell scripts in the place of chronyc. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "lead.h"
#include "ntpplace.h"

static const struct ntp_daemon *const d = &chronyd_daemon;

static int set_up(void **state)
{
	return place_set_up(state, d);
}

static int tear_down(void **state)
{
	unlink(CHRONYD_SOCKET);
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

/* Of a process that was killed the file stays. */
static void a_socket_alone_is_no_daemon(void **state)
{
	const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = CHRONYD_SOCKET };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_false(d->runs());
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_true(d->runs());
	close(fd);
	assert_int_equal(access(CHRONYD_SOCKET, F_OK), 0);
	assert_false(d->runs());
}

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
	       "tracking) echo C0000201,192.0.2.1,3,1795627658.5,0.001,0.0,0.0,0.0,0.0,1.0,0.001,"
	       "0.001,1.0,Normal ;;\n"
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

static void select_source(const struct place *p)
{
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "%s/selected", p->folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
}

/* As an agent of the host's steps the clock after a restore: chronyd's samples are void, again. */
static void a_step_by_another_begins_it_anew(void **state)
{
	struct place *p = *state;
	char chronyc[96];

	stepped = 0;
	answer(p, chronyc);
	assert_int_equal(d->forget(&p->ntp), 0);
	assert_int_equal(d->measured(&p->ntp), -EAGAIN);
	assert_int_equal(count(p, "reset"), 1);
	stepped = NS_PER_SEC;
	assert_int_equal(d->measured(&p->ntp), -EAGAIN);
	assert_int_equal(count(p, "reset"), 2);
	/* Each step once. */
	assert_int_equal(d->measured(&p->ntp), -EAGAIN);
	assert_int_equal(count(p, "reset"), 2);
	assert_int_equal(count(p, "makestep"), 0);
	/* With a source, it may have stepped the clock itself. */
	select_source(p);
	stepped = 0;
	assert_int_equal(d->measured(&p->ntp), 0);
	assert_int_equal(count(p, "reset"), 2);
	assert_int_equal(count(p, "makestep"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_socket_alone_is_no_daemon, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_step_by_another_begins_it_anew, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
