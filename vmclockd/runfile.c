// SPDX-License-Identifier: MIT
/* Files in /run/vmclock. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "runfile.h"

#define WRITABLE_BY_OTHERS (S_IWGRP | S_IWOTH)

static int cannot(const char *what, const char *folder, const char *name)
{
	say(LOG_ERR, "cannot %s %s%s%s: %s", what, folder, *name ? "/" : "", name, strerror(errno));
	return -1;
}

static int refuse(const char *folder, const char *name, const char *why)
{
	say(LOG_ERR, "%s%s%s %s: remove it", folder, *name ? "/" : "", name, why);
	return -1;
}

/* NULL: it is ours alone. */
static const char *not_ours(const struct stat *st)
{
	if (st->st_uid != geteuid())
		return "belongs to somebody else";
	if (st->st_mode & WRITABLE_BY_OTHERS)
		return "can be written by others";
	return NULL;
}

static int open_folder(const char *folder)
{
	const char *wrong;
	struct stat st;
	int fd;

	if (mkdir(folder, 0755) && errno != EEXIST)
		return cannot("make", folder, "");
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		cannot("open", folder, "");
		goto failed;
	}
	wrong = not_ours(&st);
	if (wrong) {
		refuse(folder, "", wrong);
		goto failed;
	}
	return fd;
failed:
	if (fd >= 0)
		close(fd);
	return -1;
}

static int check_file(int fd, const char *folder, const char *name, size_t size)
{
	const char *wrong;
	struct stat st;

	if (fstat(fd, &st))
		return cannot("look at", folder, name);
	wrong = S_ISREG(st.st_mode) ? not_ours(&st) : "is no regular file";
	if (!wrong && st.st_size && (size_t)st.st_size != size)
		wrong = "has another size";
	return wrong ? refuse(folder, name, wrong) : 0;
}

static int open_file(int dir, const char *folder, const char *name, size_t size, bool *made)
{
	const int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
	int fd = openat(dir, name, flags | O_CREAT | O_EXCL, 0644);

	*made = fd >= 0;
	if (fd < 0 && errno == EEXIST)
		fd = openat(dir, name, flags);
	if (fd < 0)
		return cannot("open", folder, name);
	if (check_file(fd, folder, name, size))
		goto failed;
	errno = posix_fallocate(fd, 0, (off_t)size);
	/* Not as the umask has it: all may read. */
	if (errno || fchmod(fd, 0644)) {
		cannot("make", folder, name);
		goto failed;
	}
	return fd;
failed:
	if (*made)
		unlinkat(dir, name, 0);
	close(fd);
	return -1;
}

void *runfile_map(const char *folder, const char *name, size_t size, bool *made)
{
	void *map = MAP_FAILED;
	int fd = -1, dir = open_folder(folder);

	if (dir >= 0)
		fd = open_file(dir, folder, name, size, made);
	if (fd >= 0) {
		map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (map == MAP_FAILED)
			cannot("map", folder, name);
		close(fd);
	}
	if (dir >= 0)
		close(dir);
	return map == MAP_FAILED ? NULL : map;
}
