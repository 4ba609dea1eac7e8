// SPDX-License-Identifier: MIT
/* chronyd as the NTP daemon, with shell scripts in place of chronyc. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lead.h"
#include "ntpplace.h"
#include "unit.h"

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

/* The socket's file stays after a process that was killed. */
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
	assert_int_equal(d->measured(&p->ntp), -EAGAIN);
	assert_int_equal(count(p, "reset"), 1);
	stepped = NS_PER_SEC;
	assert_int_equal(d->measured(&p->ntp), -EAGAIN);
	assert_int_equal(count(p, "reset"), 2);
	/* Each step is handled once. */
	assert_int_equal(d->measured(&p->ntp), -EAGAIN);
	assert_int_equal(count(p, "reset"), 2);
	assert_int_equal(count(p, "makestep"), 0);
	/* With a source, chronyd may have stepped the clock itself, by its own offset. */
	select_source(p);
	measured(p, 0, "1.0");
	stepped = 0;
	assert_int_equal(d->measured(&p->ntp), 0);
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
		assert_int_equal(d->measured(&p->ntp), -EAGAIN);
		select_source(p);
		measured(p, 0, "-0.000020000");
		stepped = steps[i];
		assert_int_equal(d->measured(&p->ntp), -EAGAIN);
		assert_int_equal(count(p, "reset"), before + 2);
		assert_int_equal(count(p, "makestep"), made);
		/* chronyd has measured anew. */
		measured(p, 6, "1.0");
		assert_int_equal(d->measured(&p->ntp), 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_socket_alone_is_no_daemon, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_step_by_another_begins_it_anew, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_step_by_another_at_the_last_moment_is_seen, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_step_before_the_first_report_begins_it_anew,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
