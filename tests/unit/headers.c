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

#if !VMCLOCK_VERSION_AT_LEAST(VMCLOCK_VERSION_MAJOR, VMCLOCK_VERSION_MINOR, VMCLOCK_VERSION_PATCH) || \
	!VMCLOCK_VERSION_AT_LEAST(0, 0, 99) || !VMCLOCK_VERSION_AT_LEAST(0, 1, 0) || \
	VMCLOCK_VERSION_AT_LEAST(VMCLOCK_VERSION_MAJOR + 1, 0, 0) || \
	VMCLOCK_VERSION_AT_LEAST(VMCLOCK_VERSION_MAJOR, VMCLOCK_VERSION_MINOR + 1, 0) || \
	VMCLOCK_VERSION_AT_LEAST(VMCLOCK_VERSION_MAJOR, VMCLOCK_VERSION_MINOR, \
				 VMCLOCK_VERSION_PATCH + 1)
#error "these headers are of their own version, and of no later one"
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
