// SPDX-License-Identifier: MIT
/*
 * The published state against the true clock: the reaction in a
 * world where time, the clock and the measurements are this program's.
 */
#include <endian.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "daemon.h"
#include "journal.h"
#include "log.h"
#include "random.h"
#include "reaction.h"
#include "unit.h"

#define INSTEAD __attribute__((visibility("default")))
#define SEC	INT64_C(1700000000)

/* ---- The world -------------------------------------------------------------------------- */

static struct {
	int64_t now;	    /* CLOCK_MONOTONIC, ns */
	int64_t error;	    /* the system clock less the truth, ns */
	int64_t lead;	    /* the system clock less CLOCK_MONOTONIC, ns: only steps change it */
	int64_t set_by;	    /* somebody steps the clock by that before a reading... */
	int64_t set_back;   /* ... and by that after it, and then no more */
	int64_t rate;	    /* how fast that grows, ppb */
	int64_t page_error; /* how wrong the page may be */
	int64_t lateness;   /* from a reading until it is acted on, at most */
	uint64_t marker, generation;
	bool no_bounds;
	bool exact; /* the page is right, whatever it says */
	bool restless;
	bool rang, rang_was; /* the watcher has told the kernel, which had called it so */
	bool left_behind;  /* the page's time is that of the marker before */
	bool synchronised; /* by the kernel's own word */
	int told_kernel, told_ntp, ntp_error;
	bool ntp_another; /* it was restarted since it was told */
	int by_ntp;	/* what the derived time says: 0, or an error */
	int ntp_resets; /* how often the NTP daemon's measurements were void */
	uint8_t leap;	/* on the page */
	int64_t offset; /* s by which UTC is beside SEC + @now */
	int planned;	/* by the kernel, at the end of the day */
	struct vmclock_run_state kept; /* all that is left if it is killed now */
	int hooked[HOOK_EVENTS];
	int parted; /* from the random numbers of clones */
	int logged[JOURNAL_REFUSED + 1];
	bool credulous; /* the library does not ask for vmclockd's judgement */
} world;

static void pass(int64_t ns)
{
	world.now += ns;
	world.error += ns / 1000 * world.rate / 1000000;
}

/* date -s, or vmclockd itself. */
static void step_clock(int64_t ns)
{
	world.error += ns;
	world.lead += ns;
}

static int64_t up_to(int64_t limit)
{
	return limit ? (((int64_t)random() << 31) + random()) % (limit + 1) : 0;
}

INSTEAD
int clock_gettime(clockid_t clock, struct timespec *ts)
{
	int64_t ns = world.now;

	if (clock == CLOCK_REALTIME) {
		ns += world.lead;
		pass(up_to(1000));
	} else if (clock != CLOCK_MONOTONIC) {
		return (int)syscall(SYS_clock_gettime, clock, ts);
	}
	*ts = (struct timespec){ ns / NS_PER_SEC, ns % NS_PER_SEC };
	return 0;
}

INSTEAD
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *ts, struct timespec *left)
{
	assert_int_equal(clock, CLOCK_MONOTONIC);
	assert_int_equal(flags, 0);
	(void)left;
	pass(ts->tv_sec * NS_PER_SEC + ts->tv_nsec);
	return 0;
}

/* Readers do not believe a time that vmclockd has not judged yet. vmclockd is a reader. */
static bool is_judged(void)
{
	return world.credulous || (le64toh(world.kept.marker) == world.marker &&
				   le64toh(world.kept.generation) == world.generation &&
				   !world.kept.doubted);
}

/* The process may not run before the reading, and after it. */
static void be_late(int64_t *step)
{
	pass(up_to(world.lateness));
	step_clock(*step);
	*step = 0;
	pass(up_to(world.lateness));
}

int offset_measure(const struct vmclock *vc, uint64_t marker, struct offset *offset)
{
	(void)vc;
	be_late(&world.set_by);
	if (!is_judged())
		return -EAGAIN;
	if (marker != world.marker)
		return -ESTALE;
	if (world.no_bounds)
		return -ENODATA;
	*offset = (struct offset){
		.ns = -world.error +
		      (world.exact ? 0 : up_to(2 * world.page_error) - world.page_error),
		.error = world.page_error,
		.sec = SEC + world.now / NS_PER_SEC + world.offset,
		.leap = world.leap,
		.pair = { .raw = world.now, .real = world.now + world.lead },
	};
	be_late(&world.set_back);
	return 0;
}

int clock_step(int64_t ns)
{
	step_clock(ns);
	return 0;
}

static const struct vmclock_run_state *published(const struct daemon *d)
{
	return &d->state.next;
}

/* ---- Functions without effect here ----------------------------------------------------------- */

