/* SPDX-License-Identifier: MIT */
/* Looks at the live page as often as the CPU can, and judges each change. */
#ifndef VMCLOCK_VERIFY_WATCH_H
#define VMCLOCK_VERIFY_WATCH_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "expect.h"
#include "record.h"
#include "reference.h"
#include "source.h"

struct watch_options {
	int64_t duration;		/* ns */
	bool gentle;			/* rest between looks */
	bool guest;			/* this machine's counter is the page's, plus counter_offset */
	uint64_t counter_offset;	/* the page's counter minus this machine's */
	struct reference reference;
	uint64_t max_error;		/* ns */
	uint64_t max_age;		/* ns; 0: not given */
	enum expect expect;
	/* Called once the page was read: from then on no change of it is missed. */
	void (*begun)(const struct watch_options *options);
};

/* Set by a signal handler: end the watch now. */
extern volatile sig_atomic_t watch_ended;

/* Watches until the time is over, until the expectations are met, or until a signal. */
void watch(const struct source *source, const struct watch_options *options,
	   struct record *record);

#endif /* VMCLOCK_VERIFY_WATCH_H */
