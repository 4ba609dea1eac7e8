// SPDX-License-Identifier: MIT
/* Files in /run/vmclock: which ones are accepted, and what the next process keeps. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "runfile.h"
#include "state.h"
#include "unit.h"

#define STATE  VMCLOCK_RUN_STATE_NAME
#define SIZE   VMCLOCK_RUN_STATE_SIZE
#define NOBODY 65534

static char base[] = "/tmp/vmclock-state.XXXXXX";
static char folder[sizeof(base) + 10];
static char said[1024];

void say(int level, const char *fmt, ...)
{
	size_t length = strlen(said);
	va_list args;

	assert_int_equal(level, LOG_ERR);
	va_start(args, fmt);
	vsnprintf(said + length, sizeof(said) - length, fmt, args);
	va_end(args);
	length = strlen(said);
	snprintf(said + length, sizeof(said) - length, "\n");
}

/* The log has one line, which names the file and has this end. */
static void assert_said(const char *name, const char *end)
{
	size_t length = strlen(said), tail = strlen(end);

	assert_int_equal(strchr(said, '\n') - said, length - 1);
	assert_non_null(strstr(said, name));
	assert_true(length > tail);
	said[length - 1] = '\0';
	assert_string_equal(said + length - 1 - tail, end);
	*said = '\0';
}

