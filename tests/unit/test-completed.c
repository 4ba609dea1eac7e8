// SPDX-License-Identifier: MIT
/* The completed page: which files count, and when they give time. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "counter.h"
#include "pagefile.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define NS INT64_C(1000000000)

/* The counter's value at the first reference. */
#define FIRST UINT64_C(1000000000000)
#define TICKS(ns) ((ns) / 2 * 5)

/* ---- What the library calls instead of the C library ------------------------------- */

#define INSTEAD __attribute__((visibility("default")))
#define NOBODY 65534

static bool privileged;

INSTEAD
char *secure_getenv(const char *name)
{
	return privileged ? NULL : getenv(name);
}

/* Another machine's users: who owns what, who asks, and whom this namespace knows. */
static struct {
	bool active;
	uid_t folder, file, user;
	const char *users;		/* /proc/self/uid_map; NULL: it cannot be read */
	const char *nobody;		/* .../overflowuid, alike */
	bool read_only;
} other;

/* Replaces the default folder; and the page's file may count as a device. */
static const char *default_folder = "/nonexistent";
static bool is_device;

INSTEAD
int fstat(int fd, struct stat *st)
{
	if (fstatat(fd, "", st, AT_EMPTY_PATH))
		return -1;
	if (other.active)
		st->st_uid = S_ISDIR(st->st_mode) ? other.folder : other.file;
	if (is_device && st->st_size == 4096 && S_ISREG(st->st_mode))
		st->st_mode = S_IFCHR | 0444;
	return 0;
}

INSTEAD
uid_t geteuid(void)
{
	return other.active ? other.user : (uid_t)syscall(SYS_geteuid);
}

INSTEAD
int fstatvfs(int fd, struct statvfs *fs)
{
	struct statfs now;

	if (fstatfs(fd, &now))
		return -1;
	*fs = (struct statvfs){ .f_flag = (unsigned long)now.f_flags };
	if (other.active)
		fs->f_flag = other.read_only ? ST_RDONLY : 0;
	return 0;
}

/* The flags that files must be opened with. */
#define FILE_FLAGS (O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK)

static int folders_opened, closed_twice;
static bool closes_0;			/* another thread does, when users are asked about */

/* By mmap(2), less what was unmapped: none of it twice, and nothing of others. */
static size_t bytes_mapped;

INSTEAD
void *mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
	void *mapped = (void *)syscall(SYS_mmap, at, len, protection, flags, fd, offset);

	bytes_mapped += mapped == MAP_FAILED ? 0 : len;
	return mapped;
}

INSTEAD
int munmap(void *at, size_t len)
{
	bytes_mapped -= len;
	return (int)syscall(SYS_munmap, at, len);
}

static int open_text(const char *text)
{
	int ends[2];

	if (!text) {
		errno = ENOENT;
		return -1;
	}
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
	close(ends[1]);
	return ends[0];
}

INSTEAD
int close(int fd)
{
	int ret = (int)syscall(SYS_close, fd);

	closed_twice += ret && fd >= 0;
	return ret;
}

/* Fills the rest of the buffer with other bytes. */
INSTEAD
ssize_t read(int fd, void *buffer, size_t size)
{
	memset(buffer, '1', size);
	return syscall(SYS_read, fd, buffer, size);
}

INSTEAD
int openat(int folder, const char *path, int flags, ...)
{
	assert_int_equal(flags & ~O_LARGEFILE, FILE_FLAGS);
	return (int)syscall(SYS_openat, folder, path, flags);
}

INSTEAD
int open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list rest;

	if (flags & O_CREAT) {
		va_start(rest, flags);
		mode = va_arg(rest, mode_t);
		va_end(rest);
	}
	if (closes_0 && !strncmp(path, "/proc/", 6)) {
		closes_0 = false;
		syscall(SYS_close, 0);
	}
	if (flags & O_PATH || !strncmp(path, "/proc/", 6))
		assert_true(flags & O_CLOEXEC);
	folders_opened += (flags & O_PATH) != 0;
	if (other.active && !strcmp(path, "/proc/self/uid_map"))
		return open_text(other.users);
	if (other.active && !strcmp(path, "/proc/sys/kernel/overflowuid"))
		return open_text(other.nobody);
	if (!strcmp(path, VMCLOCK_RUN_FOLDER))
		path = default_folder;
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

/* ---- Readings ------------------------------------------------------------------------ */

static int time_at(const struct vmclock *vc, uint64_t counter)
{
	struct vmclock_time t, before;
	int ret;

	memset(&t, 0x5a, sizeof(t));
	before = t;
	ret = vmclock_at(vc, VMCLOCK_SCALE_UTC, counter, &t);
	if (ret)
		assert_memory_equal(&t, &before, sizeof(t));
	else
		assert_true(t.flags & VMCLOCK_FLAG_COMPLETED);
	return ret;
}

/* The error of a reading with a handle that is opened now. */
static int error_now(const struct runfiles *rf)
{
	struct vmclock *vc = pagefile_open(rf->pf);
	int ret = time_at(vc, FIRST);

	vmclock_close(vc);
	return ret;
}

/* A whole page, twice. */
static struct vmclock_run_page publish(struct runfiles *rf)
{
	struct vmclock_run_page page = runfiles_page(rf, FIRST);

	if (!rf->copies[0])
		runfiles_make_page(rf);
	runfiles_publish(rf, &page);
	return page;
}

static void every_function_refuses(const struct vmclock *vc, int error)
{
	const struct timespec never = { .tv_sec = RUNFILES_SEC * 2 };
	struct vmclock_time t;

	assert_int_equal(vmclock_now(vc, VMCLOCK_SCALE_UTC, &t), error);
	assert_int_equal(vmclock_now(vc, VMCLOCK_SCALE_TAI, &t), error);
	assert_int_equal(vmclock_now_relaxed(vc, VMCLOCK_SCALE_UTC, &t), error);
	assert_int_equal(vmclock_wait_past(vc, VMCLOCK_SCALE_UTC, vmclock_marker(vc), &never, NULL),
			 error);
	assert_int_equal(time_at(vc, FIRST), error);
}

static void without_it_a_page_has_no_time(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock *vc = pagefile_open(rf->pf);

	every_function_refuses(vc, -ENODATA);
	vmclock_close(vc);
}

static void assert_time(const struct timespec *ts, int64_t sec, long nsec)
{
	assert_int_equal(ts->tv_sec, sec);
	assert_int_equal(ts->tv_nsec, nsec);
}

