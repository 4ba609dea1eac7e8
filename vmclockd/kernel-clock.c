// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "clocks.h"
#include "common/leaps.h"
#include "daemon.h"
#include "kernel-clock.h"
#include "log.h"

#define A_DAY 86400 /* s */
/* How often the kernel is told the bound again. It lets its own bound grow by 500 ppm. */
#define RENEWED_NS (60 * NS_PER_SEC)

/* Without permission, as in a container, all changes fail: one line is logged for all. */
static void kernel_answered(struct daemon *d, int ret, const char *what)
{
	if (ret && ret != d->kernel_error)
		say(LOG_ERR, "cannot %s: %s%s", what, strerror(-ret),
		    ret == -EPERM ? ": vmclockd needs CAP_SYS_TIME" : "");
	d->kernel_error = ret;
}

void kernel_clock_note_synchronised(struct daemon *d)
{
	struct clock_state clock;

	if (!may_change(d))
		return;
	/* The watcher may have been faster: then the kernel does not say "synchronised" any more. */
	device_rang(&d->device, &d->was_synchronised);
	d->was_synchronised |= d->kernel_synchronised;
	d->kernel_synchronised = false;
	d->kernel_alarmed = false;
	if (!clock_look(&clock))
		d->was_synchronised |= clock.synchronised;
}

void kernel_clock_unsynchronise(struct daemon *d)
{
	bool was = false;
	int ret;

	if (!may_change(d))
		return;
	ret = clock_unsynchronise(&was);
	/* A later call in the same reaction sees what the first call has declared. */
	d->was_synchronised |= was;
	kernel_answered(d, ret, "tell the kernel that its clock is wrong");
}

void kernel_clock_steer(struct daemon *d, int64_t offset)
{
	int ret;

	if (d->ntp.found != NTP_NONE || !may_change(d))
		return;
	ret = steer_set(&d->steer, &d->page, offset);
	if (ret != -EAGAIN)
		kernel_answered(d, ret, "set the rate of the system clock");
}

void kernel_clock_plan_leap(struct daemon *d, const struct offset *offset)
{
	bool last_day = leaps_month_end(offset->sec) - offset->sec <= A_DAY;
	int sign = (offset->leap == VMCLOCK_LEAP_PRE_POS) - (offset->leap == VMCLOCK_LEAP_PRE_NEG);
	int ret;

	if (d->ntp.found != NTP_NONE || !may_change(d))
		return;
	ret = clock_plan_leap(last_day ? sign : 0);
	/* Success may be that there was nothing to change: other calls may still be refused. */
	if (ret)
		kernel_answered(d, ret, "tell the kernel of leap seconds");
}

void kernel_clock_vouch(struct daemon *d, const struct offset *offset)
{
	bool ours = d->device.has_time && d->ntp.found == NTP_NONE;
	int ret;

	d->kernel_told = monotonic_now();
	if (!may_change(d))
		return;
	ret = clock_vouch((uint64_t)(offset->error + llabs(offset->ns)),
			  ours || d->was_synchronised);
	kernel_answered(d, ret, "tell the kernel the error of its clock");
}

void kernel_clock_keep(struct daemon *d, const struct offset *offset)
{
	bool ours = d->device.has_time && d->ntp.found == NTP_NONE;
	struct clock_state clock;

	if (!may_change(d))
		return;
	if (d->kernel_alarmed || (ours && monotonic_now() - d->kernel_told > RENEWED_NS)) {
		kernel_clock_vouch(d, offset);
		d->was_synchronised = false;
	}
	/* The watcher was late, unless the next look finds another marker. */
	d->kernel_alarmed = device_rang(&d->device, &d->was_synchronised);
	if (!clock_look(&clock))
		d->kernel_synchronised = clock.synchronised;
}
