/* SPDX-License-Identifier: MIT */
/*
 * What happens, for the journal: a line, with a message ID and fields that
 * programs look for. vmclockd(8) has them all: add to them, never change them.
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
 * One line, as by say(); where that goes to the journal, with the facts as
 * fields: the bound only of what is trusted, the marker before only if it was
 * another one.
 */
void journal_tell(enum journal_event event, const struct hook_facts *facts, int level,
		  const char *fmt, va_list args) __attribute__((format(printf, 4, 0)));

#endif /* VMCLOCKD_JOURNAL_H */