/* The slow and the fast path: the second reading uses the line that the first has cached. */
static void it_gives_time(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock_time t;
	struct vmclock *vc;
	int i;

	publish(rf);
	vc = pagefile_open(rf->pf);
	for (i = 0; i < 3; i++) {
		/* A hundred milliseconds later: 5 us of drift. */
		assert_int_equal(
			vmclock_at(vc, VMCLOCK_SCALE_UTC, FIRST + TICKS(100000000) + 1, &t), 0);
		assert_time(&t.time, RUNFILES_SEC, 600000000);
		assert_time(&t.earliest, RUNFILES_SEC, 600000000 - 6001);
		assert_time(&t.latest, RUNFILES_SEC, 600000000 + 6002);
		assert_int_equal(t.marker, 1);
		assert_int_equal(t.flags, VMCLOCK_FLAG_BOUNDED | VMCLOCK_FLAG_COMPLETED);
		assert_int_equal(t.status, VMCLOCK_STATUS_SYNCHRONIZED);
		assert_int_equal(
			vmclock_at(vc, VMCLOCK_SCALE_TAI, FIRST + TICKS(100000000) + 1, &t), 0);
		assert_time(&t.time, RUNFILES_SEC + 37, 600000000);
	}
	assert_int_equal(vmclock_at(vc, (enum vmclock_scale)99, FIRST, &t), -EINVAL);
	/* vmclock_page() is still the hypervisor's page. */
	assert_int_equal(vmclock_page(vc)->counter_id, VMCLOCK_COUNTER_INVALID);
	vmclock_close(vc);
}

static bool is_bounded(const struct vmclock *vc, enum vmclock_scale scale, uint64_t counter)
{
	struct vmclock_time t;

	assert_int_equal(vmclock_at(vc, scale, counter, &t), 0);
	assert_true(t.flags & VMCLOCK_FLAG_COMPLETED);
	/* The time continues without a leap second. */
	assert_int_equal(t.time.tv_sec, RUNFILES_SEC + (scale == VMCLOCK_SCALE_TAI ? 37 : 0) +
						(int64_t)(counter - FIRST + TICKS(NS / 2)) / TICKS(NS));
	return t.flags & VMCLOCK_FLAG_BOUNDED;
}

/* The bounds end where an unknown leap second is possible. */
static void utc_has_bounds_as_far_as_leap_seconds_are_known(void **state)
{
	static const uint64_t reaches[] = { 1, TICKS(NS / 3), TICKS(NS), TICKS(1000 * NS) };
	struct runfiles *rf = *state;
	struct vmclock_run_page page = publish(rf);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(reaches); i++) {
		struct vmclock *vc = pagefile_open(rf->pf);
		uint64_t end = FIRST + reaches[i];
		enum vmclock_scale scale;
		int again;

		page.reach = htole64(reaches[i]);
		runfiles_publish(rf, &page);
		/* The first reading uses the page, later ones the cached line. */
		for (again = 0; again < 3; again++) {
			for (scale = VMCLOCK_SCALE_UTC; scale <= VMCLOCK_SCALE_SMEARED; scale++) {
				assert_true(is_bounded(vc, scale, FIRST));
				assert_true(is_bounded(vc, scale, FIRST - 1));
				assert_true(is_bounded(vc, scale, end - 1));
				assert_int_equal(is_bounded(vc, scale, end),
						 scale == VMCLOCK_SCALE_TAI);
				assert_int_equal(is_bounded(vc, scale, end + TICKS(NS)),
						 scale == VMCLOCK_SCALE_TAI);
			}
		}
		/* A new reference, a new reach. */
		page.reach = 0;
		runfiles_publish(rf, &page);
		assert_true(is_bounded(vc, VMCLOCK_SCALE_UTC, end));
		vmclock_close(vc);
	}
}

/* A page by the counter as it is now. */
static void publish_now(struct runfiles *rf)
{
	struct vmclock_run_page page = runfiles_page(rf, counter_ordered());

	if (!rf->copies[0])
		runfiles_make_page(rf);
	runfiles_publish(rf, &page);
}

static void the_present_works_like_any(void **state)
{
	const struct timespec past = { .tv_sec = RUNFILES_SEC };
	struct runfiles *rf = *state;
	struct vmclock_time first, then;
	struct vmclock *vc;
	int i;

	publish_now(rf);
	vc = pagefile_open(rf->pf);
	assert_int_equal(vmclock_now(vc, VMCLOCK_SCALE_UTC, &first), 0);
	for (i = 0; i < 1000; i++) {
		assert_int_equal(i % 2 ? vmclock_now(vc, VMCLOCK_SCALE_UTC, &then) :
					 vmclock_now_relaxed(vc, VMCLOCK_SCALE_UTC, &then), 0);
		assert_int_equal(then.flags, VMCLOCK_FLAG_BOUNDED | VMCLOCK_FLAG_COMPLETED);
		assert_false(vmclock_time_before(&then, &first.earliest));
		assert_true(vmclock_time_after(&then, &past));
	}
	assert_int_equal(vmclock_wait_past(vc, VMCLOCK_SCALE_UTC, 1, &then.latest, NULL), 0);
	assert_int_equal(vmclock_now(vc, VMCLOCK_SCALE_UTC, &first), 0);
	assert_true(vmclock_time_after(&first, &then.latest));
	assert_int_equal(vmclock_wait_past(vc, VMCLOCK_SCALE_UTC, 2, &then.latest, NULL), -ESTALE);
	vmclock_close(vc);
}

/* The host's time is better than a derived one. */
static void a_page_with_time_is_not_completed(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock_run_page page = publish(rf);
	struct vmclock_time t;
	struct vmclock *vc;

	page.page.time_sec = htole64(RUNFILES_SEC + 5);
	page.page.size = htole32(sizeof(page.page));
	pagefile_replace(rf->pf, &page.page, sizeof(page.page));
	rf->copies[0]->page.seq_count = rf->pf->page->seq_count;
	vc = pagefile_open(rf->pf);
	assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_UTC, FIRST + 1, &t), 0);
	assert_time(&t.time, RUNFILES_SEC + 5, 500000000);
	assert_int_equal(t.flags, VMCLOCK_FLAG_BOUNDED);
	/* The same while it has no time now. */
	pagefile_begin(rf->pf);
	rf->pf->page->clock_status = VMCLOCK_STATUS_UNRELIABLE;
	pagefile_end(rf->pf);
	assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_UTC, FIRST + 1, &t), -EAGAIN);
	vmclock_close(vc);
}

