// SPDX-License-Identifier: MIT
/* The snapshot's numbers, from the specification's offsets in the page. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "calc/snapshot.h"
#include "unit.h"

/* Little-endian, byte by byte. */
static uint64_t bytes_at(const unsigned char *page, size_t offset, size_t len)
{
	uint64_t value = 0;

	while (len--)
		value = value << 8 | page[offset + len];
	return value;
}

static void each_field_comes_from_its_place(void **state)
{
	unsigned char page[sizeof(struct vmclock_abi)];
	struct vmclock_snapshot s;
	unsigned int seed = 1;
	uint32_t size;
	size_t i;

	(void)state;
	/* Enough for each bit to have both values. */
	for (size = 0; size < 100; size++) {
		for (i = 0; i < sizeof(page); i++)
			page[i] = (unsigned char)(rand_r(&seed) >> 3);
		memset(&s, rand_r(&seed) & 0xff, sizeof(s));
		vmclock_calc_snapshot((const struct vmclock_abi *)page, size, &s);
		assert_int_equal(s.size, size);
		assert_true(s.counter_id == page[0x0a]);
		assert_true(s.time_type == page[0x0b]);
		assert_true(s.marker == bytes_at(page, 0x10, 8));
		assert_true(s.flags == bytes_at(page, 0x18, 8));
		assert_true(s.status == page[0x22]);
		assert_true(s.smearing == page[0x23]);
		assert_true(s.tai_offset == (int16_t)bytes_at(page, 0x24, 2));
		assert_true(s.leap == page[0x26]);
		assert_true(s.shift == page[0x27]);
		assert_true(s.counter_value == bytes_at(page, 0x28, 8));
		assert_true(s.period == bytes_at(page, 0x30, 8));
		assert_true(s.period_maxerror == bytes_at(page, 0x40, 8));
		assert_true(s.time_sec == bytes_at(page, 0x48, 8));
		assert_true(s.time_frac == bytes_at(page, 0x50, 8));
		assert_true(s.time_maxerror == bytes_at(page, 0x60, 8));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_field_comes_from_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
