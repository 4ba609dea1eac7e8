// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "calc/leap.h"
#include "calc/scale.h"
#include "internal.h"

bool judge_say(char says[JUDGE_TEXT], const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(says, JUDGE_TEXT, fmt, args);
	va_end(args);
	return true;
}

/* Three digits, and no exponent. */
static void print_value(char to[JUDGE_VALUE], double value, const char *unit, bool plural)
{
	int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
	char number[JUDGE_VALUE];
	size_t length;

	length = (size_t)snprintf(number, sizeof(number), "%.*f", decimals, value);
	/* "1.00" is written "1". */
	if (decimals) {
		while (number[length - 1] == '0')
			length--;
		if (number[length - 1] == '.')
			length--;
		number[length] = '\0';
	}
	snprintf(to, JUDGE_VALUE, "%.30s %s%s", number, unit,
		 plural && (length != 1 || *number != '1') ? "s" : "");
}

const char *judge_duration(char to[JUDGE_VALUE], uint64_t ns)
{
	static const struct {
		double from, ns;
		const char *name;
		bool plural;
	} units[] = {
		{ 365.25 * 86400e9, 365.25 * 86400e9, "year", true },
		{ 86400e9, 86400e9, "day", true },
		{ 7200e9, 3600e9, "hour", true },
		{ 120e9, 60e9, "minute", true },
		{ 1e9, 1e9, "s", false },
		{ 1e6, 1e6, "ms", false },
		{ 1e3, 1e3, "us", false },
		{ 0, 1, "ns", false },
	};
	size_t i = 0;

	while ((double)ns < units[i].from)
		i++;
	print_value(to, (double)ns / units[i].ns, units[i].name, units[i].plural);
	return to;
}

static void print_exactly(char to[JUDGE_VALUE], uint64_t ns)
{
	if (ns < NS_PER_SEC)
		snprintf(to, JUDGE_VALUE, "%" PRIu64 " ns", ns);
	else
		snprintf(to, JUDGE_VALUE, "%.15g s", (double)ns / NS_PER_SEC);
}

void judge_durations(char a[JUDGE_VALUE], uint64_t a_ns, char b[JUDGE_VALUE], uint64_t b_ns)
{
	judge_duration(a, a_ns);
	judge_duration(b, b_ns);
	if (strcmp(a, b) != 0)
		return;
	print_exactly(a, a_ns);
	print_exactly(b, b_ns);
}

const char *judge_hertz(char to[JUDGE_VALUE], double hz)
{
	static const struct {
		double hz;
		const char *name;
	} units[] = { { 1e9, "GHz" }, { 1e6, "MHz" }, { 1e3, "kHz" }, { 0, "Hz" } };
	size_t i = 0;

	/* No counter is so fast or so slow; its exponent would tell nobody anything. */
	if (hz >= 1e14 || (hz > 0 && hz < 1e-4)) {
		strcpy(to, hz < 1 ? "less than 0.0001 Hz" : "more than 100000 GHz");
		return to;
	}
	while (hz < units[i].hz)
		i++;
	/* Five digits, for two rates that differ by 0.5 %. */
	snprintf(to, JUDGE_VALUE, "%.5g %s", units[i].hz > 0 ? hz / units[i].hz : hz, units[i].name);
	return to;
}

const char *judge_share(char to[JUDGE_VALUE], double share)
{
	if (share >= 9.995)
		strcpy(to, "more than 1000 %");
	else if (share > 9.995e-4)
		snprintf(to, JUDGE_VALUE, "%.3g %%", share * 100);
	else if (share > 9.995e-7)
		snprintf(to, JUDGE_VALUE, "%.3g ppm", share * 1e6);
	else if (share >= 1e-12 || share <= 0)
		snprintf(to, JUDGE_VALUE, "%.6g parts per billion", share * 1e9);
	else
		strcpy(to, "less than 0.001 parts per billion");
	return to;
}

const char *judge_date(char to[JUDGE_VALUE], const struct vmclock_instant *utc)
{
	time_t seconds = (time_t)utc->sec;
	struct tm tm;

	if (utc->sec >= 0 && utc->sec < VMCLOCK_CALC_MAX_SEC && gmtime_r(&seconds, &tm))
		strftime(to, JUDGE_VALUE, "%Y-%m-%dT%H:%M:%SZ", &tm);
	else
		snprintf(to, JUDGE_VALUE, "%" PRId64 " s", (int64_t)utc->sec);
	return to;
}
