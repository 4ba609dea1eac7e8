// SPDX-License-Identifier: MIT
/* The configuration: each key, each mistake with its line, and no memory left behind. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf.h"
#include "log.h"
#include "unit.h"

#define NAME "vmclockd.conf"

/* ---- Memory: conf.c is compiled with these in place of the C library's ---------------- */

#undef strdup
#undef free
char *strdup(const char *text);
void free(void *p);
char *kept_strdup(const char *text);
void kept_free(void *p);

static int blocks;  /* that are not freed yet */
static int failing; /* the n-th request for memory from now on fails; 0: none does */

char *kept_strdup(const char *text)
{
	char *copy = failing && !--failing ? NULL : strdup(text);

	blocks += !!copy;
	return copy;
}

void kept_free(void *p)
{
	blocks -= !!p;
	free(p);
}

/* ---- The log, without the path of the temporary folder ------------------------------------ */

static char folder[] = "/tmp/vmclock-conf.XXXXXX";
static char path[sizeof(folder) + sizeof(NAME)];
static char said[8192];

void say(int level, const char *fmt, ...)
{
	char line[1024], *from = line;
	size_t length = strlen(said);
	va_list args;

	assert_int_equal(level, LOG_ERR);
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	assert_null(strchr(line, '\n'));
	from = strstr(line, folder);
	if (from)
		memmove(from, from + strlen(folder) + 1, strlen(from + strlen(folder) + 1) + 1);
	snprintf(said + length, sizeof(said) - length, "%s\n", line);
}

/* ---- Files ---------------------------------------------------------------------------- */

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/%s", folder, NAME);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static void write_file(const char *text, size_t length)
{
	FILE *file;

	unlink(path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static int read_path(struct config *config, const char *from)
{
	*said = '\0';
	return config_read(config, from);
}

static int read_bytes(struct config *config, const char *text, size_t length)
{
	write_file(text, length);
	return read_path(config, path);
}

static int read_text(struct config *config, const char *text)
{
	return read_bytes(config, text, strlen(text));
}

static void done(struct config *config)
{
	config_free(config);
	assert_null(config->device);
	assert_int_equal(blocks, 0);
}

static void is_right(const char *text)
{
	struct config config;

	assert_int_equal(read_text(&config, text), 0);
	assert_string_equal(said, "");
	done(&config);
}

/* @lines: the expected log lines, each with its end. */
static void is_wrong(const char *text, const char *lines)
{
	struct config config;

	assert_int_equal(read_text(&config, text), -1);
	assert_string_equal(said, lines);
	done(&config);
}

/* ---- Valid configurations ---------------------------------------------------------------- */

static void without_a_file_there_are_defaults(void **state)
{
	struct config config;

	(void)state;
	assert_int_equal(read_text(&config, ""), 0);
	assert_string_equal(said, "");
	assert_string_equal(config.device, "/dev/vmclock0");
	assert_string_equal(config.folder, "/run/vmclock");
	assert_string_equal(config.chronyc, "/usr/bin/chronyc");
	assert_null(config.chronyd_socket);
	assert_string_equal(config.busctl, "/usr/bin/busctl");
	assert_string_equal(config.systemctl, "/usr/bin/systemctl");
	assert_string_equal(config.hooks, "/etc/vmclock/hooks.d");
	assert_string_equal(config.clockbound_path, "/var/run/clockbound/shm0");
	assert_int_equal(config.clockbound, 0);
	assert_int_equal(config.source_smears, 0);
	assert_null(config.metrics);
	assert_int_equal(config.hook_timeout, INT64_C(10000000000));
	assert_int_equal(config.mode, MODE_ACT);
	assert_int_equal(config.ntp, NTP_AUTO);
	assert_int_equal(config.step, STEP_ALWAYS);
	assert_int_equal(config.step_min, 2000);
	assert_int_equal(config.step_max, 0);
	assert_int_equal(config.step_back_max, 1000000000);
	assert_int_equal(config.step_max_error, 1000000);
	assert_int_equal(config.trusted_max_error, 100000000);
	assert_int_equal(config.slew_max, 101000000);
	done(&config);
}

static void each_path_is_taken(void **state)
{
	static const struct {
		const char *key;
		size_t offset;
	} keys[] = {
		{ "device", offsetof(struct config, device) },
		{ "folder", offsetof(struct config, folder) },
		{ "chronyc", offsetof(struct config, chronyc) },
		{ "chronyd_socket", offsetof(struct config, chronyd_socket) },
		{ "busctl", offsetof(struct config, busctl) },
		{ "systemctl", offsetof(struct config, systemctl) },
		{ "hooks", offsetof(struct config, hooks) },
		{ "clockbound_path", offsetof(struct config, clockbound_path) },
		{ "metrics", offsetof(struct config, metrics) },
	};
	struct config config;
	char line[100];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		snprintf(line, sizeof(line), "%s = /some/where else\n", keys[i].key);
		assert_int_equal(read_text(&config, line), 0);
		assert_string_equal(*(char **)((char *)&config + keys[i].offset),
				    "/some/where else");
		done(&config);

		snprintf(line, sizeof(line), "%s = some/where\n", keys[i].key);
		assert_int_equal(read_text(&config, line), -1);
		snprintf(line, sizeof(line),
			 NAME ":1: %s: 'some/where' is not an absolute path\n", keys[i].key);
		assert_string_equal(said, line);
		done(&config);

		snprintf(line, sizeof(line), "%s =\n", keys[i].key);
		assert_int_equal(read_text(&config, line), -1);
		done(&config);
	}
}

static void no_folder_is_taken_for_a_file(void **state)
{
	static const char *const files[] = { "device", "chronyc", "chronyd_socket", "busctl",
					     "systemctl", "clockbound_path", "metrics" };
	struct config config;
	char line[100], expected[200];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(line, sizeof(line), "%s = /some/where/\n", files[i]);
		snprintf(expected, sizeof(expected),
			 NAME ":1: %s: '/some/where/' is a folder: give a file\n", files[i]);
		is_wrong(line, expected);
	}
	assert_int_equal(read_text(&config, "folder = /some/where/\nhooks = /\n"), 0);
	done(&config);
}

