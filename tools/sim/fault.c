// SPDX-License-Identifier: MIT
/*
 * Each fault has the name of the rule that it breaks. In tests/tools/rules.sh,
 * vmclock-verify must find this rule and no other; a rule without a fault fails.
 */
#include <endian.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "calc/base.h"
#include "fault.h"
#include "sim.h"

/* In each ten updates the sixth is faulty, or the last five: a watch may begin at any time. */
#define CYCLE 10
#define FIRST 5
/* From one slow update to the next. */
#define SLOW_EACH 4
#define SLOW_NS	  150000000
/* The time between the count and the fields of a torn update. */
#define TORN_NS 2000000

struct sim_fault {
	const char *name;
	bool holds;
	void (*spoil)(struct sim *sim);
	void (*publish)(struct sim *sim);
};

static uint64_t flags(const struct sim *sim)
{
	return le64toh(sim->next.flags);
}

static void set_flag(struct sim *sim, uint64_t flag, bool on)
{
	sim->next.flags = htole64(on ? flags(sim) | flag : flags(sim) & ~flag);
}

static unsigned int place(const struct sim *sim)
{
	return (unsigned int)(sim->updates % CYCLE);
}

static bool begins(const struct sim *sim)
{
	return place(sim) == FIRST;
}

static bool has_begun(const struct sim *sim)
{
	return place(sim) >= FIRST;
}

/* ---- One page -------------------------------------------------------------------------- */

#define SPOIL(name) static void spoil_##name(struct sim *sim)

SPOIL(counter_unassigned)
{
	sim->next.counter_id = 7;
}

SPOIL(counter_missing)
{
	sim->next.counter_id = VMCLOCK_COUNTER_INVALID;
}

SPOIL(counter_elsewhere)
{
	sim->next.counter_id = sim->next.counter_id == VMCLOCK_COUNTER_X86_TSC ?
				       VMCLOCK_COUNTER_ARM_VCNT :
				       VMCLOCK_COUNTER_X86_TSC;
}

SPOIL(timescale_unusable)
{
	sim->next.time_type = VMCLOCK_TIME_INVALID_SMEARED;
}

SPOIL(timescale_utc)
{
	uint64_t tai = le64toh(sim->next.time_sec);

	sim->next.time_type = VMCLOCK_TIME_UTC;
	sim->next.time_sec = htole64(tai + (uint64_t)(int16_t)le16toh(sim->next.tai_offset_sec));
}

SPOIL(no_date)
{
	sim->next.time_type = VMCLOCK_TIME_MONOTONIC;
}

SPOIL(reserved_not_zero)
{
	sim->next.pad[0] = 1;
}

SPOIL(flags_unknown)
{
	set_flag(sim, UINT64_C(1) << 40, true);
}

SPOIL(status_unassigned)
{
	sim->next.clock_status = VMCLOCK_STATUS_UNRELIABLE + 1;
}

SPOIL(smearing_unassigned)
{
	sim->next.leap_second_smearing_hint = VMCLOCK_SMEARING_UTC_SLS + 1;
}

SPOIL(leap_indicator_impossible)
{
	sim->next.leap_indicator = VMCLOCK_LEAP_POST_NEG + 1;
}

/* An announcement at any other time than June and December, or a past leap second. */
SPOIL(leap_unlikely)
{
	time_t now = (time_t)le64toh(sim->next.time_sec);
	struct tm tm;

	sim->next.leap_indicator = gmtime_r(&now, &tm) && (tm.tm_mon == 5 || tm.tm_mon == 11) ?
					   VMCLOCK_LEAP_POST_POS :
					   VMCLOCK_LEAP_PRE_POS;
}

SPOIL(tai_offset_impossible)
{
	sim->next.tai_offset_sec = 0;
}

SPOIL(tai_offset_positive)
{
	sim->next.tai_offset_sec = htole16((uint16_t)-(int16_t)le16toh(sim->next.tai_offset_sec));
}

SPOIL(tai_offset_differs)
{
	sim->next.tai_offset_sec = htole16((uint16_t)INT16_C(-60));
}

SPOIL(no_utc)
{
	set_flag(sim, VMCLOCK_FLAG_TAI_OFFSET_VALID, false);
}

SPOIL(period_zero)
{
	sim->next.counter_period_frac_sec = 0;
}

SPOIL(period_impossible)
{
	sim->next.counter_period_shift = 200;
}

SPOIL(period_differs)
{
	sim->next.counter_period_shift++;
}

/* By 0.2 %: more than a counter is off, and less than some kernels are. */
SPOIL(period_unlikely)
{
	uint64_t period = le64toh(sim->next.counter_period_frac_sec);

	sim->next.counter_period_frac_sec = htole64(period + period / 500);
}

