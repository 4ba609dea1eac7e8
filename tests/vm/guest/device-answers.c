// SPDX-License-Identifier: MIT
/*
 * Prints a driver's answers to system calls, one in each line: the name of the call,
 * then its result or errno. It does not judge: the scenario compares the answers of
 * two drivers.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>

#include "guest.h"
#include "uring.h"

#define PAGE 4096
/* After this many ms without an answer, a call is taken to wait. */
#define WAITS 1000

static char buffer[4 * PAGE];

static long say(const char *call, long result)
{
	if (result == -1)
		printf("%s: %s\n", call, strerrorname_np(errno));
	else
		printf("%s: %ld\n", call, result);
	errno = 0;
	return result;
}

static int open_or_die(int flags)
{
	int fd = open(DEVICE, flags);

	expect(fd >= 0);
	return fd;
}

static void opening(void)
{
	static const struct {
		const char *name;
		int flags;
	} modes[] = {
		{ "open O_WRONLY", O_WRONLY },
		{ "open O_RDWR", O_RDWR },
		{ "open O_RDWR|O_TRUNC", O_RDWR | O_TRUNC },
		{ "open O_RDONLY|O_APPEND", O_RDONLY | O_APPEND },
		{ "open O_RDONLY|O_NONBLOCK", O_RDONLY | O_NONBLOCK },
		{ "open O_RDONLY|O_DIRECT", O_RDONLY | O_DIRECT },
		{ "open O_RDONLY|O_DIRECTORY", O_RDONLY | O_DIRECTORY },
	};
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		int fd = open(DEVICE, modes[i].flags);

		say(modes[i].name, fd < 0 ? -1 : 0);
		close(fd);
	}
}

static void reading(void)
{
	int fd = open_or_die(O_RDONLY);
	struct iovec parts[] = {
		{ buffer, 13 }, { buffer + 13, 0 }, { buffer + 13, PAGE },
	};
	void *nowhere = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	say("pread 1 at 0", pread(fd, buffer, 1, 0));
	say("pread a page at 0", pread(fd, buffer, PAGE, 0));
	say("pread more than a page at 0", pread(fd, buffer, 2 * PAGE, 0));
	say("pread 8 at 16", pread(fd, buffer, 8, 16));
	say("pread 8 at 13", pread(fd, buffer, 8, 13));
	say("pread 112 at 0", pread(fd, buffer, 112, 0));
	say("pread a page at 100", pread(fd, buffer, PAGE, 100));
	say("pread 8 before the end", pread(fd, buffer, 8, PAGE - 8));
	say("pread 8 across the end", pread(fd, buffer, 8, PAGE - 4));
	say("pread 8 at the end", pread(fd, buffer, 8, PAGE));
	say("pread 8 beyond the end", pread(fd, buffer, 8, PAGE + 1));
	say("pread 8 far beyond the end", pread(fd, buffer, 8, (off_t)1 << 40));
	say("pread 8 at -1", pread(fd, buffer, 8, -1));
	say("pread nothing at 0", pread(fd, buffer, 0, 0));
	say("pread to nowhere", pread(fd, nowhere, 8, 0));
	say("preadv", preadv(fd, parts, 3, 0));
	say("preadv at 100", preadv(fd, parts, 3, 100));
	say("read a page", read(fd, buffer, PAGE));
	say("read at the end", read(fd, buffer, PAGE));
	say("read at the end again", read(fd, buffer, 1));
	close(fd);

	fd = open_or_die(O_RDONLY);
	say("read 10", read(fd, buffer, 10));
	say("read 10 more", read(fd, buffer, 10));
	say("readv", readv(fd, parts, 3));
	close(fd);

	fd = open_or_die(O_RDONLY | O_NONBLOCK);
	say("read O_NONBLOCK", read(fd, buffer, PAGE));
	close(fd);
}

/* Memory ends in the middle of the buffer. */
static void reading_to_an_end(void)
{
	char *end = (char *)mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) + PAGE;
	struct iovec whole_and_half[] = { { buffer, 8 }, { end - 8, 16 } };
	int fd = open_or_die(O_RDONLY);

	expect(!munmap(end, PAGE));
	say("pread to an end of memory, a page", pread(fd, end - 100, PAGE, 0));
	say("pread to an end of memory, 8", pread(fd, end - 4, 8, 16));
	say("preadv to an end of memory", preadv(fd, whole_and_half, 2, 0));
	close(fd);
}

