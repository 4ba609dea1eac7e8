// SPDX-License-Identifier: MIT
/* Compiled as C11 and C++, alone, and before and after the kernel's header. */
#if defined(KERNEL_HEADER_FIRST)
#include <linux/vmclock-abi.h>
#endif
#include "vmclock.h"
#include "vmclock-abi.h"
#if defined(KERNEL_HEADER_LAST)
#include <linux/vmclock-abi.h>
#endif

int use_headers(const struct vmclock *vc, uint64_t *marker);
int use_headers(const struct vmclock *vc, uint64_t *marker)
{
	struct vmclock_abi copy;
	int ret = vmclock_read_page(vc, &copy, sizeof(copy));

	if (ret)
		return ret;
	*marker = vmclock_marker(vc);
	return copy.clock_status == VMCLOCK_STATUS_UNKNOWN &&
	       (copy.flags & VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT) != 0;
}