/* ---- Marker and generation ----------------------------------------------------------- */

static void a_new_marker_ends_it_until_it_is_published(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock_time t;
	struct vmclock *vc;
	uint64_t marker;

	publish_now(rf);
	vc = pagefile_open(rf->pf);
	for (marker = 1; marker < 10; marker++) {
		/* Fill the cache, to test both paths. */
		assert_int_equal(vmclock_now(vc, VMCLOCK_SCALE_UTC, &t), 0);
		assert_int_equal(vmclock_now(vc, VMCLOCK_SCALE_UTC, &t), 0);
		assert_int_equal(vmclock_now(vc, VMCLOCK_SCALE_TAI, &t), 0);
		assert_int_equal(t.marker, marker);
		pagefile_disrupt(rf->pf);
		every_function_refuses(vc, -ESTALE);
		publish_now(rf);
	}
	vmclock_close(vc);
}

static void a_new_generation_ends_it(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock_abi *host = rf->pf->page;
	struct vmclock_run_page page = publish(rf);
	struct vmclock *vc = pagefile_open(rf->pf);

	/* If one page has no generation, there is nothing to compare. */
	host->vm_generation_counter = htole64(7);
	assert_int_equal(time_at(vc, FIRST), 0);
	page.page.vm_generation_counter = htole64(8);
	page.page.flags |= htole64(VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT);
	runfiles_publish(rf, &page);
	assert_int_equal(time_at(vc, FIRST), 0);
	page.page.flags &= ~htole64(VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT);
	runfiles_publish(rf, &page);
	host->flags |= htole64(VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT);
	assert_int_equal(time_at(vc, FIRST), 0);

	page.page.flags |= htole64(VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT);
	runfiles_publish(rf, &page);
	every_function_refuses(vc, -ESTALE);
	page.page.vm_generation_counter = htole64(7);
	runfiles_publish(rf, &page);
	assert_int_equal(time_at(vc, FIRST), 0);
	vmclock_close(vc);

	/* A page that is too small for a generation has none, whatever follows it. */
	host->vm_generation_counter = htole64(9);
	host->size = htole32(offsetof(struct vmclock_abi, vm_generation_counter));
	assert_int_equal(error_now(rf), 0);
}

static void status_tells_what_may_be_relied_upon(void **state)
{
	static const struct {
		uint8_t status;
		int error;
	} cases[] = {
		{ VMCLOCK_STATUS_UNKNOWN, -EAGAIN },	  { VMCLOCK_STATUS_INITIALIZING, -EAGAIN },
		{ VMCLOCK_STATUS_SYNCHRONIZED, 0 },	  { VMCLOCK_STATUS_FREERUNNING, 0 },
		{ VMCLOCK_STATUS_UNRELIABLE, -EAGAIN },	  { 5, -EAGAIN },
	};
	struct runfiles *rf = *state;
	struct vmclock_run_page page = publish(rf);
	struct vmclock *vc = pagefile_open(rf->pf);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		page.page.clock_status = cases[i].status;
		page.page.disruption_marker = htole64(1);
		runfiles_publish(rf, &page);
		assert_int_equal(time_at(vc, FIRST), cases[i].error);
		/* This error comes before the counter's. */
		assert_int_equal(time_at(vc, 0), cases[i].error ? -EAGAIN : -ERANGE);
		/* Another marker comes before it. */
		page.page.disruption_marker = htole64(0);
		runfiles_publish(rf, &page);
		assert_int_equal(time_at(vc, FIRST),
				 cases[i].status == VMCLOCK_STATUS_INITIALIZING ? -EAGAIN :
										  -ESTALE);
	}
	vmclock_close(vc);
}

/* The marker stays, and the count equals the hypervisor's. */
static void what_is_withdrawn_is_not_remembered(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock_run_page page = publish(rf);
	struct vmclock *vc = pagefile_open(rf->pf);

	rf->pf->page->seq_count = rf->copies[0]->page.seq_count;
	assert_int_equal(time_at(vc, FIRST + 1), 0);
	assert_int_equal(time_at(vc, FIRST + 1), 0);
	page.page.clock_status = VMCLOCK_STATUS_UNRELIABLE;
	runfiles_publish(rf, &page);
	assert_int_equal(time_at(vc, FIRST + 1), -EAGAIN);
	vmclock_close(vc);
}

/* The second copy's count may be ahead, and its line must not be taken for the first one's. */
static void the_copies_counts_are_their_own(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock_run_page page = publish(rf);
	struct vmclock *vc = pagefile_open(rf->pf);

	runfiles_begin(&rf->copies[0]->page.seq_count);
	rf->copies[1]->page.seq_count = htole32(le32toh(rf->copies[0]->page.seq_count) + 1);
	assert_int_equal(time_at(vc, FIRST + 1), 0);
	assert_int_equal(time_at(vc, FIRST + 1), 0);
	page.page.clock_status = VMCLOCK_STATUS_UNRELIABLE;
	runfiles_publish(rf, &page);
	assert_int_equal(time_at(vc, FIRST + 1), -EAGAIN);
	vmclock_close(vc);
}

static void a_host_in_mid_update_is_waited_for_as_ever(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock *vc;

	publish(rf);
	vc = pagefile_open(rf->pf);
	pagefile_begin(rf->pf);
	assert_int_equal(time_at(vc, FIRST), -ETIMEDOUT);
	pagefile_end(rf->pf);
	assert_int_equal(time_at(vc, FIRST), 0);
	vmclock_close(vc);
}

/* ---- Counters from before ------------------------------------------------------------ */

