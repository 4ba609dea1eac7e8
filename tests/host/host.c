// SPDX-License-Identifier: MIT
#include <endian.h>
#include <err.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "counter.h"
#include "host.h"

#define PAGE_LEN 4096
#define NS INT64_C(1000000000)

void host_create(struct host *host, const struct vmclock_abi *first)
{
	host->fd = memfd_create("vmclock-page", MFD_CLOEXEC);
	if (host->fd < 0 || ftruncate(host->fd, PAGE_LEN))
		err(1, "a file in memory");
	host->page = mmap(NULL, PAGE_LEN, PROT_READ | PROT_WRITE, MAP_SHARED, host->fd, 0);
	if (host->page == MAP_FAILED)
		err(1, "mmap");
	memcpy(host->page, first, sizeof(*first));
}

struct vmclock *host_open(const struct host *host)
{
	struct vmclock *vc;
	char path[32];
	int ret;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", host->fd);
	ret = vmclock_open(&vc, path);
	if (ret)
		errx(1, "vmclock_open: %s", strerror(-ret));
	return vc;
}

void host_join(struct host *host, const struct vmclock *vc)
{
	void *page = (void *)vmclock_page(vc);

	munmap(host->page, PAGE_LEN);
	host->page = mmap(page, PAGE_LEN, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, host->fd,
			  0);
	if (host->page == MAP_FAILED)
		err(1, "mmap");
}

void host_destroy(struct host *host)
{
	munmap(host->page, PAGE_LEN);
	close(host->fd);
}

void host_publish(struct host *host, const struct vmclock_abi *next)
{
	enum { FIRST = offsetof(struct vmclock_abi, disruption_marker) / sizeof(uint64_t) };
	uint64_t words[sizeof(*next) / sizeof(uint64_t)];
	uint64_t *page = (uint64_t *)host->page;
	uint32_t seq = le32toh(host->page->seq_count);
	size_t i;

	memcpy(words, next, sizeof(words));
	__atomic_store_n(&host->page->seq_count, htole32(seq + 1), __ATOMIC_RELAXED);
	/* Pairs with the readers' fence: a reader of a field below sees the odd or a newer count. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	for (i = FIRST; i < sizeof(words) / sizeof(words[0]); i++)
		__atomic_store_n(&page[i], words[i], __ATOMIC_RELAXED);
	/* Pairs with the readers' first load: a reader of this count sees the fields above. */
	__atomic_store_n(&host->page->seq_count, htole32(seq + 2), __ATOMIC_RELEASE);
}

int64_t host_monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS + ts.tv_nsec;
}

void host_fill_time(struct vmclock_abi *page)
{
	uint64_t ticks = counter_ordered();
	int64_t start = host_monotonic_ns();
	struct timespec ts;
	uint64_t period;
	int64_t ns;

	do {
		ns = host_monotonic_ns() - start;
	} while (ns < 20000000);
	ticks = counter_ordered() - ticks;
	/* 2^(64 + 29) / (ticks * 10^9 / ns), in two steps that fit. */
	period = (uint64_t)(((unsigned __int128)ns << 84) / ticks / NS) << 9;
	clock_gettime(CLOCK_REALTIME, &ts);

	memset(page, 0, sizeof(*page));
	page->magic = htole32(VMCLOCK_MAGIC);
	page->size = htole32(PAGE_LEN);
	page->version = htole16(VMCLOCK_PAGE_VERSION);
	page->counter_id = COUNTER_ID;
	page->time_type = VMCLOCK_TIME_TAI;
	page->disruption_marker = htole64(1);
	page->flags = htole64(VMCLOCK_FLAG_TAI_OFFSET_VALID | VMCLOCK_FLAG_PERIOD_MAXERROR_VALID |
			      VMCLOCK_FLAG_TIME_MAXERROR_VALID);
	page->clock_status = VMCLOCK_STATUS_SYNCHRONIZED;
	page->tai_offset_sec = htole16((uint16_t)-37);
	page->counter_period_shift = 29;
	page->counter_value = htole64(counter_ordered());
	page->counter_period_frac_sec = htole64(period);
	page->counter_period_maxerror_rate_frac_sec = htole64(period / 1000);
	page->time_sec = htole64((uint64_t)ts.tv_sec + 37);
	page->time_frac_sec = htole64((uint64_t)(((unsigned __int128)ts.tv_nsec << 64) / NS));
	page->time_maxerror_nanosec = htole64(1000000);
}

unsigned int host_cpus(void)
{
	cpu_set_t allowed;

	return sched_getaffinity(0, sizeof(allowed), &allowed) ? 1 :
								 (unsigned int)CPU_COUNT(&allowed);
}

void host_use_cpu(unsigned int number)
{
	cpu_set_t allowed, one;
	int cpu;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return;
	number %= (unsigned int)CPU_COUNT(&allowed);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed) && !number--)
			break;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}
