// SPDX-License-Identifier: MIT
/* Opening: valid pages, other files, and the errors. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pagefile.h"

/*
 * As the C library has it in a program that runs with more privileges than
 * its caller; the library's call is bound to this. tests/install.sh has such a
 * program.
 */
static bool privileged;

__attribute__((visibility("default")))
char *secure_getenv(const char *name)
{
	return privileged ? NULL : getenv(name);
}

/* The system refuses: these, too, are what the library calls. */
static int fstat_error, map_error, anonymous_map_error, calloc_error, strdup_error;

__attribute__((visibility("default")))
char *strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy;

	if (strdup_error) {
		errno = strdup_error;
		return NULL;
	}
	copy = malloc(size);
	return copy ? memcpy(copy, text, size) : NULL;
}

__attribute__((visibility("default")))
void *calloc(size_t number, size_t size)
{
	void *memory;

	if (calloc_error) {
		errno = calloc_error;
		return NULL;
	}
	/* malloc() and memset() would be compiled to a call of this function. */
	memory = reallocarray(NULL, number, size);
	return memory ? memset(memory, 0, number * size) : NULL;
}

__attribute__((visibility("default")))
int fstat(int fd, struct stat *st)
{
	if (fstat_error) {
		errno = fstat_error;
		return -1;
	}
	return fstatat(fd, "", st, AT_EMPTY_PATH);
}

__attribute__((visibility("default")))
void *mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
	int error = flags & MAP_ANONYMOUS ? anonymous_map_error : map_error;

	if (error) {
		errno = error;
		return MAP_FAILED;
	}
	return (void *)syscall(SYS_mmap, at, len, protection, flags, fd, offset);
}

static struct vmclock *const untouched = (struct vmclock *)0x5a5a;

static int open_error(const char *path)
{
	struct vmclock *vc = untouched;
	int ret = vmclock_open(&vc, path);

	assert_true(ret < 0);
	assert_ptr_equal(vc, untouched);
	return ret;
}

static void opens_a_good_page(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = pagefile_open(pf);

	assert_int_equal(le32toh(vmclock_page(vc)->magic), VMCLOCK_MAGIC);
	assert_true(fcntl(vmclock_fd(vc), F_GETFD) & FD_CLOEXEC);
	vmclock_close(vc);
}

static void close_takes_null_and_keeps_errno(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = pagefile_open(pf);
	int fd = vmclock_fd(vc);

	errno = ERANGE;
	vmclock_close(vc);
	vmclock_close(NULL);
	assert_int_equal(errno, ERANGE);
	assert_int_equal(fcntl(fd, F_GETFD), -1);

	/* Ignore close()'s result: the program had closed it, which it must not do. */
	vc = pagefile_open(pf);
	close(vmclock_fd(vc));
	errno = ERANGE;
	vmclock_close(vc);
	assert_int_equal(errno, ERANGE);
}

static void the_environment_names_the_default(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = NULL;

	setenv("VMCLOCK_PATH", pf->path, 1);
	assert_int_equal(vmclock_open(&vc, NULL), 0);
	assert_string_equal(vmclock_path(vc), pf->path);
	assert_ptr_not_equal(vmclock_path(vc), getenv("VMCLOCK_PATH"));
	vmclock_close(vc);
	/* A path given by the program wins. */
	assert_int_equal(open_error("/nonexistent/vmclock"), -ENOENT);
	setenv("VMCLOCK_PATH", "/nonexistent/vmclock", 1);
	assert_int_equal(open_error(NULL), -ENOENT);
	unsetenv("VMCLOCK_PATH");
}

static bool opens_the_default(const struct pagefile *pf)
{
	struct vmclock *vc = NULL;
	struct stat page, opened;
	int ret = vmclock_open(&vc, NULL);
	bool same;

	/* There is usually no device, but there may be one. */
	if (ret)
		return false;
	assert_int_equal(stat(pf->path, &page), 0);
	assert_int_equal(fstat(vmclock_fd(vc), &opened), 0);
	same = page.st_dev == opened.st_dev && page.st_ino == opened.st_ino;
	vmclock_close(vc);
	return same;
}

static void the_environment_does_not_command_the_privileged(void **state)
{
	struct pagefile *pf = *state;

	setenv("VMCLOCK_PATH", pf->path, 1);
	assert_true(opens_the_default(pf));
	privileged = true;
	assert_false(opens_the_default(pf));
	privileged = false;
	unsetenv("VMCLOCK_PATH");
}

