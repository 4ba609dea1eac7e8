// SPDX-License-Identifier: MIT
/* What a page offers to readers. That it lacks some of it breaks no rule. */
#include "calc/scale.h"
#include "calc/time.h"
#include "judge.h"

static bool has_tai_offset(const struct judge_page *p)
{
	int tai;

	return VMCLOCK_COVERS(p->s.size, tai_offset_sec) && !vmclock_calc_tai_offset(&p->s, &tai);
}

static bool has_generation(const struct judge_page *p)
{
	return p->s.flags & VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT &&
	       VMCLOCK_COVERS(p->s.size, vm_generation_counter);
}

static bool has_notification(const struct judge_page *p)
{
	return p->s.flags & VMCLOCK_FLAG_NOTIFICATION_PRESENT;
}

const struct judge_offer judge_offers[JUDGE_OFFERS] = {
	{ "time", "Clock Status", judge_has_formula },
	{ "bounds", "Time error calculation", judge_has_bounds },
	{ "tai-offset", "Structure Fields, tai_offset_sec", has_tai_offset },
	{ "generation", "VM Generation Count", has_generation },
	{ "notification", "Feature Flags, NOTIFICATION_PRESENT", has_notification },
};
