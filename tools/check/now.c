// SPDX-License-Identifier: MIT
/* This moment: the time from the library, and the machine's own counter and clocks. */
#include <errno.h>
#include <string.h>

#include "check.h"
#include "run-files.h"
#include "tools/acpi-names.h"
#include "tools/guest.h"

/* Tries again during an update; an update by vmclockd takes less than a microsecond. */
#define TRIES 5

static void ask(const struct vmclock *vc, enum vmclock_scale scale, struct check_reading *reading)
{
	int tries = 0;

	do
		reading->error = vmclock_now(vc, scale, &reading->time);
	while (reading->error == -ETIMEDOUT && ++tries < TRIES);
}

static void read_completed(struct check *c)
{
	struct run_files run;
	struct vmclock *vc;

	run_files_of(&c->device, &run);
	if (!*run.completed)
		return;
	check_read_page(&c->completed, run.completed, &vc);
	if (c->completed.error)
		c->completed.have = 0;
	vmclock_close(vc);
}

static void find_names(const struct check *c, struct judge_guest *guest)
{
	size_t i;

	for (i = 0; i < c->hypervisor.n_offers; i++) {
		const struct check_offer *o = &c->hypervisor.offers[i];

		if (*o->serves && !strcmp(o->serves, c->device.name))
			acpi_names_of(o->modalias, guest);
	}
}

void check_now(struct check *c, const struct vmclock *vc)
{
	struct check_now *now = &c->now;
	struct guest guest;

	guest_begin(&guest);
	read_completed(c);
	now->read = true;
	ask(vc, VMCLOCK_SCALE_UTC, &now->utc);
	ask(vc, VMCLOCK_SCALE_TAI, &now->tai);
	guest_read(&guest, &now->guest);
	find_names(c, &now->guest);
	now->guest.max_error = c->max_error;
	if (c->max_age) {
		now->guest.max_age = c->max_age;
		now->guest.max_growth = 0;
	}
	now->by_vmclockd = check_best_reading(now) &&
			   check_best_reading(now)->time.flags & VMCLOCK_FLAG_COMPLETED;
}

const struct check_reading *check_best_reading(const struct check_now *now)
{
	if (!now->read)
		return NULL;
	return !now->utc.error ? &now->utc : !now->tai.error ? &now->tai : NULL;
}

const struct check_page *check_time_page(const struct check *c)
{
	return c->now.by_vmclockd ? &c->completed : &c->page;
}

bool check_bound(const struct check_reading *reading, uint64_t *ns)
{
	const struct vmclock_time *t = &reading->time;
	__int128 width = ((__int128)t->latest.tv_sec - t->earliest.tv_sec) * NS_PER_SEC +
			 t->latest.tv_nsec - t->earliest.tv_nsec;

	if (!(t->flags & VMCLOCK_FLAG_BOUNDED))
		return false;
	*ns = (uint64_t)((width + 1) / 2);
	return true;
}

bool check_ahead(const struct check_now *now, int64_t *ns)
{
	const struct judge_guest *guest = &now->guest;
	const struct vmclock_time *t = &now->utc.time;
	__int128 ahead;

	if (!now->read || now->utc.error || !guest->has_clock || !(guest->frequency_hz > 0))
		return false;
	/* The clock was read this many ticks after the page. */
	ahead = ((__int128)t->time.tv_sec - guest->clock.sec) * NS_PER_SEC + t->time.tv_nsec -
		guest->clock.nsec +
		(__int128)((double)(guest->counter - t->counter) / guest->frequency_hz *
			   NS_PER_SEC);
	*ns = ahead > INT64_MAX ? INT64_MAX : ahead < -INT64_MAX ? -INT64_MAX : (int64_t)ahead;
	return true;
}
