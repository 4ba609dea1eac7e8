// SPDX-License-Identifier: GPL-2.0-or-later
/* Consistent readings of the page, which the host may change at any time. */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "compat.h"
#include "internal.h"

/* How often the caller's buffer may be paged out between fault-in and copy. */
#define VMCLOCK_FAULTS	8

static void vmclock_pause(const struct vmclock_section *section)
{
	if (section->patience_ms && section->tries % 16 == 15)
		usleep_range(20, 100);
	else
		cpu_relax();
}

static bool vmclock_late(const struct vmclock_section *section)
{
	if (!section->patience_ms)
		return section->tries >= 16;
	return time_after(jiffies, section->deadline);
}

int vmclock_section_begin_again(const struct vmclock *vc, struct vmclock_section *section)
{
	if (!section->deadline)
		section->deadline = (jiffies + msecs_to_jiffies(section->patience_ms)) ?: 1;

	/* Try once more after the deadline: perhaps this thread did not run before. */
	while (!section->late) {
		section->late = vmclock_late(section);
		vmclock_pause(section);
		section->tries++;
		if (vmclock_section_try(vc, section))
			return 0;
	}
	return -ETIMEDOUT;
}

int vmclock_copy(const struct vmclock *vc, void *to, size_t offset, size_t len,
		 unsigned int patience_ms, struct vmclock_page_state *state)
{
	struct vmclock_section section __uninitialized;
	int ret;

	vmclock_section_init(&section, patience_ms);
	do {
		ret = vmclock_section_begin(vc, &section);
		if (ret)
			return ret;
		memcpy(to, (const void *)vc->page + offset, len);
	} while (vmclock_section_retry(vc, &section));

	*state = section.state;
	return 0;
}

/*
 * Copies straight into the buffer, all segments in one section. Page faults are
 * disabled, because they may take any time. Returns -EFAULT if part of the
 * buffer is not in memory.
 */
static int vmclock_copy_resident(const struct vmclock *vc, struct iov_iter *to, size_t offset,
				 size_t len, struct vmclock_section *section)
{
	size_t copied;
	int ret;

	for (;;) {
		ret = vmclock_section_begin(vc, section);
		if (ret)
			return ret;
		pagefault_disable();
		copied = copy_to_iter((const void *)vc->page + offset, len, to);
		pagefault_enable();
		if (copied == len && !vmclock_section_retry(vc, section))
			return 0;
		iov_iter_revert(to, copied);
		if (copied < len)
			return -EFAULT;
	}
}

ssize_t vmclock_copy_to_iter(const struct vmclock *vc, struct iov_iter *to, size_t offset,
			     size_t len, unsigned int patience_ms, struct vmclock_page_state *state)
{
	struct vmclock_section section __uninitialized;
	unsigned int faults = 0;
	int ret;

	vmclock_section_init(&section, patience_ms);
	while ((ret = vmclock_copy_resident(vc, to, offset, len, &section)) == -EFAULT) {
		/* This copy only faults the buffer in; its length limits the next try. */
		size_t reached = copy_to_iter((const void *)vc->page + offset, len, to);

		iov_iter_revert(to, reached);
		if (!reached || faults++ == VMCLOCK_FAULTS)
			return -EFAULT;
		len = reached;
	}
	if (ret)
		return ret;
	*state = section.state;
	return len;
}

int vmclock_copy_page(struct vmclock *vc, struct vmclock_abi *copy, unsigned int patience_ms,
		      struct vmclock_page_state *state)
{
	memset(copy, 0, sizeof(*copy));
	if (vmclock_gone(vc))
		return -ENODEV;
	return vmclock_copy(vc, copy, 0, min(vc->size, sizeof(*copy)), patience_ms, state);
}