/* The kernel's limit. */
static void a_sockets_path_is_short(void **state)
{
	struct config config;
	char line[200];

	(void)state;
	snprintf(line, sizeof(line), "chronyd_socket = /%0106d\n", 0);
	assert_int_equal(read_text(&config, line), 0);
	done(&config);
	snprintf(line, sizeof(line), "chronyd_socket = /%0107d\n", 0);
	is_wrong(line, NAME ":1: chronyd_socket: the path is longer than 107 characters\n");
}

static void each_word_is_taken(void **state)
{
	static const struct {
		const char *key, *word;
		size_t offset;
		int value;
	} words[] = {
		{ "clockbound", "yes", offsetof(struct config, clockbound), 1 },
		{ "clockbound", "no", offsetof(struct config, clockbound), 0 },
		{ "source_smears", "yes", offsetof(struct config, source_smears), 1 },
		{ "source_smears", "no", offsetof(struct config, source_smears), 0 },
		{ "mode", "act", offsetof(struct config, mode), MODE_ACT },
		{ "mode", "observe", offsetof(struct config, mode), MODE_OBSERVE },
		{ "ntp", "auto", offsetof(struct config, ntp), NTP_AUTO },
		{ "ntp", "chrony", offsetof(struct config, ntp), NTP_CHRONY },
		{ "ntp", "timesyncd", offsetof(struct config, ntp), NTP_TIMESYNCD },
		{ "ntp", "ntpsec", offsetof(struct config, ntp), NTP_NTPSEC },
		{ "ntp", "none", offsetof(struct config, ntp), NTP_NONE },
		{ "step", "always", offsetof(struct config, step), STEP_ALWAYS },
		{ "step", "forward", offsetof(struct config, step), STEP_FORWARD },
		{ "step", "never", offsetof(struct config, step), STEP_NEVER },
	};
	struct config config;
	char line[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		snprintf(line, sizeof(line), "%s = %s\n", words[i].key, words[i].word);
		assert_int_equal(read_text(&config, line), 0);
		assert_int_equal(*(int *)((char *)&config + words[i].offset), words[i].value);
		done(&config);
		if (!strcmp(words[i].key, "ntp"))
			assert_string_equal(config_ntp_name((enum config_ntp)words[i].value),
					    words[i].word);
	}
	is_wrong("mode = Act\n", NAME ":1: mode: 'Act' is not one of act, observe\n");
	is_wrong("ntp =\n",
		 NAME ":1: ntp: '' is not one of auto, chrony, timesyncd, ntpsec, none\n");
	is_wrong("step = alway\n",
		 NAME ":1: step: 'alway' is not one of always, forward, never\n");
}

