// SPDX-License-Identifier: MIT
/* What the commands do. */
#include "act.h"
#include "clock.h"
#include "command.h"
#include "effect.h"
#include "leap.h"
#include "lib/monotonic.h"
#include "show.h"
#include "sim.h"
#include "update.h"
#include "verbs.h"

static void change_clock(struct sim *sim, const struct sim_command *command)
{
	if (command->has_ppm)
		sim_clock_bend(&sim->clock, command->ppm, sim->clock.drift);
	if (command->ns)
		sim_clock_step(&sim->clock, command->ns);
}

static void set_leap(struct sim *sim, int sign)
{
	struct sim_reading reading;

	sim_clock_read(&sim->clock, &reading);
	sim_leap_set(&sim->leap, sign, reading.time);
}

static int64_t until(int64_t ns)
{
	int64_t now = monotonic_now();

	return !ns ? 0 : ns > FOREVER - now ? FOREVER : now + ns;
}

/* What is published from now on is what was asked for; a leap second still changes it. */
static void set_tai_offset(struct sim *sim, const struct sim_command *command)
{
	sim->options.tai_offset = (struct sim_tai_offset){
		.given = !command->none,
		.none = command->none,
		.sec = (int16_t)command->value,
	};
	sim->first_tai = sim_leap_tai(&sim->leap, sim->model.line.time);
}

static void set_interval(struct sim *sim, int64_t ns)
{
	sim->options.interval = ns;
	sim->options.hold = false;
	sim->next_update = monotonic_now();
}

static void run(struct sim *sim, const struct sim_command *command, char *answer, size_t size)
{
	bool read = false;

	switch (command->verb) {
	case SIM_SHOW:
		sim_show(sim, answer, size);
		return;
	case SIM_HELP:
		sim_verbs_explain(answer, size);
		return;
	case SIM_QUIT:
		sim->stop = true;
		return;
	case SIM_MARKER:
		/* The disruption adds one. */
		sim->marker = command->number - 1;
		sim_disrupt(sim);
		return;
	case SIM_GENERATION:
		sim->generation = command->number;
		break;
	case SIM_TAI_OFFSET:
		set_tai_offset(sim, command);
		break;
	case SIM_INTERVAL:
		set_interval(sim, command->ns);
		break;
	case SIM_SNAPSHOT:
		sim->generation++;
		/* fall through */
	case SIM_DISRUPT:
		change_clock(sim, command);
		sim_disrupt(sim);
		return;
	case SIM_STATUS:
		sim->status = (uint8_t)command->value;
		break;
	case SIM_LEAP:
		set_leap(sim, command->value);
		break;
	case SIM_SMEARING:
		sim->smearing = (uint8_t)command->value;
		break;
	case SIM_SOON:
		sim->notice = VMCLOCK_FLAG_DISRUPTION_SOON;
		break;
	case SIM_IMMINENT:
		/* Within an hour is also within a day. */
		sim->notice = VMCLOCK_FLAG_DISRUPTION_SOON | VMCLOCK_FLAG_DISRUPTION_IMMINENT;
		break;
	case SIM_CALM:
		sim->notice = 0;
		break;
	case SIM_FREQUENCY:
		sim_clock_bend(&sim->clock, command->ppm, sim->clock.drift);
		read = true;
		break;
	case SIM_DRIFT:
		sim_clock_bend(&sim->clock, sim_clock_ppm_now(&sim->clock), command->ppm);
		read = true;
		break;
	case SIM_STEP:
		sim_clock_step(&sim->clock, command->ns);
		read = true;
		break;
	case SIM_STALL:
		sim->stalled_until = until(command->ns);
		break;
	case SIM_GARBAGE:
		sim->garbled_until = until(command->ns);
		break;
	case SIM_MARKER_ONLY:
		sim->timeless = command->ns != 0;
		break;
	}
	sim_update(sim, read);
}

int sim_act(struct sim *sim, const struct sim_command *command, char *answer, size_t size)
{
	*answer = '\0';
	if (sim_effect_on_page(&sim->options, command, answer, size) ||
	    sim_effect_now(sim, command, answer, size))
		return -1;
	run(sim, command, answer, size);
	return 0;
}