SPOIL(time_impossible)
{
	sim->next.time_sec = UINT64_MAX;
}

/* Changes the field size only; all fields are published. */
SPOIL(time_not_covered)
{
	sim->next.size = htole32(offsetof(struct vmclock_abi, time_sec));
	sim->next.flags = 0;
}

SPOIL(bounds_not_covered)
{
	sim->next.size = htole32(offsetof(struct vmclock_abi, time_maxerror_nanosec));
	set_flag(sim, VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT, false);
}

SPOIL(generation_not_covered)
{
	sim->next.size = htole32(offsetof(struct vmclock_abi, vm_generation_counter));
}

SPOIL(no_bounds)
{
	set_flag(sim, VMCLOCK_FLAG_TIME_MAXERROR_VALID, false);
}

SPOIL(maxerror_zero)
{
	sim->next.time_maxerror_nanosec = 0;
	sim->next.time_esterror_nanosec = 0;
}

SPOIL(maxerror_impossible)
{
	sim->next.time_maxerror_nanosec = UINT64_MAX;
}

SPOIL(rate_maxerror_impossible)
{
	sim->next.counter_period_maxerror_rate_frac_sec = sim->next.counter_period_frac_sec;
}

SPOIL(esterror_above_maxerror)
{
	sim->next.time_esterror_nanosec = htole64(le64toh(sim->next.time_maxerror_nanosec) + 1);
}

SPOIL(rate_esterror_above_maxerror)
{
	sim->next.counter_period_esterror_rate_frac_sec =
		htole64(le64toh(sim->next.counter_period_maxerror_rate_frac_sec) + 1);
}

/* Moves the reference along its line. */
static void move_reference(struct sim *sim, int64_t sec)
{
	struct sim_line line = sim->model.line;
	/* A multiple of the grid, so that the line stays the same to the last bit. */
	int64_t ticks = (int64_t)((long double)sec / sim_line_tick(&line)) & ~(int64_t)(SIM_GRID - 1);
	sim_time time = sim_line_at(&line, line.counter + (uint64_t)ticks);

	sim->next.counter_value = htole64(line.counter + (uint64_t)ticks);
	sim->next.time_sec = htole64((uint64_t)(time >> 64));
	sim->next.time_frac_sec = htole64((uint64_t)time);
}

SPOIL(reference_ahead)
{
	move_reference(sim, 1000);
}

SPOIL(reference_old)
{
	move_reference(sim, -1000);
}

SPOIL(bounds_wide)
{
	sim->next.time_maxerror_nanosec = htole64(86400 * (uint64_t)NS_PER_SEC);
}

static void step_time(struct sim *sim, sim_time by)
{
	sim_time time = (sim_time)((unsigned __int128)le64toh(sim->next.time_sec) << 64 |
				   le64toh(sim->next.time_frac_sec)) + by;

	sim->next.time_sec = htole64((uint64_t)(time >> 64));
	sim->next.time_frac_sec = htole64((uint64_t)time);
}

/* More than a clock that is not synchronised explains. */
SPOIL(clock_differs)
{
	step_time(sim, sim_time_of(INT64_C(3) * 86400, 0));
}

SPOIL(time_untrue)
{
	step_time(sim, sim_time_of(10, 0));
}

/* ---- Updates -------------------------------------------------------------------------------- */

/* The publisher writes constants at the start only, so this fault starts it again. */
SPOIL(constant_changed)
{
	if (has_begun(sim))
		sim->next.size = htole32(2048);
	if (begins(sim) || (!place(sim) && sim->updates))
		publisher_constants(&sim->page);
}

SPOIL(sequence_backwards)
{
	if (begins(sim))
		sim->page.seq -= 8;
}

SPOIL(time_of_former_host)
{
	set_flag(sim, VMCLOCK_FLAG_DISRUPTION_SOON, true);
	if (!begins(sim))
		return;
	sim->marker++;
	sim->next = sim->last;
	sim->next.disruption_marker = htole64(sim->marker);
}

SPOIL(reference_backwards)
{
	if (begins(sim))
		move_reference(sim, -1);
}

SPOIL(interval_left)
{
	if (has_begun(sim))
		step_time(sim, sim_time_of(0, 10000000));
}

/* Withdraws the time in each cycle, and comes back 10 ms later than promised. */
SPOIL(interval_contradicted)
{
	enum { WITHDRAWN = 3 };
	uint64_t returns = (sim->updates + CYCLE - FIRST - WITHDRAWN) / CYCLE;

	if (has_begun(sim) && place(sim) < FIRST + WITHDRAWN)
		sim->next.clock_status = VMCLOCK_STATUS_UNRELIABLE;
	step_time(sim, sim_time_of(0, (int64_t)returns * 10000000));
}

