// SPDX-License-Identifier: MIT
/*
 * The layout, against offsets and bytes written down from the specification
 * and not derived from the structure. (The header's own asserts compile only
 * where they hold; this shows that the fields mean what they should.)
 */
#include <endian.h>
#include <string.h>

#include "pagefile.h"

static const unsigned char sample[0x70] = {
	/* 00 */ 'V', 'C', 'L', 'K', 0x70, 0, 0, 0, 0x01, 0, 0x01, 0x02, 0x44, 0x33, 0x22, 0x11,
	/* 10 */ 0x10, 0, 0, 0, 0, 0, 0, 0x80, 0x00, 0x03, 0, 0, 0, 0, 0, 0,
	/* 20 */ 0, 0, 0x02, 0x01, 0xdb, 0xff, 0x05, 0xff, 0x28, 0, 0, 0, 0, 0, 0, 0,
	/* 30 */ 0x30, 0, 0, 0, 0, 0, 0, 0, 0x38, 0, 0, 0, 0, 0, 0, 0,
	/* 40 */ 0x40, 0, 0, 0, 0, 0, 0, 0, 0x48, 0, 0, 0, 0, 0, 0, 0,
	/* 50 */ 0x50, 0, 0, 0, 0, 0, 0, 0, 0x58, 0, 0, 0, 0, 0, 0, 0,
	/* 60 */ 0x60, 0, 0, 0, 0, 0, 0, 0, 0x68, 0, 0, 0, 0, 0, 0, 0,
};

static void fields_are_where_the_specification_has_them(void **state)
{
	struct vmclock_abi page;

	(void)state;
	assert_int_equal(sizeof(page), sizeof(sample));
	memcpy(&page, sample, sizeof(page));

	assert_int_equal(le32toh(page.magic), VMCLOCK_MAGIC);
	assert_int_equal(le32toh(page.size), 0x70);
	assert_int_equal(le16toh(page.version), VMCLOCK_PAGE_VERSION);
	assert_int_equal(page.counter_id, VMCLOCK_COUNTER_X86_TSC);
	assert_int_equal(page.time_type, VMCLOCK_TIME_MONOTONIC);
	assert_int_equal(le32toh(page.seq_count), 0x11223344);
	assert_int_equal(le64toh(page.disruption_marker), 0x8000000000000010);
	assert_int_equal(le64toh(page.flags), VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT |
						      VMCLOCK_FLAG_NOTIFICATION_PRESENT);
	assert_int_equal(page.clock_status, VMCLOCK_STATUS_SYNCHRONIZED);
	assert_int_equal(page.leap_second_smearing_hint, VMCLOCK_SMEARING_NOON_LINEAR);
	assert_int_equal((int16_t)le16toh(page.tai_offset_sec), -37);
	assert_int_equal(page.leap_indicator, VMCLOCK_LEAP_POST_NEG);
	assert_int_equal(page.counter_period_shift, 255);
	assert_int_equal(le64toh(page.counter_value), 0x28);
	assert_int_equal(le64toh(page.counter_period_frac_sec), 0x30);
	assert_int_equal(le64toh(page.counter_period_esterror_rate_frac_sec), 0x38);
	assert_int_equal(le64toh(page.counter_period_maxerror_rate_frac_sec), 0x40);
	assert_int_equal(le64toh(page.time_sec), 0x48);
	assert_int_equal(le64toh(page.time_frac_sec), 0x50);
	assert_int_equal(le64toh(page.time_esterror_nanosec), 0x58);
	assert_int_equal(le64toh(page.time_maxerror_nanosec), 0x60);
	assert_int_equal(le64toh(page.vm_generation_counter), 0x68);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_where_the_specification_has_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
