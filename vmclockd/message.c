// SPDX-License-Identifier: MIT
/* The last NTP answer that systemd-timesyncd received. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "calc/base.h"
#include "message.h"

/* The D-Bus type of the answer, a variant, and the type of its content. */
#define VARIANT	  "v"
#define SIGNATURE "(uuuuittayttttbtt)"
#define NS_PER_US 1000
/* us: a time that fits, in ns, into a VMClock page and into 64 bits. */
#define TIME_MAX INT64_C(9000000000000000)
/* us: the limit of an answer's delay and of a server's errors. */
#define DELAY_MAX INT64_C(16000000)
/* Four times are cut to the microsecond; cutting NTP's fractions is less. */
#define ROUNDING INT64_C(4000) /* ns */

/* ---- Words of a line ------------------------------------------------------------- */

/* Takes the next word of the line, which ends at one space or at the line's end. */
static bool next_word(const char **line, char *word, size_t size)
{
	size_t length = strcspn(*line, " \n");

	if (!length || length >= size)
		return false;
	memcpy(word, *line, length);
	word[length] = '\0';
	*line += length;
	/* Keep a space at the line's end: the caller refuses it. */
	*line += **line == ' ' && !strchr(" \n", (*line)[1]);
	return true;
}

static bool take_word(const char **line, const char *expected)
{
	char word[32];

	return next_word(line, word, sizeof(word)) && !strcmp(word, expected);
}

/* Digits only, with a minus where @min is negative. */
static bool take_number(const char **line, int64_t min, int64_t max, int64_t *number)
{
	char word[32];
	const char *digits = word;
	char *end;

	if (!next_word(line, word, sizeof(word)))
		return false;
	digits += min < 0 && *word == '-';
	if (strspn(digits, "0123456789") != strlen(digits) || !*digits)
		return false;
	errno = 0;
	*number = strtoll(word, &end, 10);
	return !errno && *number >= min && *number <= max;
}

static bool take_small(const char **line, int64_t max, uint32_t *number)
{
	int64_t value;

	if (!take_number(line, 0, max, &value))
		return false;
	*number = (uint32_t)value;
	return true;
}

static bool take_us(const char **line, int64_t max, int64_t *ns)
{
	if (!take_number(line, 0, max, ns))
		return false;
	*ns *= NS_PER_US;
	return true;
}

static bool take_bool(const char **line, bool *value)
{
	char word[8];

	if (!next_word(line, word, sizeof(word)))
		return false;
	*value = !strcmp(word, "true");
	return *value || !strcmp(word, "false");
}

/* The reference is an array of bytes: their number comes first. */
static bool take_reference(const char **line)
{
	int64_t byte;
	int i;

	if (!take_word(line, "4"))
		return false;
	for (i = 0; i < 4; i++)
		if (!take_number(line, 0, 255, &byte))
			return false;
	return true;
}

/* ---- The message ------------------------------------------------------------------- */

/* 2^log2 s in ns, rounded up; @log2 is from NTP's header, -128..127. */
static int64_t power_of_two(int64_t log2)
{
	if (log2 >= 0)
		return log2 < 5 ? NS_PER_SEC << log2 : NS_PER_SEC << 5;
	return log2 > -30 ? (NS_PER_SEC >> -log2) + 1 : 1;
}

/* Before the first answer all numbers are zero, except times, which would be before 1970. */
static bool is_empty(const char *line)
{
	static const char start[] = VARIANT " " SIGNATURE " 0 0 0 0 0 0 0 4 0 0 0 0 0 ";

	return !strncmp(line, start, sizeof(start) - 1);
}

int message_parse(const char *line, struct message *message)
{
	struct message m = { 0 };
	uint32_t version, mode;
	int64_t log2, count, jitter;

	if (is_empty(line))
		return -ENODATA;
	if (!take_word(&line, VARIANT) || !take_word(&line, SIGNATURE) ||
	    !take_small(&line, 3, &m.leap) || !take_small(&line, 7, &version) ||
	    !take_small(&line, 7, &mode) || !take_small(&line, 255, &m.stratum) ||
	    !take_number(&line, -128, 127, &log2) ||
	    !take_us(&line, INT64_MAX / NS_PER_US, &m.root_delay) ||
	    !take_us(&line, INT64_MAX / NS_PER_US, &m.root_dispersion) || !take_reference(&line) ||
	    !take_us(&line, TIME_MAX, &m.origin) || !take_us(&line, TIME_MAX, &m.receive) ||
	    !take_us(&line, TIME_MAX, &m.transmit) || !take_us(&line, TIME_MAX, &m.destination) ||
	    !take_bool(&line, &m.ignored) || !take_number(&line, 0, INT64_MAX, &count) ||
	    !take_number(&line, 0, INT64_MAX, &jitter) || (*line && strcmp(line, "\n") != 0))
		return -EBADMSG;
	m.precision = power_of_two(log2);
	*message = m;
	return 0;
}

static int64_t round_trip(const struct message *m)
{
	return (m->destination - m->origin) - (m->transmit - m->receive);
}

const char *message_refusal(const struct message *m)
{
	int64_t limit = DELAY_MAX * NS_PER_US;

	if (m->leap == 3 || m->stratum < 1 || m->stratum > 15)
		return "systemd-timesyncd's server is not synchronised";
	if (m->ignored)
		return "systemd-timesyncd has ignored its last measurement";
	if (m->transmit < m->receive || round_trip(m) < -ROUNDING)
		return "systemd-timesyncd's last measurement ended before it began";
	if (round_trip(m) > limit || m->root_delay > limit || m->root_dispersion > limit)
		return "systemd-timesyncd's server is too far away to tell the time";
	return NULL;
}

int64_t message_offset(const struct message *m)
{
	return (m->receive - m->origin) / 2 + (m->transmit - m->destination) / 2;
}

int64_t message_error(const struct message *m)
{
	int64_t there_and_back = round_trip(m) > 0 ? round_trip(m) : 0;

	return there_and_back / 2 + m->root_delay / 2 + m->root_dispersion + m->precision +
	       ROUNDING;
}

enum report_leap message_leap(const struct message *m)
{
	static const enum report_leap leaps[] = {
		REPORT_LEAP_NONE,
		REPORT_LEAP_INSERT,
		REPORT_LEAP_DELETE,
		REPORT_LEAP_UNKNOWN,
	};

	return leaps[m->leap & 3];
}
