/* SPDX-License-Identifier: MIT */
/*
 * Programs of the administrator's that are told what happens: those of
 * /etc/vmclock/hooks.d, and of the vendor's folder those whose name is not
 * there, in the order of their names. One runs at a time.
 */
#ifndef VMCLOCKD_HOOKS_H
#define VMCLOCKD_HOOKS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum hook_event { HOOK_DISRUPTED, HOOK_GENERATION, HOOK_TRUSTED, HOOK_EVENTS };

/* What they find in their environment; see vmclockd(8). */
struct hook_facts {
	uint64_t marker_before;
	uint64_t marker;
	uint64_t generation;
	int64_t offset;			/* ns that the clock was stepped by */
	int64_t bound;			/* ns */
	int64_t duration;		/* ns since the disruption was seen */
};

#define HOOKS_MAX 64

struct hooks {
	const char *folder;		/* the administrator's; the vendor's is known */
	int64_t limit;			/* ns for each hook */

	/* From a disruption until all have heard that it is over, noted in a file as well. */
	bool owed;
	int memory;			/* the file: then it is not empty; -1: none */

	/* What is to be told; of an event that comes again before its turn, the last. */
	bool pending[HOOK_EVENTS];
	unsigned long since[HOOK_EVENTS];
	unsigned long told;
	struct hook_facts facts[HOOK_EVENTS];

	/* What is being told. */
	enum hook_event event;
	char *paths[HOOKS_MAX];
	unsigned int count, next;
	pid_t pid;			/* 0: none runs */
	int64_t deadline;
};

/* @memory is a file that outlives this process: an earlier one may owe something. */
void hooks_init(struct hooks *hooks, const char *folder, int64_t limit, int memory);

/* Tells them as soon as those that run have ended. */
void hooks_tell(struct hooks *hooks, enum hook_event event, const struct hook_facts *facts);

/*
 * Goes on with what is due: after SIGCHLD, and at the time that this returns,
 * of CLOCK_MONOTONIC in ns; INT64_MAX: there is none.
 */
int64_t hooks_advance(struct hooks *hooks);

/* Kills what runs, and forgets the rest. */
void hooks_stop(struct hooks *hooks);

#endif /* VMCLOCKD_HOOKS_H */