static const char *path_of(const char *name)
{
	static char path[200];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

/* Each test begins without a folder. */
static int setup(void **state)
{
	(void)state;
	snprintf(base, sizeof(base), "/tmp/vmclock-state.XXXXXX");
	if (!mkdtemp(base))
		return -1;
	snprintf(folder, sizeof(folder), "%s/run", base);
	*said = '\0';
	return 0;
}

static int teardown(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", base);
	return system(command);
}

static unsigned int mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static void make_file(const char *name, size_t size, mode_t mode)
{
	int fd = open(path_of(name), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void make_folder(mode_t mode)
{
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(chmod(folder, mode), 0);
}

/* ---- Files -------------------------------------------------------------------------------- */

static void they_are_made_for_all_to_read(void **state)
{
	static const mode_t masks[] = { 0, 022, 077 };
	unsigned char *map;
	size_t i, j;
	bool made;

	(void)state;
	for (i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		mode_t before = umask(masks[i]);

		map = runfile_map(folder, "file", SIZE, &made);
		umask(before);
		assert_non_null(map);
		assert_string_equal(said, "");
		assert_true(made);
		for (j = 0; j < SIZE; j++)
			assert_int_equal(map[j], 0);
		assert_int_equal(mode_of(folder), 0755);
		assert_int_equal(mode_of(path_of("file")), 0644);
		munmap(map, SIZE);
		unlink(path_of("file"));
		assert_int_equal(rmdir(folder), 0);
	}
}

static void what_is_written_is_in_the_file(void **state)
{
	unsigned char *map, *again;
	bool made;

	(void)state;
	map = runfile_map(folder, "file", SIZE, &made);
	assert_non_null(map);
	map[SIZE - 1] = 77;
	again = runfile_map(folder, "file", SIZE, &made);
	assert_non_null(again);
	assert_false(made);
	assert_int_equal(again[SIZE - 1], 77);
	/* The same inode: earlier mappings see the change. */
	again[0] = 78;
	assert_int_equal(map[0], 78);
	munmap(map, SIZE);
	munmap(again, SIZE);
}

static void is_refused(const char *end)
{
	bool made;

	assert_null(runfile_map(folder, "file", SIZE, &made));
	assert_said(path_of("file"), end);
	assert_null(runfile_copy(folder, "file", SIZE));
	assert_said(path_of("file"), end);
}

static void others_in_their_place_are_refused(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	(void)state;
	make_folder(0755);
	make_file("other", SIZE, 0644);

	assert_int_equal(symlink("other", path_of("file")), 0);
	is_refused(" is a link: remove it");
	unlink(path_of("file"));

	make_file("file", SIZE - 1, 0644);
	is_refused(" has another size: remove it");
	unlink(path_of("file"));
	make_file("file", SIZE + 1, 0644);
	is_refused(" has another size: remove it");
	unlink(path_of("file"));

	make_file("file", SIZE, 0664);
	is_refused(" can be written by others: remove it");
	unlink(path_of("file"));
	make_file("file", SIZE, 0646);
	is_refused(" can be written by others: remove it");
	unlink(path_of("file"));

	assert_int_equal(mkfifo(path_of("file"), 0600), 0);
	is_refused(" is not a regular file: remove it");
	unlink(path_of("file"));

	assert_int_equal(mkdir(path_of("file"), 0755), 0);
	is_refused(" is not a regular file: remove it");
	rmdir(path_of("file"));

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/file", folder);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	is_refused(" is not a regular file: remove it");
	close(fd);

	/* None of them was changed. */
	assert_int_equal(mode_of(path_of("other")), 0644);
}

static void the_files_of_others_are_refused(void **state)
{
	bool made;

	(void)state;
	if (geteuid())
		return; /* only root can make such */
	make_folder(0755);
	make_file("file", SIZE, 0644);
	assert_int_equal(chown(path_of("file"), NOBODY, NOBODY), 0);
	is_refused(" belongs to somebody else: remove it");

	assert_int_equal(chown(path_of("file"), 0, 0), 0);
	assert_int_equal(chown(folder, NOBODY, NOBODY), 0);
	assert_null(runfile_map(folder, "file", SIZE, &made));
	assert_said(folder, "/run belongs to somebody else: remove it");
	assert_int_equal(runfile_lock(folder), -1);
	assert_said(folder, "/run belongs to somebody else: remove it");
}

static void other_folders_are_refused(void **state)
{
	bool made;

	(void)state;
	make_folder(0775);
	assert_null(runfile_map(folder, "file", SIZE, &made));
	assert_said(folder, "/run can be written by others: remove it");
	assert_null(runfile_copy(folder, "file", SIZE));
	assert_said(folder, "/run can be written by others: remove it");
	assert_int_equal(chmod(folder, 0757), 0);
	assert_null(runfile_map(folder, "file", SIZE, &made));
	assert_said(folder, "/run can be written by others: remove it");
	rmdir(folder);

	assert_int_equal(symlink("/", folder), 0);
	assert_null(runfile_map(folder, "file", SIZE, &made));
	assert_said(folder, "/run is not a folder: remove it");
	assert_null(runfile_copy(folder, "file", SIZE));
	assert_said(folder, "/run is not a folder: remove it");
	assert_int_equal(runfile_lock(folder), -1);
	assert_said(folder, "/run is not a folder: remove it");
	unlink(folder);

	snprintf(folder, sizeof(folder), "%s/a/b", base);
	assert_null(runfile_map(folder, "file", SIZE, &made));
	assert_said(folder, ": No such file or directory");
}

static void a_full_disk_is_an_error(void **state)
{
	bool made;

	(void)state;
	/* More than a file can have. */
	assert_null(runfile_map(folder, "file", INT64_MAX, &made));
	assert_said(path_of("file"), ": File too large");
	assert_int_equal(access(path_of("file"), F_OK), -1);
}

static void copies_change_nothing(void **state)
{
	unsigned char *copy, *map;
	bool made;

	(void)state;
	copy = runfile_copy(folder, "file", SIZE);
	assert_non_null(copy);
	copy[0] = 1;
	munmap(copy, SIZE);
	assert_int_equal(access(folder, F_OK), -1);

	map = runfile_map(folder, "file", SIZE, &made);
	assert_non_null(map);
	map[0] = 77;
	copy = runfile_copy(folder, "file", SIZE);
	assert_non_null(copy);
	assert_int_equal(copy[0], 77);
	copy[0] = 1;
	assert_int_equal(map[0], 77);
	munmap(copy, SIZE);
	munmap(map, SIZE);

	copy = runfile_copy(folder, "other", SIZE);
	assert_non_null(copy);
	assert_int_equal(copy[0], 0);
	munmap(copy, SIZE);
	assert_int_equal(access(path_of("other"), F_OK), -1);

	/* An empty file may be left by a process that was killed. */
	make_file("empty", 0, 0644);
	copy = runfile_copy(folder, "empty", SIZE);
	assert_non_null(copy);
	assert_int_equal(copy[SIZE - 1], 0);
	munmap(copy, SIZE);
	assert_string_equal(said, "");
}

static void one_writes(void **state)
{
	int first, second;

	(void)state;
	first = runfile_lock(folder);
	assert_true(first >= 0);
	assert_int_equal(mode_of(path_of("lock")), 0600);
	assert_int_equal(runfile_lock(folder), -1);
	assert_said(folder, "/run");
	close(first);
	/* The lock works also with a file that others could open. */
	assert_int_equal(chmod(path_of("lock"), 0644), 0);
	second = runfile_lock(folder);
	assert_true(second >= 0);
	assert_int_equal(mode_of(path_of("lock")), 0600);
	close(second);
}

/* ---- The state ------------------------------------------------------------------------------ */

static struct vmclock_run_state read_state(void)
{
	struct vmclock_run_state found;
	int fd = open(path_of(STATE), O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, &found, sizeof(found)), sizeof(found));
	close(fd);
	return found;
}

static void write_at(size_t offset, const void *bytes, size_t length)
{
	int fd = open(path_of(STATE), O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, length, (off_t)offset), length);
	close(fd);
}

static void end(struct state *state)
{
	munmap(state->copies[0].live, SIZE);
	if (state->lock >= 0)
		close(state->lock);
}

/* Leaves the state of an earlier vmclockd. */
static void leave_state(void)
{
	struct state state;

	assert_int_equal(state_open(&state, folder, "/dev/vmclock0", false), 0);
	state.next.marker = htole64(17);
	state.next.disruptions = htole64(3);
	state.next.last_trusted_sec = htole64(1767225600);
	state.next.trust = VMCLOCK_RUN_TRUSTED;
	state_publish(&state);
	end(&state);
}

static void opens(bool resumed)
{
	struct state state;

	assert_int_equal(state_open(&state, folder, "/dev/vmclock0", false), 0);
	assert_string_equal(said, "");
	assert_int_equal(state.resumed, resumed);
	assert_int_equal(le64toh(state.next.marker), resumed ? 17 : 0);
	assert_int_equal(le64toh(state.next.disruptions), resumed ? 3 : 0);
	assert_int_equal(le64toh(state.next.last_trusted_sec), resumed ? 1767225600 : 0);
	assert_int_equal(state.next.trust, resumed ? VMCLOCK_RUN_TRUSTED : VMCLOCK_RUN_UNKNOWN);
	end(&state);
}

static void the_first_is_new(void **state)
{
	struct vmclock_run_state found;

	(void)state;
	opens(false);
	/* Nothing is published yet. */
	found = read_state();
	assert_int_equal(le32toh(found.seq_count) & 1, 1);
	opens(false);

	teardown(NULL);
	setup(NULL);
	leave_state();
	found = read_state();
	assert_int_equal(le32toh(found.magic), VMCLOCK_RUN_STATE_MAGIC);
	assert_int_equal(le32toh(found.size), sizeof(found));
	assert_int_equal(le16toh(found.version), VMCLOCK_RUN_STATE_VERSION);
	assert_int_equal(le32toh(found.seq_count) & 1, 0);
	assert_int_equal(le64toh(found.marker), 17);
	assert_int_equal(mode_of(path_of(STATE)), 0644);
}

static void that_of_this_boot_goes_on(void **state)
{
	struct state next;
	uint32_t seq;

	(void)state;
	leave_state();
	seq = le32toh(read_state().seq_count);
	opens(true);

	/* The count is kept, too: a reader that has seen it waits for another. */
	assert_int_equal(state_open(&next, folder, "/dev/vmclock0", false), 0);
	state_publish(&next);
	assert_true(le32toh(read_state().seq_count) > seq);
	end(&next);
}

static void that_of_another_boot_does_not(void **state)
{
	struct vmclock_run_state found;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(found.boot_id); i++) {
		leave_state();
		found = read_state();
		found.boot_id[i] ^= 1;
		write_at(0, &found, sizeof(found));
		write_at(VMCLOCK_RUN_STATE_COPY_SIZE, &found, sizeof(found));
		opens(false);
		unlink(path_of(STATE));
	}
}

