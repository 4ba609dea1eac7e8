// SPDX-License-Identifier: MIT
/* Compiled as C and C++ of all ages, alone, and before and after the kernel's header. */
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
	struct vmclock_state state;
	struct vmclock_time now;
	struct timespec ts;
	int ret = vmclock_read_page(vc, &copy, sizeof(copy));

	if (ret || vmclock_read_state(vc, &state) || vmclock_now(vc, VMCLOCK_SCALE_TAI, &now) ||
	    vmclock_system_time(vc, 0, state.marker, &ts))
		return ret;
	*marker = vmclock_marker(vc);
	return copy.clock_status == VMCLOCK_STATUS_UNKNOWN &&
	       (copy.flags & VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT) != 0;
}
