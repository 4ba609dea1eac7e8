// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "live.h"
#include "openmetrics.h"
#include "tool.h"

int check_metrics(const char *device)
{
	static struct live live;
	const char *what = "opened";
	int ret = live_open(&live, device), look = live_look(&live);

	if (!ret) {
		what = "read";
		ret = look;
	}
	/* Print even without a device: monitoring systems watch vmclock_up. */
	metrics_print(&live.metrics, stdout);
	live_close(&live);
	if (!ret)
		return CHECK_OK;
	fprintf(stderr,
		TOOL ": the VMClock device cannot be %s: %s; " TOOL
		     " without --openmetrics tells why\n",
		what, strerror(-ret));
	return CHECK_UNUSABLE;
}
