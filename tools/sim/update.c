// SPDX-License-Identifier: MIT
#include <endian.h>

#include "calc/base.h"
#include "common/number.h"
#include "fault.h"
#include "garbage.h"
#include "lib/monotonic.h"
#include "output.h"
#include "sim.h"
#include "update.h"

/* The clock is read at most this often: in between, the bounds must grow by whole nanoseconds. */
#define READING_NS	100000000

/* By how much the bounds are widened, to let the reference move between two readings. */
static uint64_t slack(const struct sim *sim)
{
	if (sim->options.hold || sim->options.interval >= READING_NS)
		return 0;
	return (uint64_t)(READING_NS * 0.5 * sim->options.period_maxerror / 1000000) + 1;
}

/* ---- Fields ---------------------------------------------------------------------- */

struct sim_constants sim_constants(const struct sim_options *options)
{
	return (struct sim_constants){
		.size = (uint32_t)options->size.value,
		.counter_id = options->marker_only ? VMCLOCK_COUNTER_INVALID : sim_counter_id(),
		.time_type = options->utc ? VMCLOCK_TIME_UTC : VMCLOCK_TIME_TAI,
	};
}

static void fill_constant(struct vmclock_abi *next, const struct sim_options *options)
{
	const struct sim_constants constants = sim_constants(options);

	next->magic = htole32(VMCLOCK_MAGIC);
	next->size = htole32(constants.size);
	next->version = htole16(VMCLOCK_PAGE_VERSION);
	next->counter_id = constants.counter_id;
	next->time_type = constants.time_type;
}

/* The offset to publish: the right one, or --tai-offset plus the leap seconds since the start. */
int sim_tai_offset(const struct sim *sim, int tai)
{
	const struct sim_options *options = &sim->options;
	int sign = options->tai_offset.sec > 0 ? 1 : -1;

	if (!options->tai_offset.given)
		return -tai;
	return options->tai_offset.sec + sign * (tai - sim->first_tai);
}

static uint64_t fill_time(struct vmclock_abi *next, const struct sim *sim)
{
	const struct sim_model *model = &sim->model;
	const struct sim_line *line = &model->line;
	int tai = sim_leap_tai(&sim->leap, line->time);
	sim_time t = line->time - (sim->options.utc ? sim_time_of(tai, 0) : 0);
	uint64_t flags = 0;

	next->leap_indicator = sim_leap_indicator(&sim->leap, line->time);
	next->counter_period_shift = line->shift;
	next->counter_value = htole64(line->counter);
	next->counter_period_frac_sec = htole64(line->period);
	next->time_sec = htole64((uint64_t)(t >> 64));
	next->time_frac_sec = htole64((uint64_t)t);
	if (!sim->options.tai_offset.none) {
		next->tai_offset_sec = htole16((uint16_t)sim_tai_offset(sim, tai));
		flags |= VMCLOCK_FLAG_TAI_OFFSET_VALID;
	}
	if (!sim->options.no_bounds) {
		next->counter_period_maxerror_rate_frac_sec = htole64(model->period_maxerror);
		next->time_maxerror_nanosec = htole64(model->time_maxerror);
		/* The estimated error is a quarter of the maximum: a mere rule of thumb. */
		next->counter_period_esterror_rate_frac_sec = htole64(model->period_maxerror / 4);
		next->time_esterror_nanosec = htole64(model->time_maxerror / 4);
		flags |= VMCLOCK_FLAG_PERIOD_ESTERROR_VALID | VMCLOCK_FLAG_PERIOD_MAXERROR_VALID |
			 VMCLOCK_FLAG_TIME_ESTERROR_VALID | VMCLOCK_FLAG_TIME_MAXERROR_VALID;
	}
	return flags;
}

static void fill(struct sim *sim)
{
	struct vmclock_abi *next = &sim->next;
	bool timeless = sim->options.marker_only || sim->timeless;
	uint64_t flags = sim->options.flags.value | sim->notice;

	*next = (struct vmclock_abi){ 0 };
	fill_constant(next, &sim->options);
	next->disruption_marker = htole64(sim->marker);
	next->clock_status = timeless ? VMCLOCK_STATUS_UNKNOWN : sim->status;
	next->leap_second_smearing_hint = sim->smearing;
	if (!timeless)
		flags |= fill_time(next, sim);
	if (VMCLOCK_COVERS(sim->page.length, vm_generation_counter)) {
		next->vm_generation_counter = htole64(sim->generation);
		flags |= VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT;
	}
	next->flags = htole64(flags);
}

/* ---- Publishing -------------------------------------------------------------------- */

