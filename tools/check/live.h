/* SPDX-License-Identifier: MIT */
/* The values that change: the page, the time that it gives, and the state of vmclockd. */
#ifndef VMCLOCK_CHECK_LIVE_H
#define VMCLOCK_CHECK_LIVE_H

#include <limits.h>
#include <stdbool.h>

#include "common/metrics.h"
#include "run-files.h"

struct live {
	struct vmclock *vc;		/* NULL: the device cannot be opened */
	struct metrics metrics;		/* as of the last look */
	char path[PATH_MAX];
	struct run_files run;
};

/*
 * @option: a path, or NULL. Returns 0, or the error of vmclock_open(); call
 * live_look() even then.
 */
int live_open(struct live *live, const char *option);
/* Returns 0, or the error that keeps the page from being read. */
int live_look(struct live *live);
void live_close(struct live *live);

#endif /* VMCLOCK_CHECK_LIVE_H */
