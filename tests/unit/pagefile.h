/* SPDX-License-Identifier: MIT */
/* Page files for the unit tests, the host's side of an update, and open descriptors. */
#ifndef PAGEFILE_H
#define PAGEFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "vmclock.h"
#include "vmclock-abi.h"
#include "lib/run-layout.h"
#include "unit.h"

struct pagefile {
	char dir[64];
	char path[128];
	struct vmclock_abi *page;	/* the writer's mapping, 4096 bytes */
};

/* cmocka fixtures: QEMU's marker-only page, in a file of 4096 bytes. */
int pagefile_setup(void **state);
int pagefile_teardown(void **state);

/* Replaces the file's content by @len bytes of @data, in a new inode. */
void pagefile_replace(struct pagefile *pf, const void *data, size_t len);

/* The writer's sequence: odd, change, even. */
void pagefile_begin(struct pagefile *pf);
void pagefile_end(struct pagefile *pf);
void pagefile_disrupt(struct pagefile *pf);

/* Opens the file through the library; an error fails the test. */
struct vmclock *pagefile_open(struct pagefile *pf);

/* ---- The files of vmclockd --------------------------------------------------------- */

struct runfiles {
	struct pagefile *pf;
	char folder[80];		/* $VMCLOCK_RUN_DIR */
	char path[144];			/* of the completed page */
	char state_path[144];
	struct vmclock_run_page *copies[VMCLOCK_RUN_COPIES];	/* the writer's mappings */
	struct vmclock_run_state *states[VMCLOCK_RUN_COPIES];
};

/* cmocka fixtures: a marker-only page, and a folder without files. */
int runfiles_setup(void **state);
int runfiles_teardown(void **state);

/* Makes the files, with nothing but zeros in them. */
void runfiles_make_page(struct runfiles *rf);
void runfiles_make_state(struct runfiles *rf);

/*
 * A page that ticks at 2.5 GHz from @counter on, which is 2017-01-01T00:00:00.5
 * UTC, +-1 us and 50 ppm; SYNCHRONIZED under the marker of the hypervisor's page.
 */
struct vmclock_run_page runfiles_page(const struct runfiles *rf, uint64_t counter);
#define RUNFILES_SEC	INT64_C(1483228800)

/* In ns, on the clock of the test program. */
int64_t time_on(clockid_t clock);

/* A state with a trusted system clock, under the page's marker, valid for a minute. */
struct vmclock_run_state runfiles_word(const struct runfiles *rf);

/* The writer's sequence for any count: odd, then the words after it, then even. */
void runfiles_begin(__le32 *seq_count);
void runfiles_end(__le32 *seq_count);
/* Publishes one copy after the other. */
void runfiles_publish(struct runfiles *rf, const struct vmclock_run_page *page);
void runfiles_vouch(struct runfiles *rf, const struct vmclock_run_state *word);

/* The number of descriptors that this process has open. */
int count_descriptors(void);

#endif /* PAGEFILE_H */
