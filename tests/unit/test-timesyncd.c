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

#include "drawn.h"
#include "ntpplace.h"
#include "unit.h"

static const struct ntp_daemon *const d = &timesyncd_daemon;

/* The four times of an answer, in ns. */
static void answer_with(const struct place *p, const int64_t times[4], const char *ignored)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "echo 'v (uuuuittayttttbtt) 0 4 4 2 -24 2000 1000 4 1 2 3 4 %" PRId64 " %" PRId64
		 " %" PRId64 " %" PRId64 " %s 1 0'",
		 times[0] / US, times[1] / US, times[2] / US, times[3] / US, ignored);
	script(p, "busctl", text);
}

/* An answer that came just now to a request from @before ago; the server's clock is @ahead. */
static void answer(const struct place *p, int64_t before, int64_t ahead, const char *ignored)
{
	int64_t sent = shown.real - before, server = (sent + shown.real) / 2 + ahead;
	const int64_t times[] = { sent, server, server, shown.real };

	answer_with(p, times, ignored);
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
	/* Half the round trip, half the root delay, the root dispersion; 500 ppm; rounding. */
	assert_uint_in_range(r.root_dispersion, 6 * MS + 50 * US, 6 * MS + 90 * US);
	assert_int_equal(r.reference, (EPOCH + 3600 * NS_PER_SEC) / NS_PER_SEC);

	/* CLOCK_REALTIME may change in any way. */
	pass(NS_PER_SEC);
	shown.real -= 7200 * NS_PER_SEC;
	shown.synchronised = false;
	assert_int_equal(d->report(&p->ntp, &r, &why), 0);
	assert_int_equal(r.offset, 7200 * NS_PER_SEC);
	assert_uint_in_range(r.root_dispersion, 6 * MS + 550 * US, 6 * MS + 590 * US);
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

/* The bound of an answer is as narrow while timesyncd slews the clock by it as it is later. */
static void a_slew_does_not_widen_the_bound(void **state)
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
	assert_uint_in_range(r.root_dispersion, 2 * MS, 2 * MS + 50 * US);
	/* Half of the slew, later. */
	pass(5 * NS_PER_SEC);
	shown.real += 150 * MS;
	shown.pending -= 150 * MS;
	look(p);
	assert_int_equal(d->report(&p->ntp, &r, &why), 0);
	assert_int_equal(r.offset, 150 * MS);
	assert_true(r.root_dispersion <= 5 * MS);
}

/* An answer to a request that was sent during an earlier slew. */
static void an_earlier_slew_counts(void **state)
{
	/* ms from the last look to the answer, and us that the slew of 4 ms adds */
	static const struct {
		int64_t time, least;
	} cases[] = { { 10, 40 }, { 200, 800 }, { 1000, 4000 }, { 10000, 6000 } };
	struct place *p = *state;
	struct report r;
	const char *why;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(d->measure(&p->ntp, false), 0);
		pass(10 * MS);
		shown.pending = 4 * MS;
		look(p);
		pass(cases[i].time * MS);
		answer(p, 0, 0, "false");
		set_clock(0, 0, 0);
		look(p);
		assert_int_equal(d->report(&p->ntp, &r, &why), 0);
		assert_int_equal(r.reference, shown.real / NS_PER_SEC);
		/* What the server states, and 1000 ppm of the time. */
		assert_uint_in_range(r.root_dispersion - 2 * MS - cases[i].time * US,
				     cases[i].least * US, cases[i].least * US + 20 * US);
	}
}

/* vmclockd looks between the arrival of the answer and the setting of the clock. */
static void a_look_before_the_clock_is_set_is_no_harm(void **state)
{
	struct place *p = *state;
	struct report r;
	const char *why;

	assert_int_equal(d->measure(&p->ntp, false), 0);
	pass(10 * MS);
	answer(p, 2 * MS, 30 * MS, "false");
	pass(5 * MS);
	look(p);
	pass(2 * MS);
	set_clock(0, 30 * MS, 0);
	pass(100 * MS);
	look(p);
	assert_int_equal(d->report(&p->ntp, &r, &why), 0);
	assert_int_equal(r.offset, 30 * MS);
	assert_uint_in_range(r.root_dispersion, 3 * MS, 3 * MS + 150 * US);
}

