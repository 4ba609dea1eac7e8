// SPDX-License-Identifier: MIT
/*
 * Uses the device in every way while the page may hold anything: no call may
 * take long, whatever it answers. Runs until the file named on the command
 * line exists, then prints a line for each kind of use, with the longest call.
 *
 * Usage: device-besieged STOP-FILE LIMIT-MS [PTP-DEVICE]
 *
 * A machine that stands still makes every call long. So on each processor a watch
 * with the highest priority adds up the time for which it could not run, and this
 * time is subtracted from the calls.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/ptp_clock.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

#define PAGE 4096
#define MOST_CPUS 8
#define MSEC 1000000LL
/* How often a watch looks, and its normal delay. */
#define WATCH_NS (2 * MSEC)

static const char *stop_file;
static const char *ptp_device;
static long long limit;

static struct watch {
	long long stood;		/* the time for which it could not run */
	unsigned long looks;
} watches[MOST_CPUS];

struct use {
	const char *name;
	void (*once)(struct use *use, unsigned int *seed);
	unsigned long calls, errors;
	long long longest, excused;
};

static long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static bool stopping(void)
{
	return !access(stop_file, F_OK);
}

static void *keep_watch(void *arg)
{
	const struct sched_param first = { .sched_priority = 50 };
	const struct timespec pause = { .tv_nsec = WATCH_NS };
	struct watch *watch = arg;
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET(watch - watches, &cpu);
	expect(!pthread_setaffinity_np(pthread_self(), sizeof(cpu), &cpu));
	expect(!pthread_setschedparam(pthread_self(), SCHED_FIFO, &first));
	for (;;) {
		long long before = now_ns(), late;

		nanosleep(&pause, NULL);
		late = now_ns() - before - 2 * WATCH_NS;
		if (late > 0)
			__atomic_add_fetch(&watch->stood, late, __ATOMIC_RELAXED);
		__atomic_add_fetch(&watch->looks, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

static int cpus(void)
{
	long count = sysconf(_SC_NPROCESSORS_ONLN);

	return count < MOST_CPUS ? (int)count : MOST_CPUS;
}

/* The time that all watches have missed; a call may have run on each processor. */
static long long stood_still(void)
{
	long long sum = 0;
	int i;

	for (i = 0; i < cpus(); i++)
		sum += __atomic_load_n(&watches[i].stood, __ATOMIC_RELAXED);
	return sum;
}

/* Waits until each watch has counted the time that it missed before. */
static void let_watches_look(void)
{
	const struct timespec pause = { .tv_nsec = WATCH_NS };
	int i;

	for (i = 0; i < cpus(); i++) {
		unsigned long looks = __atomic_load_n(&watches[i].looks, __ATOMIC_ACQUIRE);

		while (__atomic_load_n(&watches[i].looks, __ATOMIC_ACQUIRE) - looks < 2)
			nanosleep(&pause, NULL);
	}
}

/* Counts one call's duration, less the time for which the machine stood still. */
static void account(struct use *use, long long began, long long stood, bool failed)
{
	long long took = now_ns() - began;

	if (took > limit) {
		let_watches_look();
		stood = stood_still() - stood;
		if (took - stood <= limit)
			use->excused++;
		took -= stood;
	}
	if (took > use->longest)
		use->longest = took;
	use->calls++;
	use->errors += failed;
}

#define timed(use, call) \
	do { \
		long long stood_ = stood_still(), began_ = now_ns(); \
		bool failed_ = (call) < 0; \
		account(use, began_, stood_, failed_); \
	} while (0)

static void read_it(struct use *use, unsigned int *seed)
{
	char buffer[PAGE];
	struct iovec parts[] = { { buffer, 13 }, { buffer + 13, 64 } };
	int fd = open(DEVICE, O_RDONLY);
	int i;

	expect(fd >= 0);
	for (i = 0; i < 20; i++) {
		timed(use, pread(fd, buffer, (size_t)rand_r(seed) % PAGE, rand_r(seed) % PAGE));
		timed(use, preadv(fd, parts, 2, 0));
	}
	close(fd);
}

static void poll_it(struct use *use, unsigned int *seed)
{
	struct epoll_event event = { .events = EPOLLIN | (rand_r(seed) % 2 ? EPOLLET : 0) };
	int fd = open(DEVICE, O_RDONLY);
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int set = epoll_create1(0);
	char byte;
	int i;

	expect(fd >= 0 && set >= 0);
	expect(!epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
	for (i = 0; i < 20; i++) {
		timed(use, poll(&pfd, 1, 0));
		expect(!(pfd.revents & (POLLERR | POLLHUP)));
		timed(use, poll(&pfd, 1, 5));
		timed(use, epoll_wait(set, &event, 1, 5));
		timed(use, pread(fd, &byte, 1, 0));
	}
	close(set);
	close(fd);
}

static long long sum_of(const volatile unsigned char *page)
{
	long long sum = 0;
	int i;

	for (i = 0; i < PAGE; i += 8)
		sum += page[i];
	return sum;
}

static void map_it(struct use *use, unsigned int *seed)
{
	int fd = open(DEVICE, O_RDONLY);
	void *page = mmap(NULL, PAGE, PROT_READ, rand_r(seed) % 2 ? MAP_SHARED : MAP_PRIVATE, fd, 0);
	int i;

	expect(fd >= 0 && page != MAP_FAILED);
	for (i = 0; i < 20; i++)
		timed(use, sum_of(page));
	timed(use, munmap(page, PAGE));
	close(fd);
}

/* Reads every attribute that exists. */
static void look_at_sysfs(struct use *use, unsigned int *seed)
{
	DIR *folder = opendir("/sys/class/misc/vmclock0");
	const struct dirent *entry;
	char text[PAGE];
	int fd;

	(void)seed;
	expect(folder);
	while ((entry = readdir(folder))) {
		if (entry->d_type != DT_REG)
			continue;
		fd = openat(dirfd(folder), entry->d_name, O_RDONLY);
		if (fd >= 0) {
			timed(use, pread(fd, text, sizeof(text), 0));
			close(fd);
		}
	}
	closedir(folder);
}

static void ask_ptp(struct use *use, unsigned int *seed)
{
	struct ptp_sys_offset_extended extended = { .n_samples = 3 };
	struct ptp_sys_offset_precise precise = { 0 };
	struct ptp_sys_offset plain = { .n_samples = 3 };
	int fd = open(ptp_device, O_RDONLY);
	struct timespec ts;
	clockid_t clock;
	int i;

	(void)seed;
	expect(fd >= 0);
	clock = (clockid_t)((~(unsigned int)fd << 3) | 3);
	for (i = 0; i < 10; i++) {
		timed(use, clock_gettime(clock, &ts));
		timed(use, ioctl(fd, PTP_SYS_OFFSET, &plain));
		timed(use, ioctl(fd, PTP_SYS_OFFSET_EXTENDED, &extended));
		timed(use, ioctl(fd, PTP_SYS_OFFSET_PRECISE, &precise));
	}
	close(fd);
}

static struct use uses[] = {
	{ .name = "read", .once = read_it },
	{ .name = "poll", .once = poll_it },
	{ .name = "map", .once = map_it },
	{ .name = "sysfs", .once = look_at_sysfs },
	{ .name = "ptp", .once = ask_ptp },
};
#define USES (sizeof(uses) / sizeof(uses[0]))

static void *do_use(void *arg)
{
	struct use *use = arg;
	unsigned int seed = (unsigned int)(use - uses);

	while (!stopping())
		use->once(use, &seed);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[USES], watch;
	size_t count, i;

	print_lines();
	expect(argc >= 3);
	stop_file = argv[1];
	limit = atoi(argv[2]) * MSEC;
	ptp_device = argc > 3 ? argv[3] : NULL;
	count = ptp_device ? USES : USES - 1;

	for (i = 0; i < (size_t)cpus(); i++)
		expect(!pthread_create(&watch, NULL, keep_watch, &watches[i]));
	puts("besieged");
	for (i = 0; i < count; i++)
		expect(!pthread_create(&threads[i], NULL, do_use, &uses[i]));
	for (i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < count; i++) {
		printf("%s: %lu calls, %lu errors, longest %lld us, %lld excused\n", uses[i].name,
		       uses[i].calls, uses[i].errors, uses[i].longest / 1000, uses[i].excused);
		if (!uses[i].calls)
			fail("no %s was done", uses[i].name);
		if (uses[i].longest > limit)
			fail("a call of %s took too long", uses[i].name);
	}
	printf("ok, stood still for %lld ms\n", stood_still() / MSEC);
	return 0;
}
