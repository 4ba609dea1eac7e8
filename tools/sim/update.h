/* SPDX-License-Identifier: MIT */
/* From the simulator's state to the fields of the page, and when. */
#ifndef VMCLOCK_SIM_UPDATE_H
#define VMCLOCK_SIM_UPDATE_H

#include <stdbool.h>
#include <stdint.h>

#include "file.h"

struct sim;
struct sim_options;

/* What never changes of the page. */
struct sim_constants sim_constants(const struct sim_options *options);
/* The offset from TAI to UTC that the page has while TAI - UTC is @tai. */
int sim_tai_offset(const struct sim *sim, int tai);
/* Makes the first update. The sequence count continues from @seq. */
void sim_start(struct sim *sim, uint32_t seq);
/* Publishes the state as it is now. @read: read the clock first. */
void sim_update(struct sim *sim, bool read);
/* The same after a disruption. */
void sim_disrupt(struct sim *sim);
/* Makes the last update: it leaves a whole page, and one that ends with its file. */
void sim_finish(struct sim *sim);
/* Makes the updates that are due. */
void sim_tick(struct sim *sim, int64_t now);
/* When the next update, or end of a stall or of garbage, is due. */
int64_t sim_deadline(const struct sim *sim);

#endif /* VMCLOCK_SIM_UPDATE_H */
