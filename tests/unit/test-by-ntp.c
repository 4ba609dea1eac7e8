// SPDX-License-Identifier: MIT
/* The time by an NTP daemon: by-ntp.c with a fake daemon in this program. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "by-ntp.h"
#include "clocks.h"
#include "log.h"
#include "unit.h"

#define INSTEAD __attribute__((visibility("default")))
/* 2020-03-10 */
#define START  (INT64_C(1583798400) * NS_PER_SEC)
#define MARKER 7
/* What the daemon says. */
#define MISSING "it has no source"

/* ---- The world: one tick is one ns on each clock, and all are right unless they are set ----- */

static struct {
	int64_t now;
	int64_t skipped; /* ticks, by the counter alone */
	int64_t stepped; /* CLOCK_REALTIME, by somebody: so much it is fast */
	int64_t slewed;	 /* the same, and CLOCK_MONOTONIC with it */
	struct report report;
	int measure_error;
	int asked, forgot;
	bool forgets; /* and has no source until it has measured */
	bool dropped; /* by itself, what it had measured */
	bool another; /* process, since it was told to forget */
	int watched;
	int status; /* of the completed page */
} world;

static void pass(int64_t ns)
{
	world.now += ns;
}

INSTEAD
int clock_gettime(clockid_t clock, struct timespec *ts)
{
	int64_t ns = world.now + (clock == CLOCK_MONOTONIC_RAW ? 0 : world.slewed);

	if (clock == CLOCK_REALTIME)
		ns += START + world.stepped;

	if (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC_RAW)
		return (int)syscall(SYS_clock_gettime, clock, ts);
	*ts = (struct timespec){ ns / NS_PER_SEC, ns % NS_PER_SEC };
	return 0;
}

int pair_read(struct pair *pair, unsigned int tries)
{
	(void)tries;
	pass(1000);
	*pair = (struct pair){
		.counter = (uint64_t)(world.now + world.skipped),
		.real = START + world.now + world.stepped + world.slewed,
		.raw = world.now,
		.width = 100,
	};
	return 0;
}

uint64_t vmclock_marker(const struct vmclock *vc)
{
	(void)vc;
	return MARKER;
}

bool vmclock_disrupted(const struct vmclock *vc, uint64_t marker)
{
	(void)vc;
	return marker != MARKER;
}

