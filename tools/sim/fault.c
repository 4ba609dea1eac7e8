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

/* How often the page is published. */
enum pace {
	HOLDS,		/* once: the page is wrong without an update */
	UPDATES,	/* at each interval: the update is wrong */
};

/* One of the functions is NULL. */
struct sim_fault {
	const char *name;
	enum pace pace;
	void (*spoil)(struct sim *sim);		/* changes the content that is published next */
	void (*publish)(struct sim *sim);	/* publishes the content in a wrong way */
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

static void counter_unassigned(struct sim *sim)
{
	sim->next.counter_id = 7;
}

static void counter_missing(struct sim *sim)
{
	sim->next.counter_id = VMCLOCK_COUNTER_INVALID;
}

static void counter_elsewhere(struct sim *sim)
{
	sim->next.counter_id = sim->next.counter_id == VMCLOCK_COUNTER_X86_TSC ?
				       VMCLOCK_COUNTER_ARM_VCNT :
				       VMCLOCK_COUNTER_X86_TSC;
}

static void timescale_unusable(struct sim *sim)
{
	sim->next.time_type = VMCLOCK_TIME_INVALID_SMEARED;
}

static void timescale_utc(struct sim *sim)
{
	uint64_t tai = le64toh(sim->next.time_sec);

	sim->next.time_type = VMCLOCK_TIME_UTC;
	sim->next.time_sec = htole64(tai + (uint64_t)(int16_t)le16toh(sim->next.tai_offset_sec));
}

static void no_date(struct sim *sim)
{
	sim->next.time_type = VMCLOCK_TIME_MONOTONIC;
}

static void reserved_not_zero(struct sim *sim)
{
	sim->next.pad[0] = 1;
}

static void flags_unknown(struct sim *sim)
{
	set_flag(sim, UINT64_C(1) << 40, true);
}

static void status_unassigned(struct sim *sim)
{
	sim->next.clock_status = VMCLOCK_STATUS_UNRELIABLE + 1;
}

static void smearing_unassigned(struct sim *sim)
{
	sim->next.leap_second_smearing_hint = VMCLOCK_SMEARING_UTC_SLS + 1;
}

static void leap_indicator_impossible(struct sim *sim)
{
	sim->next.leap_indicator = VMCLOCK_LEAP_POST_NEG + 1;
}

/* An announcement at any other time than June and December, or a past leap second. */
static void leap_unlikely(struct sim *sim)
{
	time_t now = (time_t)le64toh(sim->next.time_sec);
	struct tm tm;

	sim->next.leap_indicator = gmtime_r(&now, &tm) && (tm.tm_mon == 5 || tm.tm_mon == 11) ?
					   VMCLOCK_LEAP_POST_POS :
					   VMCLOCK_LEAP_PRE_POS;
}

static void tai_offset_impossible(struct sim *sim)
{
	sim->next.tai_offset_sec = 0;
}

static void tai_offset_positive(struct sim *sim)
{
	sim->next.tai_offset_sec = htole16((uint16_t)-(int16_t)le16toh(sim->next.tai_offset_sec));
}

static void tai_offset_differs(struct sim *sim)
{
	sim->next.tai_offset_sec = htole16((uint16_t)INT16_C(-60));
}

static void no_utc(struct sim *sim)
{
	set_flag(sim, VMCLOCK_FLAG_TAI_OFFSET_VALID, false);
}

static void period_zero(struct sim *sim)
{
	sim->next.counter_period_frac_sec = 0;
}

static void period_impossible(struct sim *sim)
{
	sim->next.counter_period_shift = 200;
}

static void period_differs(struct sim *sim)
{
	sim->next.counter_period_shift++;
}

/* By 0.2 %: more than a counter is off, and less than some kernels are. */
static void period_unlikely(struct sim *sim)
{
	uint64_t period = le64toh(sim->next.counter_period_frac_sec);

	sim->next.counter_period_frac_sec = htole64(period + period / 500);
}

static void time_impossible(struct sim *sim)
{
	sim->next.time_sec = UINT64_MAX;
}

/* Changes the field size only; all fields are published. */
static void time_not_covered(struct sim *sim)
{
	sim->next.size = htole32(offsetof(struct vmclock_abi, time_sec));
	sim->next.flags = 0;
}

static void bounds_not_covered(struct sim *sim)
{
	sim->next.size = htole32(offsetof(struct vmclock_abi, time_maxerror_nanosec));
	set_flag(sim, VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT, false);
}

static void generation_not_covered(struct sim *sim)
{
	sim->next.size = htole32(offsetof(struct vmclock_abi, vm_generation_counter));
}

static void no_bounds(struct sim *sim)
{
	set_flag(sim, VMCLOCK_FLAG_TIME_MAXERROR_VALID, false);
}

static void maxerror_zero(struct sim *sim)
{
	sim->next.time_maxerror_nanosec = 0;
	sim->next.time_esterror_nanosec = 0;
}

static void maxerror_impossible(struct sim *sim)
{
	sim->next.time_maxerror_nanosec = UINT64_MAX;
}

static void rate_maxerror_impossible(struct sim *sim)
{
	sim->next.counter_period_maxerror_rate_frac_sec = sim->next.counter_period_frac_sec;
}

static void esterror_above_maxerror(struct sim *sim)
{
	sim->next.time_esterror_nanosec = htole64(le64toh(sim->next.time_maxerror_nanosec) + 1);
}

static void rate_esterror_above_maxerror(struct sim *sim)
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

static void reference_ahead(struct sim *sim)
{
	move_reference(sim, 1000);
}

static void reference_old(struct sim *sim)
{
	move_reference(sim, -1000);
}

static void bounds_wide(struct sim *sim)
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
static void clock_differs(struct sim *sim)
{
	step_time(sim, sim_time_of(INT64_C(3) * 86400, 0));
}

static void time_untrue(struct sim *sim)
{
	step_time(sim, sim_time_of(10, 0));
}

/* ---- Updates -------------------------------------------------------------------------------- */

/* The publisher writes constants at the start only, so this fault starts it again. */
static void constant_changed(struct sim *sim)
{
	if (has_begun(sim))
		sim->next.size = htole32(2048);
	if (begins(sim) || (!place(sim) && sim->updates))
		publisher_constants(&sim->page);
}

static void sequence_backwards(struct sim *sim)
{
	if (begins(sim))
		sim->page.seq -= 8;
}

static void time_of_former_host(struct sim *sim)
{
	set_flag(sim, VMCLOCK_FLAG_DISRUPTION_SOON, true);
	if (!begins(sim))
		return;
	sim->marker++;
	sim->next = sim->last;
	sim->next.disruption_marker = htole64(sim->marker);
}

static void reference_backwards(struct sim *sim)
{
	if (begins(sim))
		move_reference(sim, -1);
}

static void interval_left(struct sim *sim)
{
	if (has_begun(sim))
		step_time(sim, sim_time_of(0, 10000000));
}

/* Withdraws the time in each cycle, and comes back 10 ms later than promised. */
static void interval_contradicted(struct sim *sim)
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
static void rate_left(struct sim *sim)
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
static void monotonic_backwards(struct sim *sim)
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

static void leap_life_cycle(struct sim *sim)
{
	set_december(sim);
	sim->next.leap_indicator = has_begun(sim) ? VMCLOCK_LEAP_PRE_NEG : VMCLOCK_LEAP_PRE_POS;
}

static void leap_withdrawn(struct sim *sim)
{
	set_december(sim);
	sim->next.leap_indicator = has_begun(sim) ? VMCLOCK_LEAP_PRE_POS : VMCLOCK_LEAP_NONE;
}

static void smearing_changed(struct sim *sim)
{
	set_december(sim);
	sim->next.leap_indicator = VMCLOCK_LEAP_PRE_POS;
	sim->next.leap_second_smearing_hint = has_begun(sim) ? VMCLOCK_SMEARING_UTC_SLS :
							       VMCLOCK_SMEARING_STRICT;
}

static void tai_offset_moved(struct sim *sim)
{
	if (has_begun(sim))
		sim->next.tai_offset_sec =
			htole16((uint16_t)((int16_t)le16toh(sim->next.tai_offset_sec) - 1));
}

static void marker_reused(struct sim *sim)
{
	set_flag(sim, VMCLOCK_FLAG_DISRUPTION_SOON, true);
	sim->next.disruption_marker = htole64(sim->marker + has_begun(sim));
}

static void marker_restless(struct sim *sim)
{
	set_flag(sim, VMCLOCK_FLAG_DISRUPTION_SOON, true);
	sim->next.disruption_marker = htole64(++sim->marker);
}

static void capability_lost(struct sim *sim)
{
	set_flag(sim, VMCLOCK_FLAG_NOTIFICATION_PRESENT, !has_begun(sim));
}

static void disruption_unannounced(struct sim *sim)
{
	if (begins(sim))
		sim->next.disruption_marker = htole64(++sim->marker);
}

static void generation_alone(struct sim *sim)
{
	if (begins(sim))
		sim->next.vm_generation_counter = htole64(++sim->generation);
}

/* ---- How it is published -------------------------------------------------------------------- */

static void rest(long ns)
{
	const struct timespec ts = { .tv_nsec = ns };

	nanosleep(&ts, NULL);
}

/* Writes the count first, then the fields: the count is always even. */
static void torn_update(struct sim *sim)
{
	struct vmclock_abi next = sim->next;

	if (sim->updates)
		sim->next = sim->last;
	publisher_update(&sim->page);
	rest(TORN_NS);
	sim->next = next;
	publisher_fields(&sim->page);
}

static void slow_update(struct sim *sim)
{
	if (sim->updates % SLOW_EACH == 0) {
		publisher_stall(&sim->page);
		rest(SLOW_NS);
	}
	publisher_update(&sim->page);
}

static void stuck_update(struct sim *sim)
{
	if (sim->updates >= FIRST)
		publisher_stall(&sim->page);
	else
		publisher_update(&sim->page);
}

/* ---- The table -------------------------------------------------------------------------------- */

static const struct sim_fault faults[] = {
	{ "counter-unassigned", HOLDS, counter_unassigned, NULL },
	{ "counter-missing", HOLDS, counter_missing, NULL },
	{ "timescale-unusable", HOLDS, timescale_unusable, NULL },
	{ "timescale-utc", HOLDS, timescale_utc, NULL },
	{ "no-date", HOLDS, no_date, NULL },
	{ "reserved-not-zero", HOLDS, reserved_not_zero, NULL },
	{ "flags-unknown", HOLDS, flags_unknown, NULL },
	{ "status-unassigned", HOLDS, status_unassigned, NULL },
	{ "smearing-unassigned", HOLDS, smearing_unassigned, NULL },
	{ "leap-indicator-impossible", HOLDS, leap_indicator_impossible, NULL },
	{ "leap-unlikely", HOLDS, leap_unlikely, NULL },
	{ "tai-offset-impossible", HOLDS, tai_offset_impossible, NULL },
	{ "tai-offset-positive", HOLDS, tai_offset_positive, NULL },
	{ "no-utc", HOLDS, no_utc, NULL },
	{ "period-zero", HOLDS, period_zero, NULL },
	{ "period-impossible", HOLDS, period_impossible, NULL },
	{ "time-impossible", HOLDS, time_impossible, NULL },
	{ "time-not-covered", HOLDS, time_not_covered, NULL },
	{ "bounds-not-covered", HOLDS, bounds_not_covered, NULL },
	{ "generation-not-covered", HOLDS, generation_not_covered, NULL },
	{ "no-bounds", HOLDS, no_bounds, NULL },
	{ "maxerror-zero", HOLDS, maxerror_zero, NULL },
	{ "maxerror-impossible", HOLDS, maxerror_impossible, NULL },
	{ "rate-maxerror-impossible", HOLDS, rate_maxerror_impossible, NULL },
	{ "esterror-above-maxerror", HOLDS, esterror_above_maxerror, NULL },
	{ "rate-esterror-above-maxerror", HOLDS, rate_esterror_above_maxerror, NULL },
	{ "counter-elsewhere", HOLDS, counter_elsewhere, NULL },
	{ "period-differs", HOLDS, period_differs, NULL },
	{ "period-unlikely", HOLDS, period_unlikely, NULL },
	{ "reference-ahead", HOLDS, reference_ahead, NULL },
	{ "reference-old", HOLDS, reference_old, NULL },
	{ "bounds-wide", HOLDS, bounds_wide, NULL },
	{ "tai-offset-differs", HOLDS, tai_offset_differs, NULL },
	{ "clock-differs", HOLDS, clock_differs, NULL },
	{ "time-untrue", HOLDS, time_untrue, NULL },
	{ "constant-changed", UPDATES, constant_changed, NULL },
	{ "sequence-backwards", UPDATES, sequence_backwards, NULL },
	{ "time-of-former-host", UPDATES, time_of_former_host, NULL },
	{ "reference-backwards", UPDATES, reference_backwards, NULL },
	{ "interval-left", UPDATES, interval_left, NULL },
	{ "interval-contradicted", UPDATES, interval_contradicted, NULL },
	{ "rate-left", UPDATES, rate_left, NULL },
	{ "monotonic-backwards", UPDATES, monotonic_backwards, NULL },
	{ "leap-life-cycle", UPDATES, leap_life_cycle, NULL },
	{ "leap-withdrawn", UPDATES, leap_withdrawn, NULL },
	{ "smearing-changed", UPDATES, smearing_changed, NULL },
	{ "tai-offset-moved", UPDATES, tai_offset_moved, NULL },
	{ "marker-reused", UPDATES, marker_reused, NULL },
	{ "marker-restless", UPDATES, marker_restless, NULL },
	{ "capability-lost", UPDATES, capability_lost, NULL },
	{ "disruption-unannounced", UPDATES, disruption_unannounced, NULL },
	{ "generation-alone", UPDATES, generation_alone, NULL },
	{ "torn-update", UPDATES, NULL, torn_update },
	{ "slow-update", UPDATES, NULL, slow_update },
	{ "stuck-update", UPDATES, NULL, stuck_update },
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

const char *sim_fault_name(size_t number)
{
	return number < FAULTS ? faults[number].name : NULL;
}

void sim_fault_list(char *to, size_t size)
{
	size_t i, at = 0;

	for (i = 0; i < FAULTS && at < size; i++)
		at += (size_t)snprintf(to + at, size - at, "%s%s", i ? ", " : "", faults[i].name);
}

bool sim_fault_holds(const struct sim_fault *fault)
{
	return fault && fault->pace == HOLDS;
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