static void the_boot_is_told_apart_by_its_id(void **state)
{
	char text[40] = "", ours[40];
	struct vmclock_run_state found;
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	const __u8 *id = found.boot_id;

	(void)state;
	if (fd < 0)
		return; /* no /proc */
	assert_int_equal(read(fd, text, 36), 36);
	close(fd);
	leave_state();
	found = read_state();
	snprintf(ours, sizeof(ours),
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", id[0],
		 id[1], id[2], id[3], id[4], id[5], id[6], id[7], id[8], id[9], id[10], id[11],
		 id[12], id[13], id[14], id[15]);
	assert_string_equal(ours, text);
}

static void of_two_copies_one_goes_on(void **state)
{
	struct vmclock_run_state found;
	struct state next;
	uint32_t seq;
	int i;

	(void)state;
	for (i = 0; i < VMCLOCK_RUN_COPIES; i++) {
		leave_state();
		found = read_state();
		seq = le32toh(found.seq_count) + 1;
		found.seq_count = htole32(seq);
		found.marker = htole64(99);
		write_at((size_t)i * VMCLOCK_RUN_STATE_COPY_SIZE, &found, sizeof(found));
		opens(true);
		unlink(path_of(STATE));
	}

	/* If neither copy is whole, only their counts are kept, and repaired. */
	leave_state();
	for (i = 0; i < VMCLOCK_RUN_COPIES; i++)
		write_at((size_t)i * VMCLOCK_RUN_STATE_COPY_SIZE, &found, sizeof(found));
	opens(false);
	for (i = 0; i < VMCLOCK_RUN_COPIES; i++)
		write_at((size_t)i * VMCLOCK_RUN_STATE_COPY_SIZE, &found, sizeof(found));
	assert_int_equal(state_open(&next, folder, "/dev/vmclock0", false), 0);
	state_publish(&next);
	assert_int_equal(le32toh(read_state().seq_count), seq + 3);
	end(&next);
}

