// SPDX-License-Identifier: MIT
/*
 * A hypervisor on the host that publishes without pause: keeps four fields of the page
 * equal and changes them as fast as it can, until it is terminated. The even phases
 * have different lengths, so that readers succeed, and are interrupted at every point.
 *
 * Usage: busy-host RAM-FILE OFFSET
 */
#include <endian.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "vmclock-abi.h"

/* Rounds of an empty loop: up to several times an emulated reading of the whole page. */
#define PAUSE 32768

static volatile sig_atomic_t stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

static void publish(struct vmclock_abi *page, uint64_t number)
{
	uint32_t seq = le32toh(page->seq_count) | 1;

	__atomic_store_n(&page->seq_count, htole32(seq), __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store_n(&page->disruption_marker, htole64(number), __ATOMIC_RELAXED);
	__atomic_store_n(&page->counter_value, htole64(number), __ATOMIC_RELAXED);
	__atomic_store_n(&page->time_sec, htole64(number), __ATOMIC_RELAXED);
	__atomic_store_n(&page->vm_generation_counter, htole64(number), __ATOMIC_RELAXED);
	__atomic_store_n(&page->seq_count, htole32(seq + 1), __ATOMIC_RELEASE);
}

int main(int argc, char **argv)
{
	struct vmclock_abi *page;
	unsigned int seed = 1;
	uint64_t number;
	int fd;

	if (argc != 3) {
		fputs("usage: busy-host RAM-FILE OFFSET\n", stderr);
		return 3;
	}
	fd = open(argv[1], O_RDWR);
	page = fd < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
					  (off_t)strtoull(argv[2], NULL, 0));
	if (page == MAP_FAILED) {
		perror("busy-host");
		return 2;
	}
	signal(SIGTERM, stop);

	for (number = 2; !stopped; number++) {
		volatile unsigned int pause = (unsigned int)rand_r(&seed) % PAUSE;

		publish(page, number);
		while (pause)
			pause--;
	}
	return 0;
}
