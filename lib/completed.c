// SPDX-License-Identifier: MIT
#include "calc/time.h"
#include "completed.h"
#include "counter.h"

/*
 * Checks the fields that never change once they are written. Each reading that needs
 * the page checks them again, because the file may have been empty at open.
 */
static bool is_right(const struct vmclock_abi *page)
{
	uint32_t size = page_u32(page->size);

	return page_u32(page->magic) == VMCLOCK_MAGIC &&
	       page_u16(page->version) == VMCLOCK_PAGE_VERSION &&
	       size >= sizeof(struct vmclock_run_page) && size <= VMCLOCK_RUN_COPY_SIZE &&
	       page_u8(page->counter_id) == COUNTER_ID &&
	       page_u8(page->time_type) == VMCLOCK_TIME_UTC;
}

bool vmclock_completed_copies(const struct vmclock *vc, const struct vmclock_run_page *copies[])
{
	const char *file = (const char *)run_completed(vc);
	int i;

	if (!file)
		return false;
	for (i = 0; i < VMCLOCK_RUN_COPIES; i++) {
		copies[i] = (const void *)(file + (size_t)i * VMCLOCK_RUN_COPY_SIZE);
		if (!is_right(&copies[i]->page))
			return false;
	}
	return true;
}

bool vmclock_completed_is_before(const struct vmclock_snapshot *s, uint64_t counter, uint64_t first)
{
	/* A page with the reference time 0 at @counter gives the time from @counter to @first. */
	const struct vmclock_snapshot since = {
		.counter_value = counter,
		.period = s->period,
		.shift = s->shift,
	};
	struct vmclock_instant t;

	if ((int64_t)(first - counter) <= 0)
		return false;
	return vmclock_calc_time(&since, first, &t) || t.sec > 1 || (t.sec == 1 && t.nsec);
}
