// SPDX-License-Identifier: MIT
/* The paths of the configuration in the sandbox of vmclockd.service. */
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

#include "log.h"
#include "sandbox.h"

static char said[4096];

void say(int level, const char *fmt, ...)
{
	size_t length = strlen(said);
	va_list args;

	assert_int_equal(level, LOG_WARNING);
	va_start(args, fmt);
	vsnprintf(said + length, sizeof(said) - length, fmt, args);
	va_end(args);
	length = strlen(said);
	snprintf(said + length, sizeof(said) - length, "\n");
}

/* As systemd 252 shows the unit. */
#define SHIPPED                                                   \
	"PrivateTmp=yes\nProtectHome=yes\nProtectSystem=strict\n" \
	"ReadWritePaths=/run -/var/lib/prometheus/node-exporter\nLoadState=loaded\n"

static void the_unit_says_what_is_open(void **state)
{
	static const struct {
		const char *path;
		enum sandbox_verdict reading, writing;
	} cases[] = {
		{ "/run", SANDBOX_OPEN, SANDBOX_OPEN },
		{ "/run/vmclock", SANDBOX_OPEN, SANDBOX_OPEN },
		{ "/runner", SANDBOX_OPEN, SANDBOX_READ_ONLY },
		{ "/var/lib/prometheus/node-exporter", SANDBOX_OPEN, SANDBOX_OPEN },
		{ "/var/lib/prometheus", SANDBOX_OPEN, SANDBOX_READ_ONLY },
		{ "/srv/metrics", SANDBOX_OPEN, SANDBOX_READ_ONLY },
		{ "/", SANDBOX_OPEN, SANDBOX_READ_ONLY },
		{ "/dev/shm", SANDBOX_OPEN, SANDBOX_OPEN },
		{ "/tmp", SANDBOX_PRIVATE, SANDBOX_PRIVATE },
		{ "/var/tmp/metrics", SANDBOX_PRIVATE, SANDBOX_PRIVATE },
		{ "/tmpfs", SANDBOX_OPEN, SANDBOX_READ_ONLY },
		{ "/home", SANDBOX_HIDDEN, SANDBOX_HIDDEN },
		{ "/root/hooks", SANDBOX_HIDDEN, SANDBOX_HIDDEN },
		{ "/run/user/1000", SANDBOX_HIDDEN, SANDBOX_HIDDEN },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(sandbox_by_unit(SHIPPED, cases[i].path, false), cases[i].reading);
		assert_int_equal(sandbox_by_unit(SHIPPED, cases[i].path, true), cases[i].writing);
	}
}

/* What the administrator opens is open. */
static void a_drop_in_counts(void **state)
{
	(void)state;
	assert_int_equal(sandbox_by_unit("PrivateTmp=no\nProtectSystem=strict\n", "/tmp", false),
			 SANDBOX_OPEN);
	assert_int_equal(sandbox_by_unit("PrivateTmp=no\nProtectSystem=strict\n", "/tmp", true),
			 SANDBOX_READ_ONLY);
	assert_int_equal(sandbox_by_unit("ProtectSystem=strict\nReadWritePaths=/tmp\n", "/tmp",
					 true),
			 SANDBOX_OPEN);
	assert_int_equal(sandbox_by_unit("ProtectHome=read-only\n", "/home/u", false),
			 SANDBOX_OPEN);
	assert_int_equal(sandbox_by_unit("ProtectHome=read-only\n", "/home/u", true),
			 SANDBOX_READ_ONLY);
	assert_int_equal(
		sandbox_by_unit("ProtectHome=tmpfs\nBindPaths=/a:/b /home/u:/home/u:rbind\n",
				"/home/u/metrics", true),
		SANDBOX_OPEN);
	assert_int_equal(sandbox_by_unit("ProtectSystem=strict\nReadWritePaths=+/srv/a -/srv/b",
					 "/srv/b/c", true),
			 SANDBOX_OPEN);
	assert_int_equal(sandbox_by_unit("ProtectSystem=full\n", "/srv/c", true), SANDBOX_OPEN);
	assert_int_equal(sandbox_by_unit("", "/tmp", true), SANDBOX_OPEN);
}

/* ---- From inside ------------------------------------------------------------------------- */

static char mounts[] = "/tmp/vmclock-mounts.XXXXXX";

