// SPDX-License-Identifier: MIT
#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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
	snprintf(pf->path, sizeof(pf->path), "%s/page", pf->dir);
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
	char temporary[96];
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
