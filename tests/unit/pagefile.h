/* SPDX-License-Identifier: MIT */
/* Page files for the unit tests, and the host's side of an update. */
#ifndef PAGEFILE_H
#define PAGEFILE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "vmclock.h"
#include "vmclock-abi.h"

struct pagefile {
	char dir[64];
	char path[80];
	struct vmclock_abi *page;	/* the writer's mapping, 4096 bytes */
};

/* cmocka fixtures: a marker-only page as QEMU makes it, in a file of 4096 bytes. */
int pagefile_setup(void **state);
int pagefile_teardown(void **state);

/* Replaces the file's content by @len bytes of @data, in a new inode. */
void pagefile_replace(struct pagefile *pf, const void *data, size_t len);

/* The writer's sequence: odd, change, even. */
void pagefile_begin(struct pagefile *pf);
void pagefile_end(struct pagefile *pf);
void pagefile_disrupt(struct pagefile *pf);

/* Opens the file through the library; the test fails if that does. */
struct vmclock *pagefile_open(struct pagefile *pf);

#endif /* PAGEFILE_H */