static int write_mounts(void **state)
{
	/* Of a unit on Debian 12, in part. */
	static const char text[] =
		"1058 893 254:1 / / ro,nosuid,relatime - ext4 /dev/vda1 rw\n"
		"1069 1058 0:23 / /run rw,nosuid,nodev - tmpfs tmpfs rw\n"
		"1079 1058 0:23 /systemd/inaccessible/dir /home ro,nosuid - tmpfs tmpfs rw\n"
		"1081 1058 254:1 /tmp/systemd-private-8f-vmclockd.service-Ab/tmp /tmp rw - ext4 "
		"/dev/vda1 rw\n"
		"1082 1058 0:40 /systemd-private-8f-vmclockd.service-Ab/tmp /var/tmp rw - tmpfs "
		"tmpfs rw\n"
		"1083 1058 0:41 /a\\040b /c\\040d rw shared:1 - ext4 /dev/vdb rw\n";
	int fd = mkstemp(mounts);

	(void)state;
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return -1;
	return close(fd);
}

static int remove_mounts(void **state)
{
	(void)state;
	return unlink(mounts);
}

static void the_mounts_say_what_is_shared(void **state)
{
	(void)state;
	assert_int_equal(sandbox_by_mounts(mounts, 1058), SANDBOX_OPEN);
	assert_int_equal(sandbox_by_mounts(mounts, 1069), SANDBOX_OPEN);
	assert_int_equal(sandbox_by_mounts(mounts, 1079), SANDBOX_HIDDEN);
	assert_int_equal(sandbox_by_mounts(mounts, 1081), SANDBOX_PRIVATE);
	assert_int_equal(sandbox_by_mounts(mounts, 1082), SANDBOX_PRIVATE);
	assert_int_equal(sandbox_by_mounts(mounts, 1083), SANDBOX_OPEN);
	assert_int_equal(sandbox_by_mounts(mounts, 1), SANDBOX_OPEN);
	assert_int_equal(sandbox_by_mounts("/nowhere", 1058), SANDBOX_OPEN);
}

/* Outside of a sandbox nothing is said. */
static void this_process_is_in_none(void **state)
{
	struct config config = {
		.device = (char *)"/dev/vmclock0",
		.folder = (char *)"/tmp/not/yet/made",
		.hooks = (char *)"/nowhere",
		.metrics = (char *)"/tmp/metrics.prom",
	};

	(void)state;
	*said = '\0';
	sandbox_check_own(&config);
	assert_string_equal(said, "");
}

/* ---- All keys ------------------------------------------------------------------------------ */

static char folder[] = "/tmp/vmclock-sandbox.XXXXXX";

static void make_systemctl(const char *path, const char *answer)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fprintf(file, "#!/bin/sh\ncat <<'END'\n%sEND\n", answer);
	fclose(file);
	assert_int_equal(chmod(path, 0755), 0);
}

static void each_key_is_told(void **state)
{
	char systemctl[64], links[64], hooks[80];
	struct config config = {
		.device = (char *)"/dev/vmclock0",
		.folder = (char *)"/run/vmclock",
		.chronyc = (char *)"/usr/bin/chronyc",
		.busctl = (char *)"/usr/bin/busctl",
		.systemctl = systemctl,
		.hooks = hooks,
		.clockbound_path = (char *)"/var/run/clockbound/shm0",
		.clockbound = 1,
		.metrics = (char *)"/tmp/vmclock.prom",
	};

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(systemctl, sizeof(systemctl), "%s/systemctl", folder);
	snprintf(links, sizeof(links), "%s/link", folder);
	snprintf(hooks, sizeof(hooks), "%s/hooks", links);
	assert_int_equal(symlink("/root", links), 0);

	make_systemctl(systemctl, SHIPPED);
	*said = '\0';
	sandbox_check_unit(&config);
	assert_non_null(strstr(said,
			       "metrics = /tmp/vmclock.prom: vmclockd.service has a folder of "
			       "its own there, which other programs do not see: choose another "
			       "path, or set PrivateTmp=no and ReadWritePaths=/tmp by "
			       "'systemctl edit vmclockd'\n"));
	assert_non_null(strstr(said, "/link/hooks: vmclockd.service cannot see this path: choose "
				     "another one, or set ProtectHome=no by "));
	assert_null(strstr(said, "clockbound"));
	assert_null(strstr(said, "chronyc"));

	config.metrics = (char *)"/usr/vmclock.prom";
	*said = '\0';
	sandbox_check_unit(&config);
	assert_non_null(strstr(said, "metrics = /usr/vmclock.prom: vmclockd.service cannot write "
				     "there: choose another path, or set ReadWritePaths=/usr by "));

	/* Without the unit, or without systemd, nothing is said. */
	*said = '\0';
	make_systemctl(systemctl, "LoadState=not-found\nPrivateTmp=yes\n");
	sandbox_check_unit(&config);
	unlink(systemctl);
	sandbox_check_unit(&config);
	assert_string_equal(said, "");
	unlink(links);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_unit_says_what_is_open),
		cmocka_unit_test(a_drop_in_counts),
		cmocka_unit_test_setup_teardown(the_mounts_say_what_is_shared, write_mounts,
						remove_mounts),
		cmocka_unit_test(this_process_is_in_none),
		cmocka_unit_test(each_key_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