static void each_time_is_taken(void **state)
{
	static const struct {
		const char *key;
		size_t offset;
	} keys[] = {
		{ "hook_timeout", offsetof(struct config, hook_timeout) },
		{ "step_min", offsetof(struct config, step_min) },
		{ "step_max", offsetof(struct config, step_max) },
		{ "step_back_max", offsetof(struct config, step_back_max) },
		{ "step_max_error", offsetof(struct config, step_max_error) },
		{ "trusted_max_error", offsetof(struct config, trusted_max_error) },
		{ "slew_max", offsetof(struct config, slew_max) },
	};
	static const char *const bad[] = { "", "1", "1 fortnight", "-1ms", "ms", "1ms1", "1e30s" };
	struct config config;
	char line[100];
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		snprintf(line, sizeof(line), "%s = 0.5s\n", keys[i].key);
		assert_int_equal(read_text(&config, line), 0);
		assert_int_equal(*(int64_t *)((char *)&config + keys[i].offset), 500000000);
		done(&config);
		for (j = 0; j < sizeof(bad) / sizeof(bad[0]); j++) {
			snprintf(line, sizeof(line), "%s = %s\n", keys[i].key, bad[j]);
			assert_int_equal(read_text(&config, line), -1);
			snprintf(line, sizeof(line),
				 NAME ":1: %s: '%s' is not a length of time; ", keys[i].key, bad[j]);
			assert_int_equal(strncmp(said, line, strlen(line)), 0);
			done(&config);
		}
	}
}

/* With 0, no hook would run, or no clock would be trusted. */
static void some_times_are_not_0(void **state)
{
	static const char *const keys[] = { "hook_timeout", "step_max_error", "trusted_max_error" };
	char line[100], expected[200];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		snprintf(line, sizeof(line), "%s = 0\n", keys[i]);
		snprintf(expected, sizeof(expected), NAME ":1: %s: '0' is too short: give more than 0\n",
			 keys[i]);
		is_wrong(line, expected);
	}
}

/* Editors for Windows put a byte order mark at the beginning of a file. */
static void a_byte_order_mark_is_nothing(void **state)
{
	struct config config;

	(void)state;
	assert_int_equal(read_text(&config, "\xef\xbb\xbf# a comment\r\nmode = observe\r\n"), 0);
	assert_int_equal(config.mode, MODE_OBSERVE);
	done(&config);
	assert_int_equal(read_text(&config, "\xef\xbb\xbfmode = observe\n"), 0);
	assert_int_equal(config.mode, MODE_OBSERVE);
	done(&config);
	assert_int_equal(read_text(&config, "\xef\xbb\xbf\n"), 0);
	done(&config);
	is_wrong("\xef\xbb\xbf[clock]\n", NAME ":1: there are no sections: remove '[clock]'\n");
}

static void the_form_is_free(void **state)
{
	struct config config;

	(void)state;
	assert_int_equal(read_text(&config, "# a comment\n"
					    "; another one\n"
					    "\n"
					    "  \t\n"
					    "mode=observe ; why\n"
					    "   step   =   never   \r\n"
					    "ntp = none"), 0);
	assert_string_equal(said, "");
	assert_int_equal(config.mode, MODE_OBSERVE);
	assert_int_equal(config.step, STEP_NEVER);
	assert_int_equal(config.ntp, NTP_NONE);
	done(&config);
}

/* ---- Mistakes ---------------------------------------------------------------------------- */

static void unknown_keys_are_refused(void **state)
{
	(void)state;
	is_wrong("# ours\n\nsteps = never\n",
		 NAME ":3: there is no key 'steps'; vmclockd.conf(5) lists all keys\n");
	is_wrong("Mode = act\n",
		 NAME ":1: there is no key 'Mode'; vmclockd.conf(5) lists all keys\n");
	is_wrong("= act\n", NAME ":1: there is no key ''; vmclockd.conf(5) lists all keys\n");
}

