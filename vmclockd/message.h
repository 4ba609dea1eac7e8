/* SPDX-License-Identifier: MIT */
/*
 * The last NTP answer that systemd-timesyncd has got, as busctl prints the
 * answer to a call for its property NTPMessage. timedatectl shows the same, but its timestamps to the
 * second and in local time: nothing follows from those.
 */
#ifndef VMCLOCKD_MESSAGE_H
#define VMCLOCKD_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "derive.h"

/* Times in ns, to the microsecond below; timestamps since 1970. */
struct message {
	uint32_t leap;
	uint32_t stratum;
	int64_t precision;		/* of the server's clock */
	int64_t root_delay;
	int64_t root_dispersion;
	int64_t origin;			/* T1, by our clock */
	int64_t receive;		/* T2, by the server's */
	int64_t transmit;		/* T3, by the server's */
	int64_t destination;		/* T4, by our clock */
	bool ignored;			/* a spike: the clock was not set by it */
};

/**
 * message_parse() - the line that busctl prints
 * @line:	the line, with its end or without
 *
 * Return: 0; -ENODATA: there was no answer yet; or -EBADMSG: no such line, or
 * one with a number that makes no sense.
 */
int message_parse(const char *line, struct message *message);

/**
 * message_refusal() - why it is worth nothing
 *
 * Return: a sentence without a full stop, or NULL: nothing is wrong with it.
 */
const char *message_refusal(const struct message *message);

/** message_offset() - true time minus our clock at T4, ns */
int64_t message_offset(const struct message *message);

/** message_error() - how far that may be off, ns; of a message that is not refused */
int64_t message_error(const struct message *message);

enum report_leap message_leap(const struct message *message);

#endif /* VMCLOCKD_MESSAGE_H */
