// SPDX-License-Identifier: MIT
/*
 * Compiled in each version of C and C++: vmclock.h alone, and with the page's header and the kernel's
 * in each order. FIRST, SECOND and THIRD are the headers.
 */
#ifdef FIRST
#include FIRST
#endif
#ifdef SECOND
#include SECOND
#endif
#ifdef THIRD
#include THIRD
#endif

/* Included twice. */
#include <vmclock.h>

#if !VMCLOCK_VERSION_AT_LEAST(VMCLOCK_VERSION_MAJOR, VMCLOCK_VERSION_MINOR, VMCLOCK_VERSION_PATCH)
#error "these headers are of their own version"
#endif
#if !VMCLOCK_VERSION_AT_LEAST(0, 0, 99) || !VMCLOCK_VERSION_AT_LEAST(0, 1, 0)
#error "they are of a later version than the first ones"
#endif
#if VMCLOCK_VERSION_AT_LEAST(VMCLOCK_VERSION_MAJOR + 1, 0, 0) || \
	VMCLOCK_VERSION_AT_LEAST(VMCLOCK_VERSION_MAJOR, VMCLOCK_VERSION_MINOR + 1, 0) || \
	VMCLOCK_VERSION_AT_LEAST(VMCLOCK_VERSION_MAJOR, VMCLOCK_VERSION_MINOR, \
				 VMCLOCK_VERSION_PATCH + 1)
#error "they are of no later version"
#endif

int use_library(const struct vmclock *vc, uint64_t *marker);
int use_library(const struct vmclock *vc, uint64_t *marker)
{
	struct vmclock_state state;
	struct vmclock_time now;
	struct timespec ts;

	if (vmclock_read_state(vc, &state) || vmclock_now(vc, VMCLOCK_SCALE_TAI, &now) ||
	    vmclock_system_time(vc, 0, state.marker, &ts))
		return 0;
	*marker = state.marker;
	switch (now.status) {
	case VMCLOCK_STATUS_UNKNOWN:
	case VMCLOCK_STATUS_INITIALIZING:
	case VMCLOCK_STATUS_UNRELIABLE:
		return 0;
	case VMCLOCK_STATUS_SYNCHRONIZED:
	case VMCLOCK_STATUS_FREERUNNING:
		break;
	}
	switch (now.leap) {
	case VMCLOCK_LEAP_NONE:
	case VMCLOCK_LEAP_PRE_POS:
	case VMCLOCK_LEAP_PRE_NEG:
	case VMCLOCK_LEAP_POS:
	case VMCLOCK_LEAP_POST_POS:
	case VMCLOCK_LEAP_POST_NEG:
		return 1;
	}
	return 0;
}

#ifdef USES_PAGE
int use_page(const struct vmclock *vc);
int use_page(const struct vmclock *vc)
{
	struct vmclock_abi copy;

	return !vmclock_read_page(vc, &copy, sizeof(copy)) && copy.magic == VMCLOCK_MAGIC &&
	       copy.clock_status == VMCLOCK_STATUS_SYNCHRONIZED && USES_PAGE;
}
#endif