void say(int level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

void journal_tell(enum journal_event event, const struct hook_facts *facts, int level,
		  const char *fmt, va_list args)
{
	(void)facts;
	(void)level;
	(void)fmt;
	(void)args;
	world.logged[event]++;
}

void state_publish(struct state *state)
{
	world.kept = state->next;
}

void clockbound_publish(struct clockbound *cb, const struct vmclock_run_state *state)
{
	(void)cb;
	(void)state;
}

void hooks_tell(struct hooks *hooks, enum hook_event event, const struct hook_facts *facts)
{
	(void)facts;
	hooks->owed |= (unsigned char)(1 << event);
	world.hooked[event]++;
}

void hooks_promise(struct hooks *hooks, enum hook_event event)
{
	hooks->owed |= (unsigned char)(1 << event);
}

bool hooks_owe(const struct hooks *hooks, enum hook_event event)
{
	return hooks->owed & 1 << event;
}

int clock_look(struct clock_state *state)
{
	*state = (struct clock_state){ .synchronised = world.synchronised };
	return 0;
}

/* The watcher sees another marker. */
static void ring(void)
{
	world.rang = true;
	world.rang_was |= world.synchronised;
	world.synchronised = false;
}

bool device_rang(struct device *device, bool *was)
{
	bool rang = world.rang;

	(void)device;
	if (rang)
		*was |= world.rang_was;
	world.rang = world.rang_was = false;
	return rang;
}

int clock_unsynchronise(bool *was)
{
	/* Otherwise the old status would be lost. */
	assert_true(world.kept.was_synchronised || !world.synchronised);
	*was = world.synchronised;
	world.synchronised = false;
	world.told_kernel++;
	return 0;
}

int clock_plan_leap(int sign)
{
	world.planned = sign;
	return 0;
}

int clock_vouch(uint64_t bound, bool synchronised)
{
	(void)bound;
	world.synchronised |= synchronised;
	return 0;
}

int device_look(struct device *device)
{
	device->state.marker = world.marker;
	device->state.generation = world.generation;
	return 0;
}

int vmclock_read_state(const struct vmclock *vc, struct vmclock_state *now)
{
	(void)vc;
	*now = (struct vmclock_state){
		.marker = world.marker,
		.generation = world.generation,
	};
	return 0;
}

int vmclock_read_page(const struct vmclock *vc, struct vmclock_abi *copy, size_t size)
{
	(void)vc;
	assert_int_equal(size, sizeof(*copy));
	world.marker += world.restless;
	/* Each marker has a new host. */
	*copy = (struct vmclock_abi){
		.magic = htole32(VMCLOCK_MAGIC),
		.size = htole32(4096),
		.time_type = VMCLOCK_TIME_TAI,
		.clock_status = VMCLOCK_STATUS_SYNCHRONIZED,
		.disruption_marker = htole64(world.marker),
		.flags = htole64(VMCLOCK_FLAG_PERIOD_MAXERROR_VALID |
				 VMCLOCK_FLAG_TIME_MAXERROR_VALID |
				 VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT),
		.counter_period_frac_sec = htole64(1),
		.time_sec =
			htole64(SEC + 1000 * (world.marker + world.generation - world.left_behind)),
		.vm_generation_counter = htole64(world.generation),
	};
	return 0;
}

int ntp_disrupted(struct ntp *ntp, const struct steer *steer, const struct vmclock_abi *page)
{
	(void)ntp;
	(void)steer;
	(void)page;
	world.told_ntp++;
	world.ntp_another &= !!world.ntp_error;
	return world.ntp_error;
}

bool ntp_must_be_told(const struct ntp *ntp)
{
	(void)ntp;
	return world.ntp_another;
}

void random_part(uint64_t generation, uint64_t marker)
{
	(void)generation;
	(void)marker;
	world.parted++;
}

void completed_maintenance(struct completed *completed, const struct vmclock_state *device)
{
	(void)completed;
	(void)device;
}

void by_ntp_disrupted(struct by_ntp *by, const struct vmclock_state *device, bool reset)
{
	(void)by;
	(void)device;
	world.ntp_resets += reset;
}

int by_ntp_advance(struct by_ntp *by, struct ntp *ntp, const struct vmclock *vc,
		   const struct vmclock_state *device, const char **why)
{
	(void)by;
	(void)ntp;
	(void)vc;
	(void)device;
	*why = "";
	return world.by_ntp;
}

int by_ntp_offset(struct by_ntp *by, const struct vmclock *vc, const struct vmclock_state *device,
		  struct offset *offset)
{
	(void)by;
	(void)vc;
	(void)device;
	if (world.by_ntp)
		return -ENODATA;
	*offset = (struct offset){
		.ns = -world.error,
		.error = world.page_error,
		.sec = SEC + world.now / NS_PER_SEC,
		.pair = { .raw = world.now, .real = world.now + world.lead },
	};
	return 0;
}

void by_ntp_network(struct by_ntp *by)
{
	(void)by;
}

void steer_disrupted(struct steer *steer)
{
	(void)steer;
}

int steer_pair(struct steer *steer, const struct pair *pair)
{
	(void)steer;
	(void)pair;
	return 0;
}

/* Steering removes the offset. */
int steer_set(const struct steer *steer, const struct vmclock_abi *page, int64_t offset)
{
	(void)steer;
	(void)page;
	world.rate = offset / 8;
	/* Twice in some ms, measurements must agree. */
	if (llabs(world.rate) > 50000000)
		world.rate = world.rate < 0 ? -50000000 : 50000000;
	return 0;
}

/* ---- The truth ------------------------------------------------------------------------------ */

/* If a reader may trust the clock now, the clock must be right. Returns whether it may. */
static bool check(const struct daemon *d)
{
	const struct vmclock_run_state *s = published(d);
	int64_t least = (int64_t)le64toh(s->lead_least), most = (int64_t)le64toh(s->lead_most);
	int64_t age = world.now - (int64_t)le64toh(s->bound_at);
	double bound = (double)le64toh(s->bound) + (double)age * le32toh(s->drift) / NS_PER_SEC;

	if (s->trust != VMCLOCK_RUN_TRUSTED || world.now > (int64_t)le64toh(s->valid_until) ||
	    le64toh(s->marker) != world.marker || le64toh(s->generation) != world.generation)
		return false;
	assert_true(least <= most);
	if (world.lead < least || world.lead > most)
		return false;
	if ((double)llabs(world.error) > bound + 1)
		fail_msg("%lld ns off, and the bound is %.0f ns", (long long)world.error, bound);
	return true;
}

/* All that time, while @slew comes and goes; nobody looks. Returns how often it was trusted. */
static int live(struct daemon *d, int64_t ns, int64_t slew)
{
	int64_t end = world.now + ns;
	int trusted = 0;

	while (world.now < end) {
		if (slew && !up_to(5))
			world.rate = up_to(1) ? slew : -slew;
		pass(up_to(ns / 50) + 1);
		trusted += check(d);
	}
	return trusted;
}

static struct daemon start(enum config_ntp ntp)
{
	struct daemon d = {
		.device.has_time = true,
		.ntp.found = ntp,
		.config = {
			.step_min = 2000,
			.step_back_max = NS_PER_SEC,
			.step_max_error = NS_PER_MS,
			.trusted_max_error = 100 * NS_PER_MS,
			.slew_max = 101 * NS_PER_MS,
		},
	};

	srandom(1);
	memset(&world, 0, sizeof(world));
	world.now = 1000 * NS_PER_SEC;
	world.lead = SEC * NS_PER_SEC;
	world.marker = 1;
	world.by_ntp = -EAGAIN;
	world.page_error = 1000;
	world.lateness = 3 * NS_PER_MS;
	reaction_init(&d);
	reaction_start(&d);
	return d;
}

/* @before was killed in this state; the next process gets only the published state. */
static struct daemon next_one(const struct daemon *before)
{
	struct daemon d = *before;

	memset(&d.stale, 0, sizeof(d.stale));
	d.state.resumed = true;
	d.marker = d.generation = d.marker_before = 0;
	d.disrupted = d.was_synchronised = d.ntp_told = false;
	d.kernel_synchronised = d.kernel_alarmed = false;
	world.rang = world.rang_was = false;
	d.phase = PHASE_TRUSTED;
	reaction_init(&d);
	return d;
}

/* chronyd's limit, the kernel's, and less. */
static void the_clock_is_in_its_bounds_while_a_daemon_slews_it(void **state)
{
	static const int64_t slews[] = { 500000, 83333333, 100500000 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(slews) / sizeof(slews[0]); i++) {
		struct daemon d = start(NTP_CHRONY);
		int second, trusted = 0;

		for (second = 0; second < 300; second++) {
			trusted += live(&d, NS_PER_SEC, slews[i]);
			if (d.phase == PHASE_TRUSTED)
				reaction_tick(&d);
			/* A clock that cannot be trusted is corrected. */
			else
				reaction_look(&d);
			check(&d);
		}
		assert_true(trusted > 1000);
	}
}

/* ... and vmclockd was killed, or hangs. */
static void nor_do_they_lie_when_nobody_looks_any_more(void **state)
{
	int again;

	(void)state;
	for (again = 0; again < 100; again++) {
		struct daemon d = start(NTP_TIMESYNCD);

		srandom((unsigned int)again);
		reaction_look(&d);
		reaction_tick(&d);
		live(&d, 6 * NS_PER_SEC, 100500000);
		/* Later the state is no longer valid. */
		assert_false(check(&d));
	}
}

/* Without another one, a narrow bound is kept: the clock is not slewed but by us. */
static void alone_the_bound_is_narrow(void **state)
{
	struct daemon d = start(NTP_NONE);
	int second, trusted = 0;

	(void)state;
	for (second = 0; second < 300; second++) {
		world.rate += second % 2 ? 100000 : -100000;
		trusted += live(&d, NS_PER_SEC, 0);
		reaction_tick(&d);
		assert_true(check(&d));
		assert_true(le32toh(published(&d)->drift) <= 500000);
	}
	assert_true(trusted > 1000);
}

/* SIGSTOP, or a host that does not run it: somebody may have set the clock in between. */
static void who_is_late_vouches_for_no_longer(void **state)
{
	struct daemon d = start(NTP_CHRONY);

	(void)state;
	reaction_look(&d);
	world.lateness = 60 * NS_PER_SEC;
	do
		reaction_tick(&d);
	while (d.phase == PHASE_TRUSTED &&
	       world.now - (int64_t)le64toh(published(&d)->bound_at) < 6 * NS_PER_SEC);
	assert_int_equal(d.phase, PHASE_TRUSTED);
	assert_false(check(&d));
	world.lateness = 0;
	reaction_tick(&d);
	assert_true(check(&d));
}

/* The clock agrees with the page by luck, but the page's bound is wide. */
static void who_is_not_sure_is_not_trusted(void **state)
{
	struct daemon d = start(NTP_CHRONY);

	(void)state;
	world.exact = true;
	world.page_error = d.config.trusted_max_error;
	world.marker++;
	reaction_look(&d);
	assert_true(check(&d));
	world.page_error++;
	world.marker++;
	pass(2 * NS_PER_SEC);
	reaction_look(&d);
	assert_false(check(&d));
	world.page_error--;
	pass(2 * NS_PER_SEC);
	reaction_look(&d);
	assert_true(check(&d));
}

/* Without a daemon only vmclockd slews the clock. */
static void what_must_not_be_stepped_is_slewed(void **state)
{
	static const struct {
		int step;
		int64_t error;
	} cases[] = {
		{ STEP_NEVER, NS_PER_SEC / 2 },
		{ STEP_NEVER, -NS_PER_SEC / 2 },
		{ STEP_FORWARD, NS_PER_SEC / 2 },
		/* Above step_back_max by little. */
		{ STEP_ALWAYS, NS_PER_SEC + 1000 },
	};
	size_t i;
	int second;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct daemon d = start(NTP_NONE);

		d.config.step = cases[i].step;
		world.marker++;
		world.error = cases[i].error;
		reaction_look(&d);
		assert_false(check(&d));
		for (second = 0; second < 100 && !check(&d); second++) {
			pass(NS_PER_SEC);
			reaction_look(&d);
		}
		assert_true(check(&d));
	}
}

