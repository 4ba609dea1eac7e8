/* SPDX-License-Identifier: MIT */
/* The record as text, as TAP or as JSON. */
#ifndef VMCLOCK_VERIFY_REPORT_H
#define VMCLOCK_VERIFY_REPORT_H

#include "record.h"

/* @path: printable. */
void report_text(const struct record *record, const char *path);
void report_tap(const struct record *record);
/* Returns 0 or -ENOMEM. */
int report_json(const struct record *record, const char *path);
/* All rules, one per line: name, needed facts, severity, clause, demand, separated by tabs. */
void report_rules(void);

#endif /* VMCLOCK_VERIFY_REPORT_H */