static void counters_from_before_are_refused(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock_run_page page = publish(rf);
	struct vmclock *vc = pagefile_open(rf->pf);
	struct vmclock_time t;
	int round;

	/* The second round has a later reference, and a line from there on. */
	for (round = 0; round < 2; round++) {
		assert_int_equal(time_at(vc, FIRST), 0);
		assert_int_equal(time_at(vc, FIRST + TICKS(100 * NS)), 0);
		/* The period is 0.4 ns, to 1e-19. */
		assert_int_equal(time_at(vc, FIRST - TICKS(NS) + 5), 0);
		assert_int_equal(time_at(vc, FIRST - TICKS(NS) - 5), -ERANGE);
		assert_int_equal(time_at(vc, FIRST - TICKS(100 * NS)), -ERANGE);
		assert_int_equal(time_at(vc, 0), -ERANGE);
		assert_int_equal(time_at(vc, FIRST - (UINT64_C(1) << 62)), -ERANGE);
		assert_int_equal(time_at(vc, FIRST - INT64_MAX), -ERANGE);
		assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_TAI, 0, &t), -ERANGE);
		page.page.counter_value = htole64(FIRST + TICKS(50 * NS));
		page.page.time_sec = htole64(RUNFILES_SEC + 50);
		runfiles_publish(rf, &page);
	}
	assert_int_equal(time_at(vc, FIRST - TICKS(5 * NS / 2)), -ERANGE);
	/* Ticks of 2^-30 s, of which a second has whole ones. */
	page.page.counter_period_shift = 0;
	page.page.counter_period_frac_sec = htole64(UINT64_C(1) << 34);
	runfiles_publish(rf, &page);
	assert_int_equal(time_at(vc, FIRST - (UINT64_C(1) << 30)), 0);
	assert_int_equal(time_at(vc, FIRST - (UINT64_C(1) << 30) - 2), -ERANGE);
	/* In other units of the period: 2^-64 s, in which a tick of 0.4 ns is a second's 2.5e-9th. */
	page.page.counter_period_shift = 0;
	page.page.counter_period_frac_sec = htole64(UINT64_C(7378697629));
	runfiles_publish(rf, &page);
	assert_int_equal(time_at(vc, FIRST - TICKS(NS) + 100), 0);
	assert_int_equal(time_at(vc, FIRST - TICKS(NS) - 100), -ERANGE);
	/* Ticks so short that no distance makes a second. */
	page.page.counter_period_shift = 255;
	runfiles_publish(rf, &page);
	assert_int_equal(time_at(vc, 0), 0);
	vmclock_close(vc);
}

/* The same with a cached line, if the reference is that much older. */
static void no_line_begins_before(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock_run_page page = publish(rf);
	struct vmclock *vc;
	int i;

	page.page.counter_value = htole64(FIRST - TICKS(10 * NS));
	runfiles_publish(rf, &page);
	vc = pagefile_open(rf->pf);
	for (i = 0; i < 3; i++) {
		assert_int_equal(time_at(vc, FIRST), 0);
		/* One more tick, because lines do not give whole nanoseconds. */
		assert_int_equal(time_at(vc, FIRST + 1), 0);
		assert_int_equal(time_at(vc, FIRST - TICKS(2 * NS) + 1), -ERANGE);
	}
	vmclock_close(vc);
}

/* ---- Writers that die ---------------------------------------------------------------- */

/* A kill in the middle of @copy: the count is odd, and half of the fields are new. */
static void die_in(struct runfiles *rf, int copy)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		runfiles_begin(&rf->copies[copy]->page.seq_count);
		rf->copies[copy]->page.time_sec = htole64(1);
		rf->copies[copy]->page.counter_value = htole64(2);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

/* This thread's processor time, in ns. */
static int64_t work(void)
{
	struct timespec ts;

	assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts), 0);
	return ts.tv_sec * NS + ts.tv_nsec;
}

static void expect_second(const struct vmclock *vc, int64_t sec)
{
	struct vmclock_time t;
	int i;

	for (i = 0; i < 3; i++) {
		assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_UTC, FIRST + 1, &t), 0);
		assert_int_equal(t.time.tv_sec, sec);
		assert_int_equal(t.flags, VMCLOCK_FLAG_BOUNDED | VMCLOCK_FLAG_COMPLETED);
	}
}

static void a_writer_that_dies_costs_nobody_anything(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock_run_page page = publish(rf);
	struct vmclock *vc = pagefile_open(rf->pf);
	struct vmclock_time t;
	int64_t before;
	int copy;

	for (copy = 0; copy < VMCLOCK_RUN_COPIES; copy++) {
		expect_second(vc, RUNFILES_SEC);
		die_in(rf, copy);
		before = work();
		expect_second(vc, RUNFILES_SEC);
		assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_TAI, FIRST + 1, &t), 0);
		/* The same for handles that are opened now. */
		assert_int_equal(error_now(rf), 0);
		assert_true(work() - before < 50000000);

		/* The next vmclockd repairs it, with another time. */
		page.page.time_sec = htole64(RUNFILES_SEC + 1000);
		runfiles_publish(rf, &page);
		expect_second(vc, RUNFILES_SEC + 1000);
		page.page.time_sec = htole64(RUNFILES_SEC);
		runfiles_publish(rf, &page);
	}

	/* Impossible, and no time: the answer comes at once. */
	die_in(rf, 0);
	die_in(rf, 1);
	before = work();
	assert_int_equal(vmclock_at(vc, VMCLOCK_SCALE_UTC, FIRST + 1, &t), -EAGAIN);
	assert_true(work() - before < 50000000);
	runfiles_publish(rf, &page);
	expect_second(vc, RUNFILES_SEC);
	/* The host has disrupted the clock since. */
	die_in(rf, 0);
	pagefile_disrupt(rf->pf);
	every_function_refuses(vc, -ESTALE);
	vmclock_close(vc);
}

static void a_try_looks_at_each_copy(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock_time t;
	struct vmclock *vc;

	publish_now(rf);
	vc = pagefile_open(rf->pf);
	assert_int_equal(vmclock_try_now(vc, VMCLOCK_SCALE_UTC, &t), 0);
	runfiles_begin(&rf->copies[0]->page.seq_count);
	assert_int_equal(vmclock_try_now(vc, VMCLOCK_SCALE_UTC, &t), 0);
	assert_int_equal(t.flags, VMCLOCK_FLAG_BOUNDED | VMCLOCK_FLAG_COMPLETED);
	runfiles_begin(&rf->copies[1]->page.seq_count);
	assert_int_equal(vmclock_try_now(vc, VMCLOCK_SCALE_UTC, &t), -EBUSY);
	runfiles_end(&rf->copies[0]->page.seq_count);
	assert_int_equal(vmclock_try_now(vc, VMCLOCK_SCALE_UTC, &t), 0);
	runfiles_end(&rf->copies[1]->page.seq_count);
	/* The hypervisor's page is asked as well, and not waited for: by a line it is not in doubt. */
	runfiles_begin(&rf->copies[0]->page.seq_count);
	pagefile_begin(rf->pf);
	assert_int_equal(vmclock_try_now(vc, VMCLOCK_SCALE_UTC, &t), -EBUSY);
	pagefile_end(rf->pf);
	assert_int_equal(vmclock_try_now(vc, VMCLOCK_SCALE_UTC, &t), 0);
	vmclock_close(vc);
}

