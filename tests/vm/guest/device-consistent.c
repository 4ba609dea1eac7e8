// SPDX-License-Identifier: MIT
/*
 * Copies the page while the host changes it without pause. The host keeps four
 * fields equal, so a torn copy has two that differ. Uses each way of copying in
 * turn, until it has seen COUNT changes.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "guest.h"
#include "vmclock.h"
#include "vmclock-abi.h"

#define FRESH	(2 * 4096)

struct reader {
	int fd;
	int pipe[2];
	char *fresh;
	struct vmclock *vc;
};

static bool by_read(const struct reader *r, struct vmclock_abi *page)
{
	return pread(r->fd, page, sizeof(*page), 0) == sizeof(*page);
}

/* Reads into memory that is not present yet, starting within the page's fields. */
static bool by_read_into_fresh_memory(const struct reader *r, struct vmclock_abi *page)
{
	char *target = r->fresh + FRESH / 2 - 0x28;

	expect(!madvise(r->fresh, FRESH, MADV_DONTNEED));
	if (pread(r->fd, target, sizeof(*page), 0) != sizeof(*page))
		return false;
	memcpy(page, target, sizeof(*page));
	return true;
}

/* Copies through the kernel's own memory, as programs do that only pass data on. */
static bool by_splice(const struct reader *r, struct vmclock_abi *page)
{
	loff_t start = 0;
	ssize_t got = splice(r->fd, &start, r->pipe[1], NULL, sizeof(*page), 0);

	/* Where read() gives ETIMEDOUT, old kernels fail otherwise. */
	if (got < 0)
		return false;
	expect(got == sizeof(*page));
	return read(r->pipe[0], page, sizeof(*page)) == sizeof(*page);
}

/* The buffers split fields that belong together. */
static bool by_preadv(const struct reader *r, struct vmclock_abi *page)
{
	struct iovec parts[] = {
		{ page, 0x28 }, { (char *)page + 0x28, sizeof(*page) - 0x28 },
	};

	return preadv(r->fd, parts, 2, 0) == sizeof(*page);
}

static bool by_library(const struct reader *r, struct vmclock_abi *page)
{
	int ret = vmclock_read_page(r->vc, page, sizeof(*page));

	errno = -ret;
	return !ret;
}

static const struct {
	const char *name;
	bool (*copy)(const struct reader *r, struct vmclock_abi *page);
} ways[] = {
	{ "read", by_read },
	{ "read into fresh memory", by_read_into_fresh_memory },
	{ "splice", by_splice },
	{ "preadv", by_preadv },
	{ "vmclock_read_page", by_library },
};

#define WAYS	(int)(sizeof(ways) / sizeof(ways[0]))

int main(int argc, char **argv)
{
	int copies, changes = 0, refused = 0, count = atoi(argc > 1 ? argv[1] : "1000");
	struct reader r = { .fd = open(DEVICE, O_RDONLY) };
	struct vmclock_abi page;
	uint64_t last = 0;

	expect(r.fd >= 0);
	expect(!pipe(r.pipe));
	r.fresh = mmap(NULL, FRESH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	expect(r.fresh != MAP_FAILED);
	expect(!vmclock_open(&r.vc, DEVICE));
	for (copies = 0; changes < count; copies++) {
		if (!ways[copies % WAYS].copy(&r, &page)) {
			/* The host process may stop for a while in the middle of an update. */
			expect(errno == ETIMEDOUT);
			refused++;
			continue;
		}
		if (page.counter_value != page.disruption_marker ||
		    page.time_sec != page.disruption_marker ||
		    page.vm_generation_counter != page.disruption_marker)
			fail("torn by %s", ways[copies % WAYS].name);
		changes += page.disruption_marker != last;
		last = page.disruption_marker;
	}
	vmclock_close(r.vc);
	expect(refused < copies / 10);
	printf("%d changes seen in %d copies, %d refused\n", changes, copies, refused);
	return 0;
}
