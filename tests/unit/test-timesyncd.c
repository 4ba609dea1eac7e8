// SPDX-License-Identifier: MIT
/*
 * What vmclockd makes of systemd-timesyncd: with a clock that is told what it
 * shows, and shell scripts in the place of busctl and systemctl.
 */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ntpplace.h"
#include "unit.h"

static const struct ntp_daemon *const d = &timesyncd_daemon;

/* An answer that came just now to a request from @before ago; the server's clock is @ahead. */
static void answer(const struct place *p, int64_t before, int64_t ahead, const char *ignored)
{
	int64_t t4 = shown.real / US, t1 = (shown.real - before) / US, server = (t1 + t4) / 2 + ahead / US;
	char text[512];

	snprintf(text, sizeof(text),
		 "echo 'v (uuuuittayttttbtt) 0 4 4 2 -24 2000 1000 4 1 2 3 4 %" PRId64 " %" PRId64
		 " %" PRId64 " %" PRId64 " %s 1 0'",
		 t1, server, server, t4, ignored);
	script(p, "busctl", text);
}

static int set_up(void **state)
{
	return place_set_up(state, d);
}

/* Looks until all programs have been started and have ended. */
static void look(struct place *p)
{
	const struct timespec rest = { .tv_nsec = 1000000 };
	int64_t limit = monotonic_now() + 20 * NS_PER_SEC;

	/* Do not wait for the time between two questions. */
	p->ntp.timesyncd.next = 0;
	do {
		d->look(&p->ntp);
		nanosleep(&rest, NULL);
	} while ((command_runs(&p->ntp.timesyncd.busctl) || d->busy(&p->ntp)) &&
		 monotonic_now() < limit);
	assert_true(monotonic_now() < limit);
}

/* ---- The tests ------------------------------------------------------------------------------ */

/* A bus that could start it. */
#define BUS                                                                                \
	"cd %s || exit\n"                                                                  \
	"printf '[D-BUS Service]\nName=org.freedesktop.timesync1\nExec=%%s/timesyncd\n' "  \
	"\"$PWD\" >org.freedesktop.timesync1.service\n"                                    \
	"cat >bus.conf <<END\n"                                                            \
	"<busconfig><listen>unix:path=$PWD/bus</listen><pidfile>$PWD/bus.pid</pidfile>\n"  \
	"<servicedir>$PWD</servicedir><policy context=\"default\"><allow own=\"*\"/>\n"    \
	"<allow send_destination=\"*\"/><allow receive_sender=\"*\"/></policy></busconfig>\n" \
	"END\n"                                                                            \
	"dbus-daemon --config-file=bus.conf --fork\n"

/* A stopped timesyncd must stay stopped: uses the real busctl. */
static void asking_does_not_start_it(void **state)
{
	struct place *p = *state;
	char text[sizeof(BUS) + sizeof(p->folder)];

	if (system("command -v dbus-daemon busctl >/dev/null"))
		skip();
	script(p, "timesyncd", "exit 1");
	snprintf(text, sizeof(text), BUS, p->folder);
	assert_int_equal(system(text), 0);
	snprintf(text, sizeof(text),
		 "DBUS_SYSTEM_BUS_ADDRESS=unix:path=%s/bus exec busctl \"$@\" 2>%s/said", p->folder,
		 p->folder);
	script(p, "busctl", text);
	assert_int_equal(d->measure(&p->ntp, false), 0);
	pass(10 * MS);
	set_clock(0, 0, 0);
	look(p);
	snprintf(text, sizeof(text), "kill $(cat %s/bus.pid)", p->folder);
	assert_int_equal(system(text), 0);
	assert_int_equal(count(p, "timesyncd"), 0);
	/* It was asked, on that bus. */
	snprintf(text, sizeof(text), "grep -q 'org.freedesktop.timesync1.* does not exist' %s/said",
		 p->folder);
	assert_int_equal(system(text), 0);
}

