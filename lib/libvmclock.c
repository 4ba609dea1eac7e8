// SPDX-License-Identifier: MIT
/* The handle: open, check, map, close. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "counter.h"
#include "line-cache.h"
#include "run.h"
#include "section.h"

#define DEFAULT_PATH "/dev/vmclock0"

static const char *default_path(void)
{
	const char *path = secure_getenv("VMCLOCK_PATH");

	return path && *path ? path : DEFAULT_PATH;
}

static void free_handle(struct vmclock *vc)
{
	line_cache_free(vc->cache);
	free(vc->path);
	free(vc);
}

/* NULL: errno has the reason. */
static struct vmclock *new_handle(const char *path)
{
	struct line_cache *cache = line_cache_new();
	struct vmclock *vc;

	if (!cache)
		return NULL;
	vc = calloc(1, sizeof(*vc));
	if (!vc) {
		line_cache_free(cache);
		return NULL;
	}
	vc->cache = cache;
	vc->path = strdup(path);
	if (!vc->path) {
		free_handle(vc);
		return NULL;
	}
	return vc;
}

/* Checks only fields that never change, so it needs no sequence count. */
static int check_page(struct vmclock *vc, const struct stat *st)
{
	const struct vmclock_abi *page = vc->page;
	uint64_t room = vc->device ? vc->mapped : (uint64_t)st->st_size;
	bool steady;
	uint32_t size;

	if (page_u32(page->magic) != VMCLOCK_MAGIC)
		return -EBADMSG;
	if (page_u16(page->version) != VMCLOCK_PAGE_VERSION)
		return -EPROTONOSUPPORT;
	size = page_u32(page->size);
	if (size < VMCLOCK_SIZE_MIN)
		return -EBADMSG;
	/* The page of a device may be larger than the one memory page that its driver maps. */
	if (!vc->device && size > room)
		return -EBADMSG;
	vc->size = size < vc->mapped ? size : vc->mapped;
	vc->time_type = page_u8(page->time_type);
	steady = counter_steady();
	vc->time_error = vmclock_time_error(vc, steady);
	vc->counter_usable = steady && vc->time_error != -EOPNOTSUPP;
	return 0;
}

static int map_page(struct vmclock *vc)
{
	struct stat st;
	void *page;
	int ret;

	if (fstat(vc->fd, &st))
		return -errno;
	if (!S_ISCHR(st.st_mode) && !S_ISREG(st.st_mode))
		return -EBADMSG;
	vc->device = S_ISCHR(st.st_mode);

	if (!vc->device && st.st_size < VMCLOCK_SIZE_MIN)
		return -EBADMSG;

	/* A device maps exactly one page. Bytes of a mapped page after a file's end are zero. */
	vc->mapped = (size_t)sysconf(_SC_PAGESIZE);
	page = mmap(NULL, vc->mapped, PROT_READ, MAP_SHARED, vc->fd, 0);
	if (page == MAP_FAILED)
		return -errno;
	vc->page = page;
	vc->time_page = page;

	ret = check_page(vc, &st);
	if (ret)
		munmap(page, vc->mapped);
	return ret;
}

VMCLOCK_PUBLIC
int vmclock_open(struct vmclock **vcp, const char *path)
{
	struct vmclock *vc;
	int ret;

	if (!path)
		path = default_path();
	vc = new_handle(path);
	if (!vc)
		return -errno;

	/* Without O_NONBLOCK, a FIFO at this path would hang the caller. */
	vc->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (vc->fd < 0) {
		ret = errno == ENXIO ? -ENODEV : -errno;
		free_handle(vc);
		return ret;
	}

	ret = map_page(vc);
	if (ret) {
		close(vc->fd);
		free_handle(vc);
		return ret;
	}
	vmclock_run_find(vc, path);
	*vcp = vc;
	return 0;
}

VMCLOCK_PUBLIC
void vmclock_close(struct vmclock *vc)
{
	int saved = errno;

	if (!vc)
		return;
	vmclock_run_unmap(vc);
	munmap((void *)vc->page, vc->mapped);
	close(vc->fd);
	free_handle(vc);
	errno = saved;
}

VMCLOCK_PUBLIC
int vmclock_fd(const struct vmclock *vc)
{
	return vc->fd;
}

VMCLOCK_PUBLIC
const char *vmclock_path(const struct vmclock *vc)
{
	return vc->path;
}

VMCLOCK_PUBLIC
bool vmclock_has_time(const struct vmclock *vc)
{
	return !vc->time_error || run_completed(vc);
}

VMCLOCK_PUBLIC
const struct vmclock_abi *vmclock_page(const struct vmclock *vc)
{
	return vc->page;
}

VMCLOCK_PUBLIC
const char *vmclock_version(void)
{
	return PACKAGE_VERSION;
}
