// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/program.h"
#include "sysfs.h"

const char *below(const char *root, const char *fmt, ...)
{
	static char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s", root);
	int m = -1;
	va_list args;

	if (n >= 0 && n < PATH_MAX) {
		va_start(args, fmt);
		m = vsnprintf(path + n, (size_t)(PATH_MAX - n), fmt, args);
		va_end(args);
	}
	if (m < 0 || m >= PATH_MAX - n)
		path[0] = '\0';
	return path;
}

bool path_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

size_t read_bytes(const char *path, char *to, size_t size)
{
	size_t have = 0;
	ssize_t n;
	int fd;

	/* O_NONBLOCK: a FIFO in place of an attribute must not stop us. */
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

bool read_line(const char *path, char *to, size_t size)
{
	char raw[512];
	size_t n = read_bytes(path, raw, sizeof(raw) - 1);

	raw[n] = '\0';
	raw[strcspn(raw, "\n")] = '\0';
	copy_printable(to, size, raw);
	return n;
}

bool read_link_name(const char *path, char *to, size_t size)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	const char *slash;

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

bool list_entries(struct entries *entries, const char *path)
{
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
