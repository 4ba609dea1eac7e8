/* SPDX-License-Identifier: MIT */
/* What all programs do alike: version, usage errors, checked output, printable text. */
#ifndef VMCLOCK_COMMON_PROGRAM_H
#define VMCLOCK_COMMON_PROGRAM_H

#include <stddef.h>

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
