// SPDX-License-Identifier: MIT
/* A file that is always whole, and a disk that hangs: nobody waits for it. */
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "textfile.h"
#include "unit.h"

/* ---- A disk that hangs: textfile.c is compiled with this rename ---------------------------- */

#undef rename
int rename(const char *from, const char *to);
int slow_rename(const char *from, const char *to);

static bool hangs;
static int fails; /* an error */
static sem_t begun, thawed;

int slow_rename(const char *from, const char *to)
{
	if (__atomic_load_n(&hangs, __ATOMIC_ACQUIRE)) {
		sem_post(&begun);
		sem_wait(&thawed);
	}
	errno = __atomic_load_n(&fails, __ATOMIC_ACQUIRE);
	if (errno)
		return -1;
	return rename(from, to);
}

static char said[1024];

void say(int level, const char *fmt, ...)
{
	size_t length = strlen(said);
	va_list args;

	(void)level;
	va_start(args, fmt);
	vsnprintf(said + length, sizeof(said) - length, fmt, args);
	va_end(args);
}

static char folder[] = "/tmp/vmclock-textfile.XXXXXX";
static char path[sizeof(folder) + 10];
static struct textfile file;

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/text", folder);
	return sem_init(&begun, 0, 0) || sem_init(&thawed, 0, 0);
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static const char *content(void)
{
	static char text[64];
	ssize_t length = -1;
	int fd = open(path, O_RDONLY);

	if (fd >= 0) {
		length = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	text[length > 0 ? length : 0] = '\0';
	return text;
}

static void put(const char *text)
{
	char *copy = strdup(text);

	assert_non_null(copy);
	textfile_put(&file, copy);
}

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- Tests -------------------------------------------------------------------------------- */

static void the_end_writes_the_last_text(void **state)
{
	(void)state;
	assert_int_equal(textfile_start(&file, path), 0);
	put("first");
	put("last");
	textfile_stop(&file);
	assert_string_equal(content(), "last");
	assert_string_equal(said, "");
}

#define LONG  50000
#define TEXTS 200

/* Puts a text of one letter, so that a mixture or a part would be seen. */
static void put_long(int number)
{
	char *text = malloc(LONG + 1);

	assert_non_null(text);
	memset(text, 'a' + number % 26, LONG);
	text[LONG] = '\0';
	textfile_put(&file, text);
}

static void it_is_whole_at_any_time(void **state)
{
	static char text[LONG + 1];
	int fd, put_last = 0, seen = 0;
	size_t same, length;
	char before = '\0';
	FILE *in;

	(void)state;
	assert_int_equal(textfile_start(&file, path), 0);
	put_long(0);
	while (seen < TEXTS) {
		fd = open(path, O_RDONLY);
		if (fd < 0 && !seen)
			continue;
		in = fdopen(fd, "r");
		assert_non_null(in);
		length = fread(text, 1, sizeof(text), in);
		fclose(in);
		if (!seen && *text == 'l')
			continue;
		assert_int_equal(length, LONG);
		for (same = 1; same < length && text[same] == *text; same++)
			;
		assert_int_equal(same, length);
		if (*text != before)
			seen++;
		before = *text;
		put_long(++put_last);
	}
	put("last");
	textfile_stop(&file);
	assert_string_equal(content(), "last");
}

static void nobody_waits_for_a_disk(void **state)
{
	(void)state;
	__atomic_store_n(&hangs, true, __ATOMIC_RELEASE);
	assert_int_equal(textfile_start(&file, path), 0);
	put("hangs");
	assert_int_equal(sem_wait(&begun), 0);
	/* If these calls waited, they would wait for ever. */
	put("in between");
	put("later");
	assert_string_equal(content(), "last");
	__atomic_store_n(&hangs, false, __ATOMIC_RELEASE);
	sem_post(&thawed);
	textfile_stop(&file);
	assert_string_equal(content(), "later");
}

static void the_end_does_not_wait_for_ever(void **state)
{
	int64_t began;

	(void)state;
	__atomic_store_n(&hangs, true, __ATOMIC_RELEASE);
	assert_int_equal(textfile_start(&file, path), 0);
	put("lost");
	assert_int_equal(sem_wait(&begun), 0);
	began = now();
	textfile_stop(&file);
	assert_uint_in_range(now() - began, 900, 60000);
	assert_string_equal(content(), "later");
	__atomic_store_n(&hangs, false, __ATOMIC_RELEASE);
	sem_post(&thawed);
	assert_int_equal(pthread_join(file.writer, NULL), 0);
	free(file.unfinished);
}

static void a_sandbox_is_told_with_the_way_out(void **state)
{
	static const struct {
		int error;
		const char *hint;
	} errors[] = {
		{ EROFS, ": Read-only file system (for a unit of systemd's: ReadWritePaths=): " },
		{ ENOSPC, ": No space left on device: " },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		*said = '\0';
		__atomic_store_n(&fails, errors[i].error, __ATOMIC_RELEASE);
		assert_int_equal(textfile_start(&file, path), 0);
		put("refused");
		textfile_stop(&file);
		assert_non_null(strstr(said, errors[i].hint));
	}
	__atomic_store_n(&fails, 0, __ATOMIC_RELEASE);
}

static int make_pipe(void)
{
	return mkfifo(path, 0600);
}

static int make_link(void)
{
	return symlink("/dev/null", path);
}

static int make_folder(void)
{
	return mkdir(path, 0700);
}

/* If metrics = /dev/null put a file there, many other programs would fail. */
static void only_a_file_is_replaced(void **state)
{
	static int (*const make[])(void) = { make_pipe, make_link, make_folder };
	struct stat st;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(make) / sizeof(make[0]); i++) {
		unlink(path);
		assert_int_equal(make[i](), 0);
		*said = '\0';
		assert_int_equal(textfile_start(&file, path), 0);
		put("refused");
		textfile_stop(&file);
		assert_non_null(strstr(said, "/text: it is not a regular file: the metrics there "
					     "are not renewed"));
		assert_int_equal(lstat(path, &st), 0);
		assert_false(S_ISREG(st.st_mode));
	}
	assert_int_equal(rmdir(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_end_writes_the_last_text),
		cmocka_unit_test(it_is_whole_at_any_time),
		cmocka_unit_test(nobody_waits_for_a_disk),
		cmocka_unit_test(a_sandbox_is_told_with_the_way_out),
		cmocka_unit_test(the_end_does_not_wait_for_ever),
		cmocka_unit_test(only_a_file_is_replaced),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