/*
 * By 3 ppm, for one update. The next one has a smaller error, so that it stays
 * inside the interval all the same; then the error grows again, more slowly than
 * the interval does.
 */
SPOIL(rate_left)
{
	uint64_t period = le64toh(sim->next.counter_period_frac_sec);
	uint64_t error = le64toh(sim->next.time_maxerror_nanosec);
	uint64_t after = (place(sim) + CYCLE - FIRST) % CYCLE;

	if (begins(sim))
		sim->next.counter_period_frac_sec = htole64(period + period / 333333);
	else if (after <= FIRST)
		sim->next.time_maxerror_nanosec = htole64(error - 50 * (FIRST + 1 - after));
}

/* Within the bounds. */
SPOIL(monotonic_backwards)
{
	set_flag(sim, VMCLOCK_FLAG_TIME_MONOTONIC, true);
	if (begins(sim))
		step_time(sim, sim_time_of(0, -50));
}

/* To a December, where leap seconds may be: 2028-12-10. Once for all updates. */
static void set_december(struct sim *sim)
{
	static int64_t way;

	if (!way)
		way = INT64_C(1860019200) - (int64_t)le64toh(sim->next.time_sec);
	step_time(sim, sim_time_of(way, 0));
}

SPOIL(leap_life_cycle)
{
	set_december(sim);
	sim->next.leap_indicator = has_begun(sim) ? VMCLOCK_LEAP_PRE_NEG : VMCLOCK_LEAP_PRE_POS;
}

SPOIL(leap_withdrawn)
{
	set_december(sim);
	sim->next.leap_indicator = has_begun(sim) ? VMCLOCK_LEAP_PRE_POS : VMCLOCK_LEAP_NONE;
}

SPOIL(smearing_changed)
{
	set_december(sim);
	sim->next.leap_indicator = VMCLOCK_LEAP_PRE_POS;
	sim->next.leap_second_smearing_hint = has_begun(sim) ? VMCLOCK_SMEARING_UTC_SLS :
							       VMCLOCK_SMEARING_STRICT;
}

SPOIL(tai_offset_moved)
{
	if (has_begun(sim))
		sim->next.tai_offset_sec =
			htole16((uint16_t)((int16_t)le16toh(sim->next.tai_offset_sec) - 1));
}

SPOIL(marker_reused)
{
	set_flag(sim, VMCLOCK_FLAG_DISRUPTION_SOON, true);
	sim->next.disruption_marker = htole64(sim->marker + has_begun(sim));
}

SPOIL(marker_restless)
{
	set_flag(sim, VMCLOCK_FLAG_DISRUPTION_SOON, true);
	sim->next.disruption_marker = htole64(++sim->marker);
}

SPOIL(capability_lost)
{
	set_flag(sim, VMCLOCK_FLAG_NOTIFICATION_PRESENT, !has_begun(sim));
}

SPOIL(disruption_unannounced)
{
	if (begins(sim))
		sim->next.disruption_marker = htole64(++sim->marker);
}

SPOIL(generation_alone)
{
	if (begins(sim))
		sim->next.vm_generation_counter = htole64(++sim->generation);
}

#undef SPOIL

/* ---- How it is published -------------------------------------------------------------------- */

static void rest(long ns)
{
	const struct timespec ts = { .tv_nsec = ns };

	nanosleep(&ts, NULL);
}

/* Writes the count first, then the fields: the count is always even. */
static void publish_torn(struct sim *sim)
{
	struct vmclock_abi next = sim->next;

	if (sim->updates)
		sim->next = sim->last;
	publisher_update(&sim->page);
	rest(TORN_NS);
	sim->next = next;
	publisher_fields(&sim->page);
}

static void publish_slow(struct sim *sim)
{
	if (sim->updates % SLOW_EACH == 0) {
		publisher_stall(&sim->page);
		rest(SLOW_NS);
	}
	publisher_update(&sim->page);
}

static void publish_stuck(struct sim *sim)
{
	if (sim->updates >= FIRST)
		publisher_stall(&sim->page);
	else
		publisher_update(&sim->page);
}

/* ---- The table -------------------------------------------------------------------------------- */

