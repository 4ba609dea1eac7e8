/* SPDX-License-Identifier: MIT */
/* Which NTP daemon keeps the system clock, and what it is told after a disruption. */
#ifndef VMCLOCKD_NTP_H
#define VMCLOCKD_NTP_H

#include "chrony.h"
#include "conf.h"
#include "steer.h"

struct ntp {
	const struct config *config;
	enum config_ntp found;		/* never NTP_AUTO */
	struct chrony chrony;
};

/* @interrupt: readable when there is something more important to do. */
void ntp_init(struct ntp *ntp, const struct config *config, int interrupt);
void ntp_stop(struct ntp *ntp);

/* Who is there now? A change is told. */
void ntp_find(struct ntp *ntp);

/**
 * ntp_disrupted() - what the daemon has measured before is void
 * @ntp:	the daemon
 * @steer:	knows the rate of the system clock
 * @page:	has the true one
 *
 * Return: 0, -ECANCELED: interrupted, begin anew; or another negative errno
 * value with a line: it goes on as before, so that the clock may go wrong again.
 */
int ntp_disrupted(struct ntp *ntp, const struct steer *steer, const struct vmclock_abi *page);

#endif /* VMCLOCKD_NTP_H */