void say(int level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

/* ---- The page ------------------------------------------------------------------------------- */

int completed_open(struct completed *completed, const char *folder, const char *device,
		   bool dry_run)
{
	(void)folder;
	(void)device;
	(void)dry_run;
	*completed = (struct completed){ .open = true };
	return 0;
}

void completed_untrusted(struct completed *completed, const struct vmclock_state *device,
			 uint8_t status)
{
	(void)completed;
	(void)device;
	world.status = status;
}

void completed_time(struct completed *completed, const struct vmclock_state *device,
		    const struct cone *cone, bool first, uint8_t status)
{
	(void)completed;
	(void)device;
	(void)cone;
	(void)first;
	world.status = status;
}

/* ---- The daemon ----------------------------------------------------------------------------- */

static int begin(struct ntp *ntp)
{
	(void)ntp;
	return 0;
}

static int forget(struct ntp *ntp)
{
	(void)ntp;
	world.forgot++;
	world.another = false;
	if (world.forgets)
		world.report.stratum = 0;
	return 0;
}

static bool is_another(const struct ntp *ntp)
{
	(void)ntp;
	return world.another;
}

static int dropped(struct ntp *ntp, bool first)
{
	(void)ntp;
	assert_int_equal(first, !world.watched++);
	return world.dropped ? 0 : -EAGAIN;
}

static int measure(struct ntp *ntp, bool again)
{
	(void)ntp;
	(void)again;
	world.asked += !world.measure_error;
	return world.measure_error;
}

static int measured(struct ntp *ntp, const char **why)
{
	(void)ntp;
	*why = MISSING;
	return world.report.stratum ? 0 : -EAGAIN;
}

static int report(struct ntp *ntp, struct report *report, const char **why)
{
	(void)ntp;
	*why = MISSING;
	*report = world.report;
	return world.report.stratum ? 0 : -EAGAIN;
}

static const struct ntp_daemon daemon_of_ours = {
	.begin = begin,
	.forget = forget,
	.is_another = is_another,
	.dropped = dropped,
	.measure = measure,
	.measured = measured,
	.report = report,
};

const char *ntp_reason(const struct ntp *ntp, int error)
{
	(void)ntp;
	(void)error;
	return "an error";
}

/* The daemon measures that the clock is @offset ns slow. */
static void measures(int64_t offset)
{
	world.report = (struct report){
		.offset = offset,
		.root_delay = NS_PER_MS,
		.root_dispersion = NS_PER_MS,
		.skew = 100,
		.reference = (START + world.now) / NS_PER_SEC,
		.refid = 1,
		.stratum = 2,
		.leap = REPORT_LEAP_NONE,
	};
}

/* ---- The tests ------------------------------------------------------------------------------ */

static const struct vmclock_state device = { .marker = MARKER };

struct place {
	struct by_ntp by;
	struct ntp ntp;
	const char *why; /* from the last look */
};

static void open_place(struct place *p, bool disrupted)
{
	memset(&world, 0, sizeof(world));
	world.now = 1000 * NS_PER_SEC;
	memset(p, 0, sizeof(*p));
	p->ntp.daemon = &daemon_of_ours;
	assert_int_equal(by_ntp_open(&p->by, "", "", false), 0);
	by_ntp_disrupted(&p->by, &device, disrupted);
}

/* A second later. */
static int look(struct place *p)
{
	int ret;

	pass(NS_PER_SEC);
	p->why = NULL;
	ret = by_ntp_advance(&p->by, &p->ntp, NULL, &device, &p->why);
	assert_true(!ret || p->why);
	return ret;
}

static void heal(struct place *p)
{
	int i;

	for (i = 0; i < 5 && world.status != VMCLOCK_STATUS_SYNCHRONIZED; i++) {
		measures(-world.stepped);
		look(p);
	}
	assert_int_equal(world.status, VMCLOCK_STATUS_SYNCHRONIZED);
}

static void after_a_contradiction_three_must_agree(void **state)
{
	struct place p;

	(void)state;
	open_place(&p, true);
	heal(&p);
	measures(NS_PER_SEC);
	assert_int_equal(look(&p), -EAGAIN);
	assert_int_equal(world.status, VMCLOCK_STATUS_UNRELIABLE);
	/* The same measurement again does not count. */
	assert_int_equal(look(&p), -EAGAIN);
	assert_int_equal(look(&p), -EAGAIN);
	measures(NS_PER_SEC);
	assert_int_equal(look(&p), -EAGAIN);
	assert_int_equal(world.status, VMCLOCK_STATUS_UNRELIABLE);
	pass(NS_PER_SEC);
	measures(NS_PER_SEC);
	assert_int_equal(look(&p), 0);
	assert_int_equal(world.status, VMCLOCK_STATUS_SYNCHRONIZED);
}

static void without_a_daemon_the_bounds_go_on_growing(void **state)
{
	struct offset first, later;
	struct place p;

	(void)state;
	open_place(&p, true);
	heal(&p);
	assert_int_equal(by_ntp_offset(&p.by, NULL, &device, &first), 0);
	p.ntp.daemon = NULL;
	assert_int_equal(look(&p), 0);
	assert_int_equal(world.status, VMCLOCK_STATUS_FREERUNNING);
	pass(100 * NS_PER_SEC);
	assert_int_equal(look(&p), 0);
	assert_int_equal(by_ntp_offset(&p.by, NULL, &device, &later), 0);
	assert_true(later.error > first.error);
	/* The next marker ends that. */
	by_ntp_disrupted(&p.by, &device, true);
	assert_int_equal(look(&p), -EAGAIN);
	assert_int_equal(world.status, VMCLOCK_STATUS_UNRELIABLE);
}

/* Whichever check sees it first, the old page is withdrawn. */
static void a_counter_that_skips_ends_it(void **state)
{
	struct offset offset;
	struct place p;

	(void)state;
	open_place(&p, true);
	heal(&p);
	world.skipped += NS_PER_MS;
	assert_int_equal(by_ntp_offset(&p.by, NULL, &device, &offset), -EDOM);
	assert_int_equal(world.status, VMCLOCK_STATUS_UNRELIABLE);
	heal(&p);
	world.skipped += NS_PER_MS;
	assert_int_equal(look(&p), -EDOM);
	assert_int_equal(world.status, VMCLOCK_STATUS_UNRELIABLE);
}

/* The clock's true error must lie within every stated bound. */
static void expect_truth(struct place *p)
{
	struct offset offset;

	int64_t off = world.stepped + world.slewed;

	if (by_ntp_offset(&p->by, NULL, &device, &offset))
		return;
	if (llabs(offset.ns + off) > offset.error)
		fail_msg("%lld ns off, and it says %lld +- %lld", (long long)off,
			 (long long)-offset.ns, (long long)offset.error);
}

/* The daemon is restarted, and loads measurements from before the disruption. */
static void restart_with_old_measurements(void)
{
	world.another = true;
	world.forgets = true;
	measures(NS_PER_SEC);
}

static void a_restarted_daemon_has_to_forget(void **state)
{
	struct place p;
	int i;

	(void)state;
	open_place(&p, true);
	heal(&p);
	restart_with_old_measurements();
	for (i = 0; i < 5; i++) {
		assert_int_equal(look(&p), 0);
		assert_int_equal(world.forgot, 2);
		assert_int_equal(world.status, VMCLOCK_STATUS_FREERUNNING);
		expect_truth(&p);
	}
	assert_int_equal(world.asked, 1);
	measures(0);
	assert_int_equal(look(&p), 0);
	assert_int_equal(world.status, VMCLOCK_STATUS_SYNCHRONIZED);
	assert_int_equal(world.forgot, 2);
	expect_truth(&p);
}

static void so_has_one_that_is_restarted_in_a_reaction(void **state)
{
	struct place p;

	(void)state;
	open_place(&p, true);
	assert_int_equal(look(&p), -EAGAIN);
	assert_int_equal(world.forgot, 1);
	restart_with_old_measurements();
	assert_int_equal(look(&p), -EAGAIN);
	assert_int_equal(world.forgot, 2);
	assert_int_equal(world.status, VMCLOCK_STATUS_UNRELIABLE);
	heal(&p);
	assert_int_equal(world.forgot, 2);
	expect_truth(&p);
}

/* After a reset and at a start. */
static void the_daemon_says_what_is_missing(void **state)
{
	struct place p;

	(void)state;
	open_place(&p, true);
	assert_int_equal(look(&p), -EAGAIN);
	assert_string_equal(p.why, MISSING);
	open_place(&p, false);
	assert_int_equal(look(&p), -EAGAIN);
	assert_string_equal(p.why, MISSING);
}

/* Who gives no orders goes on as before. */
static void observing_takes_a_restarted_daemon_as_it_is(void **state)
{
	struct place p;

	(void)state;
	open_place(&p, false);
	p.by.silent = true;
	heal(&p);
	world.another = true;
	measures(0);
	assert_int_equal(look(&p), 0);
	assert_int_equal(world.status, VMCLOCK_STATUS_SYNCHRONIZED);
	assert_int_equal(world.forgot, 0);
}

/* ---- Somebody sets the clock ------------------------------------------------------------------- */

/* By more than the bounds, or less. */
static const int64_t steps[] = { 3600 * NS_PER_SEC, -NS_PER_SEC, 2 * NS_PER_MS, -2 * NS_PER_MS };

#define STEPS (sizeof(steps) / sizeof(steps[0]))

/* The daemon does not know, and gives the time as before: what it has measured is void. */
static void the_page_outlives_a_step_by_another(void **state)
{
	struct place p;
	size_t i;

	(void)state;
	for (i = 0; i < STEPS; i++) {
		open_place(&p, true);
		heal(&p);
		assert_int_equal(world.forgot, 1);
		world.stepped = steps[i];
		expect_truth(&p);
		measures(0);
		assert_int_equal(look(&p), 0);
		assert_int_equal(world.status, VMCLOCK_STATUS_FREERUNNING);
		expect_truth(&p);
		world.report.stratum = 0;
		assert_int_equal(look(&p), 0);
		assert_int_equal(world.forgot, 2);
		assert_int_equal(world.asked, 1);
		expect_truth(&p);
		/* chronyd has measured anew. */
		measures(-steps[i]);
		assert_int_equal(look(&p), 0);
		assert_int_equal(world.status, VMCLOCK_STATUS_SYNCHRONIZED);
		expect_truth(&p);
		/* Then the daemon steps the clock itself. */
		world.stepped = 0;
		measures(0);
		assert_int_equal(look(&p), 0);
		assert_int_equal(world.status, VMCLOCK_STATUS_SYNCHRONIZED);
		assert_int_equal(world.forgot, 2);
		expect_truth(&p);
	}
}

/* Who only observes does not believe the daemon until it has found out. */
static void observing_waits_until_the_daemon_knows(void **state)
{
	struct place p;
	int i;

	(void)state;
	open_place(&p, false);
	p.by.silent = true;
	heal(&p);
	world.stepped = 2 * NS_PER_MS;
	for (i = 0; i < 10; i++) {
		measures(0);
		assert_int_equal(look(&p), 0);
		assert_int_equal(world.status, VMCLOCK_STATUS_FREERUNNING);
		expect_truth(&p);
	}
	assert_int_equal(world.forgot, 0);
	measures(-world.stepped);
	assert_int_equal(look(&p), 0);
	assert_int_equal(world.status, VMCLOCK_STATUS_SYNCHRONIZED);
	expect_truth(&p);
}

/* The same without the counter, with only the daemon's reports. */
static void without_a_counter_a_step_is_seen_as_well(void **state)
{
	struct offset offset;
	struct place p;
	size_t i;

	(void)state;
	for (i = 0; i < STEPS; i++) {
		open_place(&p, false);
		p.by.no_counter = true;
		by_ntp_disrupted(&p.by, &device, true);
		measures(0);
		assert_int_equal(look(&p), 0);
		assert_int_equal(by_ntp_offset(&p.by, NULL, &device, &offset), 0);
		expect_truth(&p);
		world.stepped = steps[i];
		expect_truth(&p);
		measures(0);
		look(&p);
		expect_truth(&p);
		world.report.stratum = 0;
		look(&p);
		assert_int_equal(world.forgot, 2);
		expect_truth(&p);
		measures(-steps[i]);
		assert_int_equal(look(&p), 0);
		expect_truth(&p);
		/* Then the daemon steps the clock itself. */
		world.stepped = 0;
		measures(0);
		assert_int_equal(look(&p), 0);
		assert_int_equal(world.forgot, 2);
		expect_truth(&p);
	}
}

/* By adjtime(3), or by another rate: the daemon only measures each minute, and goes by its own. */
static void slew(bool without_counter)
{
	struct place p;
	int i;

	open_place(&p, true);
	p.by.no_counter = without_counter;
	measures(0);
	look(&p);
	assert_int_equal(look(&p), 0);
	world.forgets = true;
	for (i = 0; i < 60; i++) {
		world.slewed += 100000;
		look(&p);
		expect_truth(&p);
	}
	assert_int_equal(world.forgot, 2);
	measures(-world.slewed);
	assert_int_equal(look(&p), 0);
	expect_truth(&p);
}

static void a_slew_by_another_is_seen(void **state)
{
	(void)state;
	slew(false);
	slew(true);
}

/* A daemon with bounds of 1 us is not blamed for its own slews. */
static void a_precise_daemon_is_not_suspected(void **state)
{
	struct place p;

	(void)state;
	open_place(&p, true);
	measures(0);
	world.report.root_delay = 1000;
	world.report.root_dispersion = 1000;
	look(&p);
	assert_int_equal(look(&p), 0);
	world.slewed = 150000;
	assert_int_equal(look(&p), 0);
	expect_truth(&p);
	assert_int_equal(world.forgot, 1);
	world.slewed = 250000;
	look(&p);
	look(&p);
	assert_int_equal(world.forgot, 2);
	expect_truth(&p);
}

/*
 * If the raw clock is fast by f, some daemons multiply it by 1 - f, others divide it by 1 + f: after
 * a long time without a measurement the results differ.
 */
static void nor_is_one_that_reckons_otherwise(void **state)
{
	const int64_t fast = 400000;
	struct place p;
	int64_t began;
	int i;

	(void)state;
	open_place(&p, true);
	heal(&p);
	measures(0);
	world.report.frequency = fast;
	world.report.root_delay = 1000;
	world.report.root_dispersion = 1000;
	began = world.now;
	for (i = 0; i < 2048; i++) {
		look(&p);
		world.report.offset = -(world.now - began) * fast / (NS_PER_SEC + fast);
	}
	assert_int_equal(world.forgot, 1);
}

/* One that is too small to tell counts for the bounds, however wrong the daemon is within its own. */
static void a_small_slew_is_within_the_bounds(void **state)
{
	struct place p;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		open_place(&p, true);
		p.by.no_counter = i;
		measures(1400000);
		look(&p);
		assert_int_equal(look(&p), 0);
		expect_truth(&p);
		world.slewed = 300000;
		assert_int_equal(look(&p), 0);
		expect_truth(&p);
		assert_int_equal(world.forgot, 1);
	}
}

