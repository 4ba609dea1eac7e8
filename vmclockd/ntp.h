/* SPDX-License-Identifier: MIT */
/* The NTP daemon that keeps the system clock: finding it, and giving it orders. */
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
	unsigned int missed;		/* looks, one each second, that did not find it */
	int interrupt;			/* a descriptor; readable: calls give up at once */
	bool silent;			/* change nothing */
	bool disrupted;			/* there was a disruption since the boot */
	bool untold;			/* no daemon has run since the last disruption */
	const char *said;		/* its own words on the last error, if any */
	int told;			/* the last error of ntp_disrupted() in the log; 0: none */
	struct chronyd chronyd;		/* only the one of the found daemon is used */
	struct timesyncd timesyncd;
	struct ntpsec ntpsec;
};

/*
 * One kind of NTP daemon. Functions return 0 or a negative errno value:
 * -ECANCELED: interrupted by something more important; -EAGAIN: not yet. No
 * function waits longer than the daemon's time limit, or after an interrupt.
 */
struct ntp_daemon {
	enum config_ntp kind;
	/* Is it running? */
	bool (*runs)(const struct config *config);
	/* Is it being restarted? NULL: never. */
	bool (*busy)(const struct ntp *ntp);
	/* Prepares for use. */
	void (*start)(struct ntp *ntp);
	/* Frees everything. */
	void (*stop)(struct ntp *ntp);

	/*
	 * Drops the daemon's measurements, because vmclockd has stepped the clock
	 * by a page with time. NULL: the daemon need not be told.
	 */
	int (*stepped)(struct ntp *ntp);
	/* Sets the clock's rate: the raw clock is fast by @fast ppb. */
	int (*set_rate)(struct ntp *ntp, int64_t fast);

	/* Called each second, and more often in a reaction. NULL: not needed. */
	void (*look)(struct ntp *ntp);
	/* From now on only new measurements count. Gives the daemon no order. */
	int (*begin)(struct ntp *ntp);
	/* Has the daemon drop its measurements. */
	int (*forget)(struct ntp *ntp);
	/*
	 * Is it another process than forget() has spoken to, with measurements that may be
	 * from before? NULL: it keeps none when it is restarted.
	 */
	bool (*is_another)(const struct ntp *ntp);
	/*
	 * Used in place of forget() if the daemon must get no orders: has it dropped its
	 * measurements by itself since the @first of these calls? NULL: its reports never
	 * use measurements from before begin().
	 */
	int (*dropped)(struct ntp *ntp, bool first);
	/* Has it measure now; @again: not the first time since forget(). -EBUSY: it does. */
	int (*measure)(struct ntp *ntp, bool again);
	/*
	 * Has it measured since then? If so, has it correct the clock. With -EAGAIN @why receives
	 * what is missing, if the daemon tells.
	 */
	int (*measured)(struct ntp *ntp, const char **why);
	/* Gets its report on the clock; with -EAGAIN @why receives what is missing. */
	int (*report)(struct ntp *ntp, struct report *report, const char **why);

	/* Describes an error of these functions, and the way out. */
	const char *(*reason)(int error);
};

/* Describes the error of a function above, in a sentence without a full stop. */
const char *ntp_reason(const struct ntp *ntp, int error);

/* set_rate() for daemons that use the kernel's PLL, which continues from the new rate. */
int ntp_set_kernel_rate(struct ntp *ntp, int64_t fast);

/* @interrupt: a descriptor that is readable when calls must give up at once. */
void ntp_init(struct ntp *ntp, const struct config *config, int interrupt);
void ntp_stop(struct ntp *ntp);

/* Finds the daemon that runs now, and logs a change. */
void ntp_find(struct ntp *ntp);

/*
 * Must the daemon still be told of the last disruption? At its start it may have loaded
 * measurements from before.
 */
bool ntp_must_be_told(const struct ntp *ntp);

/**
 * ntp_disrupted() - have the daemon drop its measurements, and run at the true rate
 * @ntp:	the daemon
 * @steer:	has the nominal period
 * @page:	has the true period
 *
 * Return: 0; -ECANCELED: interrupted, call again; or another negative errno value:
 * the daemon keeps its old measurements. Logs the error, unless it was logged before.
 */
int ntp_disrupted(struct ntp *ntp, const struct steer *steer, const struct vmclock_abi *page);

#endif /* VMCLOCKD_NTP_H */
