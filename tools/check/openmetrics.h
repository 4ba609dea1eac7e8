/* SPDX-License-Identifier: MIT */
/* vmclock-check --openmetrics */
#ifndef VMCLOCK_CHECK_OPENMETRICS_H
#define VMCLOCK_CHECK_OPENMETRICS_H

/* Prints OpenMetrics text. Returns CHECK_OK, or CHECK_UNUSABLE with a line: no device. */
int check_metrics(const char *device);

#endif /* VMCLOCK_CHECK_OPENMETRICS_H */
