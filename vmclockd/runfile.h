/* SPDX-License-Identifier: MIT */
/* Files in /run/vmclock: made once, then written in place. */
#ifndef VMCLOCKD_RUNFILE_H
#define VMCLOCKD_RUNFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define RUNFILE_LOCK "lock"

/* Tells whether a name still belongs to the same file. */
struct runfile_id {
	dev_t device;
	ino_t inode;
};

/**
 * runfile_map() - map a file for writing
 * @folder:	made if it is missing
 * @name:	the file in it; made, full of zeroes, if it is missing
 * @size:	the exact size of the file
 * @made:	receives whether the file was made
 *
 * Refuses a file that somebody else could write, a link, and another size, because
 * readers refuse these too. Allocates the file's space, so that a full disk is an
 * error here, not a SIGBUS later.
 *
 * Return: the mapping, or NULL after a line in the log.
 */
void *runfile_map(const char *folder, const char *name, size_t size, bool *made);

/**
 * runfile_copy() - map a file for reading: changes to the mapping stay in this process
 * @folder:	as above, but neither folder nor file is made
 * @name:	as above
 * @size:	as above
 *
 * Accepts files of root, too.
 *
 * Return: the mapping, full of zeroes if there is no such file, or NULL after a line in
 * the log.
 */
void *runfile_copy(const char *folder, const char *name, size_t size);

/**
 * runfile_lock() - become the only vmclockd that writes in the folder
 * @folder:	made if it is missing
 *
 * Return: a descriptor that holds the lock until it is closed; or -1, after a line in
 * the log: another process has the lock, or the folder is refused.
 */
int runfile_lock(const char *folder);

/**
 * runfile_lock_anew() - the same, after somebody has removed the file
 * @folder:	as above
 * @lock:	the descriptor, which then refers to the new file, with the content of the old one
 *
 * Return: 0, or -1 as above.
 */
int runfile_lock_anew(const char *folder, int lock);

/* Stores which file has this name now. */
void runfile_note(const char *folder, const char *name, struct runfile_id *id);
/* Does the name still belong to the file that runfile_note() has stored? */
bool runfile_is_there(const char *folder, const char *name, const struct runfile_id *id);

#endif /* VMCLOCKD_RUNFILE_H */
