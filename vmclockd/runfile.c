// SPDX-License-Identifier: MIT
/* Files in /run/vmclock. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "runfile.h"

#define WRITABLE_BY_OTHERS (S_IWGRP | S_IWOTH)
#define FOLDER_FLAGS	   (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define FILE_FLAGS	   (O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)

static int refuse(const char *folder, const char *name, const char *why)
{
	say(LOG_ERR, "%s%s%s %s: remove it", folder, *name ? "/" : "", name, why);
	return -1;
}

static int cannot(const char *what, const char *folder, const char *name)
{
	if (errno == ELOOP)
		return refuse(folder, name, "is a link");
	if (errno == ENOTDIR)
		return refuse(folder, name, "is not a folder");
	if (errno == EISDIR || errno == ENXIO)
		return refuse(folder, name, "is not a regular file");
	say(LOG_ERR, "cannot %s %s%s%s: %s%s", what, folder, *name ? "/" : "", name,
	    strerror(errno), errno == EROFS ? " (for a unit of systemd's: ReadWritePaths=)" : "");
	return -1;
}

/* Why others could have written the file; NULL: only our user could, or (@or_roots) root. */
static const char *not_ours(const struct stat *st, bool or_roots)
{
	if (st->st_uid != geteuid() && !(or_roots && !st->st_uid))
		return "belongs to somebody else";
	if (st->st_mode & WRITABLE_BY_OTHERS)
		return "can be written by others";
	return NULL;
}

/* ---- The folder ---------------------------------------------------------------------- */

static int check_folder(int fd, const char *folder, bool or_roots)
{
	const char *wrong;
	struct stat st;

	if (fstat(fd, &st))
		return cannot("look at", folder, "");
	wrong = not_ours(&st, or_roots);
	return wrong ? refuse(folder, "", wrong) : 0;
}

static int open_folder(const char *folder)
{
	bool made = !mkdir(folder, 0755);
	int fd;

	if (!made && errno != EEXIST)
		return cannot("make", folder, "");
	fd = open(folder, FOLDER_FLAGS);
	if (fd < 0)
		return cannot("open", folder, "");
	/* Everybody may enter it, whatever the umask. */
	if (made && fchmod(fd, 0755))
		cannot("make", folder, "");
	else if (!check_folder(fd, folder, false))
		return fd;
	close(fd);
	return -1;
}

/* ---- Files in it --------------------------------------------------------------------- */

static int check_file(int fd, const char *folder, const char *name, size_t size, bool or_roots)
{
	const char *wrong;
	struct stat st;

	if (fstat(fd, &st))
		return cannot("look at", folder, name);
	wrong = S_ISREG(st.st_mode) ? not_ours(&st, or_roots) : "is not a regular file";
	if (!wrong && st.st_size && (size_t)st.st_size != size)
		wrong = "has another size";
	return wrong ? refuse(folder, name, wrong) : 0;
}

static int open_file(int dir, const char *folder, const char *name, size_t size, bool *made)
{
	int fd = openat(dir, name, FILE_FLAGS | O_RDWR | O_CREAT | O_EXCL, 0644);

	*made = fd >= 0;
	if (fd < 0 && errno == EEXIST)
		fd = openat(dir, name, FILE_FLAGS | O_RDWR);
	if (fd < 0)
		return cannot("open", folder, name);
	if (check_file(fd, folder, name, size, false))
		goto failed;
	errno = posix_fallocate(fd, 0, (off_t)size);
	/* Everybody may read it, whatever the umask. */
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

/* ---- Changing nothing ------------------------------------------------------------------ */

/* Returns a descriptor; -ENOENT: no such file; or another error, after a line in the log. */
static int open_to_read(const char *folder, const char *name, size_t size)
{
	int fd = -1, dir = open(folder, FOLDER_FLAGS);
	struct stat st;

	if (dir < 0)
		return errno == ENOENT ? -ENOENT : cannot("open", folder, "");
	if (!check_folder(dir, folder, true)) {
		fd = openat(dir, name, FILE_FLAGS | O_RDONLY);
		if (fd < 0)
			fd = errno == ENOENT ? -ENOENT : cannot("open", folder, name);
	}
	close(dir);
	if (fd < 0)
		return fd;
	if (!check_file(fd, folder, name, size, true) && !fstat(fd, &st)) {
		if (st.st_size)
			return fd;
		close(fd);
		return -ENOENT;
	}
	close(fd);
	return -1;
}

void *runfile_copy(const char *folder, const char *name, size_t size)
{
	int fd = open_to_read(folder, name, size);
	int flags = MAP_PRIVATE | (fd == -ENOENT ? MAP_ANONYMOUS : 0);
	void *map;

	if (fd < 0 && fd != -ENOENT)
		return NULL;
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd < 0 ? -1 : fd, 0);
	if (map == MAP_FAILED)
		cannot("map", folder, name);
	if (fd >= 0)
		close(fd);
	return map == MAP_FAILED ? NULL : map;
}

/* ---- One writer ------------------------------------------------------------------------ */

int runfile_lock(const char *folder)
{
	int dir = open_folder(folder), fd;

	if (dir < 0)
		return -1;
	/* A user who can open a file can lock it, so only our user may open this file. */
	fd = openat(dir, RUNFILE_LOCK, FILE_FLAGS | O_RDWR | O_CREAT, 0600);
	close(dir);
	if (fd < 0)
		return cannot("open", folder, RUNFILE_LOCK);
	/* The hooks keep a note of one byte in this file. */
	if (check_file(fd, folder, RUNFILE_LOCK, 1, false))
		goto failed;
	if (fchmod(fd, 0600)) {
		cannot("make", folder, RUNFILE_LOCK);
		goto failed;
	}
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	if (errno == EWOULDBLOCK)
		say(LOG_ERR, "another vmclockd runs and writes the files in %s", folder);
	else
		cannot("lock", folder, RUNFILE_LOCK);
failed:
	close(fd);
	return -1;
}

int runfile_lock_anew(const char *folder, int lock)
{
	int fd = runfile_lock(folder);
	unsigned char note;
	bool moved;

	if (fd < 0)
		return -1;
	moved = pread(lock, &note, sizeof(note), 0) != sizeof(note) ||
		pwrite(fd, &note, sizeof(note), 0) == sizeof(note);
	moved = moved && dup3(fd, lock, O_CLOEXEC) >= 0;
	if (!moved)
		cannot("make", folder, RUNFILE_LOCK);
	close(fd);
	return moved ? 0 : -1;
}

/* ---- Removed files --------------------------------------------------------------------- */

static bool look(const char *folder, const char *name, struct runfile_id *id)
{
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (lstat(path, &st))
		return false;
	*id = (struct runfile_id){ st.st_dev, st.st_ino };
	return true;
}

void runfile_note(const char *folder, const char *name, struct runfile_id *id)
{
	if (!look(folder, name, id))
		*id = (struct runfile_id){ 0 };
}

bool runfile_is_there(const char *folder, const char *name, const struct runfile_id *id)
{
	struct runfile_id now;

	return look(folder, name, &now) && now.device == id->device && now.inode == id->inode;
}
