/* SPDX-License-Identifier: MIT */
/* What only the host can do: the user is told to have it done, and the page has to show it. */
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
/* Fills in what has to come. */
void expect_begin(enum expect expect, struct record *record);
/*
 * Looks at a page, and at the one before it; NULL: there is none. True: all has
 * come, and nothing more need be waited for.
 */
bool expect_look(enum expect expect, const struct judge_page *before,
		 const struct judge_page *page, struct record *record);

#endif /* VMCLOCK_VERIFY_EXPECT_H */
