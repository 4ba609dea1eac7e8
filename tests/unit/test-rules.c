// SPDX-License-Identifier: MIT
/*
 * Each rule of judge/: one page, update or machine that breaks it and no other,
 * and its limits.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "calc/scale.h"
#include "calc/time.h"
#include "judge/judge.h"
#include "unit.h"

#define MOST	   16
#define HZ	   UINT64_C(2500000000)
#define TENTH	   (HZ / 10)
#define MIDNIGHT   INT64_C(1767225600)	/* 2026-01-01, UTC */
#define NEW_YEAR   INT64_C(1830297600)	/* 2028-01-01, UTC */
#define ALL_ERRORS 0x78			/* the flags of both errors of time and period */

/* A page that keeps all rules, the previous page, and the machine. */
struct world {
	struct judge_page page, before;
	struct judge_history history;
	struct judge_guest guest;
	struct judge_watch watch;
	struct judge_notifications notifications;
};

/* Moves the reference along its line. */
static void move_reference(struct judge_page *p, uint64_t ticks)
{
	vmclock_u128 way = (vmclock_u128)ticks * p->s.period >> p->s.shift;
	vmclock_u128 time = ((vmclock_u128)p->s.time_sec << 64 | p->s.time_frac) + way;

	p->s.counter_value += ticks;
	p->s.time_sec = (uint64_t)(time >> 64);
	p->s.time_frac = (uint64_t)time;
}

/* Moves the time of all counter values. */
static void step(struct judge_page *p, int64_t ns)
{
	struct vmclock_instant t = {
		.sec = (int64_t)p->s.time_sec,
		.nsec = (uint32_t)(((vmclock_u128)p->s.time_frac * NS_PER_SEC) >> 64),
	};

	assert_int_equal(vmclock_calc_shift_time(&t, ns), 0);
	p->s.time_sec = (uint64_t)t.sec;
	p->s.time_frac = (uint64_t)(((vmclock_u128)t.nsec << 64) / NS_PER_SEC) + 1;
}

static void set_clock(struct world *w)
{
	struct vmclock_instant t;
	__u8 leap;

	assert_int_equal(vmclock_calc_time(&w->page.s, w->guest.counter, &t), 0);
	if (!vmclock_calc_to_utc(&w->page.s, &t, &leap))
		w->guest.clock = t;
}

static void begin(struct world *w)
{
	*w = (struct world){
		.before = {
			.s = {
				.marker = 17,
				.flags = 0x179 | VMCLOCK_FLAG_DISRUPTION_SOON,
				.counter_value = 987654321000,
				.period = 15845632502852867518U,
				.period_maxerror = 7922816251426,	/* 500 ppb */
				.time_sec = MIDNIGHT + 86400 + 37,
				.time_frac = UINT64_C(1) << 63,
				.time_maxerror = 1500,
				.size = sizeof(struct vmclock_abi),
				.tai_offset = -37,
				.counter_id = VMCLOCK_COUNTER_X86_TSC,
				.time_type = VMCLOCK_TIME_TAI,
				.status = VMCLOCK_STATUS_SYNCHRONIZED,
				.shift = 31,
			},
			.magic = VMCLOCK_MAGIC,
			.size = 4096,
			.version = 1,
			.seq = 42,
			.period_esterror = 1584563250285,
			.time_esterror = 120,
			.generation = 3,
		},
		.guest = {
			.counter_id = VMCLOCK_COUNTER_X86_TSC,
			.frequency_hz = (double)HZ,
			.frequency_doubt = 1e-4,
			.frequency_error = 5e-3,
			.has_clock = true,
			.clock_error = 1000000,
			.tai = 37,
			.has_names = true,
			.has_hid = true,
			.has_cid = true,
			.max_error = NS_PER_SEC,
			.max_age = 300 * (uint64_t)NS_PER_SEC,
		},
		.watch = {
			.samples = 1000000,
			.longest_update = 100000000,
			.changes = 10,
			.markers = 5,
			.duration = NS_PER_SEC,
		},
		.notifications = {
			.announced = true,
			.heard = 9,
			.followed = 10,
			.longest = JUDGE_LATE_NS,
		},
	};
	w->page = w->before;
	w->page.seq += 2;
	move_reference(&w->page, TENTH);
	w->guest.counter = w->page.s.counter_value + TENTH;
	set_clock(w);
}

static size_t judge_world(const struct world *w, struct judge_finding findings[MOST])
{
	const struct judge_facts f = {
		.page = &w->page, .before = &w->before, .history = &w->history, .guest = &w->guest,
		.watch = &w->watch, .notifications = &w->notifications,
	};

	return judge(&f, findings, MOST);
}

static void only(const struct world *w, const char *id)
{
	struct judge_finding findings[MOST];
	size_t n = judge_world(w, findings), i;

	for (i = 0; i < n; i++)
		if (strcmp(findings[i].rule->id, id) != 0)
			print_message("%s: %s\n", findings[i].rule->id, findings[i].says);
	assert_int_equal(n, 1);
	assert_string_equal(findings[0].rule->id, id);
	assert_true(*findings[0].says);
	/* A sentence with its values fits. */
	assert_true(strlen(findings[0].says) < JUDGE_TEXT - 1);
}

/* What the gravest finding says. */
static void says(const struct world *w, const char *text)
{
	struct judge_finding findings[MOST];

	assert_true(judge_world(w, findings));
	assert_string_equal(findings[0].says, text);
}

/* Is this rule among those that are broken? */
static bool finds(const struct world *w, const char *id)
{
	struct judge_finding findings[MOST];
	size_t n = judge_world(w, findings), i;

	for (i = 0; i < n && strcmp(findings[i].rule->id, id) != 0; i++)
		;
	return i < n;
}

static void nothing(const struct world *w)
{
	struct judge_finding findings[MOST];
	size_t n = judge_world(w, findings);

	if (n)
		print_message("%s: %s\n", findings[0].rule->id, findings[0].says);
	assert_int_equal(n, 0);
}

/* Both pages: no update is involved. */
#define BOTH(w, field, value) ((w)->before.field = (w)->page.field = (value))

/* ---- One page for each rule --------------------------------------------------------- */

#define SPOIL(name) static void spoil_##name(struct world *w)

SPOIL(counter_unassigned)
{
	BOTH(w, s.counter_id, 7);
}

SPOIL(counter_missing)
{
	BOTH(w, s.counter_id, VMCLOCK_COUNTER_INVALID);
}

SPOIL(timescale_unusable)
{
	BOTH(w, s.time_type, 3);
}

SPOIL(timescale_utc)
{
	w->before.s.time_type = w->page.s.time_type = VMCLOCK_TIME_UTC;
	w->before.s.time_sec -= 37;
	w->page.s.time_sec -= 37;
}

SPOIL(no_date)
{
	w->before.s.time_type = w->page.s.time_type = VMCLOCK_TIME_MONOTONIC;
}

SPOIL(reserved_not_zero)
{
	w->page.pad[1] = 1;
}

SPOIL(flags_unknown)
{
	w->page.s.flags |= UINT64_C(1) << 63;
}

SPOIL(status_unassigned)
{
	w->page.s.status = 5;
}

SPOIL(smearing_unassigned)
{
	w->page.s.smearing = 3;
}

