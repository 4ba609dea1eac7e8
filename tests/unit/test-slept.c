// SPDX-License-Identifier: MIT
/* Detecting sleep, steps, and another clocksource. */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clocksource.h"
#include "lead.h"
#include "slept.h"
#include "unit.h"

#define SEC INT64_C(1000000000)

/* ---- Sleep ----------------------------------------------------------------------------- */

static void sleep_is_seen_once(void **state)
{
	struct slept s = { 0 };

	(void)state;
	/* A sleep before the first look does not count. */
	assert_false(slept_between(&s, 100, 5 * SEC + 101, 102));
	assert_false(slept_between(&s, 10000, 5 * SEC + 10001, 10002));
	assert_true(slept_between(&s, 20000, 5 * SEC + 20010, 20002));
	assert_false(slept_between(&s, 30000, 5 * SEC + 30009, 30002));
	assert_true(slept_between(&s, 40000, 9 * SEC, 40002));
	assert_false(slept_between(&s, 50000, 9 * SEC + 10000, 50002));
}

/* After a delay between two readings, sleep is not certain. */
static void waiting_is_no_sleep(void **state)
{
	struct slept s = { 0 };

	(void)state;
	assert_false(slept_between(&s, 0, 1, 2));
	assert_false(slept_between(&s, 10, 10 * SEC, 10 * SEC + 1));
	assert_false(slept_between(&s, 20 * SEC, 20 * SEC + 1, 40 * SEC));
	assert_false(slept_between(&s, 50 * SEC, 60 * SEC, 70 * SEC));
	/* Earlier knowledge is kept. */
	assert_true(slept_between(&s, 80 * SEC, 80 * SEC + 5, 80 * SEC + 1));
}

/* After a delay at first, later looks are more exact. */
static void better_looks_count(void **state)
{
	struct slept s = { 0 };

	(void)state;
	assert_false(slept_between(&s, 0, 10 * SEC, 10 * SEC));
	assert_false(slept_between(&s, 20 * SEC, 20 * SEC + 1, 20 * SEC + 2));
	assert_true(slept_between(&s, 30 * SEC, 35 * SEC, 30 * SEC + 2));
}

static void this_machine_is_awake(void **state)
{
	struct slept s = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 100000; i++)
		assert_false(slept_look(&s));
	assert_true(s.known);
}

/* ---- Steps ----------------------------------------------------------------------------- */

static void only_a_step_that_is_certain_is_one(void **state)
{
	const struct lead before = { .least = 1000, .most = 1100 };
	static const struct {
		struct lead after;
		int64_t stepped;
	} cases[] = {
		{ { 1000, 1100 }, 0 },	    { { 1100, 1150 }, 0 },   { { 900, 1000 }, 0 },
		{ { 0, 5000 }, 0 },	    { { 1101, 1201 }, 101 }, { { 799, 999 }, -151 },
		{ { 1001100, 1001200 }, 1000100 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(lead_stepped(&before, &cases[i].after), cases[i].stepped);
}

static void nobody_steps_this_clock(void **state)
{
	struct lead before, after;

	(void)state;
	assert_int_equal(lead_read(&before), 0);
	assert_int_equal(lead_read(&after), 0);
	assert_true(lead_width(&before) >= 0 && lead_width(&after) >= 0);
	assert_int_equal(lead_stepped(&before, &after), 0);
}

/* ---- Clocksources ---------------------------------------------------------------------- */

static char folder[] = "/tmp/vmclock-clocksource.XXXXXX";

static void put(const char *name, const char *text)
{
	char path[100];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void another_one_is_seen(void **state)
{
	struct clocksource c;

	(void)state;
	put("current_clocksource", "tsc\n");
	put("available_clocksource", "kvm-clock tsc acpi_pm \n");
	clocksource_open(&c, folder);
	assert_null(clocksource_changed(&c));
	assert_true(clocksource_by_counter(&c));
	put("current_clocksource", "kvm-clock\n");
	assert_non_null(strstr(clocksource_changed(&c), "another clocksource"));
	assert_null(clocksource_changed(&c));
	assert_true(clocksource_by_counter(&c));
	put("current_clocksource", "hpet\n");
	assert_non_null(clocksource_changed(&c));
	assert_false(clocksource_by_counter(&c));
	clocksource_close(&c);
}

static void the_counter_is_given_up(void **state)
{
	struct clocksource c;

	(void)state;
	put("current_clocksource", "kvm-clock\n");
	put("available_clocksource", "kvm-clock tsc acpi_pm \n");
	clocksource_open(&c, folder);
	put("available_clocksource", "kvm-clock acpi_pm tsc-early \n");
	assert_true(clocksource_by_counter(&c));
	assert_non_null(strstr(clocksource_changed(&c), "time-stamp counter"));
	assert_null(clocksource_changed(&c));
	assert_false(clocksource_by_counter(&c));
	/* The TSC was never available, so it cannot be lost. */
	put("available_clocksource", "kvm-clock \n");
	assert_null(clocksource_changed(&c));
	put("available_clocksource", "tsc \n");
	assert_null(clocksource_changed(&c));
	put("available_clocksource", "kvm-clock \n");
	assert_non_null(clocksource_changed(&c));
	clocksource_close(&c);
}

static void where_nothing_is_told(void **state)
{
	struct clocksource c;

	(void)state;
	clocksource_open(&c, "/nonexistent");
	assert_int_equal(c.current, -1);
	assert_null(clocksource_changed(&c));
	assert_true(clocksource_by_counter(&c));
	clocksource_close(&c);
	/* An empty file is no other clocksource. */
	put("current_clocksource", "tsc\n");
	put("available_clocksource", "tsc \n");
	clocksource_open(&c, folder);
	put("current_clocksource", "");
	put("available_clocksource", "");
	assert_null(clocksource_changed(&c));
	put("current_clocksource", "tsc\n");
	put("available_clocksource", "tsc \n");
	assert_null(clocksource_changed(&c));
	clocksource_close(&c);
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_step_that_is_certain_is_one),
		cmocka_unit_test(nobody_steps_this_clock),
		cmocka_unit_test(sleep_is_seen_once),
		cmocka_unit_test(waiting_is_no_sleep),
		cmocka_unit_test(better_looks_count),
		cmocka_unit_test(this_machine_is_awake),
		cmocka_unit_test(another_one_is_seen),
		cmocka_unit_test(the_counter_is_given_up),
		cmocka_unit_test(where_nothing_is_told),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
