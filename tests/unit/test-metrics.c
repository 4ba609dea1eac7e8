// SPDX-License-Identifier: MIT
/* Metrics: exact numbers, and no values that are unknown. */
#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/metrics.h"
#include "unit.h"

static char *printed;

static void print(const struct metrics *m)
{
	size_t size;
	FILE *out;

	free(printed);
	out = open_memstream(&printed, &size);
	assert_non_null(out);
	metrics_print(m, out);
	assert_int_equal(fclose(out), 0);
}

static void has(const char *line)
{
	char whole[256];

	snprintf(whole, sizeof(whole), "\n%s\n", line);
	if (!strstr(printed, whole))
		fail_msg("no line is: %s\n%s", line, printed);
}

static void has_none(const char *name)
{
	if (strstr(printed, name))
		fail_msg("there is %s\n%s", name, printed);
}

static struct metrics trusted(void)
{
	struct metrics m = {
		.device = "vmclock0",
		.up = true,
		.page = { .marker = UINT64_MAX, .status = VMCLOCK_STATUS_SYNCHRONIZED },
		.running = true,
		.trust = VMCLOCK_RUN_TRUSTED,
		.has_state = true,
	};

	m.state.marker = htole64(UINT64_MAX);
	m.state.disruptions = htole64(UINT64_MAX);
	m.state.last_duration = htole64(1);
	m.state.last_offset = htole64((uint64_t)INT64_MIN);
	m.state.untrusted = htole64(12345678901234567890U);
	return m;
}

static void numbers_are_exact(void **state)
{
	struct metrics m = trusted();

	(void)state;
	m.has_time = true;
	m.has_bound = true;
	m.bound = 1;
	m.reference_age = -1;
	print(&m);
	has("vmclock_page_info{device=\"vmclock0\",marker=\"18446744073709551615\"} 1");
	has("vmclock_disruptions_total{device=\"vmclock0\"} 18446744073709551615");
	has("vmclock_last_reaction_duration_seconds{device=\"vmclock0\"} 0.000000001");
	has("vmclock_last_reaction_offset_seconds{device=\"vmclock0\"} -9223372036.854775808");
	has("vmclock_untrusted_seconds_total{device=\"vmclock0\"} 12345678901.234567890");
	has("vmclock_time_bound_seconds{device=\"vmclock0\"} 0.000000001");
	has("vmclock_reference_age_seconds{device=\"vmclock0\"} -0.000000001");
}

static void trust_is_of_this_marker(void **state)
{
	struct metrics m = trusted();

	(void)state;
	print(&m);
	has("vmclock_system_clock_trusted{device=\"vmclock0\"} 1");
	m.page.marker--;
	print(&m);
	has("vmclock_system_clock_trusted{device=\"vmclock0\"} 0");
	has("vmclock_vmclockd_running{device=\"vmclock0\"} 1");
	has_none("vmclock_system_clock_bound_seconds");
	m = trusted();
	m.running = false;
	print(&m);
	has("vmclock_system_clock_trusted{device=\"vmclock0\"} 0");
	m = trusted();
	m.trust = VMCLOCK_RUN_DISRUPTED;
	print(&m);
	has("vmclock_system_clock_trusted{device=\"vmclock0\"} 0");
}

static void what_is_not_known_is_not_there(void **state)
{
	struct metrics m = { .device = "vmclock0" };

	(void)state;
	print(&m);
	has("vmclock_up{device=\"vmclock0\"} 0");
	has_none("vmclock_page_info");
	has_none("vmclock_time");
	has_none("_total");
	m = trusted();
	m.state.last_duration = 0;
	print(&m);
	has_none("vmclock_last_reaction");
	has_none("generation=");
	m.page.flags = VMCLOCK_FLAG_GENERATION_PRESENT;
	print(&m);
	has("vmclock_page_info{device=\"vmclock0\",marker=\"18446744073709551615\",generation="
	    "\"0\"} 1");
}

static void devices_have_short_names(void **state)
{
	struct metrics m = { 0 };

	(void)state;
	metrics_name(&m, "/dev/vmclock12");
	assert_string_equal(m.device, "vmclock12");
	metrics_name(&m, "/tmp/dev/vmclock0");
	assert_string_equal(m.device, "/tmp/dev/vmclock0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_exact),
		cmocka_unit_test(trust_is_of_this_marker),
		cmocka_unit_test(what_is_not_known_is_not_there),
		cmocka_unit_test(devices_have_short_names),
	};
	int ret = cmocka_run_group_tests(tests, NULL, NULL);

	free(printed);
	return ret;
}
