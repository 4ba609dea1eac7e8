/* SPDX-License-Identifier: MIT */
#ifndef VMCLOCK_VERIFY_TOOL_H
#define VMCLOCK_VERIFY_TOOL_H

#define TOOL "vmclock-verify"

/* The exit status. */
enum verify_verdict {
	VERIFY_CONFORMS,
	VERIFY_DOUBTFUL,
	VERIFY_BREAKS,		/* or there is no page to judge */
	VERIFY_WRONG_USAGE,
};

#endif /* VMCLOCK_VERIFY_TOOL_H */
