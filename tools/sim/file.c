// SPDX-License-Identifier: MIT
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "folder.h"
#include "publish/page.h"
#include "tool.h"

#define HOST_PAGE 4096

static int cannot(const char *what, const char *path)
{
	fprintf(stderr, TOOL ": cannot %s %s: %s\n", what, path, strerror(errno));
	return -1;
}

#define OWN_FD_MAX 32

/* The path by which the kernel finds a descriptor's file that has no name. */
static void path_of_fd(int fd, char path[OWN_FD_MAX])
{
	snprintf(path, OWN_FD_MAX, "/proc/self/fd/%d", fd);
}

static bool is_named(int fd, const char *path)
{
	struct stat named, ours;

	return !stat(path, &named) && !fstat(fd, &ours) && named.st_dev == ours.st_dev &&
	       named.st_ino == ours.st_ino;
}

/* Where the file is; its path may be a symbolic link. */
static const char *name(const struct sim_file *file)
{
	return file->real ? file->real : file->path;
}

/* Keeps other publishers out. The kernel releases the lock when the process ends. */
static int lock(int fd, const char *path, uint64_t offset)
{
	struct flock range = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = (off_t)offset,
		.l_len = HOST_PAGE,
	};

	if (!fcntl(fd, F_OFD_SETLK, &range))
		return 0;
	if (errno != EAGAIN && errno != EACCES)
		return cannot("lock", path);
	fprintf(stderr, TOOL ": another " TOOL " publishes in %s; end that first\n", path);
	return -1;
}

static int map(struct sim_file *file, uint64_t offset, size_t length)
{
	file->map = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, file->fd, (off_t)offset);
	if (file->map == MAP_FAILED) {
		file->map = NULL;
		return cannot("map", file->path);
	}
	file->mapped = length;
	file->page = file->map;
	return 0;
}

/* Memory of the filesystem for the page: without it, a full disk would end us by SIGBUS later. */
static int reserve(const struct sim_file *file, uint64_t offset, size_t length)
{
	if (!fallocate(file->fd, 0, (off_t)offset, (off_t)length) || errno == EOPNOTSUPP ||
	    errno == ENOSYS)
		return 0;
	return cannot("write to", file->path);
}

static size_t whole_pages(uint32_t size)
{
	return ((size_t)size + HOST_PAGE - 1) / HOST_PAGE * HOST_PAGE;
}

static bool has_constants(const struct vmclock_abi *page, const struct stat *st,
			  const struct sim_constants *wanted)
{
	return st->st_size == (off_t)whole_pages(wanted->size) &&
	       le32toh(page->size) == wanted->size &&
	       le16toh(page->version) == VMCLOCK_PAGE_VERSION &&
	       page->counter_id == wanted->counter_id && page->time_type == wanted->time_type;
}

/* A new file would take the place of a symbolic link, not of what it leads to. */
static int check_absent(const char *path)
{
	struct stat st;

	if (lstat(path, &st) || !S_ISLNK(st.st_mode))
		return 0;
	fprintf(stderr,
		TOOL ": %s is a symbolic link to a file that does not exist; name that file\n", path);
	return -1;
}

/*
 * A file that exists is taken only if it holds a page, as an earlier simulator
 * leaves it behind. We keep the lock on it, so that one of two simulators that
 * start at the same time is refused. Programs may still have it open: the page
 * goes on in place, or, where it cannot, it says so.
 */
static int check_page(struct sim_file *file, const struct sim_constants *wanted)
{
	struct vmclock_abi page = { 0 };
	struct stat st;
	ssize_t n;

	if (fstat(file->old, &st))
		return cannot("look at", file->path);
	n = S_ISREG(st.st_mode) ? pread(file->old, &page, sizeof(page), 0) : -1;
	if (n < VMCLOCK_SIZE_MIN || le32toh(page.magic) != VMCLOCK_MAGIC) {
		fprintf(stderr, TOOL ": %s exists and holds no VMClock page; name another file\n",
			file->path);
		return -1;
	}
	file->continues = has_constants(&page, &st, wanted);
	return lock(file->old, file->path, 0);
}

