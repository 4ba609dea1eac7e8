// SPDX-License-Identifier: MIT
/*
 * Copies of the page while the host changes it without pause. The host
 * keeps four fields equal, so a torn copy has two that differ. Copies in
 * turn in each way there is, until COUNT changes have been seen.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <sys/uio.h>
#include <unistd.h>

#include "guest.h"
#include "vmclock.h"
#include "vmclock-abi.h"

struct reader {
	int fd;
	struct vmclock *vc;
};

static bool by_read(const struct reader *r, struct vmclock_abi *page)
{
	return pread(r->fd, page, sizeof(*page), 0) == sizeof(*page);
}

/* Cut between fields that belong together. */
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
	{ "read", by_read }, { "preadv", by_preadv }, { "vmclock_read_page", by_library },
};

int main(int argc, char **argv)
{
	int copies, changes = 0, refused = 0, count = atoi(argc > 1 ? argv[1] : "1000");
	struct reader r = { .fd = open(DEVICE, O_RDONLY) };
	struct vmclock_abi page;
	uint64_t last = 0;

	expect(r.fd >= 0);
	expect(!vmclock_open(&r.vc, DEVICE));
	for (copies = 0; changes < count; copies++) {
		if (!ways[copies % 3].copy(&r, &page)) {
			/* The host itself may not run for a while, in the middle of an update. */
			expect(errno == ETIMEDOUT);
			refused++;
			continue;
		}
		if (page.counter_value != page.disruption_marker ||
		    page.time_sec != page.disruption_marker ||
		    page.vm_generation_counter != page.disruption_marker)
			fail("torn by %s", ways[copies % 3].name);
		changes += page.disruption_marker != last;
		last = page.disruption_marker;
	}
	vmclock_close(r.vc);
	expect(refused < copies / 10);
	printf("%d changes seen in %d copies, %d refused\n", changes, copies, refused);
	return 0;
}
