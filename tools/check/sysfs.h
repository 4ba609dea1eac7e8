/* SPDX-License-Identifier: MIT */
/*
 * Small reads of files in /sys, /proc and /dev. Text arrives printable, as by
 * copy_printable().
 */
#ifndef VMCLOCK_CHECK_SYSFS_H
#define VMCLOCK_CHECK_SYSFS_H

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * A path below @root, which is "" except in tests. It is valid until the next
 * call. A path that would be longer than PATH_MAX is empty: no file has this
 * name.
 */
const char *below(const char *root, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

bool path_exists(const char *path);

/* The first line of a file. False, and *to empty: the file does not exist, or is empty. */
bool read_line(const char *path, char *to, size_t size);

/* The bytes of a file as they are, for lists with NUL between. Returns their number. */
size_t read_bytes(const char *path, char *to, size_t size);

/* The last part of a symbolic link's target. False, and *to empty: there is no such link. */
bool read_link_name(const char *path, char *to, size_t size);

/* The entries of a folder, in the order of their names, numbers by value. */
struct entries {
	struct dirent **list;
	int count;
};

/* False, and no entries: the folder does not exist. Call free_entries() in either case. */
bool list_entries(struct entries *entries, const char *path);
void free_entries(struct entries *entries);

#endif /* VMCLOCK_CHECK_SYSFS_H */
