/* SPDX-License-Identifier: MIT */
/*
 * The last NTP answer that systemd-timesyncd received: its property NTPMessage, as
 * busctl prints it. timedatectl prints the timestamps in seconds of local time,
 * which is not precise enough.
 */
#ifndef VMCLOCKD_MESSAGE_H
#define VMCLOCKD_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "derive.h"

/* Times in ns, cut to the microsecond; timestamps count from 1970. */
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
	bool ignored;			/* a spike: timesyncd did not set the clock by it */
};

/**
 * message_parse() - parse the line that busctl prints
 * @line:	the line, with or without its end
 *
 * Return: 0; -ENODATA: there was no answer yet; or -EBADMSG: the line has another
 * form, or an impossible number.
 */
int message_parse(const char *line, struct message *message);

/**
 * message_refusal() - why a message cannot be used
 *
 * Return: a sentence without a full stop, or NULL: the message can be used.
 */
const char *message_refusal(const struct message *message);

/** message_offset() - true time minus our clock at T4, ns */
int64_t message_offset(const struct message *message);

/** message_error() - the bound of the offset's error, ns; for a message that is not refused */
int64_t message_error(const struct message *message);

enum report_leap message_leap(const struct message *message);

#endif /* VMCLOCKD_MESSAGE_H */