static void reading_with_flags(void)
{
	static const struct {
		const char *name;
		int flag;
	} flags[] = {
		{ "RWF_HIPRI", RWF_HIPRI }, { "RWF_DSYNC", RWF_DSYNC }, { "RWF_SYNC", RWF_SYNC },
		{ "RWF_NOWAIT", RWF_NOWAIT }, { "RWF_APPEND", RWF_APPEND },
	};
	struct iovec part = { buffer, 16 };
	int fd = open_or_die(O_RDONLY);
	char call[40];
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		snprintf(call, sizeof(call), "preadv2 %s", flags[i].name);
		say(call, preadv2(fd, &part, 1, 0, flags[i].flag));
	}
	close(fd);
}

static void reading_by_io_uring(void)
{
	const char *const when[] = { "before a read", "after a read" };
	int fd = open_or_die(O_RDONLY);
	struct pollfd completed = { .events = POLLIN };
	size_t i;

	expect(uring_open());
	completed.fd = ring.fd;
	for (i = 0; i < 2; i++) {
		uring_submit(&(struct io_uring_sqe) {
			.opcode = IORING_OP_READ, .fd = fd, .addr = (uintptr_t)buffer, .len = 16,
		});
		if (poll(&completed, 1, WAITS) == 1)
			printf("io_uring read %s: %d\n", when[i], uring_completion());
		else
			printf("io_uring read %s: waits\n", when[i]);
	}
	close(ring.fd);
	close(fd);
}

static void seeking(void)
{
	int fd = open_or_die(O_RDONLY);

	say("lseek 0 SEEK_CUR", lseek(fd, 0, SEEK_CUR));
	say("lseek 0 SEEK_SET", lseek(fd, 0, SEEK_SET));
	say("lseek 16 SEEK_SET", lseek(fd, 16, SEEK_SET));
	say("lseek 0 SEEK_END", lseek(fd, 0, SEEK_END));
	say("lseek -1 SEEK_SET", lseek(fd, -1, SEEK_SET));
	say("lseek beyond the end", lseek(fd, PAGE + 1, SEEK_SET));
	close(fd);
}

static void say_poll(const char *when, int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN | POLLOUT | POLLPRI | POLLRDNORM };
	int count = poll(&pfd, 1, 0);

	printf("poll %s: %d, %#x\n", when, count, (unsigned int)pfd.revents);
}