SPOIL(leap_indicator_impossible)
{
	w->page.s.leap = 6;
}

SPOIL(leap_unlikely)
{
	/* January 2026. */
	BOTH(w, s.leap, VMCLOCK_LEAP_POST_POS);
}

SPOIL(tai_offset_impossible)
{
	w->page.s.tai_offset = -9;
}

SPOIL(tai_offset_positive)
{
	BOTH(w, s.tai_offset, 37);
}

SPOIL(no_utc)
{
	w->page.s.flags &= ~(uint64_t)VMCLOCK_FLAG_TAI_OFFSET_VALID;
}

SPOIL(period_zero)
{
	w->page.s.period = 0;
}

SPOIL(period_impossible)
{
	w->page.s.shift = 200;
}

SPOIL(time_impossible)
{
	w->page.s.time_sec = UINT64_MAX;
}

SPOIL(time_not_covered)
{
	BOTH(w, s.size, 0x4f);
	BOTH(w, s.flags, VMCLOCK_FLAG_DISRUPTION_SOON);
}

SPOIL(bounds_not_covered)
{
	BOTH(w, s.size, 0x60);
	BOTH(w, s.flags, w->page.s.flags & ~(uint64_t)VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT);
}

SPOIL(generation_not_covered)
{
	BOTH(w, s.size, 0x68);
}

SPOIL(no_bounds)
{
	w->page.s.flags &= ~(uint64_t)VMCLOCK_FLAG_TIME_MAXERROR_VALID;
}

SPOIL(maxerror_zero)
{
	w->page.s.time_maxerror = 0;
	w->page.time_esterror = 0;
}

SPOIL(maxerror_impossible)
{
	w->page.s.time_maxerror = UINT64_MAX;
}

SPOIL(rate_maxerror_impossible)
{
	w->page.s.period_maxerror = UINT64_MAX;
}

SPOIL(esterror_above_maxerror)
{
	w->page.time_esterror = w->page.s.time_maxerror + 1;
}

SPOIL(rate_esterror_above_maxerror)
{
	w->page.period_esterror = w->page.s.period_maxerror + 1;
}

SPOIL(counter_elsewhere)
{
	w->guest.counter_id = VMCLOCK_COUNTER_ARM_VCNT;
}

SPOIL(period_differs)
{
	w->guest.frequency_hz = (double)HZ * 1.0051;
}

SPOIL(period_unlikely)
{
	w->guest.frequency_hz = (double)HZ * 1.00011;
}

SPOIL(reference_ahead)
{
	w->guest.counter = w->page.s.counter_value - TENTH - HZ / 1000;
}

SPOIL(reference_old)
{
	w->guest.counter = w->page.s.counter_value + 301 * HZ;
}

SPOIL(bounds_wide)
{
	w->guest.max_error = 1500;
}

SPOIL(tai_offset_differs)
{
	w->guest.tai = 38;
}

SPOIL(clock_differs)
{
	w->guest.clock.sec -= 2;
}

SPOIL(time_untrue)
{
	w->guest.has_truth = true;
	w->guest.truth = w->guest.clock;
	w->guest.truth.nsec -= 2000;
}

SPOIL(acpi_hid)
{
	w->guest.has_hid = false;
}

SPOIL(acpi_cid)
{
	w->guest.has_cid = false;
}

SPOIL(constant_changed)
{
	w->page.size = 8192;
}

SPOIL(sequence_backwards)
{
	w->page.seq -= 4;
}

SPOIL(time_of_former_host)
{
	w->before.s = w->page.s;
	w->page.s.marker++;
}

SPOIL(reference_backwards)
{
	w->before = w->page;
	move_reference(&w->before, TENTH);
	w->page.seq += 2;
}

SPOIL(interval_left)
{
	step(&w->page, 60);
}

/* The page before has withdrawn what it gave. */
static void withdraw(struct world *w)
{
	judge_history_add(&w->history, &w->before);
	w->before.s.status = VMCLOCK_STATUS_UNRELIABLE;
	judge_history_add(&w->history, &w->before);
}

SPOIL(interval_contradicted)
{
	withdraw(w);
	step(&w->page, 3100);
}

SPOIL(rate_left)
{
	/* 2 ppm, and the errors allow 1 ppm. */
	w->page.s.period += w->page.s.period / 500000;
}

SPOIL(monotonic_backwards)
{
	BOTH(w, s.flags, w->page.s.flags | VMCLOCK_FLAG_TIME_MONOTONIC);
	step(&w->page, -20);
}

static void set_june(struct world *w);

SPOIL(leap_life_cycle)
{
	set_june(w);
	w->before.s.leap = VMCLOCK_LEAP_PRE_POS;
	w->page.s.leap = VMCLOCK_LEAP_PRE_NEG;
}

/* June 2027: a leap second is possible. */
static void set_june(struct world *w)
{
	const uint64_t way = 1812000000 - MIDNIGHT;

	w->before.s.time_sec += way;
	w->page.s.time_sec += way;
	w->guest.clock.sec += (int64_t)way;
}

SPOIL(leap_withdrawn)
{
	set_june(w);
	w->before.s.leap = VMCLOCK_LEAP_PRE_POS;
}

SPOIL(smearing_changed)
{
	set_june(w);
	BOTH(w, s.leap, VMCLOCK_LEAP_PRE_POS);
	w->page.s.smearing = VMCLOCK_SMEARING_UTC_SLS;
}

SPOIL(tai_offset_moved)
{
	w->before.s.tai_offset = -36;
}

SPOIL(marker_reused)
{
	struct judge_page earlier = w->before;

	judge_history_add(&w->history, &earlier);
	earlier.s.marker++;
	judge_history_add(&w->history, &earlier);
	w->before.s.marker++;
}

SPOIL(capability_lost)
{
	w->page.s.flags &= ~(uint64_t)VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT;
}

SPOIL(marker_restless)
{
	w->watch.markers = 6;
}

SPOIL(disruption_unannounced)
{
	w->before.s.flags &= ~(uint64_t)VMCLOCK_FLAG_DISRUPTION_SOON;
	w->page.s.marker++;
}

SPOIL(generation_alone)
{
	w->page.generation++;
}

SPOIL(torn_update)
{
	w->watch.torn = 1;
}

SPOIL(slow_update)
{
	w->watch.longest_update = 100000001;
}

SPOIL(stuck_update)
{
	w->watch.longest_update = 100000001;
	w->watch.stuck = true;
}

SPOIL(notification_missing)
{
	w->notifications.missing = 1;
}

SPOIL(notification_late)
{
	w->notifications.late = 1;
	w->notifications.longest = JUDGE_LATE_NS + 1;
}

SPOIL(notification_unannounced)
{
	w->notifications = (struct judge_notifications){ .heard = 1 };
}

