// SPDX-License-Identifier: MIT
/*
 * A hostile hypervisor on the host: writes PAGES impossible pages into the memory of a
 * running guest, then leaves zeros from the count on. Some pages follow the protocol
 * and hold extreme numbers, so that readers read them to the end; others are random
 * bytes; most change only a part. Constants (magic, size, version) change, too.
 * Sometimes an update takes longer than any reader may wait.
 *
 * Usage: hostile-host RAM-FILE OFFSET PAGES [SEED]
 */
#include <endian.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "vmclock-abi.h"

#define ROOM 4096
/* After this many pages an update takes longer than readers wait. */
#define UNFINISHED_EVERY 50000
#define UNFINISHED_S 1

static uint64_t state;

/* xorshift64*: fast, and the same everywhere. */
static uint64_t random_number(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dULL;
}

static uint64_t extreme_number(void)
{
	static const uint64_t extremes[] = {
		0, 1, UINT64_MAX, INT64_MAX, 1ULL << 63, UINT32_MAX, 1ULL << 32, 1000000000,
	};
	uint64_t number = random_number();

	return number % 4 ? extremes[(number >> 8) % 8] : random_number() >> (number >> 58);
}

/* Follows a publisher's protocol, so that readers accept the numbers. */
static void publish_extremes(volatile struct vmclock_abi *page)
{
	uint32_t seq = le32toh(page->seq_count) | 1;

	page->seq_count = htole32(seq);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	page->disruption_marker = htole64(extreme_number());
	page->flags = htole64(extreme_number());
	page->clock_status = random_number() % 6;
	page->leap_second_smearing_hint = random_number() % 4;
	page->tai_offset_sec = (int16_t)htole16((uint16_t)extreme_number());
	page->leap_indicator = random_number() % 7;
	page->counter_period_shift = (uint8_t)extreme_number();
	page->counter_value = htole64(extreme_number());
	page->counter_period_frac_sec = htole64(extreme_number());
	page->counter_period_esterror_rate_frac_sec = htole64(extreme_number());
	page->counter_period_maxerror_rate_frac_sec = htole64(extreme_number());
	page->time_sec = htole64(extreme_number());
	page->time_frac_sec = htole64(extreme_number());
	page->time_esterror_nanosec = htole64(extreme_number());
	page->time_maxerror_nanosec = htole64(extreme_number());
	page->vm_generation_counter = htole64(extreme_number());
	page->counter_id = random_number() % 4 ? VMCLOCK_COUNTER_X86_TSC : (uint8_t)random_number();
	page->time_type = (uint8_t)(random_number() % 6);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	page->seq_count = htole32(seq + 1);
}

static void change_a_part(volatile unsigned char *page)
{
	uint64_t number = random_number();
	/* Mostly the bytes of fields. */
	size_t end = number % 8 ? sizeof(struct vmclock_abi) : ROOM;
	size_t length = (number >> 8) % 16 + 1;
	size_t at = (number >> 16) % end;
	uint64_t bytes = extreme_number();

	for (; length && at < end; length--, at++, bytes = bytes >> 8 | bytes << 56)
		page[at] = (unsigned char)bytes;
}

static void fill(volatile uint64_t *page)
{
	size_t i;

	for (i = 0; i < ROOM / sizeof(*page); i++)
		page[i] = random_number();
}

static void leave_unfinished(volatile struct vmclock_abi *page)
{
	const struct timespec pause = { .tv_sec = UNFINISHED_S };

	page->seq_count |= htole32(1);
	nanosleep(&pause, NULL);
}

/* Without pauses readers would see few of the pages, and read few to their end. */
static void pause_a_while(void)
{
	volatile unsigned int left = (unsigned int)random_number() % 0x8000;

	while (left)
		left--;
}

int main(int argc, char **argv)
{
	volatile unsigned char *page;
	unsigned long pages, i;
	int fd;

	if (argc < 4 || argc > 5) {
		fputs("usage: hostile-host RAM-FILE OFFSET PAGES [SEED]\n", stderr);
		return 3;
	}
	pages = strtoul(argv[3], NULL, 0);
	state = argc > 4 ? strtoull(argv[4], NULL, 0) : 1;
	fd = open(argv[1], O_RDWR);
	page = fd < 0 ? MAP_FAILED : mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
					  (off_t)strtoull(argv[2], NULL, 0));
	if (page == MAP_FAILED) {
		perror("hostile-host");
		return 2;
	}
	for (i = 0; i < pages; i++) {
		uint64_t kind = random_number() >> 32 & 15;

		if (kind < 6)
			publish_extremes((volatile struct vmclock_abi *)page);
		else if (kind < 15)
			change_a_part(page);
		else
			fill((volatile uint64_t *)page);
		pause_a_while();
		if (i % UNFINISHED_EVERY == 0)
			leave_unfinished((volatile struct vmclock_abi *)page);
	}
	for (i = offsetof(struct vmclock_abi, seq_count); i < ROOM; i++)
		page[i] = 0;
	return 0;
}
