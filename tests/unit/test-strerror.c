// SPDX-License-Identifier: MIT
/* Each error of the library has a text that says what it means here. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "pagefile.h"

/* Those that vmclock.h names, but for what system calls give, which mean there what they do here. */
static const int errors[] = {
	ENOENT, ENODEV, EACCES, EBADMSG, EPROTONOSUPPORT, ENODATA, EAGAIN, EBUSY, ESTALE, ERANGE,
	EOPNOTSUPP, ETIMEDOUT,
};

#define COUNT (sizeof(errors) / sizeof(errors[0]))

static void each_error_has_a_text_of_its_own(void **state)
{
	const char *texts[COUNT];
	size_t i, j;

	(void)state;
	for (i = 0; i < COUNT; i++) {
		texts[i] = vmclock_strerror(-errors[i]);
		assert_string_not_equal(texts[i], strerror(errors[i]));
		assert_ptr_equal(vmclock_strerror(errors[i]), texts[i]);
		for (j = 0; j < i; j++)
			assert_string_not_equal(texts[i], texts[j]);
	}
	assert_string_equal(vmclock_strerror(-ESTALE), "the clock was disrupted");
	assert_string_equal(vmclock_strerror(0), "no error");
}

static void others_are_the_systems(void **state)
{
	static const int others[] = { EINTR, EINVAL, EMFILE, EPERM, 99999 };
	char text[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		strncpy(text, strerror(others[i]), sizeof(text) - 1);
		text[sizeof(text) - 1] = '\0';
		assert_string_equal(vmclock_strerror(-others[i]), text);
		assert_string_equal(vmclock_strerror(others[i]), text);
	}
	assert_non_null(vmclock_strerror(INT_MIN));
	assert_non_null(vmclock_strerror(INT_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_error_has_a_text_of_its_own),
		cmocka_unit_test(others_are_the_systems),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
