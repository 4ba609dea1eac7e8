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
	char *real;		/* where it leads, if there was a file */
	char *temporary;	/* the name of a new file; NULL: it has none, or its own */
	bool unnamed;		/* a new file, which the kernel removes if we are killed */
	int fd;
	int old;		/* the file that had the name before; < 0: none, or closed */
	bool replaces;
	bool continues;		/* the page that was there goes on in place */
	bool inside;		/* the page is at an offset of somebody else's file */
	void *map;
	size_t mapped;
	struct vmclock_abi *page;
};

/* The fields of a page that never change, for which a file must be made. */
struct sim_constants {
	uint32_t size;
	uint8_t counter_id;
	uint8_t time_type;
};

/*
 * Maps the page: at an offset of an existing file; in the file that an earlier
 * simulator left, if its constants are these; or in a new file, which gets
 * its name from sim_file_appear(). Returns 0, or -1 with a line on
 * stderr.
 */
int sim_file_open(struct sim_file *file, const char *path, const uint64_t *offset,
		  const struct sim_constants *constants);
int sim_file_appear(struct sim_file *file);
/* False: the file was removed, or another one has its name. */
bool sim_file_is_there(const struct sim_file *file);
/* False: somebody truncated the file, or wrote over the constant fields of @page, unless NULL. */
bool sim_file_is_whole(const struct sim_file *file, const struct vmclock_abi *page);
/* Unmaps the page, and removes the file if it is our own, unless @keep. */
void sim_file_close(struct sim_file *file, bool keep);

#endif /* VMCLOCK_SIM_FILE_H */
