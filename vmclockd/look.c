// SPDX-License-Identifier: MIT
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "clocks.h"
#include "daemon.h"
#include "events.h"
#include "log.h"
#include "look.h"
#include "outcome.h"
#include "vmclock.h"

#define LOOKS_MAX 20

/* Reads state and page under one marker. While the marker keeps changing, no time is believed. */
static int look(struct daemon *d)
{
	int ret, looks;

	for (looks = 0; looks < LOOKS_MAX; looks++) {
		ret = device_look(&d->device);
		ret = ret ?: vmclock_read_page(d->device.vc, &d->page, sizeof(d->page));
		if (ret)
			return ret;
		if (le64toh(d->page.disruption_marker) == d->device.state.marker) {
			d->believed = stale_look(&d->stale, &d->page);
			return 0;
		}
	}
	d->believed = false;
	return 0;
}

/* Disruptions cannot be seen now. Do not look again soon: each look may take long. */
static void cannot_read(struct daemon *d, int error)
{
	if (d->phase == PHASE_TRUSTED)
		outcome_distrust(d);
	if (!d->unreadable)
		events_log(d, JOURNAL_UNTRUSTED, LOG_WARNING,
			   "%s: the page cannot be read: %s: the system clock is not trusted",
			   d->device.path,
			   error == -ETIMEDOUT
				   ? "the host does not finish an update of the page"
				   : strerror(-error));
	d->unreadable = true;
	outcome_retry(d, REFUSED_NS);
}

bool look_at_page(struct daemon *d)
{
	int ret = look(d);

	if (ret == -ENODEV)
		return false;
	if (ret)
		cannot_read(d, ret);
	else if (d->unreadable)
		say(LOG_NOTICE, "%s: the page can be read again", d->device.path);
	d->unreadable = ret;
	return !ret;
}
