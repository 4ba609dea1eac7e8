/* SPDX-License-Identifier: MIT */
/*
 * The completed page: if the hypervisor's page has only a marker, vmclockd
 * publishes a page with time under the same marker. It publishes two copies, so
 * that readers never wait for a vmclockd that was killed in an update.
 */
#ifndef VMCLOCK_COMPLETED_INTERNAL_H
#define VMCLOCK_COMPLETED_INTERNAL_H

#include "run.h"
#include "calc/snapshot.h"

/* False if there is no completed page, or one of its constant fields is wrong. */
bool vmclock_completed_copies(const struct vmclock *vc, const struct vmclock_run_page *copies[]);

/* Is the counter value more than a second before @first, the marker's first reference? */
bool vmclock_completed_is_before(const struct vmclock_snapshot *s, uint64_t counter,
				 uint64_t first);

#endif /* VMCLOCK_COMPLETED_INTERNAL_H */