static const struct {
	const char *id;
	void (*spoil)(struct world *w);
} spoils[] = {
	{ "counter-unassigned", spoil_counter_unassigned },
	{ "counter-missing", spoil_counter_missing },
	{ "timescale-unusable", spoil_timescale_unusable },
	{ "timescale-utc", spoil_timescale_utc },
	{ "no-date", spoil_no_date },
	{ "reserved-not-zero", spoil_reserved_not_zero },
	{ "flags-unknown", spoil_flags_unknown },
	{ "status-unassigned", spoil_status_unassigned },
	{ "smearing-unassigned", spoil_smearing_unassigned },
	{ "leap-indicator-impossible", spoil_leap_indicator_impossible },
	{ "leap-unlikely", spoil_leap_unlikely },
	{ "tai-offset-impossible", spoil_tai_offset_impossible },
	{ "tai-offset-positive", spoil_tai_offset_positive },
	{ "no-utc", spoil_no_utc },
	{ "period-zero", spoil_period_zero },
	{ "period-impossible", spoil_period_impossible },
	{ "time-impossible", spoil_time_impossible },
	{ "time-not-covered", spoil_time_not_covered },
	{ "bounds-not-covered", spoil_bounds_not_covered },
	{ "generation-not-covered", spoil_generation_not_covered },
	{ "no-bounds", spoil_no_bounds },
	{ "maxerror-zero", spoil_maxerror_zero },
	{ "maxerror-impossible", spoil_maxerror_impossible },
	{ "rate-maxerror-impossible", spoil_rate_maxerror_impossible },
	{ "esterror-above-maxerror", spoil_esterror_above_maxerror },
	{ "rate-esterror-above-maxerror", spoil_rate_esterror_above_maxerror },
	{ "counter-elsewhere", spoil_counter_elsewhere },
	{ "period-differs", spoil_period_differs },
	{ "period-unlikely", spoil_period_unlikely },
	{ "reference-ahead", spoil_reference_ahead },
	{ "reference-old", spoil_reference_old },
	{ "bounds-wide", spoil_bounds_wide },
	{ "tai-offset-differs", spoil_tai_offset_differs },
	{ "clock-differs", spoil_clock_differs },
	{ "time-untrue", spoil_time_untrue },
	{ "acpi-hid", spoil_acpi_hid },
	{ "acpi-cid", spoil_acpi_cid },
	{ "constant-changed", spoil_constant_changed },
	{ "sequence-backwards", spoil_sequence_backwards },
	{ "time-of-former-host", spoil_time_of_former_host },
	{ "reference-backwards", spoil_reference_backwards },
	{ "interval-left", spoil_interval_left },
	{ "interval-contradicted", spoil_interval_contradicted },
	{ "rate-left", spoil_rate_left },
	{ "monotonic-backwards", spoil_monotonic_backwards },
	{ "leap-life-cycle", spoil_leap_life_cycle },
	{ "leap-withdrawn", spoil_leap_withdrawn },
	{ "smearing-changed", spoil_smearing_changed },
	{ "tai-offset-moved", spoil_tai_offset_moved },
	{ "marker-reused", spoil_marker_reused },
	{ "marker-restless", spoil_marker_restless },
	{ "capability-lost", spoil_capability_lost },
	{ "disruption-unannounced", spoil_disruption_unannounced },
	{ "generation-alone", spoil_generation_alone },
	{ "torn-update", spoil_torn_update },
	{ "slow-update", spoil_slow_update },
	{ "stuck-update", spoil_stuck_update },
	{ "notification-missing", spoil_notification_missing },
	{ "notification-late", spoil_notification_late },
	{ "notification-unannounced", spoil_notification_unannounced },
};

#define SPOILS (sizeof(spoils) / sizeof(spoils[0]))

static void test_each_rule(void **state)
{
	struct world w;
	size_t i, k;

	(void)state;
	/* In the order of the table, and none is left out: such a rule would not be tested. */
	assert_int_equal(judge_rule_count, SPOILS);
	for (i = 0; i < judge_rule_count; i++) {
		for (k = 0; k < SPOILS && strcmp(spoils[k].id, judge_rules[i].id) != 0; k++)
			;
		if (k == SPOILS)
			fail_msg("no test of %s", judge_rules[i].id);
		begin(&w);
		spoils[k].spoil(&w);
		only(&w, judge_rules[i].id);
		assert_ptr_equal(judge_rule_named(judge_rules[i].id), &judge_rules[i]);
		assert_true(*judge_rules[i].clause && *judge_rules[i].demand);
	}
	assert_null(judge_rule_named("no-such-rule"));
}

/* ---- Pages that break no rule --------------------------------------------------------------- */

static void test_good_pages(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	nothing(&w);

	/* QEMU's page: only a marker. */
	begin(&w);
	w.page = (struct judge_page){
		.s = { .marker = 1, .size = sizeof(struct vmclock_abi),
		       .counter_id = VMCLOCK_COUNTER_INVALID, .time_type = VMCLOCK_TIME_TAI },
		.magic = VMCLOCK_MAGIC, .size = 4096, .version = 1, .seq = 2,
	};
	w.before = w.page;
	w.page.seq = 4;
	nothing(&w);
	/* Firecracker's page. */
	w.before.s.flags = w.page.s.flags = 0x300;
	nothing(&w);
	/* The shortest page. */
	w.before.s.size = w.page.s.size = VMCLOCK_SIZE_MIN;
	w.before.s.flags = w.page.s.flags = 0;
	nothing(&w);

	/* Fields that the status does not vouch for are not judged. */
	begin(&w);
	w.page.s.status = w.before.s.status = VMCLOCK_STATUS_UNRELIABLE;
	w.page.s.period = 0;
	w.page.s.time_sec = UINT64_MAX;
	w.page.s.time_maxerror = UINT64_MAX;
	w.page.s.leap = 77;
	nothing(&w);

	/* The sequence count wraps. */
	begin(&w);
	w.before.seq = UINT32_MAX - 1;
	w.page.seq = 0;
	nothing(&w);

	/* A disruption ends the promise. */
	begin(&w);
	w.page.s.marker = 5;
	step(&w.page, 10000000);
	w.page.s.period += w.page.s.period / 10000;
	w.guest.clock_error = NS_PER_SEC;
	nothing(&w);
}

/* Rules that need facts are kept where these are missing. */
static void test_missing_facts(void **state)
{
	struct judge_finding findings[MOST];
	struct judge_facts f = { 0 };
	struct world w;

	(void)state;
	begin(&w);
	w.guest.has_cid = false;
	w.watch.stuck = true;
	w.watch.longest_update = INT64_MAX;
	spoil_sequence_backwards(&w);
	spoil_clock_differs(&w);
	f.page = &w.page;
	assert_int_equal(judge(&f, findings, MOST), 0);
	f.before = &w.before;
	assert_int_equal(judge(&f, findings, MOST), 1);
	f.guest = &w.guest;
	assert_int_equal(judge(&f, findings, MOST), 3);
	f.watch = &w.watch;
	assert_int_equal(judge(&f, findings, MOST), 4);

	begin(&w);
	w.guest = (struct judge_guest){
		.counter_id = VMCLOCK_COUNTER_INVALID, .max_error = 1, .max_age = 0,
	};
	nothing(&w);
	w.guest.counter_id = VMCLOCK_COUNTER_X86_TSC;
	w.guest.counter = w.page.s.counter_value;
	w.guest.max_error = 2000;
	nothing(&w);
}

/* A rule for two fields: here the field that its page in the table does not break. */
static void test_second_fields(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	BOTH(&w, s.period_maxerror, 0);
	BOTH(&w, period_esterror, 0);
	BOTH(&w, s.time_maxerror, 1500000);
	only(&w, "maxerror-zero");
	says(&w, "the maximum error of the period is 0: no counter is exact");
}