/* ---- Leap seconds --------------------------------------------------------------------------- */

/* 2020-04-01 has none, but here. */
#define MIDNIGHT INT64_C(1585699200)

/* Goes to @after s after midnight: the kernel's clock has gone back by a second then. */
static void go_to(struct place *p, int64_t after, enum report_leap leap)
{
	const struct leaps listed = {
		.leap = { { .at = MIDNIGHT, .sign = 1 } },
		.count = 1,
		.expires = MIDNIGHT + 1000000,
	};

	world.now = (MIDNIGHT + after) * NS_PER_SEC - START;
	p->by.leaps = listed;
	p->by.next_leaps = INT64_MAX;
	measures(-world.stepped);
	world.report.leap = leap;
}

static void it_is_over(struct place *p, int64_t after)
{
	world.stepped = after > 0 ? -NS_PER_SEC : 0;
	go_to(p, after + (after > 0), REPORT_LEAP_NONE);
	world.report.offset = 0;
}

/* Servers that smear leap seconds do not announce them. They are half a second off at midnight. */
static void a_leap_second_is_announced_or_smeared(void **state)
{
	struct place p;

	(void)state;
	open_place(&p, true);
	go_to(&p, -100, REPORT_LEAP_INSERT);
	look(&p);
	assert_int_equal(look(&p), 0);
	assert_int_equal(world.status, VMCLOCK_STATUS_SYNCHRONIZED);
	it_is_over(&p, 10);
	assert_int_equal(look(&p), 0);
	assert_int_equal(world.status, VMCLOCK_STATUS_SYNCHRONIZED);

	open_place(&p, true);
	go_to(&p, -100, REPORT_LEAP_NONE);
	look(&p);
	assert_int_equal(look(&p), -EAGAIN);
	it_is_over(&p, 10);
	look(&p);
	assert_int_equal(look(&p), -EAGAIN);
	assert_int_equal(world.status, VMCLOCK_STATUS_UNRELIABLE);
	it_is_over(&p, 86402);
	look(&p);
	assert_int_equal(look(&p), 0);
	assert_int_equal(world.status, VMCLOCK_STATUS_SYNCHRONIZED);
}

