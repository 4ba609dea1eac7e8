/* SPDX-License-Identifier: MIT */
/* Which NTP daemon keeps the system clock, what it says, and what it is told. */
#ifndef VMCLOCKD_NTP_H
#define VMCLOCKD_NTP_H

#include "chronyd.h"
#include "conf.h"
#include "ntpsec.h"
#include "steer.h"
#include "timesyncd.h"

struct ntp {
	const struct config *config;
	enum config_ntp found;		/* never NTP_AUTO */
	const struct ntp_daemon *daemon; /* NULL: there is none */
	unsigned int missed;		/* looks, each second, that did not find it */
	int interrupt;
	bool silent;			/* nothing is changed */
	const char *said;		/* its own words on the last error, if any */
	int told;			/* the error of ntp_disrupted() that the log has; 0: none */
	struct chronyd chronyd;		/* of these three the one that was found is used */
	struct timesyncd timesyncd;
	struct ntpsec ntpsec;
};

/*
 * One kind of NTP daemon. Each function returns 0 or a negative errno value:
 * -ECANCELED, there is something more important; -EAGAIN, not yet. None of
 * them waits longer than that daemon's time limit, nor when interrupted.
 */
struct ntp_daemon {
	enum config_ntp kind;
	/* Is it running? */
	bool (*runs)(void);
	/* Is it being restarted? NULL: never. */
	bool (*busy)(const struct ntp *ntp);
	/* It may be needed: what can be prepared is. */
	void (*start)(struct ntp *ntp);
	/* Nothing is left of it. */
	void (*stop)(struct ntp *ntp);

	/*
	 * The clock was stepped by a page that has time: what it has measured is
	 * void. NULL: it needs not be told.
	 */
	int (*stepped)(struct ntp *ntp);
	/* The raw clock is fast by so many ppb. */
	int (*set_rate)(struct ntp *ntp, int64_t fast);

	/* Each second, and more often in a reaction. NULL: there is nothing to look at. */
	void (*look)(struct ntp *ntp);
	/* Only what it measures from now on counts; it is told nothing. */
	int (*begin)(struct ntp *ntp);
	/* All that it has measured is void. */
	int (*forget)(struct ntp *ntp);
	/*
	 * The same, but it is told nothing: has it dropped that by itself since the @first
	 * of these calls? NULL: what it reports never rests on what it measured before begin().
	 */
	int (*dropped)(struct ntp *ntp, bool first);
	/* It is to measure now; @again: since forget() it was asked before. -EBUSY: it does already. */
	int (*measure)(struct ntp *ntp, bool again);
	/* Has it measured since? Then what it knows is applied to the clock. */
	int (*measured)(struct ntp *ntp);
	/* What it says of the clock now; with -EAGAIN @why receives what is missing. */
	int (*report)(struct ntp *ntp, struct report *report, const char **why);

	/* What an error of these means, and the way out. */
	const char *(*reason)(int error);
};

/* A sentence without a full stop, on the error of a function above. */
const char *ntp_reason(const struct ntp *ntp, int error);

/* set_rate() for daemons that leave the clock's rate to the kernel: its loop goes on from there. */
int ntp_set_kernel_rate(struct ntp *ntp, int64_t fast);

/* @interrupt: readable when there is something more important to do. */
void ntp_init(struct ntp *ntp, const struct config *config, int interrupt);
void ntp_stop(struct ntp *ntp);

/* Looks which daemon runs now, and logs a change. */
void ntp_find(struct ntp *ntp);

/**
 * ntp_disrupted() - have the daemon drop its measurements, and run at the true rate
 * @ntp:	the daemon
 * @steer:	has the nominal period
 * @page:	has the true period
 *
 * Return: 0; -ECANCELED: interrupted, begin anew; or another negative errno value,
 * after a line unless the last one failed likewise: the daemon goes on with its
 * old measurements.
 */
int ntp_disrupted(struct ntp *ntp, const struct steer *steer, const struct vmclock_abi *page);

#endif /* VMCLOCKD_NTP_H */
