// SPDX-License-Identifier: MIT
/* Leap seconds: which lists are valid, and when there are no bounds. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calc/leap.h"
#include "common/leaps.h"
#include "unit.h"

#define NS	INT64_C(1000000000)
#define DAY	86400
#define HOUR	3600

/* 2016-07-01, 2017-01-01, -02-01, -07-01, 2018-01-01 */
#define JULY_2016	INT64_C(1467331200)
#define MIDNIGHT	INT64_C(1483228800)
#define FEBRUARY	INT64_C(1485907200)
#define JULY		INT64_C(1498867200)
#define YEAR_LATER	INT64_C(1514764800)

#define HEAD	"#\tATOMIC TIME\n#$\t3676924800\n#@\t3707596800\n"
#define FIRST	"2272060800\t10\t# 1 Jan 1972\n"
#define LAST	"3692217600 11 # 1 Jan 2017\n"
#define HASH	"#h\t49db2447 571e5e1b\n"
#define LIST	HEAD FIRST LAST HASH

/* As HEAD says: 2017-06-28 */
#define EXPIRES	INT64_C(1498608000)

static struct leaps list_of(const char *text)
{
	struct leaps leaps;

	assert_int_equal(leaps_parse(text, &leaps), 0);
	return leaps;
}

static void lists_are_read(void **state)
{
	struct leaps leaps = list_of(LIST);

	(void)state;
	assert_int_equal(leaps.count, 1);
	assert_int_equal(leaps.leap[0].at, MIDNIGHT);
	assert_int_equal(leaps.leap[0].sign, 1);
	assert_int_equal(leaps.expires, EXPIRES);
	leaps = list_of(HEAD FIRST "2287785600 11\n3692217600 10 # left out\r\n\n" HASH);
	assert_int_equal(leaps.count, 2);
	assert_int_equal(leaps.leap[1].sign, -1);
}

static void others_are_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"hello\n",
		FIRST LAST HASH,				/* no date of expiry */
		HEAD FIRST LAST,				/* cut off */
		HEAD FIRST LAST "#",
		HEAD FIRST HASH LAST,
		HEAD HASH,
		HEAD LAST HASH,					/* begins in the middle */
		HEAD HEAD FIRST LAST HASH,
		"#@ 3692217600\n" FIRST LAST HASH,	/* expired before its last entry */
		"#@ 0\n" FIRST LAST HASH,
		"#@ soon\n" FIRST LAST HASH,
		"#@ 3707596800 3707596801\n" FIRST LAST HASH,
		HEAD FIRST LAST LAST HASH,
		HEAD FIRST LAST "3692217600 12\n" HASH,
		HEAD FIRST LAST "3697315200 10\n3694896000 11\n" HASH, /* backward */
		HEAD FIRST LAST "hello\n" HASH,
		HEAD FIRST LAST "3697315200\n" HASH,
		HEAD FIRST LAST "3697315200x10\n" HASH,
		HEAD FIRST LAST "3697315200 10x\n" HASH,
		HEAD FIRST LAST "3697315200 x\n" HASH,
		HEAD FIRST LAST "3697315200 9\n" HASH,
		HEAD FIRST LAST "3697315200 10 1 Mar 2017\n" HASH,
		HEAD FIRST LAST "3697315201 10\n" HASH,
		HEAD FIRST LAST "1234567890123456 10\n" HASH,
		HEAD FIRST LAST "3697315200 0000000000010\n" HASH,
		HEAD FIRST "3692217600 12\n" HASH,
		HEAD FIRST "3692217600 20\n" HASH,
		HEAD FIRST "3692217600 10\n" HASH,
		HEAD FIRST "3692217601 11\n" HASH,		/* no start of a month */
		HEAD FIRST "3692217600 -11\n" HASH,
		HEAD FIRST "3692217600\n" HASH,
		HEAD FIRST "3692217600 11 1 Jan 2017\n" HASH,
		HEAD FIRST "3692217600x11\n" HASH,
		HEAD FIRST "99999999999999999999 11\n" HASH,
		HEAD FIRST "3692217600 99999999999999999999\n" HASH,
		HEAD "2272060801 10\n" LAST HASH,
	};
	struct leaps leaps;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		memset(&leaps, 0x5a, sizeof(leaps));
		if (leaps_parse(wrong[i], &leaps) != -EINVAL)
			fail_msg("list %zu is believed", i);
		/* It says nothing, then. */
		assert_int_equal(leaps.expires, 0);
		assert_int_equal(leaps.count, 0);
	}
}

