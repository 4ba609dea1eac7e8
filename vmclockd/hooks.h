/* SPDX-License-Identifier: MIT */
/*
 * Hooks: programs that vmclockd runs after events, one at a time and in the order
 * of their names. They are in /etc/vmclock/hooks.d and in the vendor's folder; a
 * hook in /etc replaces the vendor's hook of the same name.
 */
#ifndef VMCLOCKD_HOOKS_H
#define VMCLOCKD_HOOKS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum hook_event { HOOK_DISRUPTED, HOOK_GENERATION, HOOK_TRUSTED, HOOK_EVENTS };

/* Facts in a hook's environment; see vmclockd(8). */
struct hook_facts {
	uint64_t marker_before;
	uint64_t marker;
	uint64_t generation;
	int64_t offset;			/* ns by which the clock was stepped */
	int64_t bound;			/* ns */
	int64_t duration;		/* ns since the disruption was seen */
};

#define HOOKS_MAX 64

struct hooks {
	const char *folder;		/* the administrator's folder; the vendor's is constant */
	int64_t limit;			/* ns for each hook */

	/* A bit for each event that not all hooks have run for; a disruption also owes its end. */
	unsigned char owed;
	int memory;			/* file that keeps @owed for the next process; -1: none */

	/* Events that wait for their turn. If an event comes again, only its newest facts count. */
	bool pending[HOOK_EVENTS];
	unsigned long since[HOOK_EVENTS];
	unsigned long told;
	struct hook_facts facts[HOOK_EVENTS];

	/* The event whose hooks are being run. */
	bool telling;
	enum hook_event event;
	char *paths[HOOKS_MAX];
	unsigned int count, next;
	pid_t pid;			/* 0: none runs */
	int64_t deadline;		/* CLOCK_MONOTONIC; INT64_MAX: it was killed */
};

/* @memory is a file that outlives this process: it has the events that an earlier one owed. */
void hooks_init(struct hooks *hooks, const char *folder, int64_t limit, int memory);

/* Notes that the hooks must run for an event, by the next process if not by this one. */
void hooks_promise(struct hooks *hooks, enum hook_event event);

/* Is an event owed that is neither pending nor being told? */
bool hooks_owe(const struct hooks *hooks, enum hook_event event);

/* Runs the hooks for an event, after the hooks that run now. */
void hooks_tell(struct hooks *hooks, enum hook_event event, const struct hook_facts *facts);

/*
 * Starts, reaps and kills hooks that are due. Call it after SIGCHLD, and at the
 * time that it returns, in ns of CLOCK_MONOTONIC; INT64_MAX: never.
 */
int64_t hooks_advance(struct hooks *hooks);

/* Kills the hook that runs, and forgets all events. */
void hooks_stop(struct hooks *hooks);

#endif /* VMCLOCKD_HOOKS_H */