static void test_notifications(void **state)
{
	struct judge_facts f = { 0 };
	struct world w;

	(void)state;
	begin(&w);
	w.notifications.missing = 2;
	says(&w, "no notification followed 2 of 12 changes: none came within 500 ms, or before the "
		 "next change");
	w.notifications.followed = 0;
	says(&w, "the flag promises notifications, but none followed a change within 500 ms; "
		 "changes: 2");
	begin(&w);
	w.notifications.late = 3;
	w.notifications.longest = 312000000;
	says(&w, "of the notifications, 3 came more than 100 ms after a change, the latest 312 ms "
		 "after it");
	begin(&w);
	w.notifications.announced = false;
	says(&w, "notifications came, 9 in all, but the flag NOTIFICATION_PRESENT is not set");
	w.notifications.heard = 0;
	nothing(&w);

	/* Without a change under the flag, nothing is known about what it promises. */
	f.notifications = &w.notifications;
	assert_true(judge_can(judge_rule_named("notification-missing"), &f));
	w.notifications = (struct judge_notifications){ .announced = true };
	assert_false(judge_can(judge_rule_named("notification-missing"), &f));
	assert_false(judge_can(judge_rule_named("notification-late"), &f));
	assert_true(judge_can(judge_rule_named("notification-unannounced"), &f));
	w.notifications.missing = 1;
	assert_true(judge_can(judge_rule_named("notification-late"), &f));
}

static void test_order(void **state)
{
	struct judge_finding findings[MOST];
	struct judge_facts f = { 0 };
	struct world w;
	size_t n, i;

	(void)state;
	begin(&w);
	spoil_timescale_utc(&w);	/* advice */
	spoil_reserved_not_zero(&w);	/* doubtful, and nothing is lost */
	spoil_smearing_unassigned(&w);	/* breaks, a hint */
	spoil_esterror_above_maxerror(&w);
	n = judge_world(&w, findings);
	assert_int_equal(n, 4);
	assert_string_equal(findings[0].rule->id, "smearing-unassigned");
	assert_string_equal(findings[1].rule->id, "esterror-above-maxerror");
	assert_string_equal(findings[2].rule->id, "reserved-not-zero");
	assert_string_equal(findings[3].rule->id, "timescale-utc");
	/* With less room, the gravest findings remain. */
	f.page = &w.page;
	for (i = 0; i < 4; i++)
		assert_int_equal(judge(&f, findings, i), i);
	assert_string_equal(findings[0].rule->id, "smearing-unassigned");
	assert_string_equal(findings[2].rule->id, "reserved-not-zero");

	/* What hurts most leads, not what is certain: a stale time, then no bounds, then a hint. */
	begin(&w);
	spoil_reference_old(&w);
	spoil_no_bounds(&w);
	spoil_smearing_unassigned(&w);
	assert_int_equal(judge_world(&w, findings), 3);
	assert_string_equal(findings[0].rule->id, "reference-old");
	assert_string_equal(findings[1].rule->id, "no-bounds");
	assert_string_equal(findings[2].rule->id, "smearing-unassigned");
}