/* 2023-12-01. Who keeps the clock tells the kernel; on the month's last day only. */
#define DECEMBER INT64_C(1701388800)

static void at(struct daemon *d, int64_t sec, uint8_t leap)
{
	pass(NS_PER_SEC);
	world.offset = sec - SEC - world.now / NS_PER_SEC;
	world.leap = leap;
	reaction_tick(d);
	assert_int_equal(d->phase, PHASE_TRUSTED);
}

static void the_kernel_takes_part_in_a_leap_second(void **state)
{
	struct daemon d = start(NTP_NONE);

	(void)state;
	world.lateness = 0;
	at(&d, DECEMBER - 86401, VMCLOCK_LEAP_PRE_POS);
	assert_int_equal(world.planned, 0);
	at(&d, DECEMBER - 86400, VMCLOCK_LEAP_PRE_POS);
	assert_int_equal(world.planned, 1);
	at(&d, DECEMBER - 10, VMCLOCK_LEAP_PRE_NEG);
	assert_int_equal(world.planned, -1);
	at(&d, DECEMBER + 10, VMCLOCK_LEAP_POST_NEG);
	assert_int_equal(world.planned, 0);
	at(&d, DECEMBER + 30 * 86400, VMCLOCK_LEAP_NONE);
	assert_int_equal(world.planned, 0);

	/* An NTP daemon does that itself, and who observes changes nothing. */
	d = start(NTP_CHRONY);
	world.lateness = 0;
	at(&d, DECEMBER - 10, VMCLOCK_LEAP_PRE_POS);
	assert_int_equal(world.planned, 0);
	d = start(NTP_NONE);
	world.lateness = 0;
	d.dry_run = true;
	at(&d, DECEMBER - 10, VMCLOCK_LEAP_PRE_POS);
	assert_int_equal(world.planned, 0);
}