static int check_existing(struct sim_file *file, const struct sim_constants *wanted)
{
	for (;;) {
		file->old = open(file->path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (file->old < 0 && errno == ENOENT)
			return check_absent(file->path);
		if (file->old < 0)
			return cannot("open", file->path);
		if (check_page(file, wanted))
			return -1;
		/* Whoever had the lock may have removed or replaced the file when it ended. */
		if (is_named(file->old, file->path))
			break;
		close(file->old);
		file->continues = false;
	}
	file->real = realpath(file->path, NULL);
	if (!file->real)
		return cannot("find", file->path);
	file->replaces = true;
	return 0;
}

static int open_again(struct sim_file *file, uint32_t size)
{
	file->fd = file->old;
	file->old = -1;
	if (reserve(file, 0, whole_pages(size)))
		return -1;
	return map(file, 0, whole_pages(size));
}

/* Tells the programs that have the old page open that it has ended: nobody vouches for it. */
static void retire(const struct sim_file *file)
{
	struct vmclock_abi next;
	struct publisher page;
	struct stat st;
	size_t length;
	void *old;

	if (fstat(file->old, &st) || st.st_size < VMCLOCK_SIZE_MIN)
		return;
	old = mmap(NULL, HOST_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file->old, 0);
	if (old == MAP_FAILED)
		return;
	memcpy(&next, old, sizeof(next));
	length = le32toh(next.size) < sizeof(next) ? le32toh(next.size) & ~UINT32_C(7) :
						     sizeof(next);
	next.disruption_marker = htole64(le64toh(next.disruption_marker) + 1);
	next.clock_status = VMCLOCK_STATUS_UNRELIABLE;
	publisher_begin(&page, old, &next, length, le32toh(next.seq_count));
	publisher_update(&page);
	munmap(old, HOST_PAGE);
}

/* A file without a name, for which sim_file_appear() can make one. False: not here. */
static bool open_unnamed(struct sim_file *file)
{
	char *folder = folder_of(name(file)), own[OWN_FD_MAX];
	int fd;

	if (!folder)
		return false;
	fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	free(folder);
	if (fd < 0)
		return false;
	path_of_fd(fd, own);
	if (!is_named(fd, own)) {
		close(fd);
		return false;
	}
	file->fd = fd;
	file->unnamed = true;
	return true;
}

/* On other filesystems, one that is killed leaves this name behind. */
static int open_temporary(struct sim_file *file)
{
	if (asprintf(&file->temporary, "%s.XXXXXX", name(file)) < 0) {
		file->temporary = NULL;
		errno = ENOMEM;
		return cannot("make", file->path);
	}
	file->fd = mkostemp(file->temporary, O_CLOEXEC);
	if (file->fd >= 0)
		return 0;
	free(file->temporary);
	file->temporary = NULL;
	return cannot("make", file->path);
}

static int open_new(struct sim_file *file, uint32_t size)
{
	if (!open_unnamed(file) && open_temporary(file))
		return -1;
	/* Allocate all of it before anybody maps it. Everybody may read, as with the device. */
	errno = posix_fallocate(file->fd, 0, (off_t)whole_pages(size));
	if (errno || fchmod(file->fd, 0644))
		return cannot("make", file->path);
	if (lock(file->fd, file->path, 0))
		return -1;
	return map(file, 0, whole_pages(size));
}

static int open_inside(struct sim_file *file, uint64_t offset, uint32_t size)
{
	struct stat st;

	file->fd = open(file->path, O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (file->fd < 0)
		return cannot("open", file->path);
	if (fstat(file->fd, &st))
		return cannot("look at", file->path);
	if (!S_ISREG(st.st_mode)) {
		fprintf(stderr, TOOL ": %s is not a regular file\n", file->path);
		return -1;
	}
	if (offset > (uint64_t)st.st_size || whole_pages(size) > (uint64_t)st.st_size - offset) {
		fprintf(stderr,
			TOOL ": %s has %lld bytes, too few for a page of %zu at %llu; correct --at\n",
			file->path, (long long)st.st_size, whole_pages(size),
			(unsigned long long)offset);
		return -1;
	}
	if (lock(file->fd, file->path, offset) || reserve(file, offset, whole_pages(size)))
		return -1;
	return map(file, offset, whole_pages(size));
}

int sim_file_open(struct sim_file *file, const char *path, const uint64_t *offset,
		  const struct sim_constants *constants)
{
	*file = (struct sim_file){ .path = path, .fd = -1, .old = -1, .inside = offset };
	if (offset)
		return open_inside(file, *offset, constants->size);
	if (check_existing(file, constants))
		return -1;
	if (file->continues)
		return open_again(file, constants->size);
	return open_new(file, constants->size);
}

/* Gives the new file a name, which nobody else may have. */
static int give_name(const struct sim_file *file, const char *path)
{
	char own[OWN_FD_MAX];

	if (file->unnamed) {
		path_of_fd(file->fd, own);
		return linkat(AT_FDCWD, own, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
	}
	if (!renameat2(AT_FDCWD, file->temporary, AT_FDCWD, path, RENAME_NOREPLACE))
		return 0;
	/* Not every filesystem has RENAME_NOREPLACE. */
	if ((errno != EINVAL && errno != ENOSYS) || link(file->temporary, path))
		return -1;
	unlink(file->temporary);
	return 0;
}

/* Somebody has made the file since we looked. */
static int say_taken(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	bool said = fd >= 0 && lock(fd, path, 0);

	if (fd >= 0)
		close(fd);
	if (!said)
		fprintf(stderr, TOOL ": another program has just made %s; name another file\n", path);
	return -1;
}

static int appear_new(struct sim_file *file)
{
	if (!give_name(file, file->path))
		return 0;
	return errno == EEXIST ? say_taken(file->path) : cannot("make", file->path);
}

/* The name that the new file has for a moment, before it takes that of the old one. */
static int name_for_now(struct sim_file *file)
{
	char *path = NULL;
	int i, ret = -1;

	for (i = 0; ret && (!i || errno == EEXIST); i++) {
		free(path);
		if (asprintf(&path, "%s.%d-%d", name(file), (int)getpid(), i) < 0)
			return -1;
		ret = give_name(file, path);
	}
	if (ret) {
		free(path);
		return -1;
	}
	file->temporary = path;
	return 0;
}

/* We have the lock of the old file, so that nobody else replaces it. */
static int appear_instead(struct sim_file *file)
{
	if (file->unnamed && name_for_now(file))
		return cannot("make", file->path);
	if (rename(file->temporary, name(file)))
		return cannot("make", file->path);
	retire(file);
	close(file->old);
	file->old = -1;
	return 0;
}

int sim_file_appear(struct sim_file *file)
{
	if (file->inside || file->continues)
		return 0;
	if (file->replaces ? appear_instead(file) : appear_new(file))
		return -1;
	file->unnamed = false;
	free(file->temporary);
	file->temporary = NULL;
	return 0;
}

bool sim_file_is_there(const struct sim_file *file)
{
	return is_named(file->fd, file->path);
}

bool sim_file_is_whole(const struct sim_file *file, const struct vmclock_abi *page)
{
	struct stat st;

	if (fstat(file->fd, &st) || st.st_size < (off_t)file->mapped)
		return false;
	return !page || !memcmp(page, file->page, offsetof(struct vmclock_abi, seq_count));
}

void sim_file_close(struct sim_file *file, bool keep)
{
	if (file->temporary)
		unlink(file->temporary);
	else if (!file->inside && !keep && file->fd >= 0 && sim_file_is_there(file))
		unlink(name(file));
	free(file->temporary);
	free(file->real);
	if (file->map)
		munmap(file->map, file->mapped);
	if (file->fd >= 0)
		close(file->fd);
	if (file->old >= 0)
		close(file->old);
	*file = (struct sim_file){ .fd = -1, .old = -1 };
}