/* ---- Readings under fire ------------------------------------------------------------- */

/* The time follows from the marker under which it is true. */
#define STEP INT64_C(1000000)
#define DISRUPTIONS 3000

static void publish_of_marker(struct runfiles *rf, uint8_t status)
{
	struct vmclock_run_page page = runfiles_page(rf, counter_ordered());
	uint64_t marker = le64toh(page.page.disruption_marker);

	page.page.time_sec = htole64((uint64_t)STEP * marker);
	page.page.clock_status = status;
	runfiles_publish(rf, &page);
}

/* Disrupts the machine repeatedly; vmclockd follows. */
static void be_disrupted(struct runfiles *rf)
{
	int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < DISRUPTIONS; i++) {
		pagefile_disrupt(rf->pf);
		if (i % 4 == 0)
			sched_yield();
		publish_of_marker(rf, VMCLOCK_STATUS_UNRELIABLE);
		if (i % 4 == 1)
			sched_yield();
		publish_of_marker(rf, VMCLOCK_STATUS_SYNCHRONIZED);
		usleep(i % 8 ? 0 : 100);
	}
	_exit(0);
}

static void no_reading_is_of_another_marker(void **state)
{
	unsigned long good = 0, stale = 0, again = 0;
	struct runfiles *rf = *state;
	uint64_t before = 0, after = 0;
	struct vmclock_time t = { 0 };
	struct vmclock *vc;
	int ret = 0, status = 0;
	pid_t pid;

	runfiles_make_page(rf);
	publish_of_marker(rf, VMCLOCK_STATUS_SYNCHRONIZED);
	vc = pagefile_open(rf->pf);
	pid = fork();
	if (!pid)
		be_disrupted(rf);
	while (!waitpid(pid, &status, WNOHANG)) {
		before = vmclock_marker(vc);
		ret = (good + stale) % 2 ? vmclock_now(vc, VMCLOCK_SCALE_UTC, &t) :
					   vmclock_now_relaxed(vc, VMCLOCK_SCALE_TAI, &t);
		after = vmclock_marker(vc);
		good += !ret;
		stale += ret == -ESTALE;
		again += ret == -EAGAIN;
		if (!ret && (t.marker < before || t.marker > after ||
			     t.time.tv_sec / STEP != (int64_t)t.marker ||
			     t.time.tv_sec % STEP > 60 + 37))
			break;
		/* The last one: the writer waits for a processor in the middle of an update. */
		if (ret && ret != -ESTALE && ret != -EAGAIN && ret != -ETIMEDOUT)
			break;
		ret = 0;
	}
	print_message("  %lu readings, %lu stale, %lu not yet\n", good, stale, again);
	kill(pid, SIGKILL);
	if (ret || !good)
		print_message("  markers %llu to %llu: %d, marker %llu, %lld s\n",
			      (unsigned long long)before, (unsigned long long)after, ret,
			      (unsigned long long)t.marker, (long long)t.time.tv_sec);
	/* The writer has ended normally, so nothing else stopped the loop. */
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	assert_int_equal(vmclock_marker(vc), DISRUPTIONS + 1);
	assert_true(good > 100);
	assert_true(stale + again > 100);
	vmclock_close(vc);
}

/* ---- Which files count --------------------------------------------------------------- */

static void a_file_that_is_filled_later_is_used(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock_run_page page;
	struct vmclock *vc;

	runfiles_make_page(rf);
	vc = pagefile_open(rf->pf);
	every_function_refuses(vc, -ENODATA);
	page = publish(rf);
	expect_second(vc, RUNFILES_SEC);
	/* The file may go: vmclockd writes in place. */
	unlink(rf->path);
	page.page.time_sec = htole64(RUNFILES_SEC + 3);
	runfiles_publish(rf, &page);
	expect_second(vc, RUNFILES_SEC + 3);
	vmclock_close(vc);
}

static void constant_fields_must_be_right_in_both(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock *vc;
	int copy;

	publish(rf);
	vc = pagefile_open(rf->pf);
	for (copy = 0; copy < VMCLOCK_RUN_COPIES; copy++) {
		struct vmclock_abi *page = &rf->copies[copy]->page;

#define WRONG(field, value) \
	do { \
		publish(rf); \
		assert_int_equal(error_now(rf), 0); \
		page->field = (value); \
		assert_int_equal(error_now(rf), -ENODATA); \
	} while (0)
		WRONG(magic, htole32(VMCLOCK_RUN_STATE_MAGIC));
		WRONG(magic, 0);
		WRONG(version, htole16(2));
		WRONG(version, 0);
		WRONG(size, 0);
		WRONG(size, htole32(sizeof(struct vmclock_abi)));
		WRONG(size, htole32(VMCLOCK_RUN_COPY_SIZE + 1));
		WRONG(size, htole32(UINT32_MAX));
		WRONG(counter_id, VMCLOCK_COUNTER_INVALID);
		WRONG(counter_id, !COUNTER_ID);
		WRONG(time_type, VMCLOCK_TIME_TAI);
		WRONG(time_type, VMCLOCK_TIME_MONOTONIC);
		WRONG(time_type, VMCLOCK_TIME_INVALID_SMEARED);
#undef WRONG
		publish(rf);
		page->size = htole32(sizeof(struct vmclock_run_page));
		assert_int_equal(error_now(rf), 0);
	}
	vmclock_close(vc);
}

/* All mode bits, for the file and its folder. */
static void nobody_else_may_write(void **state)
{
	struct runfiles *rf = *state;
	unsigned int mode, forbidden;

	publish(rf);
	for (mode = 0; mode < 0100; mode++) {
		forbidden = mode & 022;
		assert_int_equal(chmod(rf->path, 0600 | mode), 0);
		assert_int_equal(error_now(rf), forbidden ? -ENODATA : 0);
		assert_int_equal(chmod(rf->path, 0644), 0);
		assert_int_equal(chmod(rf->folder, 0700 | mode), 0);
		assert_int_equal(error_now(rf), forbidden ? -ENODATA : 0);
		assert_int_equal(chmod(rf->folder, 0755), 0);
	}
	/* Like /tmp, where others may make files. */
	assert_int_equal(chmod(rf->folder, 01777), 0);
	assert_int_equal(error_now(rf), -ENODATA);
	assert_int_equal(chmod(rf->folder, 0755), 0);
	assert_int_equal(error_now(rf), 0);
}