static void a_disruption_ends_it(void **state)
{
	struct daemon d = start(NTP_CHRONY);
	int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		pass(NS_PER_SEC);
		reaction_tick(&d);
		assert_true(check(&d));
		world.marker++;
		world.error = up_to(2 * NS_PER_SEC) - NS_PER_SEC;
		assert_false(check(&d));
		reaction_look(&d);
		assert_true(check(&d));
	}
}

/* Each time before vmclockd has run. */
static void so_does_a_step_by_somebody_else(void **state)
{
	static const int64_t steps[] = {
		10000, NS_PER_MS, 50 * NS_PER_MS, NS_PER_SEC, 3600 * NS_PER_SEC,
	};
	struct daemon d = start(NTP_CHRONY);
	size_t i;
	int sign;

	(void)state;
	d.config.step_back_max = 2 * steps[4];
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		for (sign = -1; sign <= 1; sign += 2) {
			step_clock(sign * steps[i]);
			assert_false(check(&d));
			pass(NS_PER_SEC);
			assert_false(check(&d));
			reaction_tick(&d);
			/* A small step leaves the clock within its bounds. */
			if (steps[i] < d.config.trusted_max_error - NS_PER_MS)
				assert_true(check(&d));
			reaction_look(&d);
			assert_true(check(&d));
		}
	}
	/* The kernel's leap second: the clock is as right as before. */
	world.lead -= NS_PER_SEC;
	assert_false(check(&d));
	reaction_tick(&d);
	assert_true(check(&d));
	/* The next process has not measured the clock. */
	d = next_one(&d);
	step_clock(NS_PER_SEC);
	assert_false(check(&d));
}