static void long_lines_are_comments(void **state)
{
	char text[2048], words[600];
	struct leaps leaps;
	size_t length;

	(void)state;
	memset(words, 'w', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	for (length = 250; length < 260; length++) {
		snprintf(text, sizeof(text), "%s#%.*s\n%s", HEAD, (int)length, words,
			 FIRST LAST HASH);
		assert_int_equal(leaps_parse(text, &leaps), 0);
		snprintf(text, sizeof(text), "%s3697315200 10 #%.*s\n%s", HEAD FIRST LAST,
			 (int)length - 15, words, HASH);
		assert_int_equal(leaps_parse(text, &leaps), length < 256 ? 0 : -EINVAL);
	}
	snprintf(text, sizeof(text), "#%s\n%s%s\n", words, LIST, words);
	assert_int_equal(leaps_parse(text, &leaps), -EINVAL);
	assert_int_equal(leaps_parse(" \t" HEAD "  " FIRST "\t" LAST HASH "\n \n", &leaps), 0);
	assert_int_equal(leaps_parse("#@3707596800\n" FIRST LAST HASH, &leaps), 0);
	assert_int_equal(leaps.expires, EXPIRES);
}

/* One at the start of each month from February 1972 on. */
static int parse_months(int count)
{
	char text[16384] = HEAD FIRST;
	int64_t at = INT64_C(63072000);
	struct leaps leaps;
	int i;

	for (i = 0; i < count; i++) {
		at = vmclock_calc_month_start(at, 1);
		sprintf(text + strlen(text), "%lld %d\n", (long long)at + INT64_C(2208988800),
			10 + (i + 1) % 2);
	}
	strcat(text, HASH);
	return leaps_parse(text, &leaps);
}

static void too_many_are_refused(void **state)
{
	(void)state;
	assert_int_equal(parse_months(LEAPS_MAX), 0);
	assert_int_equal(parse_months(LEAPS_MAX + 1), -EINVAL);
}

static void files_are_read(void **state)
{
	char path[] = "/tmp/vmclock-leaps-XXXXXX";
	int fd = mkstemp(path);
	struct leaps leaps;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, LIST, strlen(LIST)), strlen(LIST));
	assert_int_equal(leaps_read(path, &leaps), 0);
	assert_int_equal(leaps.expires, EXPIRES);
	/* A byte that ends the text is not part of a text. */
	assert_int_equal(write(fd, "", 1), 1);
	assert_int_equal(leaps_read(path, &leaps), -EINVAL);
	assert_int_equal(leaps.expires, 0);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	assert_int_equal(leaps_read(path, &leaps), -EINVAL);
	close(fd);
	unlink(path);
	assert_int_equal(leaps_read(path, &leaps), -ENOENT);
	assert_int_equal(leaps_read("/", &leaps), -EISDIR);
}

static void after_its_expiry_it_says_nothing(void **state)
{
	struct leaps leaps = list_of(LIST);

	(void)state;
	assert_true(leaps_complete(&leaps, EXPIRES));
	assert_false(leaps_complete(&leaps, EXPIRES + 1));
	assert_false(leaps_complete(NULL, 0));
	assert_int_equal(leaps_sign(&leaps, MIDNIGHT), 1);
	assert_int_equal(leaps_sign(&leaps, FEBRUARY), 0);
	assert_int_equal(leaps_sign(NULL, MIDNIGHT), 0);
	leaps.expires = MIDNIGHT - 1;
	assert_int_equal(leaps_sign(&leaps, MIDNIGHT), 0);
}

static void refuse(const struct leaps *leaps, int64_t sec, int announced, bool smears,
		   const char *word)
{
	const char *refusal = leaps_refusal(leaps, sec, announced, smears);

	if (!refusal)
		fail_msg("%lld is not refused", (long long)sec);
	if (!strstr(refusal, word))
		fail_msg("\"%s\" is said, without \"%s\"", refusal, word);
}

static void accept(const struct leaps *leaps, int64_t sec, int announced, bool smears)
{
	const char *refusal = leaps_refusal(leaps, sec, announced, smears);

	if (refusal)
		fail_msg("%lld: %s", (long long)sec, refusal);
}

static void both_sides_must_agree(void **state)
{
	struct leaps leaps = list_of(LIST);

	(void)state;
	accept(&leaps, MIDNIGHT - 1, 1, false);
	accept(&leaps, MIDNIGHT - 30 * DAY, 1, false);
	accept(&leaps, MIDNIGHT - 13 * HOUR, 0, false);
	refuse(&leaps, MIDNIGHT - 12 * HOUR, 0, false, "not announced");
	refuse(&leaps, MIDNIGHT - 1, 0, false, "not announced");
	refuse(&leaps, MIDNIGHT - 1, -1, false, "does not have");
	accept(&leaps, MIDNIGHT, 0, false);
	refuse(&leaps, MIDNIGHT, 1, false, "does not have");
	refuse(&leaps, FEBRUARY + 27 * DAY, 1, false, "does not have");
	accept(&leaps, FEBRUARY + 27 * DAY, 0, false);
}