static void publish(struct sim *sim)
{
	fill(sim);
	sim_fault_spoil(sim);
	if (sim->garbled_until)
		sim_garble(&sim->page);
	else if (sim->stalled_until)
		publisher_stall(&sim->page);
	else if (!sim_fault_publish(sim))
		publisher_update(&sim->page);
	sim->last = sim->next;
	sim->updates++;
}

static void begin_model(struct sim *sim, const struct sim_reading *reading)
{
	sim_model_begin(&sim->model, reading, sim->options.period_maxerror, slack(sim));
}

static void read_clock(struct sim *sim)
{
	struct sim_reading reading;
	bool refine = !sim->clock.scripted && sim->clock.drift == 0;

	if (sim->options.marker_only)
		return;
	sim_clock_read(&sim->clock, &reading);
	sim->next_reading = monotonic_now() + READING_NS;
	if (sim_model_fix(&sim->model, &reading, refine, slack(sim)))
		return;
	/* The clock has broken the promise of the page: readers must see a disruption. */
	sim->marker++;
	begin_model(sim, &reading);
	sim_report("the clock left its bounds: disruption marker %llu",
		   (unsigned long long)sim->marker);
}

void sim_update(struct sim *sim, bool read)
{
	if (read)
		read_clock(sim);
	publish(sim);
}

void sim_disrupt(struct sim *sim)
{
	struct sim_reading reading;

	sim->marker++;
	if (!sim->options.marker_only) {
		sim_clock_read(&sim->clock, &reading);
		sim->next_reading = monotonic_now() + READING_NS;
		begin_model(sim, &reading);
	}
	publish(sim);
}

/* How many bytes of the structure a page of this size has. */
static size_t covered(const struct sim_options *options)
{
	uint64_t size = options->size.value;

	return size < sizeof(struct vmclock_abi) ? size : sizeof(struct vmclock_abi);
}

void sim_start(struct sim *sim, uint32_t seq)
{
	struct sim_reading reading;

	if (!sim->options.marker_only) {
		sim_clock_read(&sim->clock, &reading);
		sim->next_reading = monotonic_now() + READING_NS;
		begin_model(sim, &reading);
	}
	/* The first update's constants, a fault among them. */
	sim->page.length = covered(&sim->options);
	fill(sim);
	sim_fault_spoil(sim);
	publisher_begin(&sim->page, sim->file.page, &sim->next, covered(&sim->options), seq);
	publish(sim);
	sim->next_update = sim->options.hold ? FOREVER : monotonic_now() + sim->options.interval;
}

/*
 * If the file goes, no other simulator continues the page. Programs that have it open
 * would believe it for ever, so it says that nobody vouches for it.
 */
static void end_page(struct sim *sim)
{
	if (sim->file.inside || (sim->options.keep && !sim->gone))
		return;
	sim->options.fault = NULL;
	sim->marker++;
	sim->status = VMCLOCK_STATUS_UNRELIABLE;
}

void sim_finish(struct sim *sim)
{
	bool garbled = sim->garbled_until;

	end_page(sim);
	sim->garbled_until = 0;
	sim->stalled_until = 0;
	if (garbled)
		publisher_constants(&sim->page);
	publish(sim);
}

/* Ends stalls and garbage whose time is over. */
static void end_mishaps(struct sim *sim, int64_t now)
{
	bool ended = false;

	if (sim->garbled_until && now >= sim->garbled_until) {
		sim->garbled_until = 0;
		publisher_constants(&sim->page);
		ended = true;
	}
	if (sim->stalled_until && now >= sim->stalled_until) {
		sim->stalled_until = 0;
		ended = true;
	}
	if (ended)
		publish(sim);
}

void sim_tick(struct sim *sim, int64_t now)
{
	const struct sim_options *options = &sim->options;

	end_mishaps(sim, now);
	if (now < sim->next_update)
		return;
	/* Count from the time it was due, so that delays do not add up; but skip missed updates. */
	sim->next_update += options->interval;
	if (sim->next_update < now)
		sim->next_update = now;

	if (options->interval >= READING_NS || now >= sim->next_reading) {
		sim_update(sim, true);
		return;
	}
	/* Stop moving half-way: the bounds have to grow before the next reading. See model.c. */
	if (!options->marker_only && sim->next_reading - now > READING_NS / 2)
		sim_model_move(&sim->model, sim_clock_counter(&sim->clock));
	sim_update(sim, false);
}

int64_t sim_deadline(const struct sim *sim)
{
	int64_t deadline = sim->next_update;

	if (sim->garbled_until && sim->garbled_until < deadline)
		deadline = sim->garbled_until;
	if (sim->stalled_until && sim->stalled_until < deadline)
		deadline = sim->stalled_until;
	return deadline;
}
