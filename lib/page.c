// SPDX-License-Identifier: MIT
/* Reading the page: marker, generation, state, or all of it at once. */
#include <string.h>

#include "monotonic.h"
#include "section.h"

/* How long the host may hold the count odd. */
#define UPDATE_NS 100000000

/* Looks a few times for an even count: an update usually takes less than a microsecond. */
static uint32_t look(const struct vmclock *vc)
{
	uint32_t seq, looks = 0;

	do {
		if (looks)
			cpu_relax();
		seq = section_try(vc->page);
	} while (seq & 1 && ++looks < SECTION_FAST_TRIES);
	return seq;
}

int vmclock_section_wait(const struct vmclock *vc, struct section *section)
{
	int64_t now;
	bool late;
	int ret;

	if (section->once)
		return -EBUSY;
	/* Read the clock last: some sandboxes deny it, or kill a process that reads it. */
	if (section->tries++ <= SECTION_FAST_TRIES) {
		section->seq = look(vc);
		if (!(section->seq & 1))
			return 0;
	}
	for (;;) {
		/*
		 * Read the clock first, then the count: a thread that was
		 * suspended for longer than UPDATE_NS still looks once more.
		 */
		ret = monotonic_ns(&now);
		if (ret)
			return ret;
		if (!section->since)
			section->since = now;
		late = now - section->since > UPDATE_NS;

		section->seq = section_try(vc->page);
		if (!(section->seq & 1) && !(late && section->tries > SECTION_FAST_TRIES))
			return 0;
		if (late)
			return -ETIMEDOUT;
		cpu_relax();
	}
}

VMCLOCK_PUBLIC
int vmclock_read_page(const struct vmclock *vc, struct vmclock_abi *copy, size_t size)
{
	/* Mappings are whole memory pages: a read beyond the size of a small page is safe. */
	const uint64_t *page = (const uint64_t *)vc->page;
	uint64_t words[sizeof(*copy) / sizeof(uint64_t)];
	size_t have = vc->size < sizeof(words) ? vc->size : sizeof(words);
	struct section section = { 0 };
	size_t i;
	int ret;

	do {
		ret = section_begin(vc, &section);
		if (ret)
			return ret;
		for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			words[i] = __atomic_load_n(&page[i], __ATOMIC_RELAXED);
	} while (section_retry(vc, &section));

	if (have > size)
		have = size;
	memset(copy, 0, size);
	memcpy(copy, words, have);
	return 0;
}

int vmclock_read_marker_again(const struct vmclock *vc, uint64_t *marker)
{
	struct section section = { 0 };
	int ret;

	do {
		ret = section_begin(vc, &section);
		*marker = page_u64(vc->page->disruption_marker);
		if (ret)
			return ret;
	} while (section_retry(vc, &section));
	return 0;
}

VMCLOCK_PUBLIC
uint64_t vmclock_marker(const struct vmclock *vc)
{
	uint64_t marker;

	read_marker(vc, &marker);
	return marker;
}

VMCLOCK_PUBLIC
bool vmclock_disrupted(const struct vmclock *vc, uint64_t marker)
{
	uint64_t now;

	return read_marker(vc, &now) || now != marker;
}

VMCLOCK_PUBLIC
int vmclock_generation(const struct vmclock *vc, uint64_t *generation)
{
	uint64_t flags, value;
	struct section section = { 0 };
	int ret;

	if (!VMCLOCK_COVERS(vc->size, vm_generation_counter))
		return -ENODATA;
	do {
		ret = section_begin(vc, &section);
		if (ret)
			return ret;
		flags = page_u64(vc->page->flags);
		value = page_u64(vc->page->vm_generation_counter);
	} while (section_retry(vc, &section));

	if (!(flags & VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT))
		return -ENODATA;
	*generation = value;
	return 0;
}

int vmclock_check_current(const struct vmclock *vc, uint64_t marker, const uint64_t *generation,
			  bool once)
{
	uint64_t marker_now, flags, generation_now;
	struct section section = section_of(once);
	int ret;

	do {
		ret = section_begin(vc, &section);
		if (ret)
			return ret;
		marker_now = page_u64(vc->page->disruption_marker);
		flags = page_u64(vc->page->flags);
		generation_now = page_u64(vc->page->vm_generation_counter);
	} while (section_retry(vc, &section));

	if (marker_now != marker)
		return -ESTALE;
	if (generation && VMCLOCK_COVERS(vc->size, vm_generation_counter) &&
	    flags & VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT && generation_now != *generation)
		return -ESTALE;
	return 0;
}

static int take_state(const struct vmclock *vc, bool once, struct vmclock_state *state)
{
	uint64_t marker, flags, generation;
	struct section section = section_of(once);
	uint8_t status;
	int ret;

	do {
		ret = section_begin(vc, &section);
		if (ret)
			return ret;
		/* Reads beyond the size of a small page are safe; the values are dropped below. */
		marker = page_u64(vc->page->disruption_marker);
		flags = page_u64(vc->page->flags);
		status = __atomic_load_n(&vc->page->clock_status, __ATOMIC_RELAXED);
		generation = page_u64(vc->page->vm_generation_counter);
	} while (section_retry(vc, &section));

	*state = (struct vmclock_state){
		.marker = marker,
		.flags = flags & MAINTENANCE_FLAGS,
		.status = VMCLOCK_COVERS(vc->size, clock_status) ? status : VMCLOCK_STATUS_UNKNOWN,
	};
	if (VMCLOCK_COVERS(vc->size, vm_generation_counter) &&
	    flags & VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT) {
		state->flags |= VMCLOCK_FLAG_GENERATION_PRESENT;
		state->generation = generation;
	}
	return 0;
}

VMCLOCK_PUBLIC
int vmclock_read_state(const struct vmclock *vc, struct vmclock_state *state)
{
	return take_state(vc, false, state);
}

VMCLOCK_PUBLIC
int vmclock_try_state(const struct vmclock *vc, struct vmclock_state *state)
{
	return take_state(vc, true, state);
}
