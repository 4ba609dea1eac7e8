// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "clocks.h"
#include "daemon.h"
#include "kernel-clock.h"
#include "log.h"

/* Without permission, as in a container, all changes fail: one line stands for all of them. */
static void kernel_answered(struct daemon *d, int ret, const char *what)
{
	if (ret && ret != d->kernel_error)
		say(LOG_ERR, "cannot %s: %s%s", what, strerror(-ret),
		    ret == -EPERM ? ": vmclockd needs CAP_SYS_TIME" : "");
	d->kernel_error = ret;
}

/* For the state, before that changes: after a kill nobody else would know. */
void kernel_clock_note_synchronised(struct daemon *d)
{
	struct clock_state clock;

	if (may_change(d) && !clock_look(&clock))
		d->was_synchronised |= clock.synchronised;
}

/* Declares the kernel's clock unsynchronised. Later calls in a reaction keep the first answer. */
void kernel_clock_unsynchronise(struct daemon *d)
{
	bool was = false;
	int ret;

	if (!may_change(d))
		return;
	ret = clock_unsynchronise(&was);
	d->was_synchronised |= was;
	kernel_answered(d, ret, "tell the kernel that its clock is wrong");
}

/* Where no NTP daemon runs, vmclockd also sets the clock's rate. */
void kernel_clock_steer(struct daemon *d, int64_t offset)
{
	int ret;

	if (d->ntp.found != NTP_NONE || !may_change(d))
		return;
	ret = steer_set(&d->steer, &d->page, offset);
	if (ret != -EAGAIN)
		kernel_answered(d, ret, "set the rate of the system clock");
}

/* The clock is declared synchronised if vmclockd keeps it, or if it was so before. */
void kernel_clock_vouch(struct daemon *d, const struct offset *offset)
{
	bool ours = d->device.has_time && d->ntp.found == NTP_NONE;
	int ret;

	d->kernel_told = monotonic_now();
	if (!may_change(d))
		return;
	ret = clock_vouch((uint64_t)(offset->error + llabs(offset->ns)),
			  ours || d->was_synchronised);
	kernel_answered(d, ret, "tell the kernel how good its clock is");
}
