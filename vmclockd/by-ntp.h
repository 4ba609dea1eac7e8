/* SPDX-License-Identifier: MIT */
/*
 * The time on a device whose page gives a marker only. An NTP daemon gives the
 * time at one value of the counter, and a cone gives it, with bounds, at the
 * following ones. The completed page has that cone.
 */
#ifndef VMCLOCKD_BY_NTP_H
#define VMCLOCKD_BY_NTP_H

#include <stdbool.h>
#include <stdint.h>

#include "bursts.h"
#include "completed.h"
#include "derive.h"
#include "lead.h"
#include "ntp.h"
#include "offset.h"

enum by_ntp_stage {
	BY_NTP_START,		/* the daemon is to measure once more */
	BY_NTP_RESET,		/* the daemon is to drop its measurements, or to do so by itself */
	BY_NTP_WAIT,		/* the daemon has dropped them, and measures anew */
	BY_NTP_MEASURE,		/* the daemon's reports are used */
};

/* What the daemon said of the system clock, where there is no cone. */
struct word {
	bool good;
	int64_t ns;			/* true time less CLOCK_REALTIME */
	int64_t error;			/* ns */
	int64_t at;			/* CLOCK_MONOTONIC */
	int64_t raw;			/* CLOCK_MONOTONIC_RAW, and what it was true for: */
	int64_t utc;
	struct lead lead;
};

struct by_ntp {
	/*
	 * The counter is not steady, or the kernel's clock does not run by it:
	 * no page is completed, and the system clock is vouched for by the
	 * daemon's word alone. To be set before by_ntp_disrupted().
	 */
	bool no_counter;
	struct word word;
	struct completed completed;
	struct fit fit;
	struct track track;
	struct lead lead;		/* when that was updated */
	bool lead_known;		/* and the daemon has not measured all anew since */
	struct derive_options options;
	struct leaps leaps;
	int64_t next_leaps;		/* CLOCK_MONOTONIC: to be read again */
	enum by_ntp_stage stage;
	const struct ntp_daemon *daemon; /* of whom the stage is */
	bool asked;			/* to measure, since it forgot what it had measured */
	bool heard;			/* it has measured since, or since the start */
	bool silent;			/* the daemon is asked, and told nothing */
	bool watched;			/* whether it drops its measurements by itself */
	const char *told;		/* why nothing is known, as it was told last */
	bool first;			/* there was no cone under this marker yet */
	struct bursts bursts;
	int64_t next_report;		/* CLOCK_MONOTONIC */
};

/* Why there is no time after -EDOM. */
#define BY_NTP_UNEVEN "the counter does not run evenly with the kernel's raw clock"

/* Returns 0; or -1, after a line in the log, if the completed page cannot be opened. */
int by_ntp_open(struct by_ntp *by, const char *folder, const char *device, bool dry_run);

/*
 * Forgets all that was derived. @reset: what the daemon has measured is void as well; if it
 * must not be told, nothing counts until it has found out by itself.
 */
void by_ntp_disrupted(struct by_ntp *by, const struct vmclock_state *device, bool reset);

/* There may be a way to the servers now. */
void by_ntp_network(struct by_ntp *by);

/**
 * by_ntp_advance() - do what can be done now
 * @by:		the time by NTP
 * @ntp:	the daemon
 * @vc:		the device
 * @device:	its state, the marker of which counts
 * @why:	receives the reason, unless 0 is returned
 *
 * Return: 0: the completed page has the time; -EAGAIN: not yet; -ECANCELED: the
 * interrupt came; -ESTALE: there is another marker; or -EDOM: the counter has jumped
 * or the kernel's clocks stood still, so what the daemon has measured is void as well.
 */
int by_ntp_advance(struct by_ntp *by, struct ntp *ntp, const struct vmclock *vc,
		   const struct vmclock_state *device, const char **why);

/* The system clock's offset by the cone; as offset_measure(). */
int by_ntp_offset(struct by_ntp *by, const struct vmclock *vc, const struct vmclock_state *device,
		  struct offset *offset);

#endif /* VMCLOCKD_BY_NTP_H */