static void polling(void)
{
	int fd = open_or_die(O_RDONLY);
	struct epoll_event event = { .events = EPOLLIN };
	int set = epoll_create1(0);

	say_poll("after open", fd);
	say_poll("again", fd);
	(void)!pread(fd, buffer, 0, 0);
	say_poll("after a read of nothing", fd);
	(void)!pread(fd, buffer, 8, PAGE);
	say_poll("after a read at the end", fd);
	(void)!pread(fd, buffer, 8, 16);
	say_poll("after a read", fd);
	say("epoll_ctl", epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
	say("epoll_wait", epoll_wait(set, &event, 1, 0));
	close(set);
	close(fd);
}

static void say_map(const char *name, int fd, size_t len, int prot, int flags, off_t offset)
{
	void *page = mmap(NULL, len, prot, flags, fd, offset);
	char call[96];

	say(name, page == MAP_FAILED ? -1 : 0);
	if (page == MAP_FAILED)
		return;
	snprintf(call, sizeof(call), "%s, then PROT_READ", name);
	say(call, mprotect(page, len, PROT_READ));
	snprintf(call, sizeof(call), "%s, then PROT_WRITE", name);
	say(call, mprotect(page, len, PROT_READ | PROT_WRITE));
	snprintf(call, sizeof(call), "%s, then PROT_EXEC", name);
	say(call, mprotect(page, len, PROT_READ | PROT_EXEC));
	munmap(page, len);
}

static void mapping(const char *how, int fd)
{
	static const struct {
		const char *name;
		size_t len;
		int prot, flags;
		off_t offset;
	} maps[] = {
		{ "read shared", PAGE, PROT_READ, MAP_SHARED, 0 },
		{ "read private", PAGE, PROT_READ, MAP_PRIVATE, 0 },
		{ "none shared", PAGE, PROT_NONE, MAP_SHARED, 0 },
		{ "write shared", PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, 0 },
		{ "write private", PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0 },
		{ "write only", PAGE, PROT_WRITE, MAP_SHARED, 0 },
		{ "exec shared", PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, 0 },
		{ "100 bytes", 100, PROT_READ, MAP_SHARED, 0 },
		{ "2 pages", 2 * PAGE, PROT_READ, MAP_SHARED, 0 },
		{ "2 pages to write", 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0 },
		{ "second page", PAGE, PROT_READ, MAP_SHARED, PAGE },
		{ "far page", PAGE, PROT_READ, MAP_SHARED, (off_t)1 << 40 },
		{ "nothing", 0, PROT_READ, MAP_SHARED, 0 },
		{ "populate", PAGE, PROT_READ, MAP_SHARED | MAP_POPULATE, 0 },
	};
	char name[64];
	size_t i;

	for (i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		snprintf(name, sizeof(name), "mmap %s, %s", how, maps[i].name);
		say_map(name, fd, maps[i].len, maps[i].prot, maps[i].flags, maps[i].offset);
	}
}

static void using_a_mapping(void)
{
	int fd = open_or_die(O_RDONLY);
	char *page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	int mem = open("/proc/self/mem", O_RDWR);

	expect(page != MAP_FAILED);
	say("mremap to 2 pages", mremap(page, PAGE, 2 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED ? -1 : 0);
	say("msync", msync(page, PAGE, MS_SYNC));
	say("mlock", mlock(page, PAGE));
	say("madvise MADV_DONTNEED", madvise(page, PAGE, MADV_DONTNEED));
	say("madvise MADV_DOFORK", madvise(page, PAGE, MADV_DOFORK));
	say("write of it to a pipe", ({
		int ends[2];
		long written = pipe(ends) ? -1 : write(ends[1], page, 16);
		close(ends[0]);
		close(ends[1]);
		written;
	}));
	say("/proc/self/mem, write", pwrite(mem, "x", 1, (off_t)(uintptr_t)page));
	close(mem);
	munmap(page, PAGE);
	close(fd);
}

static void other_calls(int flags, const char *how)
{
	int fd = open(DEVICE, flags), file = open("/tmp/answers", O_CREAT | O_RDWR, 0600);
	struct stat st;
	int ends[2], number;
	loff_t offset = 0;
	char name[80];

	if (fd < 0)
		return;
	expect(file >= 0);
	expect(!pipe(ends));
#define SAY(call, result) (snprintf(name, sizeof(name), "%s %s", how, call), say(name, result))
	SAY("write", write(fd, "x", 1));
	SAY("write nothing", write(fd, "x", 0));
	SAY("pwrite", pwrite(fd, "x", 1, 0));
	SAY("fsync", fsync(fd));
	SAY("ftruncate", ftruncate(fd, 0));
	SAY("fallocate", fallocate(fd, 0, 0, PAGE));
	SAY("ioctl FIONREAD", ioctl(fd, FIONREAD, &number));
	SAY("ioctl TCGETS", ioctl(fd, TCGETS, buffer));
	SAY("ioctl 0", ioctl(fd, 0, 0));
	SAY("ioctl FIONBIO", ioctl(fd, FIONBIO, &(int){ 0 }));
	SAY("splice from it", splice(fd, &offset, ends[1], NULL, 16, 0));
	SAY("splice to it", splice(ends[0], NULL, fd, NULL, 16, SPLICE_F_NONBLOCK));
	SAY("sendfile", sendfile(file, fd, &offset, 16));
	SAY("copy_file_range", copy_file_range(fd, NULL, file, NULL, 16, 0));
	SAY("flock", flock(fd, LOCK_EX | LOCK_NB));
	SAY("fcntl O_ASYNC", fcntl(fd, F_SETFL, O_ASYNC));
	SAY("fcntl F_GETFL", fcntl(fd, F_GETFL) & (O_ACCMODE | O_ASYNC | O_NONBLOCK));
	SAY("fadvise", -posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED));
	SAY("readahead", readahead(fd, 0, PAGE));
	SAY("size", fstat(fd, &st) ? -1 : st.st_size);
	close(ends[0]);
	close(ends[1]);
	close(file);
	close(fd);
}

int main(void)
{
	int fd;

	opening();
	reading();
	reading_to_an_end();
	reading_with_flags();
	reading_by_io_uring();
	seeking();
	polling();
	fd = open_or_die(O_RDONLY);
	mapping("O_RDONLY", fd);
	close(fd);
	fd = open(DEVICE, O_RDWR);
	if (fd >= 0)
		mapping("O_RDWR", fd);
	using_a_mapping();
	other_calls(O_RDONLY, "O_RDONLY");
	other_calls(O_RDWR, "O_RDWR");
	other_calls(O_WRONLY, "O_WRONLY");
	return 0;
}
