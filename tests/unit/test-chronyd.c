// SPDX-License-Identifier: MIT
/* What vmclockd makes of chronyd: with shell scripts in the place of chronyc. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "ntpplace.h"

static const struct ntp_daemon *const d = &chronyd_daemon;

static int set_up(void **state)
{
	return place_set_up(state, d);
}

static int tear_down(void **state)
{
	unlink(CHRONYD_SOCKET);
	return place_tear_down(state);
}

/* Of a process that was killed the file stays. */
static void a_socket_alone_is_no_daemon(void **state)
{
	const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = CHRONYD_SOCKET };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_false(d->runs());
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_true(d->runs());
	close(fd);
	assert_int_equal(access(CHRONYD_SOCKET, F_OK), 0);
	assert_false(d->runs());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_socket_alone_is_no_daemon, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
