/* SPDX-License-Identifier: MIT */
/*
 * Leap seconds: tzdata's leap-seconds.list, and whether the list and an NTP
 * daemon's announcement allow bounds of UTC.
 */
#ifndef VMCLOCK_COMMON_LEAPS_H
#define VMCLOCK_COMMON_LEAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEAPS_MAX	128

/* A leap second. */
struct leap {
	int64_t at;		/* UTC, s since 1970: the start of a month */
	int sign;		/* 1 inserted before it, -1 left out */
};

struct leaps {
	struct leap leap[LEAPS_MAX];
	size_t count;
	int64_t expires;	/* UTC, s since 1970: the list is complete until then; 0: no list */
};

/**
 * leaps_read() - read a leap-seconds.list
 * @path:	the file, such as /usr/share/zoneinfo/leap-seconds.list
 * @leaps:	receives the list; on failure, an empty list
 *
 * Return: 0; -EINVAL: the file is no such list, or its lines contradict each
 * other; or the error of open() or read().
 */
int leaps_read(const char *path, struct leaps *leaps);

/**
 * leaps_parse() - parse the text of a list
 * @text:	the text, ended by NUL
 * @leaps:	as above
 *
 * Return: 0 or -EINVAL.
 */
int leaps_parse(const char *text, struct leaps *leaps);

/**
 * leaps_complete() - does the list name all leap seconds until an instant?
 * @leaps:	the list, may be NULL
 * @sec:	the instant, UTC
 *
 * The list is complete until it expires.
 */
bool leaps_complete(const struct leaps *leaps, int64_t sec);

/**
 * leaps_sign() - the leap second that ends at an instant
 * @leaps:	the list, may be NULL
 * @at:		the start of a month, UTC
 *
 * Return: 1: inserted, -1: left out, 0: there is none, or the list is not complete until then.
 */
int leaps_sign(const struct leaps *leaps, int64_t at);

/**
 * leaps_refusal() - why leap seconds allow no bounds now
 * @leaps:	the list, may be NULL
 * @sec:	the time, UTC
 * @announced:	1, -1: the NTP daemon announces a leap second for this month's end, 0: none
 * @smears:	its servers smear leap seconds
 *
 * Return: a sentence without a full stop, or NULL: bounds are allowed.
 */
const char *leaps_refusal(const struct leaps *leaps, int64_t sec, int announced, bool smears);

/** leaps_month_end() - the end of the month, where a leap second may be announced */
int64_t leaps_month_end(int64_t sec);

/**
 * leaps_may_be_smeared() - may time servers still smear a leap second that is over?
 * @leaps:	the list, may be NULL
 * @sec:	the time, UTC
 * @announced:	the end of the month at which they announced one; 0: none was announced
 *
 * Servers that smear a leap second do not announce it, and smear it for half a day after it.
 *
 * Return: is it in the list, less than a day ago, and was it not announced?
 */
bool leaps_may_be_smeared(const struct leaps *leaps, int64_t sec, int64_t announced);

/**
 * leaps_near() - is a leap second possible between two times, or within 5 s of them?
 * @a:		UTC, ns since 1970
 * @b:		the same, either may be the later
 *
 * A leap second is possible wherever a month begins.
 */
bool leaps_near(int64_t a, int64_t b);

/**
 * leaps_since() - may a leap second have passed within the last month, after an instant?
 * @leaps:	the list, may be NULL
 * @then:	the instant, UTC
 * @sec:	the time now, UTC
 *
 * A listed leap second or, if the list is not complete, one at the end of June or December.
 */
bool leaps_since(const struct leaps *leaps, int64_t then, int64_t sec);

/**
 * leaps_known_until() - until when are leap seconds known?
 * @leaps:	the list, may be NULL
 * @sec:	the time, UTC
 *
 * Return: this month's end, if a leap second is possible and not known there;
 * 0: it is known whether there is one.
 */
int64_t leaps_known_until(const struct leaps *leaps, int64_t sec);

/**
 * leaps_indicator() - the leap indicator of a VMClock page
 * @leaps:	the list, may be NULL
 * @sec:	the page's reference time, UTC
 * @announced:	as above
 *
 * Return: VMCLOCK_LEAP_NONE, _PRE_POS, _PRE_NEG, _POST_POS or _POST_NEG.
 */
uint8_t leaps_indicator(const struct leaps *leaps, int64_t sec, int announced);

#endif /* VMCLOCK_COMMON_LEAPS_H */
