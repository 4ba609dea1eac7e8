/* SPDX-License-Identifier: MIT */
/*
 * The time on a device with a marker-only page. An NTP daemon gives the time at
 * one value of the counter. A cone extends this time, with bounds, to later
 * values. The completed page holds the cone.
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
	BY_NTP_START,		/* next: the daemon measures once more */
	BY_NTP_RESET,		/* next: the daemon drops its measurements */
	BY_NTP_WAIT,		/* the daemon has dropped them, and measures anew */
	BY_NTP_MEASURE,		/* the daemon's reports are used */
};

/* The daemon's last report on the system clock; used instead of a cone. */
struct word {
	bool good;
	int64_t ns;			/* true time less CLOCK_REALTIME */
	int64_t error;			/* ns */
	int64_t at;			/* CLOCK_MONOTONIC */
	int64_t raw;			/* CLOCK_MONOTONIC_RAW */
	int64_t utc;			/* true time at @raw */
	struct lead lead;
};

/* What the daemon said of the system clock when it was first asked after its last measurement. */
struct heard {
	int64_t reference;		/* of that measurement: UTC, s */
	int32_t reference_ns;
	int64_t raw;			/* CLOCK_MONOTONIC_RAW, ns */
	int64_t utc;			/* ns since 1970, at that instant */
};

struct by_ntp {
	/*
	 * The counter is not steady, or the kernel's clock does not run on it.
	 * Then vmclockd completes no page, and vouches for the system clock by
	 * the daemon's reports alone. Set this before by_ntp_disrupted().
	 */
	bool no_counter;
	struct word word;
	struct completed completed;
	struct fit fit;
	struct track track;
	struct lead lead;		/* at the last update of @track */
	struct heard last;
	bool lead_known;		/* @lead and @last are known; no reset came since */
	struct derive_options options;
	struct leaps leaps;
	int64_t next_leaps;		/* CLOCK_MONOTONIC: when to read the list again */
	enum by_ntp_stage stage;
	const struct ntp_daemon *daemon; /* the daemon that @stage is about */
	bool asked;			/* the daemon was asked to measure since its reset */
	bool heard;			/* it has measured since the reset, or since the start */
	bool silent;			/* ask the daemon, but give it no orders */
	bool watched;			/* we watch whether it drops its measurements by itself */
	const char *told;		/* the reason that was logged last */
	bool first;			/* there was no cone under this marker yet */
	struct bursts bursts;
	int64_t next_report;		/* CLOCK_MONOTONIC */
};

/* Why there is no time after -EDOM. */
#define BY_NTP_UNEVEN "the counter does not run evenly with the kernel's raw clock"

/* Returns 0; or -1, after a line in the log, if the completed page cannot be opened. */
int by_ntp_open(struct by_ntp *by, const char *folder, const char *device, bool dry_run);

/*
 * Forgets all that was derived. @reset: the daemon's measurements are void as well. If
 * vmclockd must not reset the daemon, its reports count only after it has reset itself.
 */
void by_ntp_disrupted(struct by_ntp *by, const struct vmclock_state *device, bool reset);

/* The servers may be reachable now. */
void by_ntp_network(struct by_ntp *by);

/**
 * by_ntp_advance() - take the next steps that are possible now
 * @by:		the time by NTP
 * @ntp:	the daemon
 * @vc:		the device
 * @device:	its state; the time must belong to this marker
 * @why:	receives the reason, unless 0 is returned
 *
 * Return: 0: the completed page has the time; -EAGAIN: not yet; -ECANCELED: the
 * interrupt came; -ESTALE: the marker has changed; or -EDOM: the counter has jumped
 * or the kernel's clocks stood still, so the daemon's measurements are void as well.
 */
int by_ntp_advance(struct by_ntp *by, struct ntp *ntp, const struct vmclock *vc,
		   const struct vmclock_state *device, const char **why);

/* The system clock's offset from the cone; returns as offset_measure(). */
int by_ntp_offset(struct by_ntp *by, const struct vmclock *vc, const struct vmclock_state *device,
		  struct offset *offset);

#endif /* VMCLOCKD_BY_NTP_H */