static void what_was_sent_since_counts(void **state)
{
	struct place *p = *state;
	struct report r;
	const char *why;

	assert_int_equal(d->measure(&p->ntp, false), 0);
	assert_int_equal(touched, 1);
	pass(10 * MS);
	answer(p, 8 * MS, 3600 * NS_PER_SEC, "false");
	set_clock(3600 * NS_PER_SEC, 0, 0);
	pass(100 * MS);
	look(p);
	assert_int_equal(place_measured(p), 0);
	assert_int_equal(d->report(&p->ntp, &r, &why), 0);
	assert_null(report_refusal(&r));
	assert_int_equal(r.offset, 0);
	/* Half the round trip, half the root delay, the root dispersion; 1000 ppm; rounding. */
	assert_uint_in_range(r.root_dispersion, 6 * MS + 100 * US, 6 * MS + 115 * US);
	assert_int_equal(r.reference, (EPOCH + 3600 * NS_PER_SEC) / NS_PER_SEC);

	/* CLOCK_REALTIME may change in any way. */
	pass(NS_PER_SEC);
	shown.real -= 7200 * NS_PER_SEC;
	shown.synchronised = false;
	assert_int_equal(d->report(&p->ntp, &r, &why), 0);
	assert_int_equal(r.offset, 7200 * NS_PER_SEC);
	assert_uint_in_range(r.root_dispersion, 6 * MS + 600 * US, 6 * MS + 620 * US);
}

static void what_was_sent_before_does_not(void **state)
{
	struct place *p = *state;
	struct report r;
	const char *why = NULL;

	pass(5 * MS);
	assert_int_equal(d->measure(&p->ntp, false), 0);
	pass(3 * MS);
	/* The request was sent 8 ms ago, before the disruption. */
	answer(p, 8 * MS, 0, "false");
	set_clock(0, 0, 0);
	look(p);
	assert_int_equal(count(p, "busctl"), 1);
	assert_int_equal(place_measured(p), -EAGAIN);
	assert_int_equal(d->report(&p->ntp, &r, &why), -EAGAIN);
	assert_non_null(why);
	/* The next one does. */
	pass(32 * NS_PER_SEC);
	answer(p, 8 * MS, 0, "false");
	set_clock(0, 0, 0);
	look(p);
	assert_int_equal(place_measured(p), 0);
}

/* The raw clock stood still meanwhile. */
static void a_sleep_voids_all(void **state)
{
	struct place *p = *state;
	struct report r;
	const char *why;

	assert_int_equal(d->measure(&p->ntp, false), 0);
	pass(10 * MS);
	answer(p, 2 * MS, 0, "false");
	set_clock(0, 0, 0);
	look(p);
	assert_int_equal(d->report(&p->ntp, &r, &why), 0);
	shown.slept = 2 * MS;
	shown.real += 2 * MS;
	assert_int_equal(d->report(&p->ntp, &r, &why), -EAGAIN);
	look(p);
	assert_int_equal(d->report(&p->ntp, &r, &why), -EAGAIN);
	pass(10 * MS);
	answer(p, 2 * MS, 0, "false");
	set_clock(0, 0, 0);
	look(p);
	assert_int_equal(d->report(&p->ntp, &r, &why), 0);
}

static void nothing_counts_before_it_is_told(void **state)
{
	struct place *p = *state;

	answer(p, 8 * MS, 0, "false");
	set_clock(0, 0, 0);
	look(p);
	assert_int_equal(place_measured(p), -EAGAIN);
}

static void what_is_pending_counts(void **state)
{
	struct place *p = *state;
	struct report r;
	const char *why;

	assert_int_equal(d->measure(&p->ntp, false), 0);
	pass(10 * MS);
	answer(p, 0, 300 * MS, "false");
	set_clock(0, 300 * MS, 0);
	pass(2 * MS);
	look(p);
	assert_int_equal(d->report(&p->ntp, &r, &why), 0);
	assert_int_equal(r.offset, 300 * MS);
	assert_true(r.root_dispersion >= 302 * MS);
	/* With a new slew, and an old slew under way. */
	pass(32 * NS_PER_SEC);
	shown.pending = 4 * MS;
	look(p);
	answer(p, 0, 0, "false");
	set_clock(0, 0, 0);
	look(p);
	assert_int_equal(d->report(&p->ntp, &r, &why), 0);
	assert_int_equal(r.reference, shown.real / NS_PER_SEC);
	assert_uint_in_range(r.root_dispersion, 6 * MS, 7 * MS);
}