/* From each group, one rule for each severity; the gravest first. */
static void test_gravity(void **state)
{
	static const char *const order[] = {
		"interval-left",	/* wrong time that nobody notices */
		"clock-differs",
		"counter-missing",	/* no time */
		"bounds-not-covered",	/* no order of events */
		"no-bounds",
		"generation-not-covered",
		"no-utc",
		"smearing-unassigned",	/* a hint */
		"reserved-not-zero",
		"generation-alone",	/* advice */
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		for (k = 0; k < sizeof(order) / sizeof(order[0]); k++)
			assert_int_equal(judge_is_graver(judge_rule_named(order[i]),
							 judge_rule_named(order[k])),
					 i < k);
}

/* ---- Limits ---------------------------------------------------------------------------------- */

static void test_limits_of_time(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	/* Doubt begins at what is known here and what the page claims, 100 ppm and 0.5 ppm. */
	w.guest.frequency_hz = (double)HZ * 1.0001003;
	nothing(&w);
	w.guest.frequency_hz = (double)HZ * 0.9999;
	nothing(&w);
	w.guest.frequency_hz = (double)HZ * 0.99989;
	only(&w, "period-unlikely");
	says(&w, "the page says that the counter runs at 2.5 GHz, which is 110 ppm faster than "
		 "the 2.4997 GHz measured here within 100 ppm");
	w.guest.frequency_hz = (double)HZ * 1.0049;
	only(&w, "period-unlikely");
	w.guest.frequency_hz = (double)HZ * 0.9949;
	only(&w, "period-differs");
	/* What the page does not claim is not held against it, up to what NTP can correct. */
	w.guest.frequency_hz = (double)HZ * 1.00001;
	w.guest.frequency_doubt = w.guest.frequency_error = 1e-6;
	only(&w, "period-differs");
	BOTH(&w, s.flags, w.page.s.flags & ~(uint64_t)(VMCLOCK_FLAG_PERIOD_MAXERROR_VALID |
						       VMCLOCK_FLAG_PERIOD_ESTERROR_VALID));
	assert_true(finds(&w, "period-unlikely"));
	assert_false(finds(&w, "period-differs"));
	w.guest.frequency_hz = (double)HZ * 1.0006;
	assert_true(finds(&w, "period-differs"));
	begin(&w);
	/* Half or twice as fast. */
	w.guest.frequency_hz = (double)HZ / 2;
	only(&w, "period-differs");

	begin(&w);
	w.guest.counter = w.page.s.counter_value - TENTH;
	w.guest.has_clock = false;
	nothing(&w);
	w.guest.counter = w.page.s.counter_value + 300 * HZ;
	nothing(&w);
	w.guest.counter = w.page.s.counter_value + (UINT64_C(1) << 63) - 1;
	only(&w, "reference-old");
	w.guest.counter = w.page.s.counter_value + (UINT64_C(1) << 63);
	only(&w, "reference-ahead");

	/* Bounds that have grown tenfold: by 13.5 us in 27 s. */
	begin(&w);
	w.guest.has_clock = false;
	w.guest.max_growth = 10;
	w.guest.counter = w.page.s.counter_value + 26 * HZ;
	nothing(&w);
	w.guest.counter = w.page.s.counter_value + 28 * HZ;
	only(&w, "reference-old");
	w.guest.max_growth = 0;
	nothing(&w);
	/* Not within five seconds. */
	w.guest.max_growth = 10;
	w.page.s.time_maxerror = w.page.time_esterror = 120;
	w.guest.counter = w.page.s.counter_value + 5 * HZ;
	nothing(&w);
	w.guest.counter = w.page.s.counter_value + 5 * HZ + HZ / 100;
	only(&w, "reference-old");

	/* 1500 ns, 500 ppb in 0.1 s, and rounding. */
	begin(&w);
	w.guest.max_error = 1552;
	nothing(&w);
	w.guest.max_error = 1549;
	only(&w, "bounds-wide");

	/* Neither of the two is right for certain, so one second is enough for doubt. */
	begin(&w);
	w.guest.tai = 38;
	only(&w, "tai-offset-differs");
	w.guest.tai = 36;
	only(&w, "tai-offset-differs");
	w.guest.tai = 0;
	nothing(&w);

	/* Both errors count, and the sign does not matter. */
	begin(&w);
	w.guest.clock_error = 1000;
	w.guest.clock.nsec += 2500;
	nothing(&w);
	w.guest.clock.nsec += 100;
	only(&w, "clock-differs");
	w.guest.clock.nsec -= 2 * 2600;
	only(&w, "clock-differs");
	/* One's own reference replaces the system clock. */
	w.guest.has_truth = true;
	w.guest.truth = w.guest.clock;
	w.guest.truth_error = 2000;
	nothing(&w);
	w.guest.truth.sec = 0;
	only(&w, "time-untrue");
	/* Before the date that UTC begins with. */
	w.page.s.time_sec = 0;
	w.before = w.page;
	w.before.seq -= 2;
	w.guest.truth.sec = MIDNIGHT;
	only(&w, "time-untrue");
	w.page.s.time_sec = 4102444800;	/* 2100 */
	w.before = w.page;
	w.before.seq -= 2;
	only(&w, "time-untrue");
}

/* The page may break other rules as well. */
static bool is_untrue(const struct world *w)
{
	const struct judge_facts f = { .page = &w->page, .guest = &w->guest };
	char says[JUDGE_TEXT];

	return judge_rule_named("time-untrue")->broken(&f, says);
}

/* A PTP clock usually counts TAI. */
static void test_truth_in_tai(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	w.guest.has_truth = true;
	w.guest.truth = w.guest.clock;
	w.guest.truth_error = 2000;
	w.guest.truth_is_tai = true;
	only(&w, "time-untrue");
	w.guest.truth.sec += 37;
	nothing(&w);
	w.guest.truth.nsec += 3000;
	nothing(&w);
	w.guest.truth.nsec += 1000;
	only(&w, "time-untrue");

	/* A page in TAI needs no offset for it, and this system no list of leap seconds. */
	BOTH(&w, s.flags, w.page.s.flags & ~(uint64_t)VMCLOCK_FLAG_TAI_OFFSET_VALID);
	w.guest.tai = 0;
	assert_true(is_untrue(&w));
	w.guest.truth.nsec -= 1000;
	assert_false(is_untrue(&w));

	/* A page in UTC without an offset needs that of this system, if it is certain. */
	BOTH(&w, s.time_type, VMCLOCK_TIME_UTC);
	BOTH(&w, s.time_sec, w.page.s.time_sec - 37);
	w.guest.truth.sec += 1;
	assert_false(is_untrue(&w));
	w.guest.tai = 37;
	assert_false(is_untrue(&w));
	w.guest.tai_certain = true;
	assert_true(is_untrue(&w));
	w.guest.truth.sec -= 1;
	assert_false(is_untrue(&w));
}

static void test_limits_of_page(void **state)
{
	struct world w;

	(void)state;
	/* Slower than 1 MHz, and faster than 100 GHz. */
	begin(&w);
	w.guest.frequency_hz = 0;
	w.page.s.flags = w.before.s.flags &= ~(uint64_t)ALL_ERRORS;
	w.page.s.shift = 0;
	w.page.s.period = UINT64_C(1) << 44;		/* 1.05 MHz */
	w.guest.counter = w.page.s.counter_value;
	set_clock(&w);
	only(&w, "no-bounds");
	w.page.s.period = UINT64_C(1) << 45;		/* 0.52 MHz */
	only(&w, "period-impossible");
	w.page.s.period = 184467441;			/* a little below 100 GHz */
	only(&w, "no-bounds");
	w.page.s.period--;
	only(&w, "period-impossible");
	w.page.s.period = 1;
	only(&w, "period-impossible");

	begin(&w);
	w.page.s.time_maxerror = UINT64_C(31557600) * NS_PER_SEC;
	w.before.s.flags = w.page.s.flags & ~(uint64_t)ALL_ERRORS;
	only(&w, "bounds-wide");
	w.page.s.time_maxerror++;
	only(&w, "maxerror-impossible");
	/* A day is possible, but useless. */
	w.page.s.time_maxerror = UINT64_C(86400) * NS_PER_SEC;
	only(&w, "bounds-wide");

	begin(&w);
	w.before.s.flags = w.page.s.flags & ~(uint64_t)ALL_ERRORS;
	w.page.s.period_maxerror = w.page.s.period / 100;
	nothing(&w);
	w.page.s.period_maxerror++;
	only(&w, "rate-maxerror-impossible");

	begin(&w);
	w.page.s.time_sec = VMCLOCK_CALC_MAX_SEC - 1;
	w.before.s.flags &= ~(uint64_t)ALL_ERRORS;
	w.guest.has_clock = false;
	nothing(&w);
	w.page.s.time_sec++;
	only(&w, "time-impossible");

	begin(&w);
	BOTH(&w, s.tai_offset, -10);
	w.guest.tai = 0;
	w.guest.has_clock = false;
	nothing(&w);
	BOTH(&w, s.tai_offset, -100);
	nothing(&w);
	BOTH(&w, s.tai_offset, 101);
	only(&w, "tai-offset-impossible");

	begin(&w);
	w.page.time_esterror = w.page.s.time_maxerror;
	w.page.period_esterror = w.page.s.period_maxerror;
	nothing(&w);
	/* Fields without their flag are ignored. */
	w.page.time_esterror = w.page.period_esterror = UINT64_MAX;
	w.page.s.flags &= ~(uint64_t)(VMCLOCK_FLAG_TIME_ESTERROR_VALID |
				      VMCLOCK_FLAG_PERIOD_ESTERROR_VALID);
	nothing(&w);
}

static void test_constants(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	w.page.magic++;
	only(&w, "constant-changed");
	begin(&w);
	w.page.version++;
	only(&w, "constant-changed");
	begin(&w);
	w.before.s.counter_id = VMCLOCK_COUNTER_INVALID;
	only(&w, "constant-changed");
	begin(&w);
	w.before.s.time_type = VMCLOCK_TIME_UTC;
	only(&w, "constant-changed");
}

/* ---- Updates ----------------------------------------------------------------------------------- */

static void test_intervals(void **state)
{
	struct world w;

	(void)state;
	/* The old bounds have grown by 50 ns: a line may move within them. */
	begin(&w);
	step(&w.page, 49);
	nothing(&w);
	begin(&w);
	step(&w.page, -49);
	nothing(&w);
	begin(&w);
	step(&w.page, -60);
	only(&w, "interval-left");
	/* Wider bounds need room as well. */
	begin(&w);
	w.page.s.time_maxerror += 52;
	nothing(&w);
	w.page.s.time_maxerror += 2;
	only(&w, "interval-left");
	/* Half a second back, with a reference that is still later. */
	begin(&w);
	w.page = w.before;
	w.page.seq += 2;
	move_reference(&w.page, HZ);
	step(&w.page, -500000000);
	w.guest.counter = w.page.s.counter_value;
	set_clock(&w);
	only(&w, "interval-left");

	/* The rate: both errors together allow 1 ppm. */
	begin(&w);
	w.page.s.period += w.page.s.period / 1001000;
	nothing(&w);
	begin(&w);
	w.page.s.period -= w.page.s.period / 990000;
	only(&w, "rate-left");

	/* Without the promise, time may go back within the bounds. */
	begin(&w);
	step(&w.page, -20);
	nothing(&w);

	/* The reference: its counter, or its time. */
	begin(&w);
	w.page.s.counter_value = w.before.s.counter_value;
	w.page.s.time_sec = w.before.s.time_sec;
	w.page.s.time_frac = w.before.s.time_frac;
	nothing(&w);
	step(&w.page, -1000000);
	only(&w, "reference-backwards");
}

/* Time that was withdrawn, and is back under the same marker. */
static void test_withdrawn(void **state)
{
	struct world w;

	(void)state;
	/* 1500 ns each, and 50 ns of growth: the intervals still meet. */
	begin(&w);
	withdraw(&w);
	step(&w.page, 3040);
	nothing(&w);
	begin(&w);
	withdraw(&w);
	step(&w.page, -3040);
	nothing(&w);
	begin(&w);
	withdraw(&w);
	step(&w.page, -3100);
	only(&w, "interval-contradicted");
	/* Wider bounds make no contradiction. */
	w.page.s.time_maxerror = 1000000;
	nothing(&w);
	/* Without bounds nothing is guaranteed; without bounds before, nothing was. */
	begin(&w);
	spoil_interval_contradicted(&w);
	w.page.s.flags &= ~(uint64_t)ALL_ERRORS;
	only(&w, "no-bounds");
	begin(&w);
	w.before.s.flags &= ~(uint64_t)ALL_ERRORS;
	spoil_interval_contradicted(&w);
	nothing(&w);
	/* Bounds that are withdrawn alone. */
	begin(&w);
	judge_history_add(&w.history, &w.before);
	w.before.s.flags &= ~(uint64_t)VMCLOCK_FLAG_TIME_MAXERROR_VALID;
	judge_history_add(&w.history, &w.before);
	step(&w.page, 3100);
	only(&w, "interval-contradicted");
	/* A disruption ends the guarantee, whether it comes with the time or before it. */
	begin(&w);
	spoil_interval_contradicted(&w);
	w.page.s.marker++;
	nothing(&w);
	begin(&w);
	withdraw(&w);
	w.before.s.marker = ++w.page.s.marker;
	judge_history_add(&w.history, &w.before);
	step(&w.page, 3100);
	nothing(&w);
	/* The promise of monotonic time outlives it, without bounds or within them. */
	begin(&w);
	BOTH(&w, s.flags, (w.page.s.flags & ~(uint64_t)ALL_ERRORS) | VMCLOCK_FLAG_TIME_MONOTONIC);
	withdraw(&w);
	step(&w.page, -99999000);
	assert_false(finds(&w, "monotonic-backwards"));
	step(&w.page, -2000);
	assert_true(finds(&w, "monotonic-backwards"));
	begin(&w);
	BOTH(&w, s.flags, w.page.s.flags | VMCLOCK_FLAG_TIME_MONOTONIC);
	BOTH(&w, s.time_maxerror, NS_PER_SEC / 2);
	withdraw(&w);
	step(&w.page, -100002000);
	w.guest.has_clock = false;
	only(&w, "monotonic-backwards");
	/* The counter went back. */
	begin(&w);
	withdraw(&w);
	w.page.s.counter_value = w.before.s.counter_value - HZ;
	assert_true(finds(&w, "interval-contradicted"));

	/* Bounds go, and time jumps at once: it must lie within the last ones. */
	begin(&w);
	w.page.s.flags &= ~(uint64_t)ALL_ERRORS;
	step(&w.page, 1400);
	only(&w, "no-bounds");
	step(&w.page, 200);
	assert_true(finds(&w, "interval-left"));
}

static void test_markers(void **state)
{
	struct world w;

	(void)state;
	/* The reference is the former host's, though the period is new. */
	begin(&w);
	spoil_time_of_former_host(&w);
	w.page.s.period++;
	only(&w, "time-of-former-host");
	/* The new marker came without time, and the old host's time comes later. */
	begin(&w);
	w.page = w.before;
	w.page.seq += 4;
	w.page.s.marker++;
	judge_history_add(&w.history, &w.before);
	w.before.s.marker++;
	w.before.s.status = VMCLOCK_STATUS_UNRELIABLE;
	judge_history_add(&w.history, &w.before);
	only(&w, "time-of-former-host");
	/* Once there was a time under the new marker, an equal reference proves nothing. */
	judge_history_add(&w.history, &w.page);
	nothing(&w);
	/* One field that moved is enough. */
	begin(&w);
	spoil_time_of_former_host(&w);
	w.page.s.time_frac++;
	nothing(&w);
	begin(&w);
	spoil_time_of_former_host(&w);
	w.page.s.counter_value++;
	nothing(&w);
	/* A host may withdraw its time. */
	begin(&w);
	spoil_time_of_former_host(&w);
	w.page.s.status = VMCLOCK_STATUS_UNRELIABLE;
	nothing(&w);

	begin(&w);
	w.before.s.flags &= ~(uint64_t)VMCLOCK_FLAG_DISRUPTION_SOON;
	w.before.s.flags |= VMCLOCK_FLAG_DISRUPTION_IMMINENT;
	w.page.s.marker++;
	nothing(&w);
	w.page.generation++;
	nothing(&w);
}

static void test_capabilities(void **state)
{
	static const uint64_t flags[] = {
		VMCLOCK_FLAG_NOTIFICATION_PRESENT, VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT,
		VMCLOCK_FLAG_TIME_MONOTONIC,
	};
	struct world w;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		begin(&w);
		w.before.s.flags |= flags[i];
		w.page.s.flags &= ~flags[i];
		only(&w, "capability-lost");
		/* They may come. */
		begin(&w);
		w.before.s.flags &= ~flags[i];
		w.page.s.flags |= flags[i];
		nothing(&w);
	}
	/* Monotonic time is a promise of one host. */
	begin(&w);
	w.before.s.flags |= VMCLOCK_FLAG_TIME_MONOTONIC;
	w.page.s.marker++;
	nothing(&w);
	/* Announcements end. */
	begin(&w);
	w.page.s.flags &= ~(uint64_t)VMCLOCK_FLAG_DISRUPTION_SOON;
	nothing(&w);
}

