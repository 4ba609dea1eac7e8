// SPDX-License-Identifier: MIT
/* Small reads of /sys, /proc and /dev below a root. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sysfs.h"
#include "tools/common.h"

static bool join(char path[PATH_MAX], const char *root, const char *fmt, va_list args)
	__attribute__((format(printf, 3, 0)));

static bool join(char path[PATH_MAX], const char *root, const char *fmt, va_list args)
{
	int n = snprintf(path, PATH_MAX, "%s", root);
	int m = -1;

	if (n >= 0 && n < PATH_MAX)
		m = vsnprintf(path + n, (size_t)(PATH_MAX - n), fmt, args);
	if (m >= 0 && m < PATH_MAX - n)
		return true;
	path[0] = '\0';
	return false;
}

bool root_path(char path[PATH_MAX], const char *root, const char *fmt, ...)
{
	va_list args;
	bool ok;

	va_start(args, fmt);
	ok = join(path, root, fmt, args);
	va_end(args);
	return ok;
}

bool path_exists(const char *root, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list args;
	bool ok;

	va_start(args, fmt);
	ok = join(path, root, fmt, args);
	va_end(args);
	return ok && access(path, F_OK) == 0;
}

static size_t read_file(const char *path, char *to, size_t size)
{
	size_t have = 0;
	ssize_t n;
	int fd;

	/* Not blocking: a FIFO in the place of an attribute must not stop us. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return 0;
	while (have < size) {
		n = read(fd, to + have, size - have);
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	close(fd);
	return have;
}

bool read_line(const char *root, char *to, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX], raw[512];
	va_list args;
	size_t n = 0;
	bool ok;

	va_start(args, fmt);
	ok = join(path, root, fmt, args);
	va_end(args);
	if (ok)
		n = read_file(path, raw, sizeof(raw) - 1);
	raw[n] = '\0';
	raw[strcspn(raw, "\n")] = '\0';
	copy_printable(to, size, raw);
	return n;
}

size_t read_bytes(const char *root, char *to, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list args;
	bool ok;

	va_start(args, fmt);
	ok = join(path, root, fmt, args);
	va_end(args);
	return ok ? read_file(path, to, size) : 0;
}

bool read_link_name(const char *root, char *to, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *slash;
	va_list args;
	ssize_t n = -1;
	bool ok;

	va_start(args, fmt);
	ok = join(path, root, fmt, args);
	va_end(args);
	if (ok)
		n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		n = 0;
	target[n] = '\0';
	slash = strrchr(target, '/');
	copy_printable(to, size, slash ? slash + 1 : target);
	return n;
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

bool list_entries(struct entries *entries, const char *root, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list args;
	bool ok;

	entries->list = NULL;
	entries->count = 0;
	va_start(args, fmt);
	ok = join(path, root, fmt, args);
	va_end(args);
	if (!ok)
		return false;

	entries->count = scandir(path, &entries->list, not_hidden, versionsort);
	if (entries->count >= 0)
		return true;
	entries->list = NULL;
	entries->count = 0;
	return false;
}

void free_entries(struct entries *entries)
{
	while (entries->count > 0)
		free(entries->list[--entries->count]);
	free(entries->list);
	entries->list = NULL;
}
