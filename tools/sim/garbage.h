/* SPDX-License-Identifier: MIT */
/* A page full of garbage, as a broken host may leave it. */
#ifndef VMCLOCK_SIM_GARBAGE_H
#define VMCLOCK_SIM_GARBAGE_H

#include "publish/page.h"

/* Fills the page with random bytes. publisher_constants() and an update repair it. */
void sim_garble(struct publisher *page);

#endif /* VMCLOCK_SIM_GARBAGE_H */
