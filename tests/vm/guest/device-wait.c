// SPDX-License-Identifier: MIT
/*
 * Waits for changes of the page in one of several ways, for ever, and shows the host
 * in shared memory when it sleeps and when it was woken.
 *
 * Usage: device-wait WAY quiet|pending|unread ADDRESS-OF-PAGE
 *	  device-wait --list	prints all ways and states, one in each line
 *
 * quiet	the file is not readable when the waiting is set up
 * pending	the file is readable, and is read after the first event
 * unread	the file is readable, and is never read: only for ways that report
 *		each change once
 *
 * It ends if the kernel does not have this way of waiting.
 */
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "uring.h"
#include "wakeup.h"
#include "../../counter.h"

#define DAYS 864000

static struct wakeup *wakeup;
/* The set that the thread waits for; and another set, in it or beside it. */
static int set = -1, first_set = -1;

static void missing(void)
{
	wakeup->asleep = WAKEUP_MISSING;
	exit(0);
}

/* ---- Ways ---------------------------------------------------------------------- */

/* Each waits once; the first time, begin() has been called before, if there is one. */
struct way {
	const char *name;
	void (*begin)(int fd);
	void (*wait)(int fd);
	bool unread;		/* tells of each change once, whether it is read or not */
	bool later;		/* does not tell of news that was there before */
};

static void wait_by_poll(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	expect(poll(&pfd, 1, -1) == 1);
	expect(pfd.revents == POLLIN);
}

/* With a time limit, as event loops have. */
static void wait_by_ppoll(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLRDNORM };
	const struct timespec limit = { .tv_sec = DAYS };

	expect(ppoll(&pfd, 1, &limit, NULL) == 1);
}

static void wait_by_select(int fd)
{
	fd_set fds;

	FD_ZERO(&fds);
	FD_SET(fd, &fds);
	expect(select(fd + 1, &fds, NULL, NULL, NULL) == 1);
}

static void add_to_set(int fd, uint32_t events)
{
	struct epoll_event event = { .events = EPOLLIN | events };

	set = epoll_create1(0);
	expect(set >= 0);
	expect(!epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
}

static void begin_epoll(int fd)
{
	add_to_set(fd, 0);
}

static void begin_epoll_et(int fd)
{
	add_to_set(fd, EPOLLET);
}

static void begin_epoll_oneshot(int fd)
{
	add_to_set(fd, EPOLLONESHOT);
}

static void *wait_exclusively(void *arg)
{
	int other = *(int *)arg;
	struct epoll_event event;
	char byte;

	for (;;) {
		expect(epoll_wait(first_set, &event, 1, -1) == 1);
		expect(pread(other, &byte, 1, 0) == 1);
	}
	return NULL;
}

/* After another exclusive sleeper on the device, which must not take the event away. */
static void begin_epoll_exclusive(int fd)
{
	static int other;
	pthread_t thread;

	other = open(DEVICE, O_RDONLY);
	expect(other >= 0);
	add_to_set(other, EPOLLEXCLUSIVE);
	first_set = set;
	expect(!pthread_create(&thread, NULL, wait_exclusively, &other));
	add_to_set(fd, EPOLLEXCLUSIVE);
}

static void begin_epoll_nested(int fd)
{
	add_to_set(fd, EPOLLET);
	first_set = set;
	add_to_set(first_set, 0);
}

static void wait_by_epoll(int fd)
{
	struct epoll_event event;

	(void)fd;
	expect(epoll_wait(set, &event, 1, -1) == 1);
	expect(event.events == EPOLLIN);
}

static void wait_by_epoll_oneshot(int fd)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT };

	wait_by_epoll(fd);
	expect(!epoll_ctl(set, EPOLL_CTL_MOD, fd, &event));
}

static void wait_by_epoll_nested(int fd)
{
	struct epoll_event event;

	wait_by_epoll(fd);
	expect(epoll_wait(first_set, &event, 1, 0) == 1);
}

static void begin_signal(int fd)
{
	expect(!fcntl(fd, F_SETOWN, getpid()));
	expect(!fcntl(fd, F_SETFL, O_ASYNC));
}

static void wait_by_signal(int fd)
{
	sigset_t io;

	(void)fd;
	sigemptyset(&io);
	sigaddset(&io, SIGIO);
	expect(sigwaitinfo(&io, NULL) == SIGIO);
}

static void wait_by_aio(int fd)
{
	struct iocb poll_it = {
		.aio_lio_opcode = IOCB_CMD_POLL, .aio_fildes = (uint32_t)fd, .aio_buf = POLLIN,
	};
	struct iocb *list = &poll_it;
	static aio_context_t context;
	struct io_event event;

	if (!context && syscall(SYS_io_setup, 1, &context))
		missing();
	expect(syscall(SYS_io_submit, context, 1, &list) == 1);
	expect(syscall(SYS_io_getevents, context, 1, 1, &event, NULL) == 1);
	expect(event.res == POLLIN);
}

static void begin_uring(int fd)
{
	(void)fd;
	if (!uring_open())
		missing();
}

static void submit_poll(int fd, unsigned int flags)
{
	uring_submit(&(struct io_uring_sqe) {
		.opcode = IORING_OP_POLL_ADD, .fd = fd, .poll_events = POLLIN, .len = flags,
	});
}

static void wait_by_uring(int fd)
{
	submit_poll(fd, 0);
	expect(uring_completion() == POLLIN);
}

