// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "program.h"

void print_version(const char *tool)
{
	printf("%s %s\n", tool, PACKAGE_VERSION);
}

void wrong_usage(const char *tool, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", tool);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, " (try --help)\n");
}

void wrong_option(const char *tool, char **argv, int answer)
{
	const char *word = argv[optind - 1];

	if (answer == ':')
		wrong_usage(tool, "%s needs an argument", word);
	else if (optopt > UCHAR_MAX)
		wrong_usage(tool, "%s: this option takes no argument", word);
	else if (optopt)
		wrong_usage(tool, "unknown option -%c", optopt);
	else
		wrong_usage(tool, "unknown or ambiguous option %s", word);
}

void fill_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int say_why(char *why, size_t size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, size, fmt, args);
	va_end(args);
	return -1;
}

static const char *truncated_tool;

/* Async-signal-safe. */
static void on_truncation(int number)
{
	static const char line[] = ": the page file was truncated under the program\n";

	(void)number;
	if (write(STDERR_FILENO, truncated_tool, strlen(truncated_tool)) > 0)
		(void)!write(STDERR_FILENO, line, sizeof(line) - 1);
	_exit(2);
}

void end_by_truncation(const char *tool)
{
	struct sigaction action = { .sa_handler = on_truncation };

	truncated_tool = tool;
	sigaction(SIGBUS, &action, NULL);
}

int close_stdout(const char *tool)
{
	/* An earlier write may have failed: stdout remembers that, but not its errno. */
	bool lost = ferror(stdout);

	errno = 0;
	if (fclose(stdout))
		lost = true;
	if (!lost)
		return 0;
	fprintf(stderr, "%s: cannot write the output%s%s\n", tool, errno ? ": " : "",
		errno ? strerror(errno) : "");
	return -1;
}

/* The length of the UTF-8 character at @s in bytes; 0: @s is no UTF-8 character. */
static size_t utf8_length(const unsigned char *s)
{
	size_t length, i;

	if (*s < 0x80)
		return 1;
	if (*s >= 0xc2 && *s <= 0xdf)
		length = 2;
	else if ((*s & 0xf0) == 0xe0)
		length = 3;
	else if (*s >= 0xf0 && *s <= 0xf4)
		length = 4;
	else
		return 0;

	for (i = 1; i < length; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;

	/* Refuse overlong forms, surrogates, values above U+10FFFF, and C1 control characters. */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f) ||
	    (s[0] == 0xc2 && s[1] < 0xa0))
		return 0;
	return length;
}

void copy_printable(char *to, size_t size, const char *from)
{
	const unsigned char *s = (const unsigned char *)from;
	size_t at = 0;

	while (*s) {
		size_t length = utf8_length(s);
		bool ugly = !length || *s < 0x20 || *s == 0x7f;

		if (!length)
			length = 1;
		if (at + length >= size)
			break;
		if (ugly)
			to[at] = '?';
		else
			memcpy(to + at, s, length);
		at += length;
		s += length;
	}
	to[at] = '\0';
}