/* Owners, places and callers. */
static void only_root_or_the_caller_may_own_it(void **state)
{
#define ALL "         0          0 4294967295\n"
#define SOME "         0     100000      65536\n"
	static const struct {
		uid_t folder, file, user;
		const char *users;
		bool read_only;
		int error;
	} cases[] = {
		{ 0, 0, 1000, ALL, false, 0 },
		{ 0, 0, 0, ALL, false, 0 },
		{ 1000, 1000, 1000, ALL, false, 0 },
		{ 0, 1000, 1000, ALL, false, 0 },
		{ 1000, 0, 1000, ALL, false, 0 },
		{ 0, 1000, 0, ALL, false, -ENODATA },
		{ 1000, 0, 0, ALL, false, -ENODATA },
		{ 0, 1001, 1000, ALL, false, -ENODATA },
		{ 1001, 0, 1000, ALL, false, -ENODATA },
		/* A mount makes no difference for known users. */
		{ 0, 1001, 1000, ALL, true, -ENODATA },
		{ 0, 1001, 1000, SOME, true, -ENODATA },
		/* Outside of user namespaces this is an ordinary user. */
		{ 0, NOBODY, 1000, ALL, true, -ENODATA },
		{ NOBODY, NOBODY, 1000, ALL, true, -ENODATA },
		{ NOBODY, NOBODY, NOBODY, ALL, false, 0 },
		/* Inside it may be anybody. */
		{ NOBODY, NOBODY, 0, SOME, true, 0 },
		{ NOBODY, NOBODY, 1000, SOME, true, 0 },
		{ NOBODY, NOBODY, NOBODY, SOME, true, 0 },
		{ NOBODY, NOBODY, NOBODY, "", true, 0 },
		{ NOBODY, NOBODY, NOBODY, "", false, -ENODATA },
		{ NOBODY, NOBODY, NOBODY, NULL, true, -ENODATA },
		{ NOBODY, NOBODY, 0, SOME, false, -ENODATA },
		{ NOBODY, NOBODY, NOBODY, SOME, false, -ENODATA },
		{ 0, NOBODY, NOBODY, SOME, false, -ENODATA },
		{ NOBODY, 0, NOBODY, SOME, false, -ENODATA },
		{ 0, 0, NOBODY, SOME, false, 0 },
	};
	struct runfiles *rf = *state;
	size_t i;
	int ret;

	publish(rf);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		other.folder = cases[i].folder;
		other.file = cases[i].file;
		other.user = cases[i].user;
		other.users = cases[i].users;
		other.nobody = "65534\n";
		other.read_only = cases[i].read_only;
		other.active = true;
		ret = error_now(rf);
		other.active = false;
		if (ret != cases[i].error)
			print_message("  case %zu\n", i);
		assert_int_equal(ret, cases[i].error);
	}
}

/* The system's number, or the usual one if the system gives none. */
static void nobody_may_have_any_number(void **state)
{
	static const struct {
		const char *nobody;
		uid_t owner;
	} cases[] = {
		{ "1000\n", 1000 }, { "1000", 1000 }, { "7", 7 },    { "4294967294\n", 4294967294 },
		{ NULL, NOBODY },   { "", NOBODY },   { "-", NOBODY }, { "x7", NOBODY },
	};
	struct runfiles *rf = *state;
	size_t i;
	int at_0, ret, saved = dup(0);

	publish(rf);
	for (i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		for (at_0 = 0; at_0 < 2; at_0++) {
			other.nobody = cases[i / 2].nobody;
			other.folder = other.file = cases[i / 2].owner + i % 2;
			other.user = 0;
			other.users = SOME;
			other.read_only = true;
			other.active = true;
			/* The program has closed its standard input. */
			closes_0 = at_0;
			ret = error_now(rf);
			other.active = false;
			dup2(saved, 0);
			if (ret != (i % 2 ? -ENODATA : 0))
				print_message("  case %zu\n", i);
			assert_int_equal(ret, i % 2 ? -ENODATA : 0);
		}
	}
	close(saved);
}

/* Only devices use the default folder, and only root's files count there. */
static void devices_have_the_default_folder(void **state)
{
	static const struct {
		uid_t folder, file;
		bool named;		/* by the variable */
		int error;
	} cases[] = {
		{ 0, 0, false, 0 },
		{ 1000, 0, false, -ENODATA },
		{ 0, 1000, false, -ENODATA },
		{ 1000, 1000, false, -ENODATA },
		{ 1000, 1000, true, 0 },
		{ 0, 0, true, 0 },
	};
	struct runfiles *rf = *state;
	size_t i;
	int ret;

	publish(rf);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (cases[i].named)
			setenv("VMCLOCK_RUN_DIR", rf->folder, 1);
		else
			unsetenv("VMCLOCK_RUN_DIR");
		default_folder = cases[i].named ? "/nonexistent" : rf->folder;
		is_device = true;
		other.folder = cases[i].folder;
		other.file = cases[i].file;
		other.user = 1000;
		other.users = ALL;
		other.nobody = "65534\n";
		other.active = true;
		ret = error_now(rf);
		other.active = false;
		is_device = false;
		default_folder = "/nonexistent";
		if (ret != cases[i].error)
			print_message("  case %zu\n", i);
		assert_int_equal(ret, cases[i].error);
	}
}

/* The same without fakes, if the test runs as root. */
static void a_foreign_owner_is_refused(void **state)
{
	struct runfiles *rf = *state;

	publish(rf);
	if (geteuid()) {
		print_message("  not root: what others own is tried above, by pretending\n");
		skip();
	}
	assert_int_equal(chown(rf->path, 1, 1), 0);
	assert_int_equal(error_now(rf), -ENODATA);
	assert_int_equal(chown(rf->path, 0, 1), 0);
	assert_int_equal(error_now(rf), 0);
	assert_int_equal(chown(rf->folder, 1, 1), 0);
	assert_int_equal(error_now(rf), -ENODATA);
	assert_int_equal(chown(rf->folder, 0, 0), 0);
	assert_int_equal(error_now(rf), 0);
}

