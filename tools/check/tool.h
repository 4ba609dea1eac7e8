/* SPDX-License-Identifier: MIT */
/* The tool's name in its messages, and its exit statuses. */
#ifndef VMCLOCK_CHECK_TOOL_H
#define VMCLOCK_CHECK_TOOL_H

#define TOOL "vmclock-check"

/* Exit statuses, and the gravity of a problem. */
enum check_verdict {
	CHECK_OK,
	CHECK_WARNING,
	CHECK_UNUSABLE,
};

#define CHECK_WRONG_USAGE 3

#endif /* VMCLOCK_CHECK_TOOL_H */