static void sections_are_refused(void **state)
{
	(void)state;
	is_wrong("mode = act\n[clock]\nstep = never\n",
		 NAME ":2: there are no sections: remove '[clock]'\n");
	/* The same for an empty section, and for half of one. */
	is_wrong("  [clock]\n", NAME ":1: there are no sections: remove '[clock]'\n");
	is_wrong("[clock\n", NAME ":1: there are no sections: remove '[clock'\n");
}

static void other_lines_are_refused(void **state)
{
	(void)state;
	is_wrong("mode = act\nobserve\n", NAME ":2: neither 'key = value' nor a comment\n");
	is_wrong("observe", NAME ":1: neither 'key = value' nor a comment\n");
	/* Nor does a line go on in the next. */
	is_wrong("device = /dev/vmclock1\n  /dev/vmclock2\n",
		 NAME ":2: neither 'key = value' nor a comment\n");
}

static void each_mistake_is_told(void **state)
{
	(void)state;
	is_wrong("mode = on\n"
		 "observe\n"
		 "step_min = 2us\n"
		 "step_max = many\n"
		 "never\n"
		 "color = red\n",
		 NAME ":1: mode: 'on' is not one of act, observe\n"
		 NAME ":2: neither 'key = value' nor a comment\n"
		 NAME ":4: step_max: 'many' is not a length of time; for example 1ms, 20us or 0.5s\n"
		 NAME ":5: neither 'key = value' nor a comment\n"
		 NAME ":6: there is no key 'color'; vmclockd.conf(5) lists all keys\n");
}

static void a_key_may_be_there_once(void **state)
{
	(void)state;
	is_wrong("mode = act\nstep = never\nmode = observe\n",
		 NAME ":3: mode: already set in line 1\n");
	is_wrong("device = /dev/vmclock1\n device = /dev/vmclock2\n",
		 NAME ":2: device: already set in line 1\n");
}

/* The rest of a line that is too long must not become a line of its own. */
/* A file that is none of vmclockd's would fill the log. */
static void the_first_mistakes_are_told(void **state)
{
	char text[9 * 30] = "", lines[21 * 60] = "";
	int i;

	(void)state;
	for (i = 1; i <= 30; i++) {
		strcat(text, "nothing\n");
		if (i <= 20)
			sprintf(lines + strlen(lines),
				NAME ":%d: neither 'key = value' nor a comment\n", i);
	}
	strcat(lines, NAME ": there are more mistakes; these are the first 20\n");
	is_wrong(text, lines);
	/* Behind them, nothing is set and nothing is lost. */
	strcat(text, "device = /dev/vmclock1\n");
	is_wrong(text, lines);
}

#define LARGEST (1 << 20)

static void large_files_are_refused(void **state)
{
	static char text[LARGEST + 1];
	struct config config;

	(void)state;
	memset(text, '#', sizeof(text));
	assert_int_equal(read_bytes(&config, text, LARGEST), 0);
	assert_string_equal(said, "");
	done(&config);
	assert_int_equal(read_bytes(&config, text, LARGEST + 1), -1);
	assert_string_equal(said, "cannot read " NAME ": it is larger than 1 MiB\n");
	done(&config);
}

static void long_lines_are_refused(void **state)
{
	char text[4000];
	int length;

	(void)state;
	for (length = 150; length < 1100; length++) {
		struct config config;

		snprintf(text, sizeof(text), "device = /%0*d\nstep=never\nfoo = 1\n", length, 0);
		assert_int_equal(read_text(&config, text), -1);
		if (strncmp(said, NAME ":1: ", strlen(NAME ":1: ")) != 0)
			/* Short enough: only the last line is a mistake, and nothing is lost. */
			assert_int_equal(strlen(config.device), length + 1);
		else
			assert_non_null(strstr(said, ":1: the line is longer than "));
		assert_non_null(strstr(said, NAME ":3: there is no key 'foo'"));
		assert_int_equal(config.step, STEP_NEVER);
		done(&config);
	}
	/* The last lines were too long. */
	assert_non_null(strstr(said, ":1: the line is longer than "));
}

static void long_comments_are_none_but_comments(void **state)
{
	char text[4000];
	int length;

	(void)state;
	for (length = 150; length < 1100; length++) {
		struct config config;

		snprintf(text, sizeof(text), " # %0*d mode = observe\nstep = never\n", length, 0);
		assert_int_equal(read_text(&config, text), 0);
		assert_string_equal(said, "");
		assert_int_equal(config.mode, MODE_ACT);
		assert_int_equal(config.step, STEP_NEVER);
		done(&config);
	}
}