static void only_a_file_of_its_size(void **state)
{
	static const off_t sizes[] = { 0, 1, 4096, 8191, 8193, 12288, 65536 };
	struct runfiles *rf = *state;
	char elsewhere[128];
	size_t i;

	publish(rf);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		assert_int_equal(truncate(rf->path, sizes[i]), 0);
		assert_int_equal(error_now(rf), -ENODATA);
		assert_int_equal(truncate(rf->path, VMCLOCK_RUN_PAGE_SIZE), 0);
		publish(rf);
		assert_int_equal(error_now(rf), 0);
	}

	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", rf->pf->dir);
	/* A link to it, by a relative path and by a whole one. */
	assert_int_equal(rename(rf->path, elsewhere), 0);
	assert_int_equal(error_now(rf), -ENODATA);
	assert_int_equal(symlink("../elsewhere", rf->path), 0);
	assert_int_equal(access(rf->path, R_OK), 0);
	assert_int_equal(error_now(rf), -ENODATA);
	unlink(rf->path);
	assert_int_equal(symlink(elsewhere, rf->path), 0);
	assert_int_equal(error_now(rf), -ENODATA);
	unlink(rf->path);
	/* No file at all; a FIFO hangs nobody. */
	assert_int_equal(mkfifo(rf->path, 0644), 0);
	assert_int_equal(error_now(rf), -ENODATA);
	unlink(rf->path);
	assert_int_equal(mkdir(rf->path, 0755), 0);
	assert_int_equal(error_now(rf), -ENODATA);
	rmdir(rf->path);
	assert_int_equal(rename(elsewhere, rf->path), 0);
	assert_int_equal(error_now(rf), 0);
	/* One that may not be read: root may. */
	assert_int_equal(chmod(rf->path, 0), 0);
	assert_int_equal(error_now(rf), geteuid() ? -ENODATA : 0);
	assert_int_equal(chmod(rf->path, 0644), 0);

	/* The folder as a link, or a file. */
	assert_int_equal(rename(rf->folder, elsewhere), 0);
	assert_int_equal(symlink("elsewhere", rf->folder), 0);
	assert_int_equal(access(rf->path, R_OK), 0);
	assert_int_equal(error_now(rf), -ENODATA);
	unlink(rf->folder);
	assert_int_equal(mkfifo(rf->folder, 0644), 0);
	assert_int_equal(error_now(rf), -ENODATA);
	unlink(rf->folder);
	assert_int_equal(rename(elsewhere, rf->folder), 0);
	assert_int_equal(error_now(rf), 0);
}

static void rename_to(char *path, size_t size, const char *folder, const char *name)
{
	char *old = strdup(path);

	assert_non_null(old);
	snprintf(path, size, "%s/%s", folder, name);
	assert_int_equal(rename(old, path), 0);
	free(old);
}

static void rename_both(struct runfiles *rf, const char *page, const char *completed)
{
	rename_to(rf->pf->path, sizeof(rf->pf->path), rf->pf->dir, page);
	rename_to(rf->path, sizeof(rf->path), rf->folder, completed);
}

/* The device's name decides, and only in a folder that was named. */
static void the_name_tells_which(void **state)
{
	static const struct {
		const char *name;
		int error;
	} cases[] = {
		{ "vmclock0", 0 },	      { "vmclock7", 0 },
		{ "vmclock12", 0 },	      { "vmclock4294967295", 0 },
		{ "vmclock", -ENODATA },      { "vmclock7a", -ENODATA },
		{ "vmclock-1", -ENODATA },    { "page", -ENODATA },
		{ "vmclock0.new", -ENODATA }, { "xvmclock0", -ENODATA },
		{ "state", -ENODATA },	      { "vmclock00000000000000000000000000", -ENODATA },
		{ "vmclock0000000000000007", 0 },
	};
	struct runfiles *rf = *state;
	size_t i;

	publish(rf);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		rename_both(rf, cases[i].name, cases[i].name);
		assert_int_equal(error_now(rf), cases[i].error);
	}
	/* Another device's is not taken. */
	rename_both(rf, "vmclock00000000000000071", "vmclock0000000000000007");
	assert_int_equal(error_now(rf), -ENODATA);
	rename_both(rf, "vmclock1", "vmclock2");
	assert_int_equal(error_now(rf), -ENODATA);
	rename_both(rf, "vmclock1", "vmclock1");
	assert_int_equal(error_now(rf), 0);
}

static void a_path_may_be_any(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock *vc;
	char path[160], *cwd = getcwd(NULL, 0);

	publish(rf);
	snprintf(path, sizeof(path), "%s//vmclock0", rf->pf->dir);
	assert_int_equal(vmclock_open(&vc, path), 0);
	assert_int_equal(time_at(vc, FIRST), 0);
	vmclock_close(vc);
	setenv("VMCLOCK_PATH", rf->pf->path, 1);
	assert_int_equal(vmclock_open(&vc, NULL), 0);
	assert_int_equal(time_at(vc, FIRST), 0);
	vmclock_close(vc);
	unsetenv("VMCLOCK_PATH");
	assert_non_null(cwd);
	assert_int_equal(chdir(rf->pf->dir), 0);
	assert_int_equal(vmclock_open(&vc, "vmclock0"), 0);
	assert_int_equal(chdir(cwd), 0);
	free(cwd);
	assert_int_equal(time_at(vc, FIRST), 0);
	vmclock_close(vc);
}

static void the_variable_counts_only_for_the_caller(void **state)
{
	struct runfiles *rf = *state;
	char *longest;

	publish(rf);
	assert_int_equal(error_now(rf), 0);
	privileged = true;
	assert_int_equal(error_now(rf), -ENODATA);
	privileged = false;
	/* A file elsewhere is not this machine's device. */
	unsetenv("VMCLOCK_RUN_DIR");
	default_folder = rf->folder;
	assert_int_equal(error_now(rf), -ENODATA);
	default_folder = "/nonexistent";
	setenv("VMCLOCK_RUN_DIR", "", 1);
	assert_int_equal(error_now(rf), -ENODATA);
	setenv("VMCLOCK_RUN_DIR", "/nonexistent", 1);
	assert_int_equal(error_now(rf), -ENODATA);
	/* The folder, but longer than a path may be. */
	longest = malloc(100000);
	assert_non_null(longest);
	memset(longest, '/', 99999);
	longest[99999] = '\0';
	memcpy(longest, rf->folder, strlen(rf->folder));
	setenv("VMCLOCK_RUN_DIR", longest, 1);
	assert_int_equal(error_now(rf), -ENODATA);
	longest[PATH_MAX] = '\0';
	setenv("VMCLOCK_RUN_DIR", longest, 1);
	assert_int_equal(error_now(rf), -ENODATA);
	longest[PATH_MAX - 1] = '\0';
	setenv("VMCLOCK_RUN_DIR", longest, 1);
	assert_int_equal(error_now(rf), 0);
	free(longest);
}