static void without_a_list_nothing_confirms_it(void **state)
{
	struct leaps leaps = list_of(LIST);

	(void)state;
	refuse(NULL, MIDNIGHT - 1, 1, false, "in force");
	refuse(&leaps, JULY - 1, 1, false, "in force");
	accept(NULL, MIDNIGHT - 1, 0, false);
	accept(&leaps, JULY - 1, 0, false);
	leaps.expires = MIDNIGHT - 1;
	refuse(&leaps, MIDNIGHT - 1, 1, false, "in force");
	accept(&leaps, MIDNIGHT - 1, 0, false);
}

static void smears_last_a_day(void **state)
{
	struct leaps leaps = list_of(LIST);

	(void)state;
	accept(&leaps, MIDNIGHT - DAY - 1, 0, true);
	refuse(&leaps, MIDNIGHT - DAY, 0, true, "smear");
	refuse(&leaps, MIDNIGHT - 1, 0, true, "smear");
	refuse(&leaps, MIDNIGHT + DAY, 0, true, "smear");
	accept(&leaps, MIDNIGHT + DAY + 1, 0, true);
	accept(&leaps, FEBRUARY, 0, true);
	/* Where no list says that there is none. */
	refuse(&leaps, JULY - 1, 0, true, "smear");
	refuse(NULL, YEAR_LATER, 0, true, "smear");
	accept(NULL, FEBRUARY, 0, true);
}

/* They do not announce it, and go on smearing it when it is over. */
static void who_has_not_announced_it_may_smear_it(void **state)
{
	struct leaps leaps = list_of(LIST);

	(void)state;
	assert_true(leaps_may_be_smeared(&leaps, MIDNIGHT, 0));
	assert_true(leaps_may_be_smeared(&leaps, MIDNIGHT + DAY, 0));
	assert_true(leaps_may_be_smeared(&leaps, MIDNIGHT + HOUR, JULY_2016));
	assert_false(leaps_may_be_smeared(&leaps, MIDNIGHT + DAY + 1, 0));
	assert_false(leaps_may_be_smeared(&leaps, MIDNIGHT + HOUR, MIDNIGHT));
	/* Before it, they are asked themselves; and where there is none, nothing is smeared. */
	assert_false(leaps_may_be_smeared(&leaps, MIDNIGHT - 1, 0));
	assert_false(leaps_may_be_smeared(&leaps, FEBRUARY, 0));
	assert_false(leaps_may_be_smeared(NULL, MIDNIGHT, 0));
	leaps.expires = MIDNIGHT - 1;
	assert_false(leaps_may_be_smeared(&leaps, MIDNIGHT, 0));
	assert_int_equal(leaps_month_end(MIDNIGHT - 1), MIDNIGHT);
	assert_int_equal(leaps_month_end(MIDNIGHT), FEBRUARY);
}

static void other_centuries_are_refused(void **state)
{
	(void)state;
	refuse(NULL, -1, 0, false, "1970");
	refuse(NULL, INT64_MAX, 0, false, "9998");
	refuse(NULL, INT64_MIN, 0, false, "1970");
	accept(NULL, INT64_C(4102444800), 0, false); /* 2100 */
}

static void near_is_within_five_seconds(void **state)
{
	int64_t at = FEBRUARY * NS;

	(void)state;
	assert_true(leaps_near(at, at));
	assert_true(leaps_near(at - 5 * NS, at - 5 * NS));
	assert_true(leaps_near(at + 5 * NS - 1, at + 5 * NS - 1));
	assert_false(leaps_near(at - 7 * NS, at - 7 * NS));
	assert_false(leaps_near(at + 7 * NS, at + 7 * NS));
	/* The system clock is in another month than true time. */
	assert_true(leaps_near(at - 3000 * NS, at + 10 * NS));
	assert_true(leaps_near(at + 10 * NS, at - 3000 * NS));
	assert_true(leaps_near(at - 3000 * DAY * NS, at + 10 * DAY * NS));
	assert_false(leaps_near(at + DAY * NS, at + 2 * DAY * NS));
	assert_true(leaps_near(-1, 0));
	assert_true(leaps_near(INT64_MIN, INT64_MAX));
}

