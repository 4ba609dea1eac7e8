/* SPDX-License-Identifier: MIT */
/* The log: lines on stderr, with their priority if that is the journal. */
#ifndef VMCLOCKD_LOG_H
#define VMCLOCKD_LOG_H

#include <stdbool.h>
#include <syslog.h>

/* Lines of LOG_DEBUG appear only with @verbose. */
void log_open(bool verbose);
/* Does stderr go to the journal? */
bool log_is_journal(void);

/* @level: LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO or LOG_DEBUG; one line, without its end. */
void say(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif /* VMCLOCKD_LOG_H */
