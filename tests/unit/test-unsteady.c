// SPDX-License-Identifier: MIT
/* No time on an unsteady counter: the library's own check, on a fake processor. */
#include <stddef.h>
#include <stdint.h>

#include "unit.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static bool steady;

#ifdef __x86_64__

#include <cpuid.h>

static int own_cpuid(unsigned int leaf, unsigned int *eax, unsigned int *ebx, unsigned int *ecx,
		     unsigned int *edx)
{
	(void)leaf;
	*eax = *ebx = *ecx = 0;
	*edx = steady ? 1U << 8 : 0;
	return 1;
}

/* The kernel does not offer it either. */
static int own_open(const char *path, int flags)
{
	(void)path;
	(void)flags;
	return -1;
}

#define __get_cpuid own_cpuid
#define open own_open
#define UNSTEADY (-EOPNOTSUPP)
#else
/* Here it is always steady. */
#define UNSTEADY 0
#endif
#include "basis.c"

static int time_error(uint8_t counter_id, uint32_t size)
{
	const struct vmclock_abi page = { .counter_id = counter_id };
	const struct vmclock vc = {
		.page = &page, .size = size, .time_type = VMCLOCK_TIME_TAI,
	};

	return vmclock_time_error(&vc, counter_steady());
}

static void an_unsteady_counter_gives_no_time(void **state)
{
	(void)state;
	steady = true;
	assert_int_equal(time_error(COUNTER_ID, sizeof(struct vmclock_abi)), 0);
	steady = false;
	assert_int_equal(time_error(COUNTER_ID, sizeof(struct vmclock_abi)), UNSTEADY);
	/* An error of the page comes first. */
	assert_int_equal(time_error(VMCLOCK_COUNTER_INVALID, sizeof(struct vmclock_abi)), -ENODATA);
	assert_int_equal(time_error(COUNTER_ID, VMCLOCK_SIZE_MIN), -ENODATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unsteady_counter_gives_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
