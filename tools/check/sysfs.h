/* SPDX-License-Identifier: MIT */
/*
 * Small reads of /sys, /proc and /dev below a root: "" in earnest, a folder
 * in tests. Paths are given as a format, without the root. Text arrives
 * printable, see copy_printable().
 */
#ifndef VMCLOCK_TOOLS_SYSFS_H
#define VMCLOCK_TOOLS_SYSFS_H

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* false: longer than PATH_MAX; *path is empty then. */
bool root_path(char path[PATH_MAX], const char *root, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

bool path_exists(const char *root, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The first line. false, and *to empty: there is no such file. */
bool read_line(const char *root, char *to, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The bytes as they are, for lists with NUL between. Returns how many. */
size_t read_bytes(const char *root, char *to, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The last part of what a symbolic link points to. false, and *to empty: none. */
bool read_link_name(const char *root, char *to, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The entries of a folder in the order of their names, numbers by value. */
struct entries {
	struct dirent **list;
	int count;
};

/* false, and none: there is no such folder. Free them with free_entries() either way. */
bool list_entries(struct entries *entries, const char *root, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void free_entries(struct entries *entries);

#endif /* VMCLOCK_TOOLS_SYSFS_H */
