/* SPDX-License-Identifier: MIT */
/* What vmclockd knows, for those of its files that act on it. */
#ifndef VMCLOCKD_DAEMON_H
#define VMCLOCKD_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "by-ntp.h"
#include "clockbound.h"
#include "clocks.h"
#include "clocksource.h"
#include "conf.h"
#include "device.h"
#include "exporter.h"
#include "hooks.h"
#include "logind.h"
#include "network.h"
#include "ntp.h"
#include "offset.h"
#include "pace.h"
#include "slept.h"
#include "stale.h"
#include "state.h"
#include "steer.h"
#include "vmclock-abi.h"

/* What has to be done about the system clock. */
enum phase {
	PHASE_TRUSTED,		/* nothing but to watch */
	PHASE_REACTING,		/* it is to be set right */
	PHASE_REFUSED,		/* it was not; another page, or another marker, may change that */
};

struct daemon {
	struct config config;
	bool dry_run;

	struct steer steer;
	struct ntp ntp;
	struct by_ntp by_ntp;
	struct network network;
	struct logind logind;
	struct slept slept;
	struct clocksource clocksource;
	struct hooks hooks;
	struct exporter exporter;
	uint64_t marker_before;		/* the disruption */
	bool disrupted;			/* and not right again */
	bool ntp_told;			/* of the disruption */
	struct device device;
	struct state state;
	struct clockbound clockbound;

	enum phase phase;
	int64_t asleep;			/* CLOCK_MONOTONIC: it is going to sleep, or awake by then; 0: no */
	struct pace pace;		/* of reactions that begin */
	bool begins;			/* one is to, when it is time */
	unsigned int untold;		/* markers that nobody was told of yet */
	uint64_t marker_told;
	uint64_t generation_told;
	const char *refusal;		/* why, as it was told */
	uint64_t marker;		/* that was acted on last */
	uint64_t generation;
	bool was_synchronised;		/* by its own word, the kernel's clock before the disruption */
	int64_t began;			/* CLOCK_MONOTONIC: when the disruption was seen */
	int64_t stepped;		/* ns, in this reaction */
	int64_t untrusted_since;	/* CLOCK_MONOTONIC: not counted yet; 0: it is trusted */
	int64_t kernel_told;		/* CLOCK_MONOTONIC: how good its clock is */
	int kernel_error;		/* its last one, which was told */
	int64_t retry;			/* CLOCK_MONOTONIC: not before */
	bool started;			/* the device's page has been read */
	bool unreadable;		/* it cannot be now, as was told */
	struct vmclock_abi page;	/* as it was at the last look */
	struct stale stale;
	bool believed;			/* its time, if it has any */
};

/* ---- reaction.c ----------------------------------------------------------------- */

/* Once, before all others. */
void reaction_init(struct daemon *d);
/* The first look at a device: what has happened while nobody looked? */
void reaction_start(struct daemon *d);
/* The page has changed, or time has gone on. */
void reaction_look(struct daemon *d);
/* Each second. */
void reaction_tick(struct daemon *d);
/* A route has appeared, or a carrier come up. */
void reaction_network(struct daemon *d);
/* No marker tells of it, but the clock cannot be trusted: see @why. */
void reaction_doubt(struct daemon *d, const char *why);
/* The machine is going to sleep: until it is awake nobody vouches for anything. */
void reaction_sleep(struct daemon *d);
/* It has slept, or did not after all. */
void reaction_awake(struct daemon *d);
/* The device is gone: nobody vouches. */
void reaction_withdraw(struct daemon *d);

/* ---- exporter.c ----------------------------------------------------------------- */

/* Begins with it, if it is configured; what keeps it from that is told. */
void exporter_open(struct daemon *d);
/* Writes the metrics, if that is due. */
void exporter_look(struct daemon *d);
/* Writes them once more: it ends. */
void exporter_close(struct daemon *d);

#endif /* VMCLOCKD_DAEMON_H */
