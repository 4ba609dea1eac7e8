/* SPDX-License-Identifier: MIT */
/* The state of vmclockd, which main.c and the parts of a reaction share. */
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

/* Where the reaction to the last disruption stands. */
enum phase {
	PHASE_TRUSTED,		/* the system clock is trusted, and watched */
	PHASE_REACTING,		/* the clock is being set right */
	PHASE_REFUSED,		/* the clock could not be set right; vmclockd tries again */
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
	uint64_t marker_before;		/* the marker before the last disruption */
	bool disrupted;			/* since a disruption, until the clock is trusted again */
	bool ntp_told;			/* the NTP daemon was told of this, or cannot be told */
	int64_t ntp_again;		/* CLOCK_MONOTONIC: when to tell it again; 0: never */
	struct device device;
	struct state state;
	struct clockbound clockbound;

	enum phase phase;
	int64_t asleep;			/* CLOCK_MONOTONIC: latest end of a sleep; 0: none */
	struct pace pace;		/* limits how often reactions begin */
	bool begins;			/* a reaction begins at the time in @retry */
	unsigned int untold;		/* markers that journal and hooks have not been told of */
	uint64_t marker_told;
	uint64_t generation_told;
	const char *refusal;		/* why the clock is not trusted, as logged */
	uint64_t marker;		/* the marker that was acted on last */
	uint64_t generation;
	bool was_synchronised;		/* what the kernel called its clock before the disruption */
	int64_t began;			/* CLOCK_MONOTONIC: when the disruption was seen */
	int64_t stepped;		/* ns, in this reaction */
	int64_t untrusted_since;	/* CLOCK_MONOTONIC: counted until then; 0: trusted */
	int64_t kernel_told;		/* CLOCK_MONOTONIC: when the kernel last heard a bound */
	bool kernel_synchronised;	/* the kernel's own status of the clock when last trusted */
	bool kernel_alarmed;		/* the watcher has declared a right clock unsynchronised */
	int kernel_error;		/* the last error from the kernel, as logged */
	int64_t retry;			/* CLOCK_MONOTONIC: no attempt before this time */
	bool started;			/* the device's page has been read */
	bool unreadable;		/* the page cannot be read now, as logged */
	struct vmclock_abi page;	/* the page at the last look */
	struct stale stale;
	bool believed;			/* the time in @page, if there is any, is believed */
};

static inline bool may_change(const struct daemon *d)
{
	return !d->dry_run && d->config.mode != MODE_OBSERVE;
}

#endif /* VMCLOCKD_DAEMON_H */