/* ... in the middle of a measurement, also if the clock is set back after the reading. */
static void a_step_during_a_measurement_voids_it(void **state)
{
	struct daemon d = start(NTP_CHRONY);
	int i, trusted = 0;

	(void)state;
	for (i = 0; i < 10000; i++) {
		if (!up_to(2)) {
			world.set_by = up_to(2 * NS_PER_SEC) - NS_PER_SEC;
			/* Right, but only at the reading. */
			if (!up_to(3))
				world.set_by = -world.error;
			world.set_back = up_to(1) ? -world.set_by : 0;
		} else if (!up_to(2)) {
			world.set_back = up_to(2 * NS_PER_SEC) - NS_PER_SEC;
		}
		pass(NS_PER_SEC);
		if (up_to(1))
			reaction_tick(&d);
		else
			reaction_look(&d);
		trusted += check(&d);
	}
	print_message("  trusted %d times\n", trusted);
	assert_true(trusted > 1000);
	world.set_by = world.set_back = 0;
	pass(2 * NS_PER_SEC);
	reaction_look(&d);
	reaction_tick(&d);
	assert_true(check(&d));
}

/* A clone with the same marker, made while vmclockd ran, and while it did not run. */
static void another_generation_is_a_disruption(void **state)
{
	struct daemon d = start(NTP_CHRONY);

	(void)state;
	world.generation++;
	world.error = NS_PER_MS;
	assert_false(check(&d));
	reaction_look(&d);
	assert_true(check(&d));
	assert_true(llabs(world.error) < 10000);
	assert_int_equal(world.told_ntp, 1);
	assert_int_equal(le64toh(published(&d)->disruptions), 1);
	assert_int_equal(le64toh(published(&d)->generations), 1);
	reaction_look(&d);
	d = next_one(&d);
	reaction_start(&d);
	assert_int_equal(le64toh(published(&d)->disruptions), 1);
	d = next_one(&d);
	world.generation++;
	reaction_start(&d);
	assert_true(check(&d));
	assert_int_equal(world.told_ntp, 2);
	assert_int_equal(le64toh(published(&d)->disruptions), 2);
}

/*
 * The page changes between a look and a tick: its time is neither used nor blamed
 * for the loss of trust, and the next look finds the disruption.
 */
static void a_tick_leaves_another_marker_to_the_look(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		struct daemon d = start(NTP_CHRONY);
		uint64_t bound_at = published(&d)->bound_at;

		world.credulous = i & 1;
		world.marker += i < 2;
		world.generation += i >= 2;
		pass(NS_PER_SEC);
		reaction_tick(&d);
		assert_int_equal(published(&d)->bound_at, bound_at);
		assert_int_equal(world.logged[JOURNAL_UNTRUSTED], 0);
		assert_false(check(&d));
		reaction_look(&d);
		assert_int_equal(world.logged[JOURNAL_DISRUPTED], 1);
		assert_int_equal(world.logged[JOURNAL_UNTRUSTED], 0);
		assert_true(check(&d));
	}
}

/* The administrator forbids the step: the daemon is told, and trust depends on the bound. */
static void a_step_that_is_not_wanted_is_slewed(void **state)
{
	static const struct {
		int step;
		int64_t error;
	} cases[] = {
		{ STEP_NEVER, 10 * NS_PER_MS },
		{ STEP_NEVER, -10 * NS_PER_MS },
		{ STEP_FORWARD, 10 * NS_PER_MS },
	};
	size_t i;
	int second;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct daemon d = start(NTP_CHRONY);

		d.config.step = cases[i].step;
		world.marker++;
		world.error = 200 * cases[i].error;
		reaction_look(&d);
		assert_false(check(&d));
		assert_int_equal(world.told_ntp, 1);
		/* The daemon slews the clock. */
		world.error = cases[i].error;
		pass(2 * NS_PER_SEC);
		reaction_look(&d);
		assert_true(check(&d));
		assert_int_equal(world.error, cases[i].error);
		assert_int_equal(world.told_ntp, 1);
		/* Without a daemon, vmclockd slews it. */
		d = start(NTP_NONE);
		d.config.step = cases[i].step;
		world.marker++;
		world.error = cases[i].error;
		reaction_look(&d);
		for (second = 0; second < 100; second++) {
			pass(NS_PER_SEC);
			reaction_tick(&d);
			assert_true(check(&d));
		}
		assert_true(llabs(world.error) < NS_PER_MS);
	}
}

