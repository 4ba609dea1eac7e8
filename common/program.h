/* SPDX-License-Identifier: MIT */
/* Shared by all programs: names of the page's values, usage errors, checked output. */
#ifndef VMCLOCK_COMMON_PROGRAM_H
#define VMCLOCK_COMMON_PROGRAM_H

#include <stddef.h>

/* The names are those in the driver's sysfs attributes. NULL: the value has no name. */
const char *counter_id_name(unsigned int value);
const char *time_type_name(unsigned int value);
const char *clock_status_name(unsigned int value);
const char *smearing_hint_name(unsigned int value);
const char *leap_indicator_name(unsigned int value);

/* The name of a bit of the page's flags, 0 to 63. */
const char *flag_name(unsigned int bit);

/* The value whose name, by one of these functions, is @name; < 0: there is none. */
int value_of_name(const char *(*name_of)(unsigned int value), const char *name);
/* Lists the names of all values, such as "strict, noon-linear, utc-sls". */
void list_names(const char *(*name_of)(unsigned int value), char *to, size_t size);

/* Prints "vmclock-check 1.2.3". */
void print_version(const char *tool);

/* Prints one line on stderr that names the error and points to --help. */
void wrong_usage(const char *tool, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Prints such a line for an option that getopt_long(3) refused; @answer is its
 * result, '?' or ':'. The optstring must begin with ":", and the values of long
 * options must be above UCHAR_MAX.
 */
void wrong_option(const char *tool, char **argv, int answer);

/*
 * Opens /dev/null in place of closed standard descriptors. Else a file of ours could get such a
 * number, and be read for commands, or written as stderr.
 */
void fill_standard_files(void);

/* Puts one line without a newline into @why. Always -1, so that a function can end by it. */
int say_why(char *why, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * From now on a page file that is truncated below its mapping ends the program
 * by one line on stderr and status 2, and not by SIGBUS. @tool: a literal.
 */
void end_by_truncation(const char *tool);

/*
 * Closes stdout at the end of a program. Returns 0, or -1 with a line on
 * stderr: some of the output was lost.
 */
int close_stdout(const char *tool);

/*
 * Makes foreign text safe for a terminal and for JSON: control characters, and
 * bytes that are not UTF-8, become question marks.
 */
void copy_printable(char *to, size_t size, const char *from);

#endif /* VMCLOCK_COMMON_PROGRAM_H */