/* The clock was set by another measurement than the reported one. */
static void a_clock_that_was_set_meanwhile_is_less_certain(void **state)
{
	struct place *p = *state;
	const struct timespec rest = { .tv_nsec = 1000000 };
	struct report r;
	const char *why;
	char text[1024];

	assert_int_equal(d->measure(&p->ntp, false), 0);
	pass(50 * MS);
	answer(p, 2 * MS, 0, "false");
	/* It answers, and then waits for a file. */
	snprintf(text, sizeof(text),
		 "cd %s && sed -i '$a while ! test -e %s/go; do sleep 0.01; done' busctl",
		 p->folder, p->folder);
	assert_int_equal(system(text), 0);
	set_clock(0, 0, 0);
	while (!count(p, "busctl")) {
		d->look(&p->ntp);
		nanosleep(&rest, NULL);
	}
	pass(200 * MS);
	answer(p, 2 * MS, 30 * MS, "false");
	set_clock(0, 30 * MS, 0);
	snprintf(text, sizeof(text), "touch %s/go", p->folder);
	assert_int_equal(system(text), 0);
	/* The first answer is as uncertain as the clock was moved; then the other is asked for. */
	while (d->report(&p->ntp, &r, &why)) {
		d->look(&p->ntp);
		nanosleep(&rest, NULL);
	}
	assert_int_equal(r.offset, 30 * MS);
	assert_true(r.root_dispersion >= 60 * MS);
	look(p);
	assert_int_equal(d->report(&p->ntp, &r, &why), 0);
	assert_int_equal(r.offset, 30 * MS);
	assert_uint_in_range(r.root_dispersion, 33 * MS, 36 * MS);
}

static void the_kernel_has_to_agree(void **state)
{
	struct place *p = *state;

	assert_int_equal(d->measure(&p->ntp, false), 0);
	pass(10 * MS);
	/* timesyncd may not set the clock, and the clock is unsynchronised. */
	answer(p, 2 * MS, 100 * MS, "false");
	look(p);
	assert_int_equal(count(p, "busctl"), 0);
	assert_int_equal(place_measured(p), -EAGAIN);
	/* Somebody does, or sets it to something else. */
	set_clock(0, 0, 0);
	look(p);
	assert_int_equal(count(p, "busctl"), 1);
	assert_int_equal(place_measured(p), -EAGAIN);
	set_clock(1000 * MS, 0, 0);
	look(p);
	assert_int_equal(place_measured(p), -EAGAIN);
}

static void worthless_answers_do_not_count(void **state)
{
	static const char *const scripts[] = {
		"echo 'v (uuuuittayttttbtt) 0 0 0 0 0 0 0 4 0 0 0 0 0 18444535084909551616 "
		"18444535084909551616 0 false 0 0'",
		"echo garbage", "echo Failed to connect to bus; exit 1", ":", "kill -9 $$", "while :; do echo more; done",
	};
	struct place *p = *state;
	struct report r;
	const char *why;
	size_t i;

	assert_int_equal(d->measure(&p->ntp, false), 0);
	pass(10 * MS);
	answer(p, 2 * MS, 0, "true");
	set_clock(0, 0, 0);
	look(p);
	assert_int_equal(place_measured(p), -EAGAIN);
	for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		script(p, "busctl", scripts[i]);
		look(p);
		assert_int_equal(count(p, "busctl"), i + 2);
		why = NULL;
		assert_int_equal(d->report(&p->ntp, &r, &why), -EAGAIN);
		assert_non_null(why);
		if (strstr(scripts[i], "connect to bus"))
			assert_non_null(strstr(why, "D-Bus"));
	}
	assert_int_equal(unlink(p->busctl), 0);
	look(p);
	assert_int_equal(d->report(&p->ntp, &r, &why), -EAGAIN);
	assert_non_null(strstr(why, "busctl"));
	/* It comes back. */
	answer(p, 2 * MS, 0, "false");
	look(p);
	assert_int_equal(place_measured(p), 0);
}

