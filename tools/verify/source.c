// SPDX-License-Identifier: MIT
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/program.h"
#include "source.h"

#define PAGE 4096

sigjmp_buf source_truncated;

/* ---- Opening --------------------------------------------------------------------- */

static int check_kind(struct source *s, const struct stat *st, char *why, size_t size)
{
	if (S_ISDIR(st->st_mode))
		return say_why(why, size, "it is a folder");
	if (!S_ISREG(st->st_mode) && !S_ISCHR(st->st_mode))
		return say_why(why, size, "it is neither a character device nor a regular file");
	s->device = S_ISCHR(st->st_mode);
	s->major = major(st->st_rdev);
	s->minor = minor(st->st_rdev);
	if (s->device && s->inside)
		return say_why(why, size, "an offset is for the memory file of a virtual machine");
	return 0;
}

/* The number of bytes from @offset to the end; a device maps one page. */
static int find_room(const struct source *s, const struct stat *st, uint64_t offset, uint64_t *room,
		     char *why, size_t size)
{
	if (s->device) {
		*room = (uint64_t)sysconf(_SC_PAGESIZE);
		return 0;
	}
	if (offset % (uint64_t)sysconf(_SC_PAGESIZE))
		return say_why(why, size, "the offset is not a multiple of %ld", sysconf(_SC_PAGESIZE));
	if (offset >= (uint64_t)st->st_size ||
	    (uint64_t)st->st_size - offset < VMCLOCK_SIZE_MIN)
		return say_why(why, size, "it has %jd bytes, a page needs %d at least",
			     (intmax_t)st->st_size, VMCLOCK_SIZE_MIN);
	*room = (uint64_t)st->st_size - offset;
	return 0;
}

/* Only the fields that never change. */
static int check_content(const struct source *s, uint64_t room, char *why, size_t size)
{
	uint64_t words[SOURCE_WORDS];
	struct vmclock_abi abi;

	source_load(s, words, 0, SOURCE_WORDS);
	memcpy(&abi, words, sizeof(abi));
	if (le32toh(abi.magic) != VMCLOCK_MAGIC)
		return say_why(why, size, "it begins with 0x%08" PRIx32 ", a page with 0x%08x (\"VCLK\")",
			     le32toh(abi.magic), VMCLOCK_MAGIC);
	if (le16toh(abi.version) != VMCLOCK_PAGE_VERSION)
		return say_why(why, size, "its version is %d, this tool knows version %d",
			     le16toh(abi.version), VMCLOCK_PAGE_VERSION);
	if (le32toh(abi.size) < VMCLOCK_SIZE_MIN)
		return say_why(why, size, "it says that its size is %" PRIu32 " bytes, the least is %d",
			     le32toh(abi.size), VMCLOCK_SIZE_MIN);
	if (!s->device && le32toh(abi.size) > room)
		return say_why(why, size, "it says that its size is %" PRIu32 " bytes, but there are %"
			     PRIu64, le32toh(abi.size), room);
	return 0;
}

int source_open(struct source *s, const char *path, const uint64_t *offset, char *why, size_t size)
{
	uint64_t room = 0;
	struct stat st;

	*s = (struct source){ .path = path, .inside = offset };
	/* Without O_NONBLOCK, a FIFO would hang us. */
	s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (s->fd < 0)
		return say_why(why, size, "it cannot be opened: %s", strerror(errno));
	if (fstat(s->fd, &st))
		return say_why(why, size, "fstat fails: %s", strerror(errno));
	if (check_kind(s, &st, why, size) ||
	    find_room(s, &st, offset ? *offset : 0, &room, why, size))
		return -1;
	s->mapped = (size_t)sysconf(_SC_PAGESIZE);
	s->map = mmap(NULL, s->mapped, PROT_READ, MAP_SHARED, s->fd, offset ? (off_t)*offset : 0);
	if (s->map == MAP_FAILED) {
		s->map = NULL;
		return say_why(why, size, "it cannot be mapped: %s", strerror(errno));
	}
	s->page = s->map;
	return check_content(s, room, why, size);
}

void source_close(struct source *s)
{
	if (s->map)
		munmap(s->map, s->mapped);
	if (s->fd >= 0)
		close(s->fd);
	*s = (struct source){ .fd = -1 };
}

/* ---- During the watch --------------------------------------------------------------- */

static void on_truncation(int number)
{
	(void)number;
	siglongjmp(source_truncated, 1);
}

void source_catch_truncation(void)
{
	struct sigaction action = { .sa_handler = on_truncation };

	sigaction(SIGBUS, &action, NULL);
}

const char *source_gone(const struct source *s)
{
	struct stat st;
	char byte;

	if (s->device)
		return pread(s->fd, &byte, 1, 0) < 0 && errno == ENODEV ? "the device is gone" : NULL;
	if (fstat(s->fd, &st))
		return "fstat fails";
	if (!s->inside && st.st_nlink == 0)
		return "the file was removed; nobody updates the mapped page any more";
	return NULL;
}

void source_load(const struct source *s, uint64_t words[SOURCE_WORDS], size_t from, size_t to)
{
	const uint64_t *live = (const uint64_t *)s->page;
	size_t i;

	for (i = from; i < to; i++)
		words[i] = __atomic_load_n(&live[i], __ATOMIC_RELAXED);
}
