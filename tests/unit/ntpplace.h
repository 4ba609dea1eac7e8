/* SPDX-License-Identifier: MIT */
/*
 * Where an NTP daemon's functions are tried: a clock that shows what it is
 * told to in the place of clock.c, and shell scripts in that of programs.
 */
#ifndef NTPPLACE_H
#define NTPPLACE_H

#include "clocks.h"
#include "ntp.h"

#define EPOCH	(INT64_C(1795639261) * NS_PER_SEC)
#define MS	NS_PER_MS
#define US	INT64_C(1000)

struct place {
	char folder[64];
	char busctl[96], chronyc[96], systemctl[96];
	struct config config;
	struct ntp ntp;
	const char *why; /* what the last place_measured() said; NULL: nothing */
};

/* The fake clock's state, and how often it was touched and declared unsynchronised. */
extern struct clock_state shown;
extern int touched, unsynchronised;

/* The last line of the log. */
extern char logged[256];

/* Lets time pass. */
void pass(int64_t ns);
/* Somebody steps the clock. */
void step_clock(int64_t ns);
/* The daemon steps and slews the clock, and sets its maximum error. */
void set_clock(int64_t step, int64_t slew, int64_t maxerror);

/* Makes a program from this script, which also counts its calls. */
void script(const struct place *p, const char *name, const char *text);
int count(const struct place *p, const char *name);
/* The arguments of the last call; valid until the next call. */
const char *last_call(const struct place *p, const char *name);

int place_set_up(void **state, const struct ntp_daemon *daemon);
int place_tear_down(void **state);

/* Has the daemon measured? */
int place_measured(struct place *p);

#endif /* NTPPLACE_H */
