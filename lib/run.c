// SPDX-License-Identifier: MIT
/* The files of vmclockd: finding, checking and mapping them. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "run.h"

_Static_assert(sizeof(((struct vmclock *)0)->run_name) == VMCLOCK_RUN_NAME_SIZE, "as in the state");

/* ---- Where the files are ---------------------------------------------------------- */

/* Is the name "vmclock" and a number? */
static bool is_device_name(const char *name)
{
	size_t prefix = strlen("vmclock");
	size_t length = strlen(name);

	return !strncmp(name, "vmclock", prefix) && length > prefix &&
	       strspn(name + prefix, "0123456789") == length - prefix;
}

static void set_place(struct vmclock *vc, const char *folder, const char *name)
{
	/* If a path is too long, the handle uses no files. */
	if (strlen(folder) >= sizeof(vc->run_folder) || strlen(name) >= sizeof(vc->run_name))
		return;
	snprintf(vc->run_folder, sizeof(vc->run_folder), "%s", folder);
	snprintf(vc->run_name, sizeof(vc->run_name), "%s", name);
}

void vmclock_run_find(struct vmclock *vc, const char *path)
{
	const char *folder = secure_getenv("VMCLOCK_RUN_DIR");
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	vc->run_own = folder && *folder;
	/* The default folder has files for this machine's devices, not for page files. */
	if (!is_device_name(name) || !(vc->device || vc->run_own))
		return;
	set_place(vc, vc->run_own ? folder : VMCLOCK_RUN_FOLDER, name);
	vc->completable = vc->time_error == -ENODATA && vc->counter_usable;
	vmclock_run_pick_up(vc);
}

/* ---- Who can write the files -------------------------------------------------------- */

/* Reads a small file's text. */
static bool read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return false;
	got = read(fd, text, size - 1);
	text[got > 0 ? got : 0] = '\0';
	close(fd);
	return got >= 0;
}

/* The user ID that stands for all users that this user namespace does not map. */
static uid_t overflow_user(void)
{
	char text[32];
	unsigned int user;

	if (!read_text("/proc/sys/kernel/overflowuid", text, sizeof(text)) ||
	    sscanf(text, "%u", &user) != 1)
		return 65534;
	return user;
}

enum users { ALL_KNOWN, SOME_UNKNOWN, CANNOT_TELL };

static enum users users_here(void)
{
	unsigned int first, outside, count;
	char text[64];

	if (!read_text("/proc/self/uid_map", text, sizeof(text)))
		return CANNOT_TELL;
	/* The first user namespace maps all users in one range. */
	return sscanf(text, "%u %u %u", &first, &outside, &count) == 3 && count == UINT32_MAX ?
		       ALL_KNOWN :
		       SOME_UNKNOWN;
}

static bool is_read_only_mount(int fd)
{
	struct statvfs fs;

	return !fstatvfs(fd, &fs) && fs.f_flag & ST_RDONLY;
}

static bool owner_is_trusted(const struct vmclock *vc, int fd, uid_t owner)
{
	enum users users;

	if (owner == overflow_user()) {
		users = users_here();
		/* The owner may be anybody: trust only a read-only mount, because root made it. */
		if (users != ALL_KNOWN)
			return users == SOME_UNKNOWN && is_read_only_mount(fd);
	}
	return !owner || (vc->run_own && owner == geteuid());
}

static bool is_trusted(const struct vmclock *vc, int fd, const struct stat *st)
{
	return !(st->st_mode & (S_IWGRP | S_IWOTH)) && owner_is_trusted(vc, fd, st->st_uid);
}

/* ---- Mapping the files -------------------------------------------------------------- */

/* Returns -1 if there is no folder, or if it must not be trusted. */
static int open_folder(const struct vmclock *vc)
{
	int fd = open(vc->run_folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st = { 0 };

	if (fd >= 0 && (fstat(fd, &st) || !is_trusted(vc, fd, &st))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Returns NULL if there is no file, or if it must not be trusted. */
static void *map_file(const struct vmclock *vc, int folder, const char *name, size_t size)
{
	/* Without O_NONBLOCK, a FIFO of this name would hang the caller. */
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	void *file = MAP_FAILED;
	struct stat st = { 0 };

	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size == (off_t)size &&
	    is_trusted(vc, fd, &st))
		file = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	return file == MAP_FAILED ? NULL : file;
}

static void pick_up_page(const struct vmclock *vc, int folder)
{
	struct vmclock *handle = (struct vmclock *)vc;
	const struct vmclock_abi *none = vc->page;
	struct vmclock_abi *page = map_file(vc, folder, vc->run_name, VMCLOCK_RUN_PAGE_SIZE);

	/* Another thread may have mapped the file first. */
	if (page && !__atomic_compare_exchange_n(&handle->time_page, &none, page, false,
						 __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		munmap(page, VMCLOCK_RUN_PAGE_SIZE);
}

static void pick_up_state(const struct vmclock *vc, int folder)
{
	struct vmclock *handle = (struct vmclock *)vc;
	const struct vmclock_run_state *none = NULL;
	struct vmclock_run_state *state =
		map_file(vc, folder, VMCLOCK_RUN_STATE_NAME, VMCLOCK_RUN_STATE_SIZE);

	if (state && !__atomic_compare_exchange_n(&handle->state, &none, state, false,
						  __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		munmap(state, VMCLOCK_RUN_STATE_SIZE);
}

void vmclock_run_pick_up(const struct vmclock *vc)
{
	bool page = vc->completable && !run_completed(vc);
	bool state = !run_state(vc);
	int folder;

	if (!*vc->run_name || !(page || state))
		return;
	folder = open_folder(vc);
	if (folder < 0)
		return;
	/* Map the state first: vmclockd makes the page before it, so then both files exist. */
	if (state)
		pick_up_state(vc, folder);
	if (page)
		pick_up_page(vc, folder);
	close(folder);
}

void vmclock_run_unmap(struct vmclock *vc)
{
	if (vc->time_page != vc->page)
		munmap((void *)vc->time_page, VMCLOCK_RUN_PAGE_SIZE);
	if (vc->state)
		munmap((void *)vc->state, VMCLOCK_RUN_STATE_SIZE);
}