#define NOT_ALLOWED 77

/* In a user namespace where nobody has a number. */
static int read_in_namespace(const struct runfiles *rf, bool read_only)
{
	unsigned long flags = MS_BIND | MS_REMOUNT | (read_only ? MS_RDONLY : 0);
	struct vmclock *vc;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(rf->folder, rf->folder, NULL, MS_BIND, NULL) ||
	    mount(NULL, rf->folder, NULL, flags, NULL) || unshare(CLONE_NEWUSER))
		return NOT_ALLOWED;
	if (vmclock_open(&vc, rf->pf->path))
		return 1;
	return -time_at(vc, FIRST);
}

static int in_namespace(const struct runfiles *rf, bool read_only)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(read_in_namespace(rf, read_only));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* The same without fakes, if the system allows it. */
static void containers_mount_it_read_only(void **state)
{
	struct runfiles *rf = *state;
	int writable;

	publish(rf);
	writable = in_namespace(rf, false);
	if (writable == NOT_ALLOWED) {
		print_message("  no namespaces here: tried above, by pretending\n");
		skip();
	}
	assert_int_equal(writable, ENODATA);
	assert_int_equal(in_namespace(rf, true), 0);
}

/* ---- The handle ---------------------------------------------------------------------- */

static int count_mappings(const char *what)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	int count = 0;

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		count += strstr(line, what) != NULL;
	fclose(maps);
	return count;
}

static void a_handle_leaves_nothing_behind(void **state)
{
	struct runfiles *rf = *state;
	int files = count_descriptors();
	size_t before = bytes_mapped;
	struct vmclock *vc;

	closed_twice = 0;
	/* Without the file, */
	vmclock_close(pagefile_open(rf->pf));
	assert_int_equal(bytes_mapped, before);
	/* and with it. */
	publish(rf);
	munmap(rf->copies[0], VMCLOCK_RUN_PAGE_SIZE);
	rf->copies[0] = NULL;
	assert_int_equal(count_mappings(rf->folder), 0);
	assert_int_equal(bytes_mapped, before);
	vc = pagefile_open(rf->pf);
	assert_int_equal(count_mappings(rf->folder), 1);
	assert_int_equal(count_descriptors(), files + 1);
	vmclock_close(vc);
	assert_int_equal(count_mappings(rf->folder), 0);
	assert_int_equal(bytes_mapped, before);
	assert_int_equal(count_descriptors(), files);

	/* Nor do files that are refused, or their folder. */
	assert_int_equal(chmod(rf->path, 0666), 0);
	assert_int_equal(error_now(rf), -ENODATA);
	assert_int_equal(chmod(rf->folder, 0777), 0);
	assert_int_equal(error_now(rf), -ENODATA);
	assert_int_equal(count_mappings(rf->folder), 0);
	assert_int_equal(bytes_mapped, before);
	assert_int_equal(count_descriptors(), files);
	assert_true(fcntl(1, F_GETFD) >= 0);
	/* A closed number may be another thread's file already. */
	assert_int_equal(closed_twice, 0);
}

/* The folder or the file may get any descriptor. */
static void descriptor_0_is_one_like_any_other(void **state)
{
	static const struct timespec at_once;
	struct runfiles *rf = *state;
	struct vmclock *vc = pagefile_open(rf->pf);
	int saved = dup(0);

	publish(rf);
	assert_int_equal(chmod(rf->folder, 0777), 0);
	close(0);
	assert_int_equal(vmclock_system_wait_trusted(vc, &at_once), -ETIMEDOUT);
	assert_int_equal(time_at(vc, FIRST), -ENODATA);
	assert_int_equal(fcntl(0, F_GETFD), -1);
	assert_int_equal(chmod(rf->folder, 0755), 0);
	assert_int_equal(vmclock_system_wait_trusted(vc, &at_once), -ETIMEDOUT);
	assert_int_equal(time_at(vc, FIRST), 0);
	assert_int_equal(fcntl(0, F_GETFD), -1);
	vmclock_close(vc);
	dup2(saved, 0);

	closes_0 = true;
	assert_int_equal(error_now(rf), 0);
	assert_false(closes_0);
	assert_int_equal(fcntl(0, F_GETFD), -1);
	dup2(saved, 0);
	close(saved);
}

static void what_is_mapped_is_not_looked_for(void **state)
{
	static const struct timespec at_once;
	struct runfiles *rf = *state;
	struct vmclock_run_state word = runfiles_word(rf);
	struct vmclock *vc;
	int i, before;

	publish(rf);
	runfiles_make_state(rf);
	runfiles_vouch(rf, &word);
	vc = pagefile_open(rf->pf);
	before = folders_opened;
	for (i = 0; i < 3; i++)
		assert_int_equal(vmclock_system_wait_trusted(vc, &at_once), 0);
	assert_int_equal(folders_opened, before);
	vmclock_close(vc);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, runfiles_setup, runfiles_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_it_a_page_has_no_time),
		TEST(it_gives_time),
		TEST(the_present_works_like_any),
		TEST(a_page_with_time_is_not_completed),
		TEST(a_new_marker_ends_it_until_it_is_published),
		TEST(a_new_generation_ends_it),
		TEST(utc_has_bounds_as_far_as_leap_seconds_are_known),
		TEST(status_tells_what_may_be_relied_upon),
		TEST(what_is_withdrawn_is_not_remembered),
		TEST(the_copies_counts_are_their_own),
		TEST(a_host_in_mid_update_is_waited_for_as_ever),
		TEST(counters_from_before_are_refused),
		TEST(no_line_begins_before),
		TEST(a_writer_that_dies_costs_nobody_anything),
		TEST(a_try_looks_at_each_copy),
		TEST(a_file_that_is_filled_later_is_used),
		TEST(constant_fields_must_be_right_in_both),
		TEST(nobody_else_may_write),
		TEST(only_root_or_the_caller_may_own_it),
		TEST(nobody_may_have_any_number),
		TEST(devices_have_the_default_folder),
		TEST(a_foreign_owner_is_refused),
		TEST(only_a_file_of_its_size),
		TEST(the_name_tells_which),
		TEST(a_path_may_be_any),
		TEST(the_variable_counts_only_for_the_caller),
		TEST(containers_mount_it_read_only),
		TEST(a_handle_leaves_nothing_behind),
		TEST(descriptor_0_is_one_like_any_other),
		TEST(what_is_mapped_is_not_looked_for),
		/* Last, because it takes the longest. */
		TEST(no_reading_is_of_another_marker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