/* A marker need not grow. */
/* The hosts before the last one: A, B, and with the page of then A again. */
static void test_earlier_hosts(void **state)
{
	struct judge_page first;
	struct world w;
	int hosts;

	(void)state;
	for (hosts = 1; hosts < JUDGE_MARKERS; hosts++) {
		int i;

		begin(&w);
		first = w.before;
		for (i = 0; i < hosts; i++) {
			judge_history_add(&w.history, &w.before);
			w.before.s.marker++;
			w.before.seq += 2;
			move_reference(&w.before, 1000);
		}
		judge_history_add(&w.history, &w.before);
		w.page = first;
		w.page.seq = w.before.seq + 2;
		w.page.s.marker = w.before.s.marker + 1;
		only(&w, "time-of-former-host");
		/* Another period: there was another measurement. */
		w.page.s.period++;
		nothing(&w);
		w.page.s.period--;
		w.page.s.time_frac++;
		nothing(&w);
		w.page.s.time_frac--;
		/* Under the marker of the page before, it goes back. */
		w.page.s.marker--;
		assert_false(finds(&w, "time-of-former-host"));
	}
}

static void test_used_markers(void **state)
{
	struct world w;
	size_t i;

	(void)state;
	begin(&w);
	judge_history_add(&w.history, &w.before);
	w.page.s.marker--;
	nothing(&w);
	/* Only so many are remembered. */
	begin(&w);
	for (i = 0; i <= JUDGE_MARKERS; i++) {
		w.before.s.marker = 1000 + i;
		judge_history_add(&w.history, &w.before);
	}
	w.page.s.marker = 1000;
	only(&w, "marker-reused");
	w.before.s.marker++;
	judge_history_add(&w.history, &w.before);
	nothing(&w);
	/* Six in six seconds, as a test may cause them. */
	begin(&w);
	w.watch.markers = 6;
	w.watch.duration = INT64_C(6) * NS_PER_SEC;
	nothing(&w);
	w.watch.duration--;
	only(&w, "marker-restless");
}

