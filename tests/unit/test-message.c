// SPDX-License-Identifier: MIT
/* busctl's output of systemd-timesyncd's NTPMessage, recorded from systemd 252. */
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "unit.h"

#define NS INT64_C(1000000000)

/* ---- Recorded ----------------------------------------------------------------------------- */

#define GOOD                                                                        \
	"v (uuuuittayttttbtt) 0 4 4 2 -24 11993 2990 4 71 80 83 0 1795639261963031 " \
	"1795639261963394 1795639261963571 1795639261963602 false 1 0"
/* Before the first answer. */
#define NONE                                                                             \
	"v (uuuuittayttttbtt) 0 0 0 0 0 0 0 4 0 0 0 0 0 18444535084909551616 " \
	"18444535084909551616 0 false 0 0"
/* timedatectl's output for GOOD: with LC_ALL=C; and with a locale and a time zone. */
#define TIMEDATECTL                                                                       \
	"{ Leap=0, Version=4, Mode=4, Stratum=2, Precision=-24, RootDelay=11.993ms, "     \
	"RootDispersion=2.990ms, Reference=47505300, OriginateTimestamp=Wed 2026-11-25 " \
	"20:41:01 UTC, ReceiveTimestamp=Wed 2026-11-25 20:41:01 UTC, "                    \
	"TransmitTimestamp=Wed 2026-11-25 20:41:01 UTC, DestinationTimestamp=Wed "        \
	"2026-11-25 20:41:01 UTC, Ignored=no, PacketCount=1, Jitter=0 }"

static void an_answer_is_understood(void **state)
{
	struct message m;

	(void)state;
	assert_int_equal(message_parse(GOOD "\n", &m), 0);
	assert_int_equal(m.leap, 0);
	assert_int_equal(m.stratum, 2);
	assert_int_equal(m.root_delay, 11993000);
	assert_int_equal(m.root_dispersion, 2990000);
	assert_int_equal(m.origin, 1795639261963031000);
	assert_int_equal(m.receive, 1795639261963394000);
	assert_int_equal(m.transmit, 1795639261963571000);
	assert_int_equal(m.destination, 1795639261963602000);
	/* 2^-24 s, or a little more. */
	assert_uint_in_range(m.precision, 60, 61);
	assert_false(m.ignored);
	assert_null(message_refusal(&m));
	/* The round trip was 571 - 177 = 394 us, and both of its ways differ by 363 - 31 us. */
	assert_int_equal(message_offset(&m), 166000);
	assert_uint_in_range(message_error(&m), 197000 + 5996500 + 2990000,
			197000 + 5996500 + 2990000 + 5000);
	assert_int_equal(message_leap(&m), REPORT_LEAP_NONE);
	/* As command_result() leaves it, too. */
	assert_int_equal(message_parse(GOOD, &m), 0);
}

static void before_the_first_answer_there_is_none(void **state)
{
	struct message m;

	(void)state;
	assert_int_equal(message_parse(NONE "\n", &m), -ENODATA);
}

static void nothing_else_is_understood(void **state)
{
	static const char *const lines[] = {
		"", "\n", " ", TIMEDATECTL, "v", "v (uuuuittayttttbtt)", "v (uuuuittayttttbtt) ",
		"Call failed: Name \"org.freedesktop.timesync1\" does not exist\n",
		/* Another signature, as of another release. */
		"v (uuuuittayttttbttt) 0 4 4 2 -24 1 1 4 1 1 1 1 1 1 1 1 false 1 0 0",
		/* What busctl's get-property prints. */
		"(uuuuittayttttbtt) 0 4 4 2 -24 1 1 4 1 1 1 1 1 1 1 1 false 1 0",
		GOOD " 0", GOOD "\n" GOOD, GOOD "\n\n", " " GOOD, GOOD " ", GOOD ".5", GOOD ",5",
	};
	struct message m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (message_parse(lines[i], &m) != -EBADMSG)
			fail_msg("understood: '%s'", lines[i]);
}

static void what_is_cut_off_is_refused(void **state)
{
	char line[] = GOOD;
	struct message m;
	size_t length;

	(void)state;
	for (length = strlen(line) - 1; length; length--) {
		line[length] = '\0';
		if (message_parse(line, &m) != -EBADMSG)
			fail_msg("understood: '%s'", line);
	}
}

/* GOOD with one of its words replaced; the types are the first two. */
static int parse_with(int word, const char *text, struct message *m)
{
	char good[] = GOOD, line[sizeof(GOOD) + 100] = "", *rest = good, *s;
	int i;

	for (i = 0; (s = strsep(&rest, " ")); i++)
		sprintf(line + strlen(line), "%s%s", i ? " " : "", i == word ? text : s);
	assert_true(i > word);
	return message_parse(line, m);
}

enum {
	LEAP = 2, VERSION, MODE, STRATUM, PRECISION, ROOT_DELAY, ROOT_DISPERSION, BYTES, REFERENCE,
	ORIGIN = REFERENCE + 4, RECEIVE, TRANSMIT, DESTINATION, IGNORED, COUNT, JITTER,
};