static const struct sim_fault faults[] = {
	{ "counter-unassigned", true, spoil_counter_unassigned, NULL },
	{ "counter-missing", true, spoil_counter_missing, NULL },
	{ "timescale-unusable", true, spoil_timescale_unusable, NULL },
	{ "timescale-utc", true, spoil_timescale_utc, NULL },
	{ "no-date", true, spoil_no_date, NULL },
	{ "reserved-not-zero", true, spoil_reserved_not_zero, NULL },
	{ "flags-unknown", true, spoil_flags_unknown, NULL },
	{ "status-unassigned", true, spoil_status_unassigned, NULL },
	{ "smearing-unassigned", true, spoil_smearing_unassigned, NULL },
	{ "leap-indicator-impossible", true, spoil_leap_indicator_impossible, NULL },
	{ "leap-unlikely", true, spoil_leap_unlikely, NULL },
	{ "tai-offset-impossible", true, spoil_tai_offset_impossible, NULL },
	{ "tai-offset-positive", true, spoil_tai_offset_positive, NULL },
	{ "no-utc", true, spoil_no_utc, NULL },
	{ "period-zero", true, spoil_period_zero, NULL },
	{ "period-impossible", true, spoil_period_impossible, NULL },
	{ "time-impossible", true, spoil_time_impossible, NULL },
	{ "time-not-covered", true, spoil_time_not_covered, NULL },
	{ "bounds-not-covered", true, spoil_bounds_not_covered, NULL },
	{ "generation-not-covered", true, spoil_generation_not_covered, NULL },
	{ "no-bounds", true, spoil_no_bounds, NULL },
	{ "maxerror-zero", true, spoil_maxerror_zero, NULL },
	{ "maxerror-impossible", true, spoil_maxerror_impossible, NULL },
	{ "rate-maxerror-impossible", true, spoil_rate_maxerror_impossible, NULL },
	{ "esterror-above-maxerror", true, spoil_esterror_above_maxerror, NULL },
	{ "rate-esterror-above-maxerror", true, spoil_rate_esterror_above_maxerror, NULL },
	{ "counter-elsewhere", true, spoil_counter_elsewhere, NULL },
	{ "period-differs", true, spoil_period_differs, NULL },
	{ "period-unlikely", true, spoil_period_unlikely, NULL },
	{ "reference-ahead", true, spoil_reference_ahead, NULL },
	{ "reference-old", true, spoil_reference_old, NULL },
	{ "bounds-wide", true, spoil_bounds_wide, NULL },
	{ "tai-offset-differs", true, spoil_tai_offset_differs, NULL },
	{ "clock-differs", true, spoil_clock_differs, NULL },
	{ "time-untrue", true, spoil_time_untrue, NULL },
	{ "constant-changed", false, spoil_constant_changed, NULL },
	{ "sequence-backwards", false, spoil_sequence_backwards, NULL },
	{ "time-of-former-host", false, spoil_time_of_former_host, NULL },
	{ "reference-backwards", false, spoil_reference_backwards, NULL },
	{ "interval-left", false, spoil_interval_left, NULL },
	{ "interval-contradicted", false, spoil_interval_contradicted, NULL },
	{ "rate-left", false, spoil_rate_left, NULL },
	{ "monotonic-backwards", false, spoil_monotonic_backwards, NULL },
	{ "leap-life-cycle", false, spoil_leap_life_cycle, NULL },
	{ "leap-withdrawn", false, spoil_leap_withdrawn, NULL },
	{ "smearing-changed", false, spoil_smearing_changed, NULL },
	{ "tai-offset-moved", false, spoil_tai_offset_moved, NULL },
	{ "marker-reused", false, spoil_marker_reused, NULL },
	{ "marker-restless", false, spoil_marker_restless, NULL },
	{ "capability-lost", false, spoil_capability_lost, NULL },
	{ "disruption-unannounced", false, spoil_disruption_unannounced, NULL },
	{ "generation-alone", false, spoil_generation_alone, NULL },
	{ "torn-update", false, NULL, publish_torn },
	{ "slow-update", false, NULL, publish_slow },
	{ "stuck-update", false, NULL, publish_stuck },
};

#define FAULTS (sizeof(faults) / sizeof(faults[0]))

const struct sim_fault *sim_fault_named(const char *name)
{
	size_t i;

	for (i = 0; i < FAULTS; i++)
		if (!strcmp(faults[i].name, name))
			return &faults[i];
	return NULL;
}

void sim_fault_list(char *to, size_t size)
{
	size_t i, at = 0;

	for (i = 0; i < FAULTS && at < size; i++)
		at += (size_t)snprintf(to + at, size - at, "%s%s", i ? ", " : "", faults[i].name);
}

bool sim_fault_holds(const struct sim_fault *fault)
{
	return fault && fault->holds;
}

void sim_fault_spoil(struct sim *sim)
{
	const struct sim_fault *fault = sim->options.fault;

	if (fault && fault->spoil)
		fault->spoil(sim);
}

bool sim_fault_publish(struct sim *sim)
{
	const struct sim_fault *fault = sim->options.fault;

	if (!fault || !fault->publish)
		return false;
	fault->publish(sim);
	return true;
}