/* The reference of the page before, and of the page, in UTC; the offsets are right. */
static void set_leap(struct world *w, unsigned int was, int64_t before, unsigned int is, int64_t now)
{
	int offset = -37;

	if (was == VMCLOCK_LEAP_PRE_POS && (is == VMCLOCK_LEAP_POS || is == VMCLOCK_LEAP_POST_POS))
		offset = -38;
	else if (was == VMCLOCK_LEAP_PRE_NEG && is == VMCLOCK_LEAP_POST_NEG)
		offset = -36;
	begin(w);
	w->guest.has_clock = false;
	w->guest.tai = 0;
	w->before.s.leap = (uint8_t)was;
	w->page.s.leap = (uint8_t)is;
	w->page.s.tai_offset = (int16_t)offset;
	w->before.s.time_sec = (uint64_t)(before + 37);
	w->page.s.time_sec = (uint64_t)(now - offset);
	/* Intervals are not what is tried here. */
	w->before.s.flags &= ~(uint64_t)ALL_ERRORS;
}

/* Some of the indicators are unlikely in their month, which is another rule. */
static void expect_leap(const struct world *w, bool kept)
{
	struct judge_finding findings[MOST];
	size_t n = judge_world(w, findings), i;
	bool broken = false;

	for (i = 0; i < n; i++) {
		if (!strcmp(findings[i].rule->id, "leap-life-cycle"))
			broken = true;
		else
			assert_string_equal(findings[i].rule->id, "leap-unlikely");
	}
	assert_int_equal(broken, !kept);
}

static void test_leap_seconds(void **state)
{
	enum { NONE, PRE_POS, PRE_NEG, POS, POST_POS, POST_NEG };
	/* December to December, December to January: which may follow which? */
	static const char same[6][7] = { "yyynnn", "wyn_nn", "wny_nn", "______", "yyynyn", "yyynny" };
	static const char next[6][7] = { "yyy_yy", "nnn_yn", "nnn_ny", "nnn_yn", "yyynnn", "yyynnn" };
	const int64_t december = NEW_YEAR - 86400;
	struct world w;
	unsigned int was, is;

	(void)state;
	/* "_": the indicator would not fit the date. */
	for (was = NONE; was <= POST_NEG; was++) {
		for (is = NONE; is <= POST_NEG; is++) {
			if (same[was][is] != '_' && is != POS) {
				set_leap(&w, was, december, is, december + 10);
				if (same[was][is] == 'w')
					only(&w, "leap-withdrawn");
				else
					expect_leap(&w, same[was][is] == 'y');
			}
			if (next[was][is] != '_' && is != POS) {
				set_leap(&w, was, was == POS ? NEW_YEAR - 1 : NEW_YEAR - 2, is,
					 NEW_YEAR + 5);
				expect_leap(&w, next[was][is] == 'y');
			}
		}
	}
	/* In the second itself: 23:59:59 again, by the new offset. */
	set_leap(&w, PRE_POS, NEW_YEAR - 1, POS, NEW_YEAR - 1);
	expect_leap(&w, true);
	set_leap(&w, NONE, NEW_YEAR - 2, POS, NEW_YEAR - 1);
	only(&w, "leap-life-cycle");
	says(&w, "leap_indicator changed from NONE to POS, which cannot follow it here");
	set_leap(&w, PRE_NEG, NEW_YEAR - 2, PRE_NEG, NEW_YEAR + 5);
	says(&w, "leap_indicator is PRE_NEG in the next month as well");
	set_leap(&w, PRE_POS, NEW_YEAR - 9, POS, NEW_YEAR - 5);
	only(&w, "leap-indicator-impossible");

	/* The offset stays the old one, or moves the wrong way. */
	set_leap(&w, PRE_POS, NEW_YEAR - 2, POST_POS, NEW_YEAR + 5);
	w.page.s.tai_offset = -37;
	only(&w, "tai-offset-moved");
	w.page.s.tai_offset = -36;
	only(&w, "tai-offset-moved");
	set_leap(&w, PRE_NEG, NEW_YEAR - 2, POST_NEG, NEW_YEAR + 5);
	w.page.s.tai_offset = -37;
	only(&w, "tai-offset-moved");
	w.page.s.tai_offset = -38;
	only(&w, "tai-offset-moved");
	/* It moves, but the indicator is wrong: that rule says enough. */
	set_leap(&w, PRE_POS, NEW_YEAR - 2, NONE, NEW_YEAR + 5);
	w.page.s.tai_offset = -38;
	only(&w, "leap-life-cycle");
	set_leap(&w, NONE, NEW_YEAR - 2, NONE, NEW_YEAR + 5);
	w.page.s.tai_offset = -38;
	only(&w, "tai-offset-moved");
}

/* Leap seconds that no authority has announced, by all that is known. */
static void test_unlikely_leaps(void **state)
{
	enum { NONE, PRE_POS, PRE_NEG, POS, POST_POS, POST_NEG };
	static const struct {
		int64_t utc;
		unsigned int leap;
		bool doubtful;
	} cases[] = {
		{ 1480000000, PRE_POS, true },	/* November 2016 */
		{ 1483000000, PRE_POS, false },	/* December 2016 */
		{ 1484000000, POST_POS, false },
		{ 1488000000, POST_POS, true },	/* February 2017 */
		{ 1750000000, PRE_POS, true },	/* June 2025: there was none */
		{ 1752000000, POST_NEG, true },
		{ 1782604799, PRE_POS, false },	/* June 2026: not known to the end */
		{ 1784000000, POST_NEG, false },	/* July 2026 */
		{ 1796000000, PRE_NEG, true },	/* November 2026 */
		{ 1798000000, PRE_NEG, false },	/* December 2026 */
		{ 1806000000, PRE_POS, true },	/* March 2027 */
		{ 1806000000, NONE, false },
		{ 1806537599, POS, true },	/* 2027-03-31T23:59:59 */
	};
	struct world w;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(&w);
		w.page.s.leap = (uint8_t)cases[i].leap;
		w.page.s.time_sec = (uint64_t)cases[i].utc + 37;
		w.before = w.page;
		w.before.seq -= 2;
		w.guest.has_clock = false;
		if (cases[i].doubtful)
			only(&w, "leap-unlikely");
		else
			nothing(&w);
	}
	/* By a newer list, there is none in December 2026. */
	begin(&w);
	w.page.s.leap = PRE_POS;
	w.page.s.time_sec = 1798000037;
	w.before = w.page;
	w.before.seq -= 2;
	w.guest.has_clock = false;
	w.guest.no_leaps_until = 1798761599;
	nothing(&w);
	w.guest.no_leaps_until++;
	only(&w, "leap-unlikely");
	/* Far from a leap second, a hint may change. */
	begin(&w);
	w.page.s.smearing = VMCLOCK_SMEARING_NOON_LINEAR;
	nothing(&w);
}