static void begin_uring_multi(int fd)
{
	begin_uring(fd);
	submit_poll(fd, IORING_POLL_ADD_MULTI);
}

static void wait_by_uring_multi(int fd)
{
	int res = uring_completion();

	(void)fd;
	/* Kernels before 5.13 do not have it. */
	if (res == -EINVAL)
		missing();
	expect(res == POLLIN);
}

static const struct way ways[] = {
	{ .name = "poll", .wait = wait_by_poll },
	{ .name = "ppoll", .wait = wait_by_ppoll },
	{ .name = "select", .wait = wait_by_select },
	{ .name = "epoll", .begin = begin_epoll, .wait = wait_by_epoll },
	{ .name = "epoll-et", .begin = begin_epoll_et, .wait = wait_by_epoll, .unread = true },
	{ .name = "epoll-oneshot", .begin = begin_epoll_oneshot, .wait = wait_by_epoll_oneshot },
	{ .name = "epoll-exclusive", .begin = begin_epoll_exclusive, .wait = wait_by_epoll },
	{ .name = "epoll-nested", .begin = begin_epoll_nested, .wait = wait_by_epoll_nested },
	{ .name = "signal", .begin = begin_signal, .wait = wait_by_signal, .unread = true,
	  .later = true },
	{ .name = "aio", .wait = wait_by_aio },
	{ .name = "io_uring", .begin = begin_uring, .wait = wait_by_uring },
	{ .name = "io_uring-multi", .begin = begin_uring_multi, .wait = wait_by_uring_multi,
	  .unread = true },
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

/* ---- Telling the host -------------------------------------------------------------- */

/* How often the waiting thread has been about to sleep; watched from another one. */
static _Atomic uint64_t waits;
static sem_t begins;

static int sem_getvalue_of(sem_t *sem)
{
	int value;

	sem_getvalue(sem, &value);
	return value;
}

static bool sleeps(const char *stat_file)
{
	char text[512];
	int fd = open(stat_file, O_RDONLY);
	ssize_t got = read(fd, text, sizeof(text) - 1);

	close(fd);
	expect(got > 0);
	text[got] = '\0';
	return !strncmp(strrchr(text, ')'), ") S ", 4);
}

/* Looks only until the thread sleeps, so that the guest is idle then. */
static void *tell_when_asleep(void *stat_file)
{
	const struct timespec rest = { .tv_nsec = 2000000 };

	for (;;) {
		while (sem_wait(&begins))
			;
		do {
			nanosleep(&rest, NULL);
		} while (!sleeps(stat_file) && !sem_getvalue_of(&begins));
		if (!sem_getvalue_of(&begins))
			__atomic_store_n(&wakeup->asleep, waits, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void watch_this_thread(void)
{
	static char stat_file[64];
	pthread_t thread;

	expect(!sem_init(&begins, 0, 0));
	snprintf(stat_file, sizeof(stat_file), "/proc/self/task/%d/stat",
		 (int)syscall(SYS_gettid));
	expect(!pthread_create(&thread, NULL, tell_when_asleep, stat_file));
}

static void open_wakeup(const char *page)
{
	int fd = open("/dev/mem", O_RDWR);

	expect(fd >= 0);
	wakeup = mmap(NULL, sizeof(*wakeup), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		      (off_t)strtoull(page, NULL, 0) + WAKEUP_OFFSET);
	expect(wakeup != MAP_FAILED);
	wakeup->asleep = 0;
	wakeup->woken = 0;
}

/* ---- Waiting ------------------------------------------------------------------------- */

static void acknowledge(int fd)
{
	char byte;

	expect(pread(fd, &byte, 1, 0) == 1);
}

static void wait_for_ever(const struct way *way, const char *state)
{
	bool unread = !strcmp(state, "unread");
	int fd = open(DEVICE, O_RDONLY);

	expect(fd >= 0);
	/* Nothing has been read yet, so the file is readable. */
	if (!strcmp(state, "quiet"))
		acknowledge(fd);
	if (way->begin)
		way->begin(fd);
	if (strcmp(state, "quiet") && !way->later)
		way->wait(fd);

	for (;;) {
		if (!unread)
			acknowledge(fd);
		waits++;
		sem_post(&begins);
		way->wait(fd);
		wakeup->counter = read_counter();
		__atomic_store_n(&wakeup->woken, waits, __ATOMIC_RELEASE);
	}
}

static int list(void)
{
	const struct way *way;

	for (way = ways; way < ways + WAYS; way++) {
		printf("%s quiet\n%s pending\n", way->name, way->name);
		if (way->unread)
			printf("%s unread\n", way->name);
	}
	return 0;
}

/* Blocks the signal in all later threads: otherwise it would end the program. */
static void block_signal(void)
{
	sigset_t io;

	sigemptyset(&io);
	sigaddset(&io, SIGIO);
	expect(!sigprocmask(SIG_BLOCK, &io, NULL));
}

int main(int argc, char **argv)
{
	const struct way *way;

	print_lines();
	if (argc == 2 && !strcmp(argv[1], "--list"))
		return list();
	expect(argc == 4);
	for (way = ways; way < ways + WAYS && strcmp(argv[1], way->name); way++)
		;
	expect(way < ways + WAYS);
	open_wakeup(argv[3]);
	block_signal();
	watch_this_thread();
	wait_for_ever(way, argv[2]);
	return 0;
}
