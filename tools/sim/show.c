// SPDX-License-Identifier: MIT
/* The state, as the command show prints it. */
#include <endian.h>
#include <stdio.h>

#include "clock.h"
#include "common/names.h"
#include "show.h"
#include "sim.h"

void sim_show(const struct sim *sim, char *answer, size_t size)
{
	const struct vmclock_abi *page = &sim->next;
	const char *path = sim->options.path;

	snprintf(answer, size,
		 "file %s\n"
		 "clock %s\n"
		 "frequency_ppm %+.6f\n"
		 "drift_ppm_per_second %+.6f\n"
		 "stalled %s\n"
		 "garbage %s\n"
		 "seq_count %u\n"
		 "disruption_marker %llu\n"
		 "flags 0x%llx\n"
		 "clock_status %s\n"
		 "leap_second_smearing_hint %s\n"
		 "tai_offset_sec %d\n"
		 "leap_indicator %s\n"
		 "counter_id %s\n"
		 "time_type %s\n"
		 "counter_period_shift %u\n"
		 "counter_value %llu\n"
		 "counter_period_frac_sec %llu\n"
		 "counter_period_maxerror_rate_frac_sec %llu\n"
		 "time_sec %llu\n"
		 "time_frac_sec %llu\n"
		 "time_maxerror_nanosec %llu\n"
		 "vm_generation_counter %llu\n",
		 path, sim->clock.scripted ? "script" : "host", sim_clock_ppm_now(&sim->clock),
		 sim->clock.drift, sim->stalled_until ? "yes" : "no",
		 sim->garbled_until ? "yes" : "no", sim->page.seq,
		 (unsigned long long)le64toh(page->disruption_marker),
		 (unsigned long long)le64toh(page->flags), clock_status_name(page->clock_status),
		 smearing_hint_name(page->leap_second_smearing_hint),
		 (int16_t)le16toh(page->tai_offset_sec), leap_indicator_name(page->leap_indicator),
		 counter_id_name(page->counter_id), time_type_name(page->time_type),
		 page->counter_period_shift, (unsigned long long)le64toh(page->counter_value),
		 (unsigned long long)le64toh(page->counter_period_frac_sec),
		 (unsigned long long)le64toh(page->counter_period_maxerror_rate_frac_sec),
		 (unsigned long long)le64toh(page->time_sec),
		 (unsigned long long)le64toh(page->time_frac_sec),
		 (unsigned long long)le64toh(page->time_maxerror_nanosec),
		 (unsigned long long)le64toh(page->vm_generation_counter));
}
