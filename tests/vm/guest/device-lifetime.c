// SPDX-License-Identifier: MIT
/*
 * Random operations on files, mappings, event sets, PTP clocks and attributes of the
 * device, from several threads, while the device is unbound and bound, its parameters
 * change, and the module is sometimes unloaded: each operation works or fails as
 * allowed, and a removed device never comes back in an open file. Prints "ok" and the
 * numbers of operations.
 *
 * Usage: device-lifetime OPERATIONS SEED DEVICE
 * DEVICE is the name of the platform device.
 */
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/ptp_clock.h>

#include "guest.h"

#define PAGE 4096
#define THREADS 4
#define PLACES 12
#define DRIVER "/sys/bus/platform/drivers/vmclock-guest/"
#define PARAMETERS "/sys/module/vmclock/parameters/"

enum kind { NOTHING, PAGE_FILE, MAPPING, EVENTS, PTP_CLOCK, ATTRIBUTE, KINDS };

/* An open file, mapping or set of a thread. */
struct place {
	enum kind kind;
	int fd;
	bool gone;			/* it has reported that the device is gone */
	unsigned char *page;
};

struct thread {
	struct place places[PLACES];
	unsigned int seed;
	unsigned long left;
	unsigned long done[KINDS], gone, binds, loads;
};

static const char *const names[] = {
	[PAGE_FILE] = "file", [MAPPING] = "mapping", [EVENTS] = "event set",
	[PTP_CLOCK] = "PTP clock", [ATTRIBUTE] = "attribute",
};

static const char *device;

/*
 * A bug of the kernel: after posix_clock_register() a clock can be opened before it
 * has its device, and closing it then drops a reference that opening did not take.
 * So no thread opens a clock while the device is being bound.
 */
static pthread_rwlock_t registering = PTHREAD_RWLOCK_INITIALIZER;

static unsigned int below(struct thread *thread, unsigned int end)
{
	return (unsigned int)rand_r(&thread->seed) % end;
}

static int open_ptp_clock(void)
{
	glob_t found;
	int fd = -1;

	pthread_rwlock_rdlock(&registering);
	if (glob("/dev/ptp*", 0, NULL, &found))
		errno = ENOENT;
	else
		fd = open(found.gl_pathv[found.gl_pathc - 1], O_RDONLY | O_CLOEXEC);
	pthread_rwlock_unlock(&registering);
	globfree(&found);
	return fd;
}

