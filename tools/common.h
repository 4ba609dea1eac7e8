/* SPDX-License-Identifier: MIT */
/* What the tools share: names of the page's values, wrong usage, the end of output. */
#ifndef VMCLOCK_TOOLS_COMMON_H
#define VMCLOCK_TOOLS_COMMON_H

#include <stddef.h>

/* The names are those of the driver's sysfs attributes. NULL: the value has none. */
const char *counter_id_name(unsigned int value);
const char *time_type_name(unsigned int value);
const char *clock_status_name(unsigned int value);
const char *smearing_hint_name(unsigned int value);
const char *leap_indicator_name(unsigned int value);

/* Of one bit of the page's flags, 0 to 63. */
const char *flag_name(unsigned int bit);

/* The value that one of these functions gives a name; < 0: none has it. */
int value_of_name(const char *(*name_of)(unsigned int value), const char *name);
/* "strict, noon-linear, utc-sls": the names of all values from 0 on. */
void list_names(const char *(*name_of)(unsigned int value), char *to, size_t size);

/* "vmclock-check 1.2.3" */
void print_version(const char *tool);

/* One line on stderr that names what is wrong and points to --help. */
void wrong_usage(const char *tool, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * What getopt_long(3) refused ('?' or ':' with an optstring of ":"), as one
 * line of the kind above. The values of long options are above UCHAR_MAX.
 */
void wrong_option(const char *tool, char **argv, int answer);

/*
 * The last thing done to stdout. Returns 0, or -1 with a line on stderr:
 * some of the output was lost.
 */
int close_stdout(const char *tool);

/*
 * Text from outside, fit for a terminal and for JSON: control characters,
 * and bytes that are not UTF-8, become question marks.
 */
void copy_printable(char *to, size_t size, const char *from);

#endif /* VMCLOCK_TOOLS_COMMON_H */