/* A page's own claim is no reason to trust it. */
static void a_page_that_may_be_wrong_tells_nobody(void **state)
{
	struct daemon d = start(NTP_CHRONY);

	(void)state;
	world.page_error = 2 * NS_PER_MS;
	world.error = 10 * NS_PER_MS;
	world.marker++;
	reaction_look(&d);
	assert_false(check(&d));
	assert_int_equal(world.error, 10 * NS_PER_MS);
	assert_int_equal(world.told_ntp, 0);
}

/* A marker each 10 ms: few reactions, and the last one counts. */
static void a_storm_ends_with_its_last_marker(void **state)
{
	struct daemon d = start(NTP_CHRONY);
	int64_t began = world.now;
	int i, limit;

	(void)state;
	for (i = 0; i < 1000; i++) {
		world.marker++;
		world.error = up_to(2 * NS_PER_SEC) - NS_PER_SEC;
		assert_false(check(&d));
		reaction_look(&d);
		pass(10 * NS_PER_MS);
	}
	limit = 11 + (int)((world.now - began) / NS_PER_SEC);
	assert_true(world.told_ntp > 10 && world.told_ntp <= limit);
	assert_int_equal(le64toh(published(&d)->disruptions), 1000);
	assert_true((int)le64toh(published(&d)->reactions) <= limit);
	pass(NS_PER_SEC);
	reaction_look(&d);
	assert_true(check(&d));
}

/* ---- Kernel, hooks and NTP daemon ------------------------------------------------------------- */

static void a_disruption_is_told_also_before_the_clock_was_trusted(void **state)
{
	struct daemon d = start(NTP_CHRONY);

	(void)state;
	memset(&d.state, 0, sizeof(d.state));
	world.no_bounds = true;
	world.synchronised = true;
	reaction_start(&d);
	world.marker++;
	reaction_look(&d);
	assert_int_equal(world.told_kernel, 1);
	assert_false(world.synchronised);
	/* Once more: a daemon may have declared it synchronised in between. */
	world.marker++;
	reaction_look(&d);
	assert_int_equal(world.told_kernel, 2);
	world.no_bounds = false;
	pass(2 * NS_PER_SEC);
	reaction_look(&d);
	assert_true(check(&d));
	assert_true(world.synchronised);
}

static struct daemon start_synchronised(void)
{
	struct daemon d = start(NTP_CHRONY);

	world.synchronised = true;
	reaction_tick(&d);
	assert_true(check(&d));
	return d;
}

static void heal_synchronised(struct daemon *d)
{
	pass(2 * NS_PER_SEC);
	reaction_look(d);
	assert_true(check(d));
	assert_true(world.synchronised);
}

/* The watcher tells the kernel before the main loop runs: what it had said is kept. */
static void the_watcher_may_be_faster(void **state)
{
	struct daemon d = start_synchronised(), next;

	(void)state;
	world.marker++;
	ring();
	heal_synchronised(&d);
	/* The main loop comes between what the watcher does, and what it says. */
	reaction_tick(&d);
	world.no_bounds = true;
	world.marker++;
	world.synchronised = false;
	reaction_look(&d);
	world.no_bounds = false;
	heal_synchronised(&d);
	/* vmclockd is killed before the main loop runs. */
	reaction_tick(&d);
	world.marker++;
	ring();
	next = next_one(&d);
	reaction_start(&next);
	heal_synchronised(&next);
}

/* The main loop has found the marker itself, and has already healed the clock. */
static void the_watcher_may_be_late(void **state)
{
	struct daemon d = start_synchronised();

	(void)state;
	ring();
	reaction_tick(&d);
	assert_false(world.synchronised);
	reaction_tick(&d);
	assert_true(world.synchronised);
	/* It was not late: the main loop finds another marker. */
	ring();
	reaction_tick(&d);
	world.no_bounds = true;
	world.marker++;
	reaction_look(&d);
	reaction_tick(&d);
	assert_false(world.synchronised);
	world.no_bounds = false;
	heal_synchronised(&d);
}

/* Without a disruption, a restarted vmclockd leaves the kernel's status to others. */
static void a_restart_does_not_call_it_synchronised(void **state)
{
	struct daemon d = start_synchronised(), next;

	(void)state;
	world.synchronised = false;
	next = next_one(&d);
	reaction_start(&next);
	assert_true(check(&next));
	assert_false(world.synchronised);
}

