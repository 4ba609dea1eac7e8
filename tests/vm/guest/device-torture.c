// SPDX-License-Identifier: MIT
/*
 * Uses the device in every way at once, from many threads, while the scenario unbinds
 * and binds the driver. The device may be missing at any time, but all data must be
 * right. Runs until the file named on the command line exists, then prints "ok" and
 * the numbers of operations.
 *
 * With "--kill" it starts itself again and again and kills it with SIGKILL.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

#define PAGE 4096

static const char *stop_file;

struct work {
	const char *name;
	void (*once)(int fd, unsigned int *seed);
	unsigned long done;
};

static bool stopping(void)
{
	return !access(stop_file, F_OK);
}

static void rest_us(long us)
{
	const struct timespec ts = { .tv_nsec = us * 1000 };

	nanosleep(&ts, NULL);
}

/* Errors that are allowed while the driver is unbound and bound. */
static bool gone_or_busy(void)
{
	return errno == ENODEV || errno == ETIMEDOUT || errno == EINTR;
}

static void read_it(int fd, unsigned int *seed)
{
	char buffer[2 * PAGE];
	struct iovec parts[] = {
		{ buffer, 13 }, { buffer + 13, 0 }, { buffer + PAGE, PAGE },
	};
	off_t offset = rand_r(seed) % 5000;
	ssize_t got = pread(fd, buffer, (size_t)rand_r(seed) % sizeof(buffer), offset);

	expect(got >= 0 || gone_or_busy());
	expect(got <= 0 || got + offset <= PAGE);
	expect(preadv(fd, parts, 3, offset) >= 0 || gone_or_busy());
}

static void poll_it(int fd, unsigned int *seed)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char byte;

	if (poll(&pfd, 1, rand_r(seed) % 20) <= 0)
		return;
	if (pfd.revents & (POLLERR | POLLHUP))
		expect_errno(pread(fd, &byte, 1, 0), ENODEV);
	else
		expect(pread(fd, &byte, 1, 0) == 1 || gone_or_busy());
}

/* The set outlives the file, and is closed while it is in use. */
static void epoll_it(int fd, unsigned int *seed)
{
	static const uint32_t kinds[] = { 0, EPOLLET, EPOLLONESHOT, EPOLLET | EPOLLONESHOT };
	struct epoll_event event = { .events = EPOLLIN | kinds[rand_r(seed) % 4] };
	int copy = dup(fd);
	int set = epoll_create1(0);

	expect(copy >= 0 && set >= 0);
	expect(!epoll_ctl(set, EPOLL_CTL_ADD, copy, &event));
	expect(epoll_wait(set, &event, 1, rand_r(seed) % 10) >= 0 || errno == EINTR);
	close(copy);
	expect(epoll_wait(set, &event, 1, 0) >= 0 || errno == EINTR);
	close(set);
}

static void write_through(const void *page)
{
	char byte = 'X';
	struct iovec local = { &byte, 1 };
	struct iovec remote = { (void *)page, 1 };
	int mem = open("/proc/self/mem", O_RDWR);

	expect(process_vm_writev(getpid(), &local, 1, &remote, 1, 0) < 0);
	expect(mem >= 0);
	expect(pwrite(mem, &byte, 1, (off_t)(uintptr_t)page) < 0);
	close(mem);
}

static void map_it(int fd, unsigned int *seed)
{
	int kind = rand_r(seed) % 2 ? MAP_SHARED : MAP_PRIVATE;
	char *page = mmap(NULL, PAGE, PROT_READ, kind, fd, 0);
	char *moved;
	int status;
	pid_t pid;

	if (page == MAP_FAILED) {
		expect(errno == ENODEV);
		return;
	}
	expect(mprotect(page, PAGE, PROT_READ | PROT_WRITE) < 0);
	expect(mremap(page, PAGE, 2 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED);
	write_through(page);
	if (!(rand_r(seed) % 8)) {
		pid = fork();
		if (!pid)
			_exit(memcmp(page, "VCLK", 4) != 0);
		expect(waitpid(pid, &status, 0) == pid && status == 0);
	}
	moved = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	expect(mremap(page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, moved) == moved);
	expect(!memcmp(moved, "VCLK", 4));
	expect(!munmap(moved, PAGE));
}

static void splice_it(int fd, unsigned int *seed)
{
	loff_t offset = rand_r(seed) % PAGE;
	int ends[2];

	expect(!pipe(ends));
	expect(splice(fd, &offset, ends[1], NULL, PAGE, SPLICE_F_NONBLOCK) >= 0 || gone_or_busy() ||
	       errno == EAGAIN);
	close(ends[0]);
	close(ends[1]);
}

static void look_at_sysfs(int fd, unsigned int *seed)
{
	static const char *const names[] = {
		"clock_status", "notification", "seq_count", "vm_generation_counter", "uevent",
	};
	char path[96], text[PAGE];
	int file;

	(void)fd;
	snprintf(path, sizeof(path), "/sys/class/misc/vmclock0/%s", names[rand_r(seed) % 5]);
	file = open(path, O_RDONLY);
	if (file < 0)
		return;
	expect(read(file, text, sizeof(text)) >= 0 || gone_or_busy() || errno == ENODATA);
	close(file);
}

static struct work works[] = {
	{ .name = "read", .once = read_it },
	{ .name = "poll", .once = poll_it },
	{ .name = "epoll", .once = epoll_it },
	{ .name = "map", .once = map_it },
	{ .name = "splice", .once = splice_it },
	{ .name = "sysfs", .once = look_at_sysfs },
};
#define WORKS (sizeof(works) / sizeof(works[0]))

static void *do_work(void *arg)
{
	struct work *work = arg;
	unsigned int seed = (unsigned int)(uintptr_t)&seed;
	int i, fd;

	while (!stopping()) {
		fd = open(DEVICE, O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			rest_us(200);
			continue;
		}
		for (i = 0; i < 20; i++) {
			work->once(fd, &seed);
			__atomic_add_fetch(&work->done, 1, __ATOMIC_RELAXED);
		}
		close(fd);
	}
	return NULL;
}

static int torture(void)
{
	pthread_t threads[2 * WORKS];
	size_t i;

	for (i = 0; i < 2 * WORKS; i++)
		expect(!pthread_create(&threads[i], NULL, do_work, &works[i % WORKS]));
	for (i = 0; i < 2 * WORKS; i++)
		pthread_join(threads[i], NULL);
	printf("ok");
	for (i = 0; i < WORKS; i++) {
		printf(" %s %lu", works[i].name, works[i].done);
		if (!works[i].done)
			fail(": no %s was done", works[i].name);
	}
	putchar('\n');
	return 0;
}

static int kill_again_and_again(void)
{
	unsigned int seed = 1;

	while (!stopping()) {
		pid_t pid = fork();
		int status;

		if (!pid)
			_exit(torture());
		rest_us(50000 + rand_r(&seed) % 100000);
		kill(pid, SIGKILL);
		expect(waitpid(pid, &status, 0) == pid);
		/* Killed, or ended because we stop, but not failed. */
		expect(WIFSIGNALED(status) || stopping());
	}
	puts("ok");
	return 0;
}

int main(int argc, char **argv)
{
	bool kill_it = argc > 1 && !strcmp(argv[1], "--kill");

	print_lines();
	expect(argc > 1 + kill_it);
	stop_file = argv[1 + kill_it];
	return kill_it ? kill_again_and_again() : torture();
}