/* Somebody else's step: before the answer or after it, nobody knows. */
static void a_step_at_the_same_time_voids_the_answer(void **state)
{
	static const int64_t offsets[] = { 0, 100 * MS, 3600 * NS_PER_SEC, -7200 * NS_PER_SEC };
	struct place *p = *state;
	size_t i, more;

	for (i = 0; i < 3 * sizeof(offsets) / sizeof(offsets[0]); i++) {
		int64_t offset = offsets[i / 3], slewed = llabs(offset) < NS_PER_SEC ? offset : 0;

		assert_int_equal(d->measure(&p->ntp, false), 0);
		look(p);
		pass(20 * MS);
		if (i % 3 == 0)
			step_clock(3 * MS);
		answer(p, 2 * MS, offset, "false");
		if (i % 3)
			step_clock(3 * MS);
		/* Or vmclockd has seen the step. */
		if (i % 3 == 2)
			look(p);
		set_clock(offset - slewed, slewed, 0);
		pass(100 * MS);
		look(p);
		assert_int_equal(place_measured(p), -EAGAIN);
		assert_non_null(strstr(p->why, "another program has set the system clock"));
		/* Soon answers count again. */
		for (more = 0; more < 2 && place_measured(p); more++) {
			pass(32 * NS_PER_SEC);
			look(p);
			pass(20 * MS);
			answer(p, 2 * MS, 0, "false");
			set_clock(0, 0, 0);
			look(p);
		}
		assert_int_equal(place_measured(p), 0);
	}
}

/* The clock was set by another answer than the reported one: it is asked again. */
static void an_answer_that_has_not_set_the_clock_does_not_count(void **state)
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
	/* The first one is refused; then the other one is asked for. */
	while (count(p, "busctl") < 2) {
		assert_int_equal(place_measured(p), -EAGAIN);
		d->look(&p->ntp);
		nanosleep(&rest, NULL);
	}
	look(p);
	assert_int_equal(d->report(&p->ntp, &r, &why), 0);
	assert_int_equal(r.offset, 30 * MS);
	assert_uint_in_range(r.root_dispersion, 3 * MS, 4 * MS);
}

/* ---- The truth, with a model of the kernel's clock -------------------------------------------- */

static struct {
	int64_t raw_is_slow, clock_is_fast; /* ppb */
	int64_t delta; /* ns of the present second's slew */
	int constant; /* of the PLL */
	int late; /* ms until the kernel notices that a second has passed; 0: it has */
} model;

/* In the range -limit..limit. */
static int64_t drawn(int64_t limit)
{
	return (int64_t)(random_u64() % (uint64_t)(2 * limit + 1)) - limit;
}

static int64_t truth(void)
{
	return EPOCH + shown.raw + (int64_t)((__int128)shown.raw * model.raw_is_slow / NS_PER_SEC);
}

static void notice_second(void)
{
	if (!model.late)
		return;
	model.late = 0;
	model.delta = shown.pending / (4 << model.constant);
	shown.pending -= model.delta;
	shown.maxerror += 500 * US;
}

static void pass_ms(void)
{
	int64_t second = shown.real / NS_PER_SEC;

	shown.raw += MS;
	shown.real += MS + MS * model.clock_is_fast / NS_PER_SEC + model.delta / 1000;
	if (model.late && !--model.late) {
		model.late = 1;
		notice_second();
	}
	if (shown.real / NS_PER_SEC != second)
		model.late = 1 + (int)(random_u64() % 900);
}

static void foreign_step(int64_t ns)
{
	step_clock(ns);
	shown.pending = 0;
	model.delta = 0;
	shown.maxerror = 16 * NS_PER_SEC;
	shown.synchronised = false;
}

