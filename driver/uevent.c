// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Uevents for udev: disruptions of the clock and new VM generations. However
 * often the host changes the page, udev always learns the last state.
 */
#include <linux/jiffies.h>
#include <linux/kobject.h>

#include "internal.h"

/* In ms. Sending fails if memory is short; the next attempt comes after this time. */
#define VMCLOCK_UEVENT_RETRY	1000U

static int vmclock_send(struct vmclock *vc, const char *event, const struct vmclock_abi *copy)
{
	char name[64], marker[64], generation[64];
	char *env[4] = { name, marker };

	snprintf(name, sizeof(name), "VMCLOCK_EVENT=%s", event);
	snprintf(marker, sizeof(marker), "VMCLOCK_DISRUPTION_MARKER=%llu",
		 le64_to_cpu(copy->disruption_marker));
	if (vmclock_has_generation(vc, copy)) {
		snprintf(generation, sizeof(generation), "VMCLOCK_VM_GENERATION_COUNTER=%llu",
			 le64_to_cpu(copy->vm_generation_counter));
		env[2] = generation;
	}
	return kobject_uevent_env(&vc->misc.this_device->kobj, KOBJ_CHANGE, env);
}

/* Returns after how many ms the next one may be sent. */
static unsigned int vmclock_uevent_delay(const struct vmclock_uevents *uevents)
{
	unsigned long now = jiffies;
	unsigned long end = uevents->sent[uevents->oldest] + HZ;

	return time_before(now, end) ? jiffies_to_msecs(end - now) : 0;
}

static void vmclock_uevent_count(struct vmclock_uevents *uevents)
{
	uevents->sent[uevents->oldest] = jiffies;
	uevents->oldest = (uevents->oldest + 1) % VMCLOCK_UEVENTS;
}

/* Sends what is due, the disruption first. Returns -ENOMEM if something is left. */
static int vmclock_uevent_send(struct vmclock *vc, const struct vmclock_abi *copy)
{
	struct vmclock_uevents *uevents = &vc->uevents;

	if (uevents->disruption && vmclock_send(vc, "disruption", copy) == -ENOMEM)
		return -ENOMEM;
	uevents->disruption = false;
	if (uevents->generation && vmclock_send(vc, "generation", copy) == -ENOMEM)
		return -ENOMEM;
	uevents->generation = false;
	return 0;
}

void vmclock_uevent_init(struct vmclock *vc)
{
	unsigned int i;

	for (i = 0; i < VMCLOCK_UEVENTS; i++)
		vc->uevents.sent[i] = jiffies - HZ;
}

unsigned int vmclock_uevent(struct vmclock *vc, const struct vmclock_abi *copy)
{
	unsigned int delay;

	if (!vc->uevents.disruption && !vc->uevents.generation)
		return 0;
	delay = vmclock_uevent_delay(&vc->uevents);
	if (delay)
		return delay;

	vmclock_uevent_count(&vc->uevents);
	return vmclock_uevent_send(vc, copy) ? VMCLOCK_UEVENT_RETRY : 0;
}
