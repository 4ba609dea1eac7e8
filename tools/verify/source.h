/* SPDX-License-Identifier: MIT */
/* The live page of a device, in a page file, or in the memory of a virtual machine. */
#ifndef VMCLOCK_VERIFY_SOURCE_H
#define VMCLOCK_VERIFY_SOURCE_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmclock-abi.h"

struct source {
	const char *path;
	bool inside;		/* at an offset of a memory file */
	bool device;
	unsigned int major, minor;	/* of a device */
	int fd;
	void *map;
	size_t mapped;
	const struct vmclock_abi *page;
};

/*
 * Maps the page at @path, at *@offset unless that is NULL. Returns 0, or -1
 * with the reason in @why, one line without a newline: @path does not open, is
 * neither device nor file, or holds no page of version 1.
 */
int source_open(struct source *source, const char *path, const uint64_t *offset, char *why,
		size_t size);
void source_close(struct source *source);

/* Asks the kernel. Returns the reason why the page is gone, or NULL: the page is there. */
const char *source_gone(const struct source *source);

/*
 * Where to continue after a read of a truncated file, which raises SIGBUS. Set
 * it by sigsetjmp(source_truncated, 1) before any access.
 */
extern sigjmp_buf source_truncated;
/* Catches SIGBUS, and jumps there. */
void source_catch_truncation(void);

/* Loads the words of the page from @from to before @to, each once. */
#define SOURCE_WORDS (sizeof(struct vmclock_abi) / sizeof(uint64_t))
void source_load(const struct source *source, uint64_t words[SOURCE_WORDS], size_t from, size_t to);

#endif /* VMCLOCK_VERIFY_SOURCE_H */
