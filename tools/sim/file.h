/* SPDX-License-Identifier: MIT */
/* The file that holds the page: made, locked, removed. */
#ifndef VMCLOCK_SIM_FILE_H
#define VMCLOCK_SIM_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmclock-abi.h"

struct sim_file {
	const char *path;
	char *temporary;	/* NULL once the file has its name */
	int fd;
	int old;		/* the file that had the name before; < 0: none, or closed */
	bool replaces;
	bool inside;		/* the page is at an offset of somebody else's file */
	void *map;
	size_t mapped;
	struct vmclock_abi *page;
};

/*
 * Maps the page, either in a new file, which has a temporary name until
 * sim_file_appear(), or at an offset of an existing one. Returns 0, or -1
 * with a line on stderr.
 */
int sim_file_open(struct sim_file *file, const char *path, const uint64_t *offset, uint32_t size);
int sim_file_appear(struct sim_file *file);
/* Unmaps the page, and removes the file if it is our own, unless @keep. */
void sim_file_close(struct sim_file *file, bool keep);

#endif /* VMCLOCK_SIM_FILE_H */