static void odd_numbers_are_refused(void **state)
{
	static const char *const odd[] = {
		"", "-", "+1", "-1", "0x1", "1e3", "1.5", "1,5", "one", "nan", "inf", "1us",
		"9223372036854775808", "18446744073709551615", "99999999999999999999999999",
		"1795639261963031000000000000000000000000000000000", "\t1",
	};
	struct message m;
	int word;
	size_t i;

	(void)state;
	for (word = LEAP; word <= JITTER; word++) {
		for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
			/* The server's precision is the only one that may be negative. */
			if (word == PRECISION && !strcmp(odd[i], "-1"))
				continue;
			if (parse_with(word, odd[i], &m) != -EBADMSG)
				fail_msg("word %d may be '%s'", word, odd[i]);
		}
	}
	assert_int_equal(parse_with(LEAP, "4", &m), -EBADMSG);
	assert_int_equal(parse_with(STRATUM, "256", &m), -EBADMSG);
	assert_int_equal(parse_with(BYTES, "5", &m), -EBADMSG);
	assert_int_equal(parse_with(REFERENCE, "256", &m), -EBADMSG);
	assert_int_equal(parse_with(PRECISION, "-129", &m), -EBADMSG);
	assert_int_equal(parse_with(IGNORED, "yes", &m), -EBADMSG);
	assert_int_equal(parse_with(IGNORED, "1", &m), -EBADMSG);
	assert_int_equal(parse_with(RECEIVE, "9000000000000001", &m), -EBADMSG);
}

static void worthless_answers_are_refused(void **state)
{
	static const struct {
		int word;
		const char *text;
	} worthless[] = {
		{ LEAP, "3" }, { STRATUM, "0" }, { STRATUM, "16" }, { STRATUM, "255" },
		{ IGNORED, "true" },
		/* It came before it was asked for; or the server sent it before it was asked. */
		{ DESTINATION, "1795639261963030" }, { TRANSMIT, "1795639261963393" },
		/* The way there and back took less than no time; or half a minute. */
		{ TRANSMIT, "1795639261964000" }, { DESTINATION, "1795639291963602" },
		{ ROOT_DELAY, "16000001" }, { ROOT_DISPERSION, "16000001" },
		{ ROOT_DELAY, "9223372036854775" }, { ROOT_DISPERSION, "9223372036854775" },
	};
	struct message m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(worthless) / sizeof(worthless[0]); i++) {
		assert_int_equal(parse_with(worthless[i].word, worthless[i].text, &m), 0);
		if (!message_refusal(&m))
			fail_msg("word %d: '%s' is worth something", worthless[i].word,
				 worthless[i].text);
	}
}

static void leap_seconds_are_understood(void **state)
{
	struct message m;

	(void)state;
	assert_int_equal(parse_with(LEAP, "1", &m), 0);
	assert_int_equal(message_leap(&m), REPORT_LEAP_INSERT);
	assert_int_equal(parse_with(LEAP, "2", &m), 0);
	assert_int_equal(message_leap(&m), REPORT_LEAP_DELETE);
	assert_int_equal(parse_with(LEAP, "3", &m), 0);
	assert_int_equal(message_leap(&m), REPORT_LEAP_UNKNOWN);
}

/* Nothing overflows, and no derived bound is narrower than its parts. */
static void any_time_can_be_told(void **state)
{
	static const char line[] = "v (uuuuittayttttbtt) 0 4 4 1 %d 0 0 4 0 0 0 0 %s %s %s %s false 1 0";
	/* The server is in 2100, and so is the client; and the ends of what is understood. */
	static const char *const times[] = {
		"0", "1", "1795639261963031", "4102444800000000", "8999999999999999",
		"9000000000000000",
	};
	const size_t n = sizeof(times) / sizeof(times[0]);
	char text[256];
	struct message m;
	size_t i, j;

	(void)state;
	for (i = 0; i < n; i++) {
		for (j = 0; j < n; j++) {
			snprintf(text, sizeof(text), line, -20, times[i], times[j], times[j],
				 times[i]);
			assert_int_equal(message_parse(text, &m), 0);
			assert_null(message_refusal(&m));
			assert_int_equal(message_offset(&m),
					 (atoll(times[j]) - atoll(times[i])) * 1000);
			assert_uint_in_range(message_error(&m), 950, 10000);
		}
	}
	snprintf(text, sizeof(text), line, 127, times[2], times[3], times[3], times[2]);
	assert_int_equal(message_parse(text, &m), 0);
	assert_true(message_error(&m) >= 16 * NS);
	snprintf(text, sizeof(text), line, -128, times[0], times[5], times[5], times[0]);
	assert_int_equal(message_parse(text, &m), 0);
	assert_true(message_error(&m) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_understood),
		cmocka_unit_test(before_the_first_answer_there_is_none),
		cmocka_unit_test(nothing_else_is_understood),
		cmocka_unit_test(what_is_cut_off_is_refused),
		cmocka_unit_test(odd_numbers_are_refused),
		cmocka_unit_test(worthless_answers_are_refused),
		cmocka_unit_test(leap_seconds_are_understood),
		cmocka_unit_test(any_time_can_be_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
