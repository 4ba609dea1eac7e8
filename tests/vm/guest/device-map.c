// SPDX-License-Identifier: MIT
/* The mapping: exactly the page, and read-only for ever. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <unistd.h>

#include "guest.h"

#define PAGE 4096

static void *map(int fd, size_t len, int prot, int flags, off_t offset)
{
	return mmap(NULL, len, prot, flags, fd, offset);
}

static void refuse_map(int fd, size_t len, int prot, int flags, off_t offset, int error)
{
	errno = 0;
	expect(map(fd, len, prot, flags, offset) == MAP_FAILED);
	expect(errno == error);
}

static void shows_what_read_gives(int fd)
{
	unsigned char copy[PAGE];
	void *page = map(fd, PAGE, PROT_READ, MAP_SHARED, 0);

	expect(page != MAP_FAILED);
	expect(pread(fd, copy, PAGE, 0) == PAGE);
	expect(!memcmp(copy, page, PAGE));
	expect(!munmap(page, PAGE));
	/* A private mapping that is only read is the same page. */
	page = map(fd, PAGE, PROT_READ, MAP_PRIVATE, 0);
	expect(page != MAP_FAILED);
	expect(!memcmp(copy, page, PAGE));
	expect(!munmap(page, PAGE));
}

static void is_exactly_the_page(int fd)
{
	refuse_map(fd, 2 * PAGE, PROT_READ, MAP_SHARED, 0, EINVAL);
	refuse_map(fd, PAGE, PROT_READ, MAP_SHARED, PAGE, EINVAL);
	refuse_map(fd, PAGE, PROT_READ, MAP_SHARED, (off_t)1 << 40, EINVAL);
}

static void can_never_be_written(int fd)
{
	void *page = map(fd, PAGE, PROT_READ, MAP_SHARED, 0);
	unsigned char *hidden;

	refuse_map(fd, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, 0, EACCES);
	refuse_map(fd, PAGE, PROT_WRITE, MAP_SHARED, 0, EACCES);
	refuse_map(fd, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0, EROFS);
	refuse_map(fd, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, 0, EPERM);

	expect(page != MAP_FAILED);
	expect_errno(mprotect(page, PAGE, PROT_READ | PROT_WRITE), EACCES);
	expect_errno(mprotect(page, PAGE, PROT_WRITE), EACCES);
	expect_errno(mprotect(page, PAGE, PROT_READ | PROT_EXEC), EACCES);

	/* A mapping made without any access gains reading, but never writing. */
	hidden = map(fd, PAGE, PROT_NONE, MAP_SHARED, 0);
	expect(hidden != MAP_FAILED);
	expect_errno(mprotect(hidden, PAGE, PROT_WRITE), EACCES);
	expect(!mprotect(hidden, PAGE, PROT_READ));
	expect(hidden[0] == 'V');
	expect(!munmap(hidden, PAGE));
	expect(!munmap(page, PAGE));

	page = map(fd, PAGE, PROT_READ, MAP_PRIVATE, 0);
	expect(page != MAP_FAILED);
	expect_errno(mprotect(page, PAGE, PROT_READ | PROT_WRITE), EACCES);
	expect(!munmap(page, PAGE));
}

/* Root may open the device for writing, which gives nothing more. */
static void open_for_writing(void)
{
	void *page;
	int fd;

	if (geteuid())
		return;
	fd = open(DEVICE, O_RDWR);
	expect(fd >= 0);
	refuse_map(fd, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, 0, EROFS);
	refuse_map(fd, PAGE, PROT_WRITE, MAP_SHARED, 0, EROFS);
	page = map(fd, PAGE, PROT_READ, MAP_SHARED, 0);
	expect(page != MAP_FAILED);
	expect_errno(mprotect(page, PAGE, PROT_READ | PROT_WRITE), EACCES);
	expect(!munmap(page, PAGE));
	close(fd);
}

/* With READ_IMPLIES_EXEC, as for old programs: the page can be mapped, but not executed. */
static void old_programs(int fd)
{
	int before = personality(READ_IMPLIES_EXEC);
	void *page = map(fd, PAGE, PROT_READ, MAP_SHARED, 0);

	expect(page != MAP_FAILED);
	expect(personality((unsigned long)before) >= 0);
	expect_errno(mprotect(page, PAGE, PROT_READ | PROT_EXEC), EACCES);
	expect(!munmap(page, PAGE));
}

static void outlives_the_file(void)
{
	int fd = open(DEVICE, O_RDONLY);
	unsigned char *page = map(fd, PAGE, PROT_READ, MAP_SHARED, 0);

	expect(page != MAP_FAILED);
	close(fd);
	expect(!memcmp(page, "VCLK", 4));
	expect(!munmap(page, PAGE));
}

int main(void)
{
	int fd = open(DEVICE, O_RDONLY);

	expect(fd >= 0);
	shows_what_read_gives(fd);
	is_exactly_the_page(fd);
	can_never_be_written(fd);
	open_for_writing();
	old_programs(fd);
	outlives_the_file();
	puts("ok");
	return 0;
}
