/* SPDX-License-Identifier: MIT */
/*
 * Is the page's time that of a former host? A hypervisor may move the marker
 * without whoever fills in the time knowing of it: then the fields are those
 * of the old host's last update, and look as good as any. Pure; by copies of
 * the page, one for each look.
 */
#ifndef VMCLOCKD_STALE_H
#define VMCLOCKD_STALE_H

#include <stdbool.h>
#include <stdint.h>

#include "vmclock-abi.h"

struct stale {
	struct vmclock_abi believed;	/* the last page with time that was; magic 0: none */
	struct vmclock_abi first;	/* the first one under this marker */
	bool looked;			/* at a page, ever */
	bool waiting;			/* until another time than that of the first one comes */
};

/**
 * stale_resume() - go on where an earlier process has ended
 * @stale:	receives it
 * @believed:	what stale->believed was then; magic 0: nothing
 * @marker:	under which the page was believed
 */
void stale_resume(struct stale *stale, const struct vmclock_abi *believed, uint64_t marker);

/**
 * stale_look() - may the page's time be believed?
 * @stale:	what is known from the looks before
 * @page:	a consistent copy of the page
 *
 * The time of the first page ever is. After the marker has moved, it is if
 * the old host cannot have published it: at the page's reference, or in its
 * period, it contradicts what that host had said, for an update does not.
 * Otherwise it is once its fields change under the new marker: the old host
 * publishes nothing there.
 *
 * A host that moves the marker and its own time in one update is believed at
 * the first look, unless its clock goes on where the old one's would be.
 *
 * Return: whether the time is believed, if there is any.
 */
bool stale_look(struct stale *stale, const struct vmclock_abi *page);

/**
 * stale_contradicts() - can the second page be no update of the first one's host?
 * @before:	a page with time
 * @page:	another one, later
 *
 * Return: true only if that is certain: both have bounds, and these exclude each other.
 */
bool stale_contradicts(const struct vmclock_abi *before, const struct vmclock_abi *page);

#endif /* VMCLOCKD_STALE_H */