static void what_is_no_text_is_refused(void **state)
{
	static const char zero[] = "mode = act\0observe\nstep = never\n";
	struct config config;

	(void)state;
	assert_int_equal(read_bytes(&config, zero, sizeof(zero) - 1), -1);
	assert_string_equal(said, NAME ":1: there is a NUL in the line\n");
	done(&config);
}

/* ---- Files that are not there ------------------------------------------------------------ */

static void what_is_asked_for_must_be_there(void **state)
{
	struct config config;

	(void)state;
	unlink(path);
	assert_int_equal(read_path(&config, path), -1);
	assert_string_equal(said, "cannot read " NAME ": No such file or directory\n");
	done(&config);
}

/* conf.c is compiled with this path in place of the real one. */
static void what_nobody_asked_for_need_not_be(void **state)
{
	struct config config;

	(void)state;
	assert_int_not_equal(access(CONFIG_PATH, F_OK), 0);
	assert_int_equal(read_path(&config, NULL), 0);
	assert_string_equal(said, "");
	assert_string_equal(config.device, "/dev/vmclock0");
	done(&config);
}

static void what_cannot_be_read_is_told(void **state)
{
	struct config config;

	(void)state;
	unlink(path);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(read_path(&config, path), -1);
	assert_string_equal(said, "cannot read " NAME ": Is a directory\n");
	done(&config);
	assert_int_equal(rmdir(path), 0);

	if (!geteuid())
		return; /* root may read all */
	write_file("", 0);
	assert_int_equal(chmod(path, 0), 0);
	assert_int_equal(read_path(&config, path), -1);
	assert_string_equal(said, "cannot read " NAME ": Permission denied\n");
	done(&config);
}

/* Opening a pipe that nobody writes to would wait for ever. */
static void a_pipe_is_no_configuration(void **state)
{
	struct config config;

	(void)state;
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(read_path(&config, path), -1);
	assert_string_equal(said, "cannot read " NAME ": it is not a regular file\n");
	done(&config);
	assert_int_equal(read_path(&config, "/dev/zero"), -1);
	assert_string_equal(said, "cannot read /dev/zero: it is not a regular file\n");
	done(&config);
	/* The way to ask for the defaults. */
	assert_int_equal(read_path(&config, "/dev/null"), 0);
	assert_string_equal(said, "");
	done(&config);
}

static void without_memory_it_says_so(void **state)
{
	struct config config;
	int i;

	(void)state;
	write_file("device = /dev/vmclock1\n", strlen("device = /dev/vmclock1\n"));
	for (i = 1; i <= 6; i++) {
		failing = i;
		assert_int_equal(read_path(&config, path), -1);
		assert_int_equal(failing, 0);
		assert_non_null(strstr(said, ": no memory\n"));
		done(&config);
	}
	is_right("device = /dev/vmclock1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_file_there_are_defaults),
		cmocka_unit_test(each_path_is_taken),
		cmocka_unit_test(no_folder_is_taken_for_a_file),
		cmocka_unit_test(a_sockets_path_is_short),
		cmocka_unit_test(each_word_is_taken),
		cmocka_unit_test(each_time_is_taken),
		cmocka_unit_test(some_times_are_not_0),
		cmocka_unit_test(a_byte_order_mark_is_nothing),
		cmocka_unit_test(the_form_is_free),
		cmocka_unit_test(unknown_keys_are_refused),
		cmocka_unit_test(sections_are_refused),
		cmocka_unit_test(other_lines_are_refused),
		cmocka_unit_test(each_mistake_is_told),
		cmocka_unit_test(a_key_may_be_there_once),
		cmocka_unit_test(the_first_mistakes_are_told),
		cmocka_unit_test(large_files_are_refused),
		cmocka_unit_test(long_lines_are_refused),
		cmocka_unit_test(long_comments_are_none_but_comments),
		cmocka_unit_test(what_is_no_text_is_refused),
		cmocka_unit_test(what_is_asked_for_must_be_there),
		cmocka_unit_test(what_nobody_asked_for_need_not_be),
		cmocka_unit_test(what_cannot_be_read_is_told),
		cmocka_unit_test(a_pipe_is_no_configuration),
		cmocka_unit_test(without_memory_it_says_so),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
