// SPDX-License-Identifier: MIT
/*
 * Measures the cost of calls to the driver that serves the device:
 * driver-speed PTP-CLOCK [ROUNDS]. Prints a line for each kind of call: its name and
 * the lower quartile of ROUNDS batches in ns for a call, or - if the driver does not
 * have the call. The kinds take turns, so that a busy machine disturbs them alike;
 * the first is a call without a driver, which shows the speed of the machine.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <linux/ptp_clock.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

#define FD_TO_CLOCKID(fd) ((clockid_t)(~(unsigned int)(fd) << 3 | 3))
#define BATCH_NS	200000
#define CHUNK		16		/* calls between two looks at the other process */
#define ROUNDS		200

static int device, unread, clock_fd;

static bool no_driver(void)
{
	return syscall(SYS_getppid) >= 0;
}

static bool get_time(void)
{
	struct timespec ts;

	return !clock_gettime(FD_TO_CLOCKID(clock_fd), &ts);
}

static bool extended(unsigned int samples)
{
	struct ptp_sys_offset_extended arg = { .n_samples = samples };

	return !ioctl(clock_fd, PTP_SYS_OFFSET_EXTENDED, &arg);
}

static bool extended_1(void)
{
	return extended(1);
}

static bool extended_10(void)
{
	return extended(10);
}

static bool precise(void)
{
	struct ptp_sys_offset_precise arg = { 0 };

	return !ioctl(clock_fd, PTP_SYS_OFFSET_PRECISE, &arg);
}

static bool read_4096(void)
{
	static char page[4096];

	return pread(device, page, sizeof(page), 0) == sizeof(page);
}

static bool read_1(void)
{
	char byte;

	return pread(device, &byte, 1, 0) == 1;
}

/* Without a poll of the driver's own, a file is always readable and writable. */
static bool poll_gives(int fd, int expected)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN | POLLOUT };

	return poll(&pfd, 1, 0) >= 0 && pfd.revents == expected;
}

static bool poll_nothing(void)
{
	return poll_gives(device, 0);
}

static bool poll_news(void)
{
	return poll_gives(unread, POLLIN);
}

static const struct kind {
	const char *name;
	bool (*call)(void);
	bool beside_another;	/* while another process does the same on another CPU */
} kinds[] = {
	{ "no_driver", no_driver, false },
	{ "gettime", get_time, false },
	{ "extended_1", extended_1, false },
	{ "extended_10", extended_10, false },
	{ "precise", precise, false },
	{ "read_4096", read_4096, false },
	{ "read_1", read_1, false },
	{ "poll_nothing", poll_nothing, false },
	{ "poll_news", poll_news, false },
	{ "read_4096_beside", read_4096, true },
	{ "read_1_beside", read_1, true },
	{ "gettime_beside", get_time, true },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))
#define NONE KINDS

static struct result {
	bool there;
	unsigned int calls;	/* in a batch */
	double *samples;
	unsigned int count;
} results[KINDS];

/* Shared with the other process. */
static struct {
	unsigned int wanted;	/* a kind, or NONE */
	bool end;
	unsigned long calls;	/* that it has made */
} *other;

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void use_cpu(int number)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(number, &set);
	expect(!sched_setaffinity(0, sizeof(set), &set));
}

/* Each process opens its own files, like independent programs. */
static void open_all(const char *clock)
{
	device = open(DEVICE, O_RDONLY);
	expect(device >= 0);
	unread = open(DEVICE, O_RDONLY);
	expect(unread >= 0);
	clock_fd = open(clock, O_RDONLY);
	expect(clock_fd >= 0);
	expect(read_4096());
}

static void be_the_other(const char *clock)
{
	const struct timespec pause = { .tv_nsec = 100000 };
	unsigned int wanted, i;

	open_all(clock);
	use_cpu(1);
	while (!__atomic_load_n(&other->end, __ATOMIC_RELAXED)) {
		wanted = __atomic_load_n(&other->wanted, __ATOMIC_RELAXED);
		if (wanted == NONE) {
			nanosleep(&pause, NULL);
			continue;
		}
		for (i = 0; i < CHUNK; i++)
			kinds[wanted].call();
		__atomic_fetch_add(&other->calls, CHUNK, __ATOMIC_RELAXED);
	}
	_exit(0);
}

static int64_t batch(const struct kind *kind, unsigned int calls)
{
	int64_t start = now();

	while (calls--)
		kind->call();
	return now() - start;
}

/* A batch beside the other process counts if that process made at least half as many calls. */
static void sample(unsigned int k)
{
	struct result *r = &results[k];
	unsigned long before = 0;
	int64_t ns;

	if (kinds[k].beside_another) {
		__atomic_store_n(&other->wanted, k, __ATOMIC_RELAXED);
		before = __atomic_load_n(&other->calls, __ATOMIC_RELAXED);
		while (__atomic_load_n(&other->calls, __ATOMIC_RELAXED) == before)
			;
		before = __atomic_load_n(&other->calls, __ATOMIC_RELAXED);
	}
	ns = batch(&kinds[k], r->calls);
	if (kinds[k].beside_another) {
		before = __atomic_load_n(&other->calls, __ATOMIC_RELAXED) - before;
		__atomic_store_n(&other->wanted, NONE, __ATOMIC_RELAXED);
		if (before < r->calls / 2)
			return;
	}
	r->samples[r->count++] = (double)ns / r->calls;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void report(unsigned int k)
{
	struct result *r = &results[k];

	if (!r->count) {
		printf("%s -\n", kinds[k].name);
		return;
	}
	qsort(r->samples, r->count, sizeof(*r->samples), compare);
	printf("%s %.0f\n", kinds[k].name, r->samples[r->count / 4]);
}

int main(int argc, char **argv)
{
	unsigned int rounds = argc > 2 ? (unsigned int)atoi(argv[2]) : ROUNDS, round, k;
	pid_t pid;

	expect(argc > 1 && rounds);
	other = mmap(NULL, sizeof(*other), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	expect(other != MAP_FAILED);
	other->wanted = NONE;
	pid = fork();
	expect(pid >= 0);
	if (!pid)
		be_the_other(argv[1]);
	open_all(argv[1]);
	use_cpu(0);

	for (k = 0; k < KINDS; k++) {
		struct result *r = &results[k];

		r->there = kinds[k].call();
		r->samples = calloc(rounds, sizeof(*r->samples));
		expect(r->samples);
		for (r->calls = CHUNK; r->there && batch(&kinds[k], r->calls) < BATCH_NS;
		     r->calls *= 2)
			;
	}
	for (round = 0; round < rounds; round++)
		for (k = 0; k < KINDS; k++)
			if (results[k].there)
				sample(k);
	for (k = 0; k < KINDS; k++)
		report(k);

	__atomic_store_n(&other->end, true, __ATOMIC_RELAXED);
	expect(waitpid(pid, NULL, 0) == pid);
	return 0;
}