static void a_measurement_from_before_is_told(void **state)
{
	struct leaps leaps = list_of(LIST);

	(void)state;
	assert_true(leaps_since(&leaps, MIDNIGHT - 1, MIDNIGHT + 100));
	assert_false(leaps_since(&leaps, MIDNIGHT, MIDNIGHT + 100));
	assert_false(leaps_since(&leaps, MIDNIGHT - 2, MIDNIGHT - 1));
	assert_false(leaps_since(&leaps, FEBRUARY - 1, FEBRUARY + 100));
	/* Where nobody knows, one may have. */
	assert_true(leaps_since(NULL, MIDNIGHT - 1, MIDNIGHT + 100));
	assert_false(leaps_since(NULL, MIDNIGHT, MIDNIGHT + 100));
	assert_false(leaps_since(NULL, FEBRUARY - 1, FEBRUARY + 100));
	leaps.expires = MIDNIGHT - 1;
	assert_true(leaps_since(&leaps, MIDNIGHT - 1, MIDNIGHT + 100));
}

static void without_a_list_it_is_not_known_how_june_ends(void **state)
{
	struct leaps leaps = list_of(LIST);

	(void)state;
	assert_int_equal(leaps_known_until(NULL, MIDNIGHT - 31 * DAY), MIDNIGHT);
	assert_int_equal(leaps_known_until(NULL, MIDNIGHT - 1), MIDNIGHT);
	assert_int_equal(leaps_known_until(NULL, MIDNIGHT), 0);
	assert_int_equal(leaps_known_until(NULL, MIDNIGHT - 31 * DAY - 1), 0);
	assert_int_equal(leaps_known_until(NULL, JULY_2016 - 1), JULY_2016);
	/* A list in force knows it, whether there is one or not. */
	assert_int_equal(leaps_known_until(&leaps, MIDNIGHT - 1), 0);
	leaps.count = 0;
	leaps.expires = MIDNIGHT;
	assert_int_equal(leaps_known_until(&leaps, MIDNIGHT - 1), 0);
	leaps.expires = MIDNIGHT - 1;
	assert_int_equal(leaps_known_until(&leaps, MIDNIGHT - 1), MIDNIGHT);
}

static void indicators_are_of_the_month(void **state)
{
	struct leaps leaps = list_of(HEAD FIRST "3676320000 11\n3692217600 10\n" HASH);

	(void)state;
	assert_int_equal(leaps_indicator(&leaps, JULY_2016 - 1, 0), VMCLOCK_LEAP_PRE_POS);
	assert_int_equal(leaps_indicator(&leaps, JULY_2016, 0), VMCLOCK_LEAP_POST_POS);
	assert_int_equal(leaps_indicator(&leaps, JULY_2016 + 31 * DAY, 0), VMCLOCK_LEAP_NONE);
	assert_int_equal(leaps_indicator(&leaps, MIDNIGHT - 31 * DAY, 0), VMCLOCK_LEAP_PRE_NEG);
	assert_int_equal(leaps_indicator(&leaps, MIDNIGHT - 31 * DAY - 1, 0), VMCLOCK_LEAP_NONE);
	assert_int_equal(leaps_indicator(&leaps, MIDNIGHT, 0), VMCLOCK_LEAP_POST_NEG);
	assert_int_equal(leaps_indicator(NULL, MIDNIGHT - 1, 1), VMCLOCK_LEAP_PRE_POS);
	assert_int_equal(leaps_indicator(NULL, MIDNIGHT - 1, -1), VMCLOCK_LEAP_PRE_NEG);
	assert_int_equal(leaps_indicator(NULL, MIDNIGHT - 1, 0), VMCLOCK_LEAP_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_read),
		cmocka_unit_test(others_are_refused),
		cmocka_unit_test(long_lines_are_comments),
		cmocka_unit_test(too_many_are_refused),
		cmocka_unit_test(files_are_read),
		cmocka_unit_test(after_its_expiry_it_says_nothing),
		cmocka_unit_test(both_sides_must_agree),
		cmocka_unit_test(without_a_list_nothing_confirms_it),
		cmocka_unit_test(smears_last_a_day),
		cmocka_unit_test(who_has_not_announced_it_may_smear_it),
		cmocka_unit_test(other_centuries_are_refused),
		cmocka_unit_test(near_is_within_five_seconds),
		cmocka_unit_test(a_measurement_from_before_is_told),
		cmocka_unit_test(without_a_list_it_is_not_known_how_june_ends),
		cmocka_unit_test(indicators_are_of_the_month),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