static void one_that_hangs_stops_nobody(void **state)
{
	struct place *p = *state;
	int64_t began = monotonic_now();

	script(p, "busctl", "sleep 1000");
	assert_int_equal(d->measure(&p->ntp, false), 0);
	set_clock(0, 0, 0);
	d->look(&p->ntp);
	assert_true(command_runs(&p->ntp.timesyncd.busctl));
	d->look(&p->ntp);
	/* A disruption meanwhile, and an answer. */
	assert_int_equal(d->measure(&p->ntp, false), 0);
	assert_false(command_runs(&p->ntp.timesyncd.busctl));
	assert_true(monotonic_now() - began < 5 * NS_PER_SEC);
	pass(10 * MS);
	answer(p, 2 * MS, 0, "false");
	set_clock(0, 0, 0);
	look(p);
	assert_int_equal(place_measured(p), 0);
}

static void an_answer_is_asked_for_once(void **state)
{
	struct place *p = *state;
	int i;

	assert_int_equal(d->measure(&p->ntp, false), 0);
	pass(10 * MS);
	answer(p, 2 * MS, 0, "false");
	set_clock(0, 0, 0);
	for (i = 0; i < 20; i++) {
		look(p);
		pass(NS_PER_SEC);
	}
	assert_int_equal(count(p, "busctl"), 1);
	/* vmclockd has told the kernel the error of its clock: nothing is new. */
	shown.maxerror = 7 * MS;
	look(p);
	pass(NS_PER_SEC);
	shown.maxerror = 6 * MS;
	look(p);
	assert_int_equal(count(p, "busctl"), 3);
	assert_int_equal(p->ntp.timesyncd.known.anchors.count, 1);
}

static void a_rehearsal_changes_nothing(void **state)
{
	struct place *p = *state;

	set_clock(0, 0, 0);
	answer(p, 2 * MS, 0, "false");
	pass(NS_PER_SEC);
	assert_int_equal(d->begin(&p->ntp), 0);
	look(p);
	assert_int_equal(touched, 0);
	assert_int_equal(place_measured(p), -EAGAIN);
	pass(32 * NS_PER_SEC);
	answer(p, 2 * MS, 0, "false");
	set_clock(0, 0, 0);
	look(p);
	assert_int_equal(place_measured(p), 0);
	assert_int_equal(count(p, "systemctl"), 0);
}

static void it_is_restarted_where_that_helps(void **state)
{
	struct place *p = *state;

	assert_int_equal(d->measure(&p->ntp, false), 0);
	assert_int_equal(count(p, "systemctl"), 0);
	assert_int_equal(d->measure(&p->ntp, true), 0);
	assert_true(d->busy(&p->ntp));
	look(p);
	assert_int_equal(count(p, "systemctl"), 1);
	assert_non_null(strstr(last_call(p, "systemctl"), "try-restart systemd-timesyncd.service"));
	assert_string_equal(logged, "");
}

static void why_it_cannot_be_restarted_is_told(void **state)
{
	struct place *p = *state;
	int ret;

	script(p, "systemctl", "echo 'Failed to try-restart: Access denied' >&2; echo more; exit 4");
	assert_int_equal(d->measure(&p->ntp, true), 0);
	look(p);
	assert_string_equal(logged, "systemd-timesyncd.service cannot be restarted: "
				    "Failed to try-restart: Access denied");
	script(p, "systemctl", "exit 1");
	assert_int_equal(d->measure(&p->ntp, true), 0);
	look(p);
	assert_string_equal(logged, "systemd-timesyncd.service cannot be restarted: "
				    "systemctl fails, and does not say why");
	assert_int_equal(unlink(p->systemctl), 0);
	ret = d->measure(&p->ntp, true);
	assert_int_equal(ret, -ENOENT);
	assert_non_null(strstr(d->reason(ret), "systemctl"));
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, place_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(asking_does_not_start_it),
		TEST(what_was_sent_since_counts),
		TEST(what_was_sent_before_does_not),
		TEST(a_sleep_voids_all),
		TEST(nothing_counts_before_it_is_told),
		TEST(what_is_pending_counts),
		TEST(a_clock_that_was_set_meanwhile_is_less_certain),
		TEST(the_kernel_has_to_agree),
		TEST(worthless_answers_do_not_count),
		TEST(one_that_hangs_stops_nobody),
		TEST(an_answer_is_asked_for_once),
		TEST(a_rehearsal_changes_nothing),
		TEST(it_is_restarted_where_that_helps),
		TEST(why_it_cannot_be_restarted_is_told),
	};

	/* Some faults would make the test wait for ever. */
	alarm(300);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