static void it_forgets_and_is_asked_once_at_a_time(void **state)
{
	struct place p;

	(void)state;
	open_place(&p, true);
	assert_int_equal(look(&p), -EAGAIN);
	assert_int_equal(world.forgot, 1);
	assert_int_equal(world.asked, 1);
	assert_int_equal(look(&p), -EAGAIN);
	assert_int_equal(world.asked, 1);
	pass(64 * NS_PER_SEC);
	/* -EBUSY, because it measures already, does not count as asked. */
	world.measure_error = -EBUSY;
	assert_int_equal(look(&p), -EAGAIN);
	world.measure_error = 0;
	assert_int_equal(look(&p), -EAGAIN);
	assert_int_equal(world.asked, 2);
	assert_int_equal(world.forgot, 1);
}

static void at_a_start_it_forgets_nothing(void **state)
{
	struct place p;

	(void)state;
	open_place(&p, false);
	assert_int_equal(look(&p), -EAGAIN);
	assert_int_equal(world.status, VMCLOCK_STATUS_INITIALIZING);
	heal(&p);
	assert_int_equal(world.forgot, 0);
}

static void observing_asks_for_nothing(void **state)
{
	struct place p;
	int i;

	(void)state;
	open_place(&p, false);
	p.by.silent = true;
	for (i = 0; i < 100; i++)
		assert_int_equal(look(&p), -EAGAIN);
	assert_int_equal(world.asked, 0);
	heal(&p);
}