static void a_reaction_that_was_killed_is_finished_by_the_next_one(void **state)
{
	struct daemon d = start(NTP_CHRONY), next;

	(void)state;
	world.synchronised = true;
	reaction_look(&d);
	assert_true(check(&d));
	world.no_bounds = true;
	world.marker++;
	reaction_look(&d);
	reaction_tick(&d);
	assert_false(check(&d));
	assert_int_equal(world.told_ntp, 0);
	next = next_one(&d);
	reaction_start(&next);
	next = next_one(&next);
	reaction_start(&next);
	assert_int_equal(published(&next)->trust, VMCLOCK_RUN_DISRUPTED);
	assert_int_equal(le64toh(published(&next)->disruptions), 1);
	world.no_bounds = false;
	pass(2 * NS_PER_SEC);
	reaction_look(&next);
	assert_true(check(&next));
	assert_int_equal(world.told_ntp, 1);
	/* The status before the disruption, which the first process had seen. */
	assert_true(world.synchronised);

	/* A finished reaction is not begun anew. */
	next = next_one(&next);
	reaction_start(&next);
	assert_true(check(&next));
	assert_int_equal(world.told_ntp, 1);
	assert_int_equal(le64toh(published(&next)->disruptions), 1);
}

/* A kill in a storm: the state had the new generation, but no hook had run for it. */
static void a_generation_is_told_by_the_next_one(void **state)
{
	struct daemon d = start(NTP_CHRONY);
	int i;

	(void)state;
	for (i = 0; i < 20; i++) {
		world.marker++;
		reaction_look(&d);
	}
	world.marker++;
	world.generation++;
	reaction_look(&d);
	assert_int_equal(le64toh(published(&d)->generation), world.generation);
	assert_int_equal(world.hooked[HOOK_GENERATION], 0);
	assert_int_equal(world.parted, 0);
	memset(world.hooked, 0, sizeof(world.hooked));
	d = next_one(&d);
	reaction_start(&d);
	assert_int_equal(world.hooked[HOOK_GENERATION], 1);
	assert_int_equal(world.parted, 1);
	assert_true(world.hooked[HOOK_DISRUPTED]);
}

static void a_device_that_is_gone_in_a_reaction_was_disrupted(void **state)
{
	struct daemon d = start(NTP_CHRONY);

	(void)state;
	world.no_bounds = true;
	world.marker++;
	reaction_look(&d);
	reaction_withdraw(&d);
	assert_int_equal(published(&d)->trust, VMCLOCK_RUN_DISRUPTED);
	world.no_bounds = false;
	reaction_start(&d);
	assert_true(check(&d));
	assert_int_equal(world.told_ntp, 1);
	/* The generation is the same. */
	assert_int_equal(world.parted, 0);
	reaction_withdraw(&d);
	assert_int_equal(published(&d)->trust, VMCLOCK_RUN_UNKNOWN);
}

/* With its old measurements the daemon would steer the clock wrongly. */
static void a_daemon_that_did_not_answer_is_told_later(void **state)
{
	struct daemon d = start(NTP_CHRONY);
	int i;

	(void)state;
	world.ntp_error = -ETIMEDOUT;
	world.marker++;
	reaction_look(&d);
	assert_true(check(&d));
	assert_int_equal(world.told_ntp, 1);
	for (i = 0; i < 60; i++) {
		pass(NS_PER_SEC);
		reaction_tick(&d);
	}
	/* Not all the time, because each try may take long. */
	assert_uint_in_range(world.told_ntp, 5, 20);
	world.ntp_error = 0;
	world.told_ntp = 0;
	for (i = 0; i < 60; i++) {
		pass(NS_PER_SEC);
		reaction_tick(&d);
	}
	assert_int_equal(world.told_ntp, 1);
	/* At the next marker it is told at once. A daemon that refuses is not told again. */
	world.ntp_error = -EREMOTEIO;
	world.marker++;
	reaction_look(&d);
	assert_int_equal(world.told_ntp, 2);
	for (i = 0; i < 60; i++) {
		pass(NS_PER_SEC);
		reaction_tick(&d);
	}
	assert_int_equal(world.told_ntp, 2);
}

/* At its start it may load measurements from before the disruption. */
static void a_daemon_that_was_restarted_is_told_again(void **state)
{
	struct daemon d = start(NTP_CHRONY);
	int i;

	(void)state;
	world.marker++;
	reaction_look(&d);
	assert_int_equal(world.told_ntp, 1);
	world.ntp_another = true;
	for (i = 0; i < 60; i++) {
		pass(NS_PER_SEC);
		reaction_tick(&d);
	}
	assert_int_equal(world.told_ntp, 2);
	/* One that refuses is asked now and then. */
	world.ntp_another = true;
	world.ntp_error = -EREMOTEIO;
	for (i = 0; i < 60; i++) {
		pass(NS_PER_SEC);
		reaction_tick(&d);
	}
	assert_in_range(world.told_ntp, 2 + 5, 2 + 20);
	/* Without time on the page, it is told in another way. */
	world.told_ntp = 0;
	d.ntp_again = 0;
	d.device.has_time = false;
	reaction_tick(&d);
	assert_int_equal(world.told_ntp, 0);
}

