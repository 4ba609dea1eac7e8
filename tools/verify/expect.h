/* SPDX-License-Identifier: MIT */
/* Events that only the host can cause: the user is told what to do, and the page must show it. */
#ifndef VMCLOCK_VERIFY_EXPECT_H
#define VMCLOCK_VERIFY_EXPECT_H

#include <stdbool.h>
#include <stddef.h>

#include "judge/judge.h"
#include "record.h"

enum expect {
	EXPECT_NOTHING,
	EXPECT_MIGRATION,
	EXPECT_RESTORE,
	EXPECT_CLONE,
	EXPECT_LEAP,
	EXPECT_MAINTENANCE,
};

const char *expect_name(unsigned int value);
/* What to do on the host. */
const char *expect_task(enum expect expect);
/* Fills in the expectations. */
void expect_begin(enum expect expect, struct record *record);
/*
 * Looks at a page and at the page before it; NULL: the first page. True: every
 * expectation is met, and the wait is over.
 */
bool expect_look(enum expect expect, const struct judge_page *before,
		 const struct judge_page *page, struct record *record);

#endif /* VMCLOCK_VERIFY_EXPECT_H */
