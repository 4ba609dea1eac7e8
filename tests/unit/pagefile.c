// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "calc/base.h"
#include "counter.h"
#include "pagefile.h"

#define PAGEFILE_LEN 4096

static void map_file(struct pagefile *pf)
{
	int fd = open(pf->path, O_RDWR);

	assert_true(fd >= 0);
	pf->page = mmap(NULL, PAGEFILE_LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(pf->page, MAP_FAILED);
	close(fd);
}

int pagefile_setup(void **state)
{
	struct vmclock_abi page[PAGEFILE_LEN / sizeof(struct vmclock_abi) + 1] = {
		{
			.magic = htole32(VMCLOCK_MAGIC),
			.size = htole32(PAGEFILE_LEN),
			.version = htole16(1),
			.counter_id = VMCLOCK_COUNTER_INVALID,
			.disruption_marker = htole64(1),
		},
	};
	struct pagefile *pf = calloc(1, sizeof(*pf));
	const char *tmp = getenv("TMPDIR");

	assert_non_null(pf);
	snprintf(pf->dir, sizeof(pf->dir), "%s/vmclock-test.XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(pf->dir));
	snprintf(pf->path, sizeof(pf->path), "%s/vmclock0", pf->dir);
	pagefile_replace(pf, page, PAGEFILE_LEN);
	*state = pf;
	return 0;
}

int pagefile_teardown(void **state)
{
	struct pagefile *pf = *state;

	if (pf->page)
		munmap(pf->page, PAGEFILE_LEN);
	unlink(pf->path);
	rmdir(pf->dir);
	free(pf);
	return 0;
}

void pagefile_replace(struct pagefile *pf, const void *data, size_t len)
{
	char temporary[144];
	int fd;

	snprintf(temporary, sizeof(temporary), "%s.new", pf->path);
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	close(fd);
	assert_int_equal(rename(temporary, pf->path), 0);

	if (pf->page)
		munmap(pf->page, PAGEFILE_LEN);
	pf->page = NULL;
	if (len >= sizeof(struct vmclock_abi))
		map_file(pf);
}

void pagefile_begin(struct pagefile *pf)
{
	uint32_t seq = le32toh(pf->page->seq_count) | 1;

	__atomic_store_n(&pf->page->seq_count, htole32(seq), __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

void pagefile_end(struct pagefile *pf)
{
	uint32_t seq = le32toh(pf->page->seq_count) + 1;

	__atomic_store_n(&pf->page->seq_count, htole32(seq), __ATOMIC_RELEASE);
}

void pagefile_disrupt(struct pagefile *pf)
{
	uint64_t marker = le64toh(pf->page->disruption_marker) + 1;

	pagefile_begin(pf);
	__atomic_store_n(&pf->page->disruption_marker, htole64(marker), __ATOMIC_RELAXED);
	pagefile_end(pf);
}

struct vmclock *pagefile_open(struct pagefile *pf)
{
	struct vmclock *vc = NULL;

	assert_int_equal(vmclock_open(&vc, pf->path), 0);
	return vc;
}

/* ---- The files of vmclockd --------------------------------------------------------- */

int runfiles_setup(void **state)
{
	struct runfiles *rf = calloc(1, sizeof(*rf));
	void *pf;

	assert_non_null(rf);
	pagefile_setup(&pf);
	rf->pf = pf;
	snprintf(rf->folder, sizeof(rf->folder), "%s/run", rf->pf->dir);
	snprintf(rf->path, sizeof(rf->path), "%s/vmclock0", rf->folder);
	snprintf(rf->state_path, sizeof(rf->state_path), "%s/state", rf->folder);
	assert_int_equal(mkdir(rf->folder, 0755), 0);
	assert_int_equal(chmod(rf->folder, 0755), 0);
	setenv("VMCLOCK_RUN_DIR", rf->folder, 1);
	*state = rf;
	return 0;
}

int runfiles_teardown(void **state)
{
	struct runfiles *rf = *state;
	void *pf = rf->pf;

	unsetenv("VMCLOCK_RUN_DIR");
	if (rf->copies[0])
		munmap(rf->copies[0], VMCLOCK_RUN_PAGE_SIZE);
	if (rf->states[0])
		munmap(rf->states[0], VMCLOCK_RUN_STATE_SIZE);
	unlink(rf->path);
	unlink(rf->state_path);
	rmdir(rf->folder);
	free(rf);
	return pagefile_teardown(&pf);
}

static void *make_file(const char *path, size_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0644);
	void *file;

	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, 0644), 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	file = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(file, MAP_FAILED);
	close(fd);
	return file;
}

void runfiles_make_page(struct runfiles *rf)
{
	char *file = make_file(rf->path, VMCLOCK_RUN_PAGE_SIZE);

	rf->copies[0] = (void *)file;
	rf->copies[1] = (void *)(file + VMCLOCK_RUN_COPY_SIZE);
}

void runfiles_make_state(struct runfiles *rf)
{
	char *file = make_file(rf->state_path, VMCLOCK_RUN_STATE_SIZE);

	rf->states[0] = (void *)file;
	rf->states[1] = (void *)(file + VMCLOCK_RUN_STATE_COPY_SIZE);
}

struct vmclock_run_page runfiles_page(const struct runfiles *rf, uint64_t counter)
{
	return (struct vmclock_run_page){
		.page = {
			.magic = htole32(VMCLOCK_MAGIC),
			.size = htole32(VMCLOCK_RUN_COPY_SIZE),
			.version = htole16(VMCLOCK_PAGE_VERSION),
			.counter_id = COUNTER_ID,
			.time_type = VMCLOCK_TIME_UTC,
			.disruption_marker = rf->pf->page->disruption_marker,
			.flags = htole64(VMCLOCK_FLAG_TAI_OFFSET_VALID |
					 VMCLOCK_FLAG_PERIOD_MAXERROR_VALID |
					 VMCLOCK_FLAG_TIME_MAXERROR_VALID),
			.clock_status = VMCLOCK_STATUS_SYNCHRONIZED,
			.tai_offset_sec = htole16((uint16_t)-37),
			.counter_period_shift = 31,
			.counter_value = htole64(counter),
			.counter_period_frac_sec = htole64(0xdbe6fecebdedd5be),
			.counter_period_maxerror_rate_frac_sec =
				htole64(0xdbe6fecebdedd5be / 20000),
			.time_sec = htole64(RUNFILES_SEC),
			.time_frac_sec = htole64(UINT64_C(1) << 63),
			.time_maxerror_nanosec = htole64(1000),
		},
		.first_counter = htole64(counter),
		.source = htole64(VMCLOCK_RUN_SOURCE_NTP),
	};
}

int64_t time_on(clockid_t clock)
{
	struct timespec ts;

	assert_int_equal(clock_gettime(clock, &ts), 0);
	return (int64_t)ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

struct vmclock_run_state runfiles_word(const struct runfiles *rf)
{
	int64_t before = time_on(CLOCK_MONOTONIC);
	int64_t real = time_on(CLOCK_REALTIME);
	int64_t after = time_on(CLOCK_MONOTONIC);

	return (struct vmclock_run_state){
		.magic = htole32(VMCLOCK_RUN_STATE_MAGIC),
		.size = htole32(sizeof(struct vmclock_run_state)),
		.version = htole16(VMCLOCK_RUN_STATE_VERSION),
		.trust = VMCLOCK_RUN_TRUSTED,
		.clock_status = VMCLOCK_STATUS_SYNCHRONIZED,
		.marker = rf->pf->page->disruption_marker,
		.valid_until = htole64((uint64_t)(after + 60 * NS_PER_SEC)),
		.lead_least = htole64((uint64_t)(real - after)),
		.lead_most = htole64((uint64_t)(real - before)),
	};
}

void runfiles_begin(__le32 *seq_count)
{
	__atomic_store_n(seq_count, htole32(le32toh(*seq_count) | 1), __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

void runfiles_end(__le32 *seq_count)
{
	__atomic_store_n(seq_count, htole32(le32toh(*seq_count) + 1), __ATOMIC_RELEASE);
}

/* Writes all words except the sequence count, which is at the same place in both structures. */
static void write_words(void *to, const void *from, size_t size)
{
	const uint32_t *words = from;
	uint32_t *file = to;
	size_t i;

	for (i = 0; i < size / sizeof(*words); i++)
		if (i != offsetof(struct vmclock_abi, seq_count) / sizeof(*words))
			__atomic_store_n(&file[i], words[i], __ATOMIC_RELAXED);
}

void runfiles_publish(struct runfiles *rf, const struct vmclock_run_page *page)
{
	int i;

	for (i = 0; i < VMCLOCK_RUN_COPIES; i++) {
		runfiles_begin(&rf->copies[i]->page.seq_count);
		write_words(rf->copies[i], page, sizeof(*page));
		runfiles_end(&rf->copies[i]->page.seq_count);
	}
}

void runfiles_vouch(struct runfiles *rf, const struct vmclock_run_state *word)
{
	int i;

	for (i = 0; i < VMCLOCK_RUN_COPIES; i++) {
		runfiles_begin(&rf->states[i]->seq_count);
		write_words(rf->states[i], word, sizeof(*word));
		runfiles_end(&rf->states[i]->seq_count);
	}
}

int count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}