/* The counter has jumped, or the kernel's clocks stood still: chronyd does not know of it. */
static void a_counter_out_of_step_voids_what_chronyd_has_measured(void **state)
{
	struct daemon d = start(NTP_CHRONY);
	uint64_t reactions;

	(void)state;
	d.device.has_time = false;
	world.by_ntp = 0;
	world.marker++;
	reaction_look(&d);
	assert_true(check(&d));
	assert_int_equal(world.ntp_resets, 1);
	reactions = le64toh(published(&d)->reactions);
	world.by_ntp = -EDOM;
	world.error += NS_PER_SEC;
	reaction_tick(&d);
	assert_int_not_equal(published(&d)->trust, VMCLOCK_RUN_TRUSTED);
	assert_int_equal(world.ntp_resets, 2);
	assert_int_equal(le64toh(published(&d)->reactions), reactions + 1);
	/* During a reaction too. */
	reaction_look(&d);
	assert_int_equal(world.ntp_resets, 3);
	assert_int_not_equal(published(&d)->trust, VMCLOCK_RUN_TRUSTED);
	world.by_ntp = 0;
	world.error = 0;
	pass(NS_PER_SEC);
	reaction_look(&d);
	assert_true(check(&d));
}

/* The page has the former host's time, until it changes: the state tells readers so. */
static void readers_hear_of_a_doubt_and_its_end(void **state)
{
	struct daemon d = start(NTP_CHRONY);

	(void)state;
	assert_int_equal(published(&d)->doubted, 0);
	world.marker++;
	world.left_behind = true;
	reaction_look(&d);
	assert_int_equal(published(&d)->doubted, 1);
	assert_int_equal(le64toh(published(&d)->marker), world.marker);
	assert_false(check(&d));
	/* Other obstacles make no difference. */
	world.no_bounds = true;
	world.left_behind = false;
	reaction_look(&d);
	assert_int_equal(published(&d)->doubted, 0);
	assert_false(check(&d));
}

/* Each look sees another marker: vmclockd does not look for ever. */
static void a_marker_that_never_stands_still_holds_nobody_up(void **state)
{
	struct daemon d = start(NTP_CHRONY);

	(void)state;
	world.restless = true;
	reaction_look(&d);
	assert_false(check(&d));
	world.restless = false;
	reaction_look(&d);
	assert_true(check(&d));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_clock_is_in_its_bounds_while_a_daemon_slews_it),
		cmocka_unit_test(nor_do_they_lie_when_nobody_looks_any_more),
		cmocka_unit_test(alone_the_bound_is_narrow),
		cmocka_unit_test(who_is_late_vouches_for_no_longer),
		cmocka_unit_test(who_is_not_sure_is_not_trusted),
		cmocka_unit_test(what_must_not_be_stepped_is_slewed),
		cmocka_unit_test(the_kernel_takes_part_in_a_leap_second),
		cmocka_unit_test(a_disruption_ends_it),
		cmocka_unit_test(so_does_a_step_by_somebody_else),
		cmocka_unit_test(a_step_during_a_measurement_voids_it),
		cmocka_unit_test(another_generation_is_a_disruption),
		cmocka_unit_test(a_tick_leaves_another_marker_to_the_look),
		cmocka_unit_test(a_step_that_is_not_wanted_is_slewed),
		cmocka_unit_test(a_page_that_may_be_wrong_tells_nobody),
		cmocka_unit_test(a_storm_ends_with_its_last_marker),
		cmocka_unit_test(a_disruption_is_told_also_before_the_clock_was_trusted),
		cmocka_unit_test(the_watcher_may_be_faster),
		cmocka_unit_test(the_watcher_may_be_late),
		cmocka_unit_test(a_restart_does_not_call_it_synchronised),
		cmocka_unit_test(a_reaction_that_was_killed_is_finished_by_the_next_one),
		cmocka_unit_test(a_generation_is_told_by_the_next_one),
		cmocka_unit_test(a_device_that_is_gone_in_a_reaction_was_disrupted),
		cmocka_unit_test(a_daemon_that_did_not_answer_is_told_later),
		cmocka_unit_test(a_daemon_that_was_restarted_is_told_again),
		cmocka_unit_test(a_counter_out_of_step_voids_what_chronyd_has_measured),
		cmocka_unit_test(readers_hear_of_a_doubt_and_its_end),
		cmocka_unit_test(a_marker_that_never_stands_still_holds_nobody_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
