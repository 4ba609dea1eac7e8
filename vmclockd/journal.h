/* SPDX-License-Identifier: MIT */
/*
 * Events for the journal: a line, with a message ID and fields that programs
 * look for. vmclockd(8) lists all: add to them, never change them.
 */
#ifndef VMCLOCKD_JOURNAL_H
#define VMCLOCKD_JOURNAL_H

#include <stdarg.h>

#include "hooks.h"

enum journal_event {
	JOURNAL_DISRUPTED,
	JOURNAL_GENERATION,
	JOURNAL_TRUSTED,
	JOURNAL_UNTRUSTED,
	JOURNAL_REFUSED,
};

/*
 * Logs one line as say() does. In the journal the facts become fields: the bound
 * only if the clock is trusted, the previous marker only if it differs.
 */
void journal_tell(enum journal_event event, const struct hook_facts *facts, int level,
		  const char *fmt, va_list args) __attribute__((format(printf, 4, 0)));

#endif /* VMCLOCKD_JOURNAL_H */