/* ---- Killed at any moment -------------------------------------------------------------------- */

#define FIRST_MARKER 17
#define UPDATES	     3

/* Related fields, so that a mixture of two updates is detected. */
static void write_marker(struct state *state, uint64_t marker)
{
	state->next.marker = htole64(marker);
	state->next.disruptions = htole64(marker - FIRST_MARKER + 3);
	state->next.last_trusted_sec = htole64(1767225600 + marker - FIRST_MARKER);
	state->next.believed.disruption_marker = htole64(marker);
	state_publish(state);
}

/* A vmclockd that opens the state, and publishes. */
static void write_on(void)
{
	struct state state;
	int i;

	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) || raise(SIGSTOP) ||
	    state_open(&state, folder, "/dev/vmclock0", false))
		_exit(1);
	for (i = 1; i <= UPDATES; i++)
		write_marker(&state, le64toh(state.next.marker) + 1);
	_exit(0);
}

static void read_file(unsigned char *content)
{
	int fd = open(path_of(STATE), O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, content, SIZE), SIZE);
	close(fd);
}

static void write_file(const unsigned char *content)
{
	int fd = open(path_of(STATE), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, SIZE), SIZE);
	close(fd);
}

/* Returns the marker that the next process finds, in a folder of its own. */
static uint64_t marker_left(const unsigned char *content)
{
	struct state next;
	char before[sizeof(folder)];
	uint64_t marker, steps;

	memcpy(before, folder, sizeof(folder));
	snprintf(folder, sizeof(folder), "%s/next", base);
	mkdir(folder, 0755);
	write_file(content);
	assert_int_equal(state_open(&next, folder, "/dev/vmclock0", false), 0);
	assert_true(next.resumed);
	marker = le64toh(next.next.marker);
	steps = marker - FIRST_MARKER;
	assert_int_equal(le64toh(next.next.disruptions), 3 + steps);
	assert_int_equal(le64toh(next.next.last_trusted_sec), 1767225600 + steps);
	assert_int_equal(le64toh(next.next.believed.disruption_marker), marker);
	end(&next);
	memcpy(folder, before, sizeof(folder));
	return marker;
}

/*
 * After each instruction of a vmclockd the file is what one finds that is
 * started when the first one was killed there. @torn: receives what it is like
 * in the middle of an update of each copy.
 */
