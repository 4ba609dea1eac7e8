// SPDX-License-Identifier: MIT
/* The completed page. */
#include <endian.h>
#include <string.h>
#include <sys/mman.h>

#include "completed.h"
#include "counter.h"
#include "runfile.h"

static const uint64_t bounds_valid = VMCLOCK_FLAG_PERIOD_MAXERROR_VALID |
				     VMCLOCK_FLAG_TIME_MAXERROR_VALID;

/* Updates one copy after the other: whenever vmclockd is killed, at most one has an odd count. */
static void publish(struct completed *completed)
{
	int i;

	for (i = 0; i < VMCLOCK_RUN_COPIES; i++)
		publisher_update(&completed->copies[i]);
}

static void begin(struct completed *completed, char *map)
{
	struct vmclock_abi *live;
	int i;

	for (i = 0; i < VMCLOCK_RUN_COPIES; i++) {
		live = (struct vmclock_abi *)(map + (size_t)i * VMCLOCK_RUN_COPY_SIZE);
		publisher_begin(&completed->copies[i], live, &completed->next.page,
				sizeof(completed->next), le32toh(live->seq_count));
		publisher_update(&completed->copies[i]);
	}
}

static char *map_live(struct completed *completed)
{
	bool made;
	char *map = runfile_map(completed->folder, completed->name, VMCLOCK_RUN_PAGE_SIZE, &made);

	runfile_note(completed->folder, completed->name, &completed->file);
	return map;
}

bool completed_is_there(const struct completed *completed)
{
	return !completed->folder ||
	       runfile_is_there(completed->folder, completed->name, &completed->file);
}

int completed_make_anew(struct completed *completed)
{
	void *former = completed->copies[0].live;
	char *map = map_live(completed);

	if (!map)
		return -1;
	begin(completed, map);
	munmap(former, VMCLOCK_RUN_PAGE_SIZE);
	return 0;
}

int completed_open(struct completed *completed, const char *folder, const char *device,
		   bool dry_run)
{
	struct vmclock_abi *page = &completed->next.page;
	const char *slash = strrchr(device, '/'), *name = slash ? slash + 1 : device;
	char *map;

	*completed = (struct completed){ 0 };
	if (!dry_run) {
		completed->folder = folder;
		completed->name = name;
	}
	map = dry_run ? runfile_copy(folder, name, VMCLOCK_RUN_PAGE_SIZE) : map_live(completed);
	if (!map)
		return -1;
	page->magic = htole32(VMCLOCK_MAGIC);
	page->size = htole32(sizeof(completed->next));
	page->version = htole16(VMCLOCK_PAGE_VERSION);
	page->counter_id = COUNTER_ID;
	page->time_type = VMCLOCK_TIME_UTC;
	page->clock_status = VMCLOCK_STATUS_INITIALIZING;
	begin(completed, map);
	completed->open = true;
	return 0;
}

static uint64_t maintenance(const struct vmclock_state *device)
{
	uint64_t flags = 0;

	if (device->flags & VMCLOCK_FLAG_MAINTENANCE_SOON)
		flags |= VMCLOCK_FLAG_DISRUPTION_SOON;
	if (device->flags & VMCLOCK_FLAG_MAINTENANCE_IMMINENT)
		flags |= VMCLOCK_FLAG_DISRUPTION_IMMINENT;
	return flags;
}

void completed_maintenance(struct completed *completed, const struct vmclock_state *device)
{
	const uint64_t both = VMCLOCK_FLAG_DISRUPTION_SOON | VMCLOCK_FLAG_DISRUPTION_IMMINENT;
	struct vmclock_abi *page = &completed->next.page;
	uint64_t flags = (le64toh(page->flags) & ~both) | maintenance(device);

	if (!completed->open || le64toh(page->flags) == flags ||
	    le64toh(page->disruption_marker) != device->marker)
		return;
	page->flags = htole64(flags);
	publish(completed);
}

static void set_device(struct completed *completed, const struct vmclock_state *device,
		       uint8_t status)
{
	struct vmclock_abi *page = &completed->next.page;
	uint64_t flags = maintenance(device);

	if (device->flags & VMCLOCK_FLAG_GENERATION_PRESENT)
		flags |= VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT;
	page->disruption_marker = htole64(device->marker);
	page->vm_generation_counter = htole64(device->generation);
	page->clock_status = status;
	page->flags = htole64(flags);
}

void completed_untrusted(struct completed *completed, const struct vmclock_state *device,
			 uint8_t status)
{
	if (!completed->open)
		return;
	set_device(completed, device, status);
	publish(completed);
}

void completed_time(struct completed *completed, const struct vmclock_state *device,
		    const struct cone *cone, bool first, uint8_t status)
{
	struct vmclock_abi *page = &completed->next.page;
	uint64_t sec, frac;

	if (!completed->open)
		return;
	cone_reference(cone, &sec, &frac);
	set_device(completed, device, status);
	page->flags |= htole64(bounds_valid);
	page->leap_indicator = cone->leap;
	page->counter_period_shift = cone->shift;
	page->counter_value = htole64(cone->counter);
	page->counter_period_frac_sec = htole64(cone->period);
	page->counter_period_maxerror_rate_frac_sec = htole64(cone->period_maxerror);
	page->time_sec = htole64(sec);
	page->time_frac_sec = htole64(frac);
	page->time_maxerror_nanosec = htole64(cone->time_maxerror);
	if (first)
		completed->next.first_counter = page->counter_value;
	completed->next.source = htole64(VMCLOCK_RUN_SOURCE_NTP);
	completed->next.reach = htole64(cone_reach(cone));
	publish(completed);
}
