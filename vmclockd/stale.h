/* SPDX-License-Identifier: MIT */
/*
 * Is the page's time still the former host's? A hypervisor may change the marker
 * although the program that publishes the time does not know of the migration.
 * Then the page still has the former host's last update, which looks valid. Pure;
 * works on copies of the page, one for each look.
 */
#ifndef VMCLOCKD_STALE_H
#define VMCLOCKD_STALE_H

#include <stdbool.h>
#include <stdint.h>

#include "vmclock-abi.h"

struct stale {
	struct vmclock_abi believed;	/* the last page whose time was believed; magic 0: none */
	struct vmclock_abi first;	/* the first page under this marker and generation */
	uint64_t marker, generation;
	bool looked;			/* there was a first look */
	bool waiting;			/* believe no time until it differs from that of @first */
};

/**
 * stale_resume() - continue from an earlier process
 * @stale:	receives the state
 * @believed:	stale->believed of the earlier process; magic 0: no page
 * @marker:	the last marker that the earlier process had seen
 * @generation:	the generation then
 * @disrupted:	the reaction to that marker was not finished
 *
 * A page that was not believed under this marker has to change once more.
 */
void stale_resume(struct stale *stale, const struct vmclock_abi *believed, uint64_t marker,
		  uint64_t generation, bool disrupted);

/**
 * stale_look() - may the page's time be believed?
 * @stale:	what is known from the looks before
 * @page:	a consistent copy of the page
 *
 * The first page of all is believed. After a change of marker or generation, the
 * time is believed if its bounds exclude the former host's time or period: then the
 * former host cannot have published it. Otherwise the time is believed when it
 * changes under the new marker, because the former host publishes nothing there.
 *
 * So a host that changes marker and time in one update is believed at the first
 * look, unless its clock agrees with the former host's clock.
 *
 * Return: whether the time is believed, if there is any.
 */
bool stale_look(struct stale *stale, const struct vmclock_abi *page);

/**
 * stale_contradicts() - do two pages certainly come from different hosts?
 * @before:	a page with time
 * @page:	another one, later
 *
 * Return: true if both have bounds, and these exclude each other.
 */
bool stale_contradicts(const struct vmclock_abi *before, const struct vmclock_abi *page);

#endif /* VMCLOCKD_STALE_H */