static int open_attribute(struct thread *thread)
{
	static const char *const attributes[] = {
		"clock_status", "notification", "seq_count", "vm_generation_counter", "uevent",
	};
	char path[96];

	snprintf(path, sizeof(path), "/sys/class/misc/vmclock0/%s", attributes[below(thread, 5)]);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void let_go(struct place *place)
{
	if (place->kind == MAPPING)
		expect(!munmap(place->page, PAGE));
	else if (place->kind != NOTHING)
		expect(!close(place->fd));
	memset(place, 0, sizeof(*place));
}

static void take(struct thread *thread, struct place *place)
{
	struct place taken = { .kind = 1 + below(thread, KINDS - 1), .fd = -1 };
	struct epoll_event event = { .events = EPOLLIN | (below(thread, 2) ? EPOLLET : 0) };
	int file = -1;

	let_go(place);
	if (taken.kind == PTP_CLOCK)
		taken.fd = open_ptp_clock();
	else if (taken.kind == ATTRIBUTE)
		taken.fd = open_attribute(thread);
	else
		file = taken.fd = open(DEVICE, O_RDONLY | O_CLOEXEC);
	if (taken.fd < 0) {
		if (errno != ENOENT && errno != ENODEV && errno != ENXIO)
			fail("opening a %s: %s", names[taken.kind], strerror(errno));
		return;
	}
	if (taken.kind == EVENTS) {
		taken.fd = epoll_create1(EPOLL_CLOEXEC);
		expect(taken.fd >= 0);
		expect(!epoll_ctl(taken.fd, EPOLL_CTL_ADD, file, &event));
		/* Close the file and keep the set, which then has the only reference. */
		if (below(thread, 2))
			expect(!epoll_ctl(taken.fd, EPOLL_CTL_DEL, file, NULL));
		close(file);
	} else if (taken.kind == MAPPING) {
		taken.page = mmap(NULL, PAGE, PROT_READ, below(thread, 2) ? MAP_SHARED : MAP_PRIVATE,
				  file, 0);
		expect(taken.page != MAP_FAILED || errno == ENODEV);
		close(file);
		if (taken.page == MAP_FAILED)
			return;
	}
	*place = taken;
}

/* Checks answers after the device is gone: they stay the same. */
static void check_gone(struct place *place, bool worked)
{
	expect(!place->gone || (!worked && errno == ENODEV));
	if (!worked && errno == ENODEV)
		place->gone = true;
}

static void use_file(struct thread *thread, struct place *place)
{
	struct pollfd pfd = { .fd = place->fd, .events = POLLIN };
	char buffer[PAGE];
	ssize_t got;

	if (!below(thread, 8)) {
		expect(!fcntl(place->fd, F_SETOWN, getpid()));
		expect(!fcntl(place->fd, F_SETFL, below(thread, 2) ? O_ASYNC : 0));
		return;
	}
	if (!below(thread, 3)) {
		expect(poll(&pfd, 1, (int)below(thread, 4)) >= 0);
		expect(!place->gone || pfd.revents & POLLHUP);
		return;
	}
	got = pread(place->fd, buffer, below(thread, PAGE) + 1, 0);
	expect(got > 0 || errno == ENODEV || errno == ETIMEDOUT);
	expect(got < 4 || !memcmp(buffer, "VCLK", 4));
	check_gone(place, got > 0);
}

static void use_ptp(struct place *place)
{
	struct ptp_sys_offset_extended extended = { .n_samples = 2 };
	struct ptp_sys_offset_precise precise = { 0 };
	struct timespec ts;
	bool worked = !clock_gettime((clockid_t)((~(unsigned int)place->fd << 3) | 3), &ts);

	expect(worked || errno == ENODEV || errno == EAGAIN || errno == ETIMEDOUT ||
	       errno == EINVAL);
	worked = !ioctl(place->fd, PTP_SYS_OFFSET_EXTENDED, &extended);
	expect(worked || errno == ENODEV || errno == EAGAIN || errno == ETIMEDOUT);
	check_gone(place, worked);
	worked = !ioctl(place->fd, PTP_SYS_OFFSET_PRECISE, &precise);
	expect(worked || errno == ENODEV || errno == EAGAIN || errno == ETIMEDOUT ||
	       errno == EOPNOTSUPP || errno == EBUSY);
}

static void use(struct thread *thread, struct place *place)
{
	struct epoll_event event;
	char text[PAGE];

	switch (place->kind) {
	case PAGE_FILE:
		use_file(thread, place);
		break;
	case MAPPING:
		expect(!memcmp(place->page, "VCLK", 4));
		expect(mprotect(place->page, PAGE, PROT_READ | PROT_WRITE) < 0);
		break;
	case EVENTS:
		expect(epoll_wait(place->fd, &event, 1, (int)below(thread, 3)) >= 0);
		break;
	case PTP_CLOCK:
		use_ptp(place);
		break;
	case ATTRIBUTE:
		expect(pread(place->fd, text, sizeof(text), 0) >= 0 || errno == ENODEV ||
		       errno == ETIMEDOUT || errno == ENODATA);
		break;
	default:
		return;
	}
	thread->done[place->kind]++;
	thread->gone += place->gone;
}

/* Forks a process that inherits everything, and ends in one of several ways. */
static void inherit(struct thread *thread)
{
	bool kill_it = below(thread, 2);
	int status;
	pid_t pid = fork();
	size_t i;

	if (!pid) {
		for (i = 0; i < PLACES; i++)
			use(thread, &thread->places[i]);
		if (kill_it)
			pause();
		_exit(0);
	}
	expect(pid > 0);
	if (kill_it) {
		usleep(below(thread, 3000));
		kill(pid, SIGKILL);
	}
	expect(waitpid(pid, &status, 0) == pid);
	expect(WIFSIGNALED(status) || !WEXITSTATUS(status));
}

static void tell_driver(const char *what)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), DRIVER "%s", what);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0) {
		expect(errno == ENOENT || errno == ENODEV);
		return;
	}
	/* Another thread may have done it already. */
	expect(write(fd, device, strlen(device)) > 0 || errno == ENODEV || errno == EBUSY ||
	       errno == EINVAL || errno == EAGAIN);
	close(fd);
}

