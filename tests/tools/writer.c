// SPDX-License-Identifier: MIT
/*
 * Publishes a page without a pause, by a discipline that a host may believe to be right:
 *
 *	writer DISCIPLINE FILE
 *
 * It prints "publishing" when the page is there, and runs until it is killed.
 */
#include <endian.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmclock-abi.h"

#define LENGTH 4096

static struct vmclock_abi *page;
static uint64_t ticks;

/* Each store is seen after the one before. */
static void count(uint32_t by)
{
	uint32_t seq = le32toh(page->seq_count);

	__atomic_store_n(&page->seq_count, htole32(seq + by), __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* A clock of 1 GHz: the reference moves by the same ticks on both sides. */
static void fields(void)
{
	ticks += 1000;
	__atomic_store_n(&page->counter_value, htole64(ticks), __ATOMIC_RELAXED);
	__atomic_store_n(&page->time_sec, htole64(1767225637 + ticks / 1000000000), __ATOMIC_RELAXED);
	__atomic_store_n(&page->time_frac_sec,
			 htole64((uint64_t)(((unsigned __int128)(ticks % 1000000000) << 64) / 1000000000)),
			 __ATOMIC_RELAXED);
}

static void honest(void)
{
	count(1);
	fields();
	count(1);
}

static void count_first(void)
{
	count(2);
	fields();
}

static void fields_first(void)
{
	fields();
	count(2);
}

static void before_odd(void)
{
	fields();
	count(1);
	count(1);
}

static void after_even(void)
{
	count(1);
	count(1);
	fields();
}

static const struct {
	const char *name;
	void (*update)(void);
} disciplines[] = {
	{ "honest", honest },
	{ "count-first", count_first },
	{ "fields-first", fields_first },
	{ "before-odd", before_odd },
	{ "after-even", after_even },
	{ "no-count", fields },
};

static int make_page(const char *path)
{
	const struct vmclock_abi first = {
		.magic = htole32(VMCLOCK_MAGIC),
		.size = htole32(LENGTH),
		.version = htole16(VMCLOCK_PAGE_VERSION),
		.counter_id = VMCLOCK_COUNTER_X86_TSC,
		.time_type = VMCLOCK_TIME_TAI,
		.disruption_marker = htole64(1),
		.flags = htole64(VMCLOCK_FLAG_TAI_OFFSET_VALID | VMCLOCK_FLAG_PERIOD_MAXERROR_VALID |
				 VMCLOCK_FLAG_TIME_MAXERROR_VALID),
		.clock_status = VMCLOCK_STATUS_SYNCHRONIZED,
		.tai_offset_sec = htole16((uint16_t)INT16_C(-37)),
		.counter_period_frac_sec = htole64(UINT64_C(0x89705f4136b4a597)),
		.counter_period_shift = 29,
		.counter_period_maxerror_rate_frac_sec = htole64(UINT64_C(1) << 40),
		.time_maxerror_nanosec = htole64(1000),
	};
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || ftruncate(fd, LENGTH))
		return -1;
	page = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		return -1;
	memcpy(page, &first, sizeof(first));
	return 0;
}

int main(int argc, char **argv)
{
	size_t i = 0, n = sizeof(disciplines) / sizeof(disciplines[0]);

	while (argc == 3 && i < n && strcmp(argv[1], disciplines[i].name) != 0)
		i++;
	if (argc != 3 || i == n) {
		fprintf(stderr, "usage: writer DISCIPLINE FILE\n");
		return 2;
	}
	if (make_page(argv[2])) {
		perror(argv[2]);
		return 1;
	}
	fields();
	puts("publishing");
	fflush(stdout);
	for (;;)
		disciplines[i].update();
}
