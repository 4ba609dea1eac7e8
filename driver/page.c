// SPDX-License-Identifier: GPL-2.0-or-later
/* Consistent readings of the page, which the host may change at any time. */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "internal.h"

u32 vmclock_seq(const struct vmclock_abi *page)
{
	return le32_to_cpu(READ_ONCE(page->seq_count));
}

static u64 vmclock_marker(const struct vmclock_abi *page)
{
	return le64_to_cpu(READ_ONCE(page->disruption_marker));
}

bool vmclock_same(const struct vmclock_state *a, const struct vmclock_state *b)
{
	return a->seq == b->seq && a->marker == b->marker && a->generation == b->generation;
}

static u64 vmclock_generation(const struct vmclock *vc)
{
	if (!vmclock_has(vc, vm_generation_counter) ||
	    !(le64_to_cpu(READ_ONCE(vc->page->flags)) & VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT))
		return 0;
	return le64_to_cpu(READ_ONCE(vc->page->vm_generation_counter));
}

struct vmclock_state vmclock_state_now(const struct vmclock *vc)
{
	return (struct vmclock_state) {
		.seq = vmclock_seq(vc->page),
		.marker = vmclock_marker(vc->page),
		.generation = vmclock_generation(vc),
	};
}

struct vmclock_section vmclock_section(unsigned int patience_ms)
{
	return (struct vmclock_section) { .deadline = jiffies + msecs_to_jiffies(patience_ms) };
}

static void vmclock_pause(unsigned int tries)
{
	if (tries % 16)
		cpu_relax();
	else if (tries)
		usleep_range(20, 100);
}

int vmclock_section_begin(const struct vmclock *vc, struct vmclock_section *section)
{
	/* One try more once it is late: perhaps it was us who did not run. */
	while (!section->late) {
		section->late = time_after(jiffies, section->deadline);
		vmclock_pause(section->tries++);

		section->state.seq = vmclock_seq(vc->page);
		if (!(section->state.seq & 1)) {
			virt_rmb(); /* the count before what it covers */
			section->state.marker = vmclock_marker(vc->page);
			section->state.generation = vmclock_generation(vc);
			return 0;
		}
	}
	return -ETIMEDOUT;
}

bool vmclock_section_retry(const struct vmclock *vc, const struct vmclock_section *section)
{
	struct vmclock_state now;

	virt_rmb(); /* what it covers before the count */
	now = vmclock_state_now(vc);
	return !vmclock_same(&now, &section->state);
}

int vmclock_copy(const struct vmclock *vc, void *to, size_t offset, size_t len,
		 unsigned int patience_ms, struct vmclock_state *state)
{
	struct vmclock_section section = vmclock_section(patience_ms);
	int ret;

	do {
		ret = vmclock_section_begin(vc, &section);
		if (ret)
			return ret;
		memcpy(to, (const void *)vc->page + offset, len);
	} while (vmclock_section_retry(vc, &section));

	*state = section.state;
	return 0;
}

int vmclock_snapshot(struct vmclock *vc, struct vmclock_abi *snap, unsigned int patience_ms,
		     struct vmclock_state *state)
{
	memset(snap, 0, sizeof(*snap));
	if (vmclock_gone(vc))
		return -ENODEV;
	return vmclock_copy(vc, snap, 0, min(vc->size, sizeof(*snap)), patience_ms, state);
}