/* A daemon that gets no orders mixes new measurements with old ones. */
static void observing_does_not_believe_a_mixture(void **state)
{
	struct place p;
	int i;

	(void)state;
	open_place(&p, true);
	p.by.silent = true;
	for (i = 0; i < 10; i++) {
		measures(0);
		assert_int_equal(look(&p), -EAGAIN);
		assert_int_equal(world.status, VMCLOCK_STATUS_UNRELIABLE);
	}
	world.dropped = true;
	heal(&p);
	assert_int_equal(world.forgot, 0);
	assert_int_equal(world.asked, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_a_contradiction_three_must_agree),
		cmocka_unit_test(without_a_daemon_the_bounds_go_on_growing),
		cmocka_unit_test(a_counter_that_skips_ends_it),
		cmocka_unit_test(a_restarted_daemon_has_to_forget),
		cmocka_unit_test(so_has_one_that_is_restarted_in_a_reaction),
		cmocka_unit_test(the_daemon_says_what_is_missing),
		cmocka_unit_test(observing_takes_a_restarted_daemon_as_it_is),
		cmocka_unit_test(the_page_outlives_a_step_by_another),
		cmocka_unit_test(observing_waits_until_the_daemon_knows),
		cmocka_unit_test(without_a_counter_a_step_is_seen_as_well),
		cmocka_unit_test(a_slew_by_another_is_seen),
		cmocka_unit_test(a_precise_daemon_is_not_suspected),
		cmocka_unit_test(nor_is_one_that_reckons_otherwise),
		cmocka_unit_test(a_small_slew_is_within_the_bounds),
		cmocka_unit_test(a_leap_second_is_announced_or_smeared),
		cmocka_unit_test(it_forgets_and_is_asked_once_at_a_time),
		cmocka_unit_test(at_a_start_it_forgets_nothing),
		cmocka_unit_test(observing_asks_for_nothing),
		cmocka_unit_test(observing_does_not_believe_a_mixture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