static void rebind(struct thread *thread)
{
	tell_driver("unbind");
	usleep(below(thread, 2000));
	pthread_rwlock_wrlock(&registering);
	tell_driver("bind");
	pthread_rwlock_unlock(&registering);
	thread->binds++;
}

static void set_interval(struct thread *thread)
{
	const char *path = below(thread, 2) ? PARAMETERS "interval_ms" :
					      PARAMETERS "wait_interval_ms";
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	char number[2] = { (char)('1' + below(thread, 9)) };

	if (fd < 0) {
		expect(errno == ENOENT || errno == ENODEV);
		return;
	}
	expect(write(fd, number, 1) == 1 || errno == ENODEV);
	close(fd);
}

static void reload(struct thread *thread)
{
	size_t i;

	for (i = 0; i < PLACES; i++)
		let_go(&thread->places[i]);
	/* The unload works only if nothing is open; the module is loaded again in any case. */
	pthread_rwlock_wrlock(&registering);
	expect(system("rmmod vmclock 2>/dev/null; "
		      "exec modprobe vmclock interval_ms=5 wait_interval_ms=2") == 0);
	pthread_rwlock_unlock(&registering);
	thread->loads++;
}

static void *work(void *arg)
{
	struct thread *thread = arg;
	size_t i;

	while (thread->left--) {
		struct place *place = &thread->places[below(thread, PLACES)];
		unsigned int what = below(thread, 4000);

		if (what < 1)
			reload(thread);
		else if (what < 30)
			rebind(thread);
		else if (what < 60)
			inherit(thread);
		else if (what < 90)
			set_interval(thread);
		else if (what < 1000)
			take(thread, place);
		else if (what < 1300)
			let_go(place);
		else
			use(thread, place);
	}
	for (i = 0; i < PLACES; i++)
		let_go(&thread->places[i]);
	return NULL;
}

int main(int argc, char **argv)
{
	static struct thread threads[THREADS];
	pthread_t ids[THREADS];
	unsigned long sum, binds = 0, loads = 0, gone = 0;
	int kind, i;

	print_lines();
	expect(argc == 4);
	device = argv[3];
	/* The signal of files with O_ASYNC. */
	signal(SIGIO, SIG_IGN);
	for (i = 0; i < THREADS; i++) {
		threads[i].seed = (unsigned int)(atoi(argv[2]) * THREADS + i);
		threads[i].left = strtoul(argv[1], NULL, 0) / THREADS;
		expect(!pthread_create(&ids[i], NULL, work, &threads[i]));
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(ids[i], NULL);
		binds += threads[i].binds;
		loads += threads[i].loads;
		gone += threads[i].gone;
	}
	printf("ok: %lu binds, %lu loads, %lu uses of what was gone", binds, loads, gone);
	for (kind = 1; kind < KINDS; kind++) {
		for (i = 0, sum = 0; i < THREADS; i++)
			sum += threads[i].done[kind];
		printf(", %s %lu", names[kind], sum);
		if (!sum)
			fail(": no %s was used", names[kind]);
	}
	putchar('\n');
	return 0;
}