static void check_each_store(unsigned char torn[VMCLOCK_RUN_COPIES][SIZE])
{
	unsigned char content[SIZE], before[SIZE] = { 0 };
	uint64_t marker, first, last;
	int status, stores = 0;
	pid_t writer;

	read_file(content);
	first = last = marker_left(content);
	writer = fork();
	assert_true(writer >= 0);
	if (!writer)
		write_on();
	assert_int_equal(waitpid(writer, &status, 0), writer);
	while (WIFSTOPPED(status)) {
		read_file(content);
		if (memcmp(content, before, SIZE) != 0) {
			marker = marker_left(content);
			assert_true(marker == last || marker == last + 1);
			last = marker;
			memcpy(before, content, SIZE);
			stores++;
			if (torn && stores == 10)
				memcpy(torn[0], content, SIZE);
			if (torn && stores == 40)
				memcpy(torn[1], content, SIZE);
		}
		assert_int_equal(ptrace(PTRACE_SINGLESTEP, writer, NULL, NULL), 0);
		assert_int_equal(waitpid(writer, &status, 0), writer);
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(last, first + UPDATES);
	/* In each copy of each update: two counts, and what has changed. */
	assert_true(stores > VMCLOCK_RUN_COPIES * UPDATES * 5);
}

static void nothing_is_lost_whenever_it_is_killed(void **state)
{
	unsigned char torn[VMCLOCK_RUN_COPIES][SIZE];
	struct state first;
	int i;

	(void)state;
	assert_int_equal(state_open(&first, folder, "/dev/vmclock0", false), 0);
	write_marker(&first, FIRST_MARKER);
	end(&first);
	check_each_store(torn);
	/* The same if the next process is killed while it repairs the file. */
	for (i = 0; i < VMCLOCK_RUN_COPIES; i++) {
		write_file(torn[i]);
		check_each_store(NULL);
	}
}

static void another_layout_does_not(void **state)
{
	static const size_t offsets[] = {
		offsetof(struct vmclock_run_state, magic),
		offsetof(struct vmclock_run_state, size),
		offsetof(struct vmclock_run_state, version),
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		leave_state();
		opens(true);
		leave_state();
		write_at(offsets[i], "\x7f", 1);
		opens(true);
		leave_state();
		write_at(offsets[i], "\x7f", 1);
		write_at(VMCLOCK_RUN_STATE_COPY_SIZE + offsets[i], "\x7f", 1);
		opens(false);
		unlink(path_of(STATE));
	}
}

static void one_vmclockd_has_it(void **state)
{
	struct state first, second;

	(void)state;
	assert_int_equal(state_open(&first, folder, "/dev/vmclock0", false), 0);
	assert_int_equal(state_open(&second, folder, "/dev/vmclock0", false), -1);
	assert_said(folder, "/run");
	end(&first);
	opens(false);
	/* A refused start does not keep the lock. */
	unlink(path_of(STATE));
	make_file(STATE, SIZE + 1, 0644);
	assert_int_equal(state_open(&first, folder, "/dev/vmclock0", false), -1);
	assert_said(folder, "has another size: remove it");
	unlink(path_of(STATE));
	opens(false);
}

static void a_rehearsal_changes_nothing(void **state)
{
	struct vmclock_run_state before, after;
	struct state running, dry;

	(void)state;
	assert_int_equal(state_open(&dry, folder, "/dev/vmclock0", true), 0);
	assert_false(dry.resumed);
	state_publish(&dry);
	end(&dry);
	assert_int_equal(access(folder, F_OK), -1);

	leave_state();
	assert_int_equal(state_open(&running, folder, "/dev/vmclock0", false), 0);
	state_publish(&running);
	before = read_state();
	/* A dry run beside the running one. */
	assert_int_equal(state_open(&dry, folder, "/dev/vmclock0", true), 0);
	assert_string_equal(said, "");
	assert_true(dry.resumed);
	assert_int_equal(le64toh(dry.next.marker), 17);
	dry.next.marker = htole64(18);
	state_publish(&dry);
	after = read_state();
	assert_memory_equal(&before, &after, sizeof(before));
	end(&dry);
	end(&running);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(they_are_made_for_all_to_read),
		TEST(what_is_written_is_in_the_file),
		TEST(others_in_their_place_are_refused),
		TEST(the_files_of_others_are_refused),
		TEST(other_folders_are_refused),
		TEST(a_full_disk_is_an_error),
		TEST(copies_change_nothing),
		TEST(one_writes),
		TEST(the_first_is_new),
		TEST(that_of_this_boot_goes_on),
		TEST(that_of_another_boot_does_not),
		TEST(the_boot_is_told_apart_by_its_id),
		TEST(of_two_copies_one_goes_on),
		TEST(nothing_is_lost_whenever_it_is_killed),
		TEST(another_layout_does_not),
		TEST(one_vmclockd_has_it),
		TEST(a_rehearsal_changes_nothing),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