/* What timesyncd does with an answer. */
static void set_by(const int64_t times[4])
{
	int64_t offset = (times[1] - times[0]) / 2 + (times[2] - times[3]) / 2;

	if (llabs(offset) < 400 * MS) {
		set_clock(0, offset, 0);
	} else {
		foreign_step(offset);
		set_clock(0, 0, 0);
	}
}

/* Looks, and judges the report. Returns its bound, or -1: there is none. */
static int64_t look_and_judge(struct place *p)
{
	struct report r;
	const char *why;
	int64_t bound;

	notice_second();
	look(p);
	if (d->report(&p->ntp, &r, &why))
		return -1;
	bound = r.root_delay / 2 + r.root_dispersion;
	if (llabs(shown.real + r.offset - truth()) > bound)
		fail_msg("%" PRId64 " ns off, bound %" PRId64, shown.real + r.offset - truth(), bound);
	return bound;
}

/*
 * timesyncd asks, and sets the clock by the answer. Returns the bound, or -1. @stepped:
 * somebody else steps the clock at some moment.
 */
static int64_t ask_once(struct place *p, bool stepped, int64_t gap)
{
	/* The whole delay one way, and the server as wrong as it may be, make the largest error. */
	int side = (int)(random_u64() % 3), wait = 1 + (int)(random_u64() % 300);
	int there = side == 1 ? 0 : (int)(random_u64() % 40);
	int back = side == 2 ? 0 : (int)(random_u64() % 40), work = (int)(random_u64() % 20);
	int64_t wrong = side == 1 ? -2 * MS : side == 2 ? 2 * MS : drawn(2 * MS);
	int end = wait + there + back + work, rest = (int)(random_u64() % 3000);
	int foreign = stepped ? (int)(random_u64() % (unsigned int)(end + 1)) : -1;
	int64_t times[4] = { 0 }, bound = -1;
	int next = (int)(random_u64() % (uint64_t)gap), i;

	for (i = 0; i <= end + rest; i++) {
		if (i == wait)
			times[0] = shown.real;
		if (i == wait + there)
			times[1] = times[2] = truth() + wrong;
		if (i == wait + there + back) {
			times[3] = shown.real;
			answer_with(p, times, "false");
		}
		if (i == foreign)
			foreign_step(drawn(random_u64() % 2 ? 50 * MS : 5 * NS_PER_SEC));
		if (i == end)
			set_by(times);
		if (i == next) {
			bound = look_and_judge(p);
			next += 1 + (int)(random_u64() % (uint64_t)gap);
		}
		pass_ms();
	}
	notice_second();
	bound = look_and_judge(p);
	return bound;
}

/* A slew that was under way, half the round trip, what the server states, and the rest. */
static int64_t most(int64_t pending, int64_t gap)
{
	return llabs(pending) * (gap + 100) / 1000 + 40 * MS + 2 * MS + gap * US + 8 * MS;
}

static void the_truth_is_within_the_bound(void **state)
{
	struct place *p = *state;
	int64_t gap, pending, bound;
	int n;

	for (n = 0; n < 100; n++) {
		model.raw_is_slow = drawn(500000);
		model.clock_is_fast = drawn(500000);
		model.constant = (int)(random_u64() % 3);
		gap = n % 2 ? 200 : 1000;
		foreign_step(truth() - shown.real + drawn(n % 4 < 2 ? 390 * MS : 3600 * NS_PER_SEC));
		assert_int_equal(d->measure(&p->ntp, false), 0);
		bound = ask_once(p, false, gap);
		assert_true(bound >= 0 && bound <= most(0, gap));
		/* The next answer comes during the slew, and the one after it at any moment. */
		pending = shown.pending;
		bound = ask_once(p, false, gap);
		assert_true(bound >= 0 && bound <= most(pending, gap));
		ask_once(p, true, gap);
		ask_once(p, false, gap);
	}
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
		TEST(a_slew_does_not_widen_the_bound),
		TEST(an_earlier_slew_counts),
		TEST(a_look_before_the_clock_is_set_is_no_harm),
		TEST(a_step_at_the_same_time_voids_the_answer),
		TEST(an_answer_that_has_not_set_the_clock_does_not_count),
		TEST(the_truth_is_within_the_bound),
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