/* ---- Values as people read them ------------------------------------------------------------------ */

static void test_values(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} durations[] = {
		{ 0, "0 ns" }, { 1, "1 ns" }, { 999, "999 ns" }, { 1000, "1 us" },
		{ 920000, "920 us" }, { 923456, "923 us" }, { 1234567, "1.23 ms" },
		{ 12345678, "12.3 ms" }, { 1000000000, "1 s" }, { 119000000000, "119 s" },
		{ 120000000000, "2 minutes" }, { 7199000000000, "120 minutes" },
		{ 7200000000000, "2 hours" }, { 86400000000000, "1 day" },
		{ 90000000000000, "1.04 days" }, { 86400000000000 * 400, "1.1 years" },
		{ UINT64_MAX, "585 years" },
	};
	char text[JUDGE_VALUE], other[JUDGE_VALUE];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(durations) / sizeof(durations[0]); i++)
		assert_string_equal(judge_duration(text, durations[i].ns), durations[i].text);
	judge_durations(text, 1500, other, 86400000000000);
	assert_string_equal(text, "1.5 us");
	assert_string_equal(other, "1 day");
	judge_durations(text, 1501, other, 1500);
	assert_string_equal(text, "1501 ns");
	assert_string_equal(other, "1500 ns");
	judge_durations(text, 300010000000, other, 300000000000);
	assert_string_equal(text, "300.01 s");
	assert_string_equal(other, "300 s");
	assert_string_equal(judge_hertz(text, 2.5e9), "2.5 GHz");
	assert_string_equal(judge_hertz(text, 1000), "1 kHz");
	assert_string_equal(judge_hertz(text, 24e6), "24 MHz");
	assert_string_equal(judge_hertz(text, 1.5), "1.5 Hz");
	assert_string_equal(judge_hertz(text, 0), "0 Hz");
	assert_string_equal(judge_hertz(text, 2.5025e9), "2.5025 GHz");
	assert_string_equal(judge_hertz(text, 9.9999e13), "99999 GHz");
	assert_string_equal(judge_hertz(text, 1e14), "more than 100000 GHz");
	assert_string_equal(judge_hertz(text, 1e40), "more than 100000 GHz");
	assert_string_equal(judge_hertz(text, 0.0001), "0.0001 Hz");
	assert_string_equal(judge_hertz(text, 1e-9), "less than 0.0001 Hz");
	assert_string_equal(judge_share(text, 0), "0 parts per billion");
	assert_string_equal(judge_share(text, 1e-13), "less than 0.001 parts per billion");
	assert_string_equal(judge_share(text, 5e-7), "500 parts per billion");
	assert_string_equal(judge_share(text, 1e-6), "1 ppm");
	assert_string_equal(judge_share(text, 5.004e-4), "500 ppm");
	assert_string_equal(judge_share(text, 0.001), "0.1 %");
	assert_string_equal(judge_share(text, 0.01), "1 %");
	assert_string_equal(judge_share(text, 9.99), "999 %");
	assert_string_equal(judge_share(text, 9.999), "more than 1000 %");
	assert_string_equal(judge_share(text, 1e19), "more than 1000 %");
	assert_string_equal(judge_date(text, &(struct vmclock_instant){ .sec = MIDNIGHT }),
			    "2026-01-01T00:00:00Z");
	assert_string_equal(judge_date(text, &(struct vmclock_instant){ .sec = -1 }), "-1 s");
	assert_string_equal(judge_date(text, &(struct vmclock_instant){ .sec = INT64_MAX }),
			    "9223372036854775807 s");
}

static void test_offers(void **state)
{
	/* What the page offers without each of these flags. */
	static const struct {
		uint64_t flags;
		const char *lacks[JUDGE_OFFERS];
	} cases[] = {
		{ 0, { NULL } },
		{ VMCLOCK_FLAG_TIME_MAXERROR_VALID, { "bounds" } },
		{ VMCLOCK_FLAG_TAI_OFFSET_VALID, { "tai-offset" } },
		{ VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT, { "generation" } },
		{ VMCLOCK_FLAG_NOTIFICATION_PRESENT, { "notification" } },
		{ UINT64_MAX, { "bounds", "tai-offset", "generation", "notification" } },
	};
	struct world w;
	size_t i, k, n;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(&w);
		w.page.s.flags |= VMCLOCK_FLAG_NOTIFICATION_PRESENT;
		w.page.s.flags &= ~cases[i].flags;
		for (k = 0, n = 0; k < JUDGE_OFFERS; k++) {
			bool lacks = n < JUDGE_OFFERS && cases[i].lacks[n] &&
				     !strcmp(cases[i].lacks[n], judge_offers[k].name);

			assert_int_equal(judge_offers[k].has(&w.page), !lacks);
			n += lacks;
		}
	}
	begin(&w);
	w.page.s.status = VMCLOCK_STATUS_UNKNOWN;
	assert_string_equal(judge_offers[0].name, "time");
	assert_false(judge_offers[0].has(&w.page));
}

static void test_page_of(void **state)
{
	const struct vmclock_abi abi = {
		.magic = htole32(VMCLOCK_MAGIC),
		.size = htole32(4096),
		.version = htole16(1),
		.seq_count = htole32(8),
		.pad = { 1, 2 },
		.counter_period_esterror_rate_frac_sec = htole64(3),
		.time_esterror_nanosec = htole64(4),
		.vm_generation_counter = htole64(5),
		.disruption_marker = htole64(6),
	};
	struct judge_page page;

	(void)state;
	judge_page_of(&abi, &page);
	assert_int_equal(page.magic, VMCLOCK_MAGIC);
	assert_int_equal(page.size, 4096);
	assert_int_equal(page.s.size, sizeof(abi));
	assert_int_equal(page.version, 1);
	assert_int_equal(page.seq, 8);
	assert_int_equal(page.pad[0], 1);
	assert_int_equal(page.pad[1], 2);
	assert_int_equal(page.period_esterror, 3);
	assert_int_equal(page.time_esterror, 4);
	assert_int_equal(page.generation, 5);
	assert_int_equal(page.s.marker, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_rule),
		cmocka_unit_test(test_good_pages),
		cmocka_unit_test(test_missing_facts),
		cmocka_unit_test(test_second_fields),
		cmocka_unit_test(test_notifications),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_gravity),
		cmocka_unit_test(test_limits_of_time),
		cmocka_unit_test(test_truth_in_tai),
		cmocka_unit_test(test_limits_of_page),
		cmocka_unit_test(test_constants),
		cmocka_unit_test(test_intervals),
		cmocka_unit_test(test_withdrawn),
		cmocka_unit_test(test_markers),
		cmocka_unit_test(test_capabilities),
		cmocka_unit_test(test_earlier_hosts),
		cmocka_unit_test(test_used_markers),
		cmocka_unit_test(test_leap_seconds),
		cmocka_unit_test(test_unlikely_leaps),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_offers),
		cmocka_unit_test(test_page_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
