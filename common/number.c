// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "calc/base.h"
#include "number.h"

/* Parses a finite decimal number; *end is the text after it. */
static int parse_decimal(const char *text, long double *value, const char **end)
{
	size_t length = strspn(text, "+-.0123456789");
	char number[64];
	char *rest;

	if (!length || length >= sizeof(number))
		return -1;
	memcpy(number, text, length);
	number[length] = '\0';
	*value = strtold(number, &rest);
	if (rest == number || *rest)
		return -1;
	*end = text + length;
	return 0;
}

int parse_time(const char *text, bool seconds, int64_t *ns)
{
	static const struct {
		const char *name;
		int64_t ns;
	} units[] = {
		{ "ns", 1 },
		{ "us", 1000 },
		{ "ms", 1000000 },
		{ "s", NS_PER_SEC },
		{ "m", 60 * NS_PER_SEC },
		{ "min", 60 * NS_PER_SEC },
		{ "h", 3600 * NS_PER_SEC },
		{ "d", SEC_PER_DAY * NS_PER_SEC },
	};
	long double value;
	const char *unit;
	size_t i;

	if (parse_decimal(text, &value, &unit))
		return -1;
	if (!*unit) {
		if (!seconds && value != 0)
			return -1;
		unit = "s";
	}
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(unit, units[i].name) != 0)
			continue;
		value *= (long double)units[i].ns;
		if (value > (long double)PARSE_TIME_MAX_SEC * NS_PER_SEC ||
		    value < -(long double)PARSE_TIME_MAX_SEC * NS_PER_SEC)
			return -1;
		*ns = (int64_t)(value + (value < 0 ? -0.5L : 0.5L));
		return 0;
	}
	return -1;
}

int parse_ppm(const char *text, double limit, double *ppm)
{
	long double value;
	const char *unit;

	if (parse_decimal(text, &value, &unit) || (*unit && strcmp(unit, "ppm") != 0) ||
	    value > limit || value < -limit)
		return -1;
	*ppm = (double)value;
	return 0;
}

static int base_of(const char *digits)
{
	return digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X') ? 16 : 10;
}

int parse_signed(const char *text, int64_t min, int64_t max, int64_t *value)
{
	const char *digits = text + (*text == '-' || *text == '+');
	long long result;
	char *end;

	if (*digits < '0' || *digits > '9')
		return -1;
	errno = 0;
	result = strtoll(text, &end, base_of(digits));
	if (errno || *end || result < min || result > max)
		return -1;
	*value = result;
	return 0;
}

int parse_unsigned(const char *text, uint64_t max, uint64_t *value)
{
	unsigned long long result;
	char *end;

	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	result = strtoull(text, &end, base_of(text));
	if (errno || *end || result > max)
		return -1;
	*value = result;
	return 0;
}

int parse_date(const char *text, int64_t *sec)
{
	struct tm given = { 0 }, date, back;
	const char *end = strptime(text, "%Y-%m-%d", &given);
	time_t t;

	/* A day alone begins at midnight. */
	if (end && *end)
		end = strptime(end, "T%H:%M:%S", &given);

	if (!end || strcmp(end, *end == 'Z' ? "Z" : "") != 0)
		return -1;
	date = given;
	t = timegm(&date);
	/* timegm() turns the 31st of February, or a leap second, into another date. */
	if (t < 0 || !gmtime_r(&t, &back) || back.tm_mday != given.tm_mday ||
	    back.tm_sec != given.tm_sec)
		return -1;
	*sec = t;
	return 0;
}
