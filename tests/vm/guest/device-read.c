// SPDX-License-Identifier: MIT
/* The device as a file: open, read, pread, lseek. */
#include <endian.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "guest.h"
#include "vmclock-abi.h"

#define PAGE 4096

static unsigned char whole[PAGE];

static void reads_the_page_once_and_ends(int fd)
{
	unsigned char more[16];
	struct vmclock_abi page;

	expect(read(fd, whole, sizeof(whole)) == PAGE);
	expect(read(fd, more, sizeof(more)) == 0);
	memcpy(&page, whole, sizeof(page));
	expect(le32toh(page.magic) == VMCLOCK_MAGIC);
	expect(le16toh(page.version) == VMCLOCK_PAGE_VERSION);
	expect(!(le32toh(page.seq_count) & 1));
}

static void small_reads_add_up(int fd)
{
	unsigned char pieces[PAGE];
	size_t at = 0;
	ssize_t got;

	expect(lseek(fd, 0, SEEK_SET) == 0);
	while ((got = read(fd, pieces + at, at % 7 + 1)) > 0)
		at += (size_t)got;
	expect(got == 0);
	expect(at == PAGE);
	expect(!memcmp(pieces, whole, PAGE));
}

static void pread_leaves_the_position(int fd)
{
	unsigned char part[64];

	expect(lseek(fd, 5, SEEK_SET) == 5);
	expect(pread(fd, part, 8, 0x10) == 8);
	expect(!memcmp(part, whole + 0x10, 8));
	expect(lseek(fd, 0, SEEK_CUR) == 5);
	/* Up to the end, not beyond. */
	expect(pread(fd, part, sizeof(part), PAGE - 10) == 10);
	expect(pread(fd, part, sizeof(part), PAGE) == 0);
	expect(pread(fd, part, sizeof(part), (off_t)1 << 40) == 0);
	expect(pread(fd, part, 0, 0) == 0);
	expect_errno(pread(fd, part, 1, -1), EINVAL);
}

static void seeks_within_the_page(int fd)
{
	expect(lseek(fd, 0, SEEK_END) == PAGE);
	expect(lseek(fd, -PAGE, SEEK_CUR) == 0);
	expect_errno(lseek(fd, -1, SEEK_SET), EINVAL);
	expect_errno(lseek(fd, 1, SEEK_END), EINVAL);
}

static void bad_buffers_are_refused(int fd)
{
	void *nowhere = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char part[16];
	struct iovec parts[] = { { part, sizeof(part) }, { nowhere, PAGE } };

	expect(nowhere != MAP_FAILED);
	expect_errno(pread(fd, nowhere, 16, 0), EFAULT);
	expect(lseek(fd, 7, SEEK_SET) == 7);
	expect_errno(read(fd, nowhere, 16), EFAULT);
	expect(lseek(fd, 0, SEEK_CUR) == 7);

	/* No more than fits in the buffer. */
	expect(preadv(fd, parts, 2, 4) == sizeof(part));
	expect(!memcmp(part, whole + 4, sizeof(part)));
	expect(pread(fd, whole, sizeof(whole), 0) == PAGE);
}

/* Twice: first the kernel brings the memory in, then it is present. */
static void memory_that_is_not_there_yet(int fd)
{
	unsigned char *fresh = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec parts[] = { { fresh + PAGE - 10, 20 }, { fresh + 3 * PAGE - 10, PAGE } };
	int i;

	expect(fresh != MAP_FAILED);
	for (i = 0; i < 2; i++) {
		expect(preadv(fd, parts, 2, 0) == PAGE);
		expect(!memcmp(parts[0].iov_base, whole, 20));
		expect(!memcmp(parts[1].iov_base, whole + 20, PAGE - 20));
	}
	expect(!munmap(fresh, 4 * PAGE));
}

/* Root may open the device for writing, as programs for other drivers do, but cannot write. */
static void no_writing(int fd)
{
	int rw;

	expect_errno(write(fd, "x", 1), EBADF);
	if (geteuid()) {
		expect_errno(open(DEVICE, O_RDWR), EACCES);
		expect_errno(open(DEVICE, O_WRONLY), EACCES);
		return;
	}
	rw = open(DEVICE, O_RDWR);
	expect(rw >= 0);
	expect_errno(write(rw, "x", 1), EINVAL);
	expect_errno(pwrite(rw, "x", 1, 0), EINVAL);
	expect_errno(ftruncate(rw, 0), EINVAL);
	expect(pread(rw, whole, sizeof(whole), 0) == PAGE);
	close(rw);
	rw = open(DEVICE, O_WRONLY);
	expect_errno(write(rw, "x", 1), EINVAL);
	expect_errno(read(rw, whole, 1), EBADF);
	close(rw);
}

int main(void)
{
	int fd = open(DEVICE, O_RDONLY);

	expect(fd >= 0);
	reads_the_page_once_and_ends(fd);
	small_reads_add_up(fd);
	pread_leaves_the_position(fd);
	seeks_within_the_page(fd);
	bad_buffers_are_refused(fd);
	memory_that_is_not_there_yet(fd);
	no_writing(fd);
	puts("ok");
	return 0;
}
