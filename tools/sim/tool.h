/* SPDX-License-Identifier: MIT */
/* The tool's name in its messages, and its exit statuses. */
#ifndef VMCLOCK_SIM_TOOL_H
#define VMCLOCK_SIM_TOOL_H

#define TOOL "vmclock-sim"

enum sim_exit {
	SIM_CANNOT = 2,		/* publish, listen, or reach the simulator */
	SIM_WRONG_USAGE = 3,	/* or an invalid command */
};

#endif /* VMCLOCK_SIM_TOOL_H */
