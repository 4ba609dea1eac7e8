// SPDX-License-Identifier: MIT
/* The names of a device, as the kernel lists them in sysfs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "tools/acpi-names.h"

static void test_modalias(void **state)
{
	static const struct {
		const char *modalias;
		bool has_names, has_hid, has_cid;
	} cases[] = {
		{ "acpi:AMZNC10C:VMCLOCK:", true, true, true },
		{ "acpi:AMZNC10C:VMCLOCK:\n", true, true, true },
		{ "acpi:AMZNC10C:", true, true, false },
		{ "acpi:VMCLOCK:", true, false, true },
		{ "acpi:VMCLOCK:AMZNC10C:", true, false, true },
		{ "acpi:ACME0001:OTHER:VMCLOCK:", true, false, true },
		{ "acpi:AMZNC10CX:VMCLOCKS:", true, false, false },
		{ "of:NvmclockT(null)Camazon,vmclock", false, false, false },
		{ "platform:vmclock", false, false, false },
		{ "", false, false, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct judge_guest facts = { .has_names = false };

		acpi_names_of(cases[i].modalias, &facts);
		assert_int_equal(facts.has_names, cases[i].has_names);
		assert_int_equal(facts.has_hid, cases[i].has_hid);
		assert_int_equal(facts.has_cid, cases[i].has_cid);
	}
}

static void make_folder(char *path, const char *name)
{
	strcat(path, name);
	assert_int_equal(mkdir(path, 0755), 0);
}

static void test_sysfs(void **state)
{
	char root[64] = "/tmp/vmclock-names.XXXXXX", path[128], command[96];
	struct judge_guest facts = { .has_names = false };
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(root));
	acpi_names_read(root, 10, 125, &facts);
	assert_false(facts.has_names);

	strcpy(path, root);
	make_folder(path, "/sys");
	make_folder(path, "/dev");
	make_folder(path, "/char");
	make_folder(path, "/10:125");
	make_folder(path, "/device");
	strcat(path, "/modalias");
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("acpi:AMZNC10C:\n", file);
	fclose(file);

	acpi_names_read(root, 10, 125, &facts);
	assert_true(facts.has_names && facts.has_hid && !facts.has_cid);
	facts.has_names = false;
	acpi_names_read(root, 10, 126, &facts);
	assert_false(facts.has_names);
	snprintf(command, sizeof(command), "rm -r %s", root);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modalias),
		cmocka_unit_test(test_sysfs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