static void refuses_what_is_no_page_file(void **state)
{
	struct pagefile *pf = *state;
	char fifo[96];

	assert_int_equal(open_error("/nonexistent/vmclock"), -ENOENT);
	assert_int_equal(open_error(pf->dir), -EBADMSG);
	assert_int_equal(open_error("/dev/zero"), -EBADMSG);
	assert_int_equal(open_error("/dev/null"), -ENODEV);

	/* Opening must not hang until somebody writes. */
	snprintf(fifo, sizeof(fifo), "%s/fifo", pf->dir);
	assert_int_equal(mkfifo(fifo, 0644), 0);
	alarm(10);
	assert_int_equal(open_error(fifo), -EBADMSG);
	alarm(0);
	unlink(fifo);
}

/* As the path of a device whose driver is gone: open(2) says ENXIO. */
static void a_path_without_device_is_said_so(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct pagefile *pf = *state;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", pf->dir);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(open_error(address.sun_path), -ENODEV);
	unlink(address.sun_path);
	close(fd);
}

/* A session leader without a controlling terminal would get it. */
static void a_terminal_does_not_become_the_controlling_one(void **state)
{
	int pty = posix_openpt(O_RDWR | O_NOCTTY);
	int status;
	pid_t pid;

	(void)state;
	assert_true(pty >= 0);
	assert_int_equal(grantpt(pty) || unlockpt(pty), 0);
	pid = fork();
	if (!pid) {
		struct vmclock *vc;

		_exit(setsid() < 0 || vmclock_open(&vc, ptsname(pty)) >= 0 ||
		      open("/dev/tty", O_RDWR) >= 0 || errno != ENXIO);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(pty);
}

/* The program has closed its standard input. */
static void descriptor_0_is_one_like_any_other(void **state)
{
	int saved = dup(0);
	struct vmclock *vc;

	close(0);
	vc = pagefile_open(*state);
	assert_int_equal(vmclock_fd(vc), 0);
	assert_int_equal(vmclock_marker(vc), 1);
	vmclock_close(vc);
	assert_int_equal(fcntl(0, F_GETFD), -1);
	dup2(saved, 0);
	close(saved);
}

static void no_permission_is_said_so(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = untouched;
	int status;
	pid_t pid;

	chmod(pf->path, 0);
	chmod(pf->dir, 0755);
	pid = fork();
	if (!pid) {
		/* Root reads everything. */
		if (!geteuid() && setuid(65534))
			_exit(2);
		_exit(vmclock_open(&vc, pf->path) != -EACCES || vc != untouched);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

struct bad_page {
	const char *what;
	size_t len;		/* of the file */
	size_t offset;		/* of the field that is changed; 0: magic */
	uint32_t value;
	int error;
};

static const struct bad_page bad_pages[] = {
	{ "an empty file", 0, 0, VMCLOCK_MAGIC, -EBADMSG },
	{ "a file shorter than the least page", 0x1f, 0, VMCLOCK_MAGIC, -EBADMSG },
	{ "a truncated page", 0x70, 0, VMCLOCK_MAGIC, -EBADMSG },
	{ "a page that lacks its last byte", 0xfff, 0, VMCLOCK_MAGIC, -EBADMSG },
	{ "a wrong magic", 4096, 0, VMCLOCK_MAGIC + 1, -EBADMSG },
	{ "no magic", 4096, 0, 0, -EBADMSG },
	{ "size 0", 4096, 4, 0, -EBADMSG },
	{ "size 0x1f", 4096, 4, 0x1f, -EBADMSG },
	{ "a size beyond the file", 4096, 4, 0x1001, -EBADMSG },
	{ "the largest size", 4096, 4, 0xffffffff, -EBADMSG },
	{ "version 2", 4096, 8, 0xff0002, -EPROTONOSUPPORT },
	{ "version 0", 4096, 8, 0xff0000, -EPROTONOSUPPORT },
	{ "version 0x101", 4096, 8, 0xff0101, -EPROTONOSUPPORT },
};

static void refuses_malformed_pages(void **state)
{
	struct pagefile *pf = *state;
	unsigned char good[4096];
	size_t i;

	memcpy(good, pf->page, sizeof(good));
	for (i = 0; i < sizeof(bad_pages) / sizeof(bad_pages[0]); i++) {
		const struct bad_page *bad = &bad_pages[i];
		uint32_t value = htole32(bad->value);
		unsigned char page[4096];

		print_message("  %s\n", bad->what);
		memcpy(page, good, sizeof(page));
		memcpy(page + bad->offset, &value, sizeof(value));
		pagefile_replace(pf, page, bad->len);
		assert_int_equal(open_error(pf->path), bad->error);
	}
}

static void small_sizes_that_are_whole(void **state)
{
	static const size_t sizes[] = { 0x20, 0x68, 0x70, 0x80, 0xfff };
	struct pagefile *pf = *state;
	unsigned char good[4096];
	size_t i;

	memcpy(good, pf->page, sizeof(good));
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct vmclock *vc = NULL;

		((struct vmclock_abi *)good)->size = htole32((uint32_t)sizes[i]);
		pagefile_replace(pf, good, sizes[i]);
		assert_int_equal(vmclock_open(&vc, pf->path), 0);
		assert_int_equal(vmclock_marker(vc), 1);
		vmclock_close(vc);
	}
}

static void a_replaced_file_stays_as_it_was(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = pagefile_open(pf);
	unsigned char other[4096];

	memcpy(other, pf->page, sizeof(other));
	((struct vmclock_abi *)other)->disruption_marker = htole64(77);
	pagefile_replace(pf, other, sizeof(other));
	assert_int_equal(vmclock_marker(vc), 1);
	vmclock_close(vc);

	vc = pagefile_open(pf);
	assert_int_equal(vmclock_marker(vc), 77);
	vmclock_close(vc);
}

/* Of address space: neighbouring mappings may be joined, and are not to be counted. */
static int pages_mapped(void)
{
	FILE *statm = fopen("/proc/self/statm", "r");
	int pages = 0;

	assert_non_null(statm);
	assert_int_equal(fscanf(statm, "%d", &pages), 1);
	fclose(statm);
	return pages;
}

static void nothing_leaks(void **state)
{
	struct pagefile *pf = *state;
	static const unsigned char zeroes[4096];
	unsigned char good[4096];
	int before = dup(0), mapped, i;

	close(before);
	memcpy(good, pf->page, sizeof(good));
	/* Once before, because the C library keeps memory; often, because it may keep some more. */
	vmclock_close(pagefile_open(pf));
	mapped = pages_mapped();
	for (i = 0; i < 20; i++) {
		vmclock_close(pagefile_open(pf));
		pagefile_replace(pf, zeroes, sizeof(zeroes));
		open_error(pf->path);
		pagefile_replace(pf, zeroes, 0x1f);
		open_error(pf->path);
		open_error(pf->dir);
		open_error("/nonexistent/vmclock");
		pagefile_replace(pf, good, sizeof(good));
	}
	assert_uint_in_range(pages_mapped(), mapped - 8, mapped + 8);
	assert_int_equal(dup(0), before);
	close(before);
}

static void what_the_system_says_is_told(void **state)
{
	struct pagefile *pf = *state;
	int before = dup(0);

	close(before);
	fstat_error = EPERM;
	assert_int_equal(open_error(pf->path), -EPERM);
	fstat_error = 0;
	map_error = EAGAIN;
	assert_int_equal(open_error(pf->path), -EAGAIN);
	map_error = 0;
	anonymous_map_error = EAGAIN;
	assert_int_equal(open_error(pf->path), -EAGAIN);
	anonymous_map_error = 0;
	calloc_error = EAGAIN;
	assert_int_equal(open_error(pf->path), -EAGAIN);
	calloc_error = 0;
	strdup_error = EAGAIN;
	assert_int_equal(open_error(pf->path), -EAGAIN);
	strdup_error = 0;
	assert_int_equal(dup(0), before);
	close(before);
}

static void a_fork_reads_on(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = pagefile_open(pf);
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		while (!vmclock_disrupted(vc, 1))
			;
		_exit(vmclock_marker(vc) != 2);
	}
	pagefile_disrupt(pf);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	vmclock_close(vc);
}

static void the_version_is_that_of_the_headers(void **state)
{
	char numbers[32];

	(void)state;
	assert_string_equal(vmclock_version(), VMCLOCK_VERSION);
	snprintf(numbers, sizeof(numbers), "%d.%d.%d", VMCLOCK_VERSION_MAJOR,
		 VMCLOCK_VERSION_MINOR, VMCLOCK_VERSION_PATCH);
	assert_string_equal(numbers, VMCLOCK_VERSION);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, pagefile_setup, pagefile_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(opens_a_good_page),
		TEST(close_takes_null_and_keeps_errno),
		TEST(the_environment_names_the_default),
		TEST(the_environment_does_not_command_the_privileged),
		TEST(refuses_what_is_no_page_file),
		TEST(a_path_without_device_is_said_so),
		TEST(a_terminal_does_not_become_the_controlling_one),
		TEST(descriptor_0_is_one_like_any_other),
		TEST(no_permission_is_said_so),
		TEST(refuses_malformed_pages),
		TEST(small_sizes_that_are_whole),
		TEST(a_replaced_file_stays_as_it_was),
		TEST(nothing_leaks),
		TEST(what_the_system_says_is_told),
		TEST(a_fork_reads_on),
		cmocka_unit_test(the_version_is_that_of_the_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
