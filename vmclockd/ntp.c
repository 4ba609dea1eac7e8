// SPDX-License-Identifier: MIT
/* Finds the NTP daemon that runs. Each daemon has its own file. */
#include <errno.h>
#include <string.h>

#include "chronyd-socket.h"
#include "clock.h"
#include "clocks.h"
#include "log.h"
#include "ntp.h"

/* In this order: the first one that runs is used. */
static const struct ntp_daemon *const daemons[] = {
	&chronyd_daemon,
	&timesyncd_daemon,
	&ntpsec_daemon,
};

/* A daemon may be missing in this many looks, because it may be restarting. */
#define MISSED_MAX 5

#define DAEMONS (sizeof(daemons) / sizeof(daemons[0]))

void ntp_init(struct ntp *ntp, const struct config *config, int interrupt)
{
	*ntp = (struct ntp){ .config = config, .interrupt = interrupt, .found = NTP_AUTO };
}

void ntp_stop(struct ntp *ntp)
{
	if (ntp->daemon)
		ntp->daemon->stop(ntp);
	ntp->daemon = NULL;
}

static const struct ntp_daemon *look(const struct config *config)
{
	size_t i;

	for (i = 0; i < DAEMONS; i++) {
		if (config->ntp == (int)daemons[i]->kind)
			return daemons[i];
		if (config->ntp == NTP_AUTO && daemons[i]->runs(config))
			return daemons[i];
	}
	/* It cannot be asked, but vmclockd must not steer the clock against it. */
	if (config->ntp == NTP_AUTO && chronyd_runs_elsewhere())
		return &chronyd_daemon;
	return NULL;
}

static bool is_busy(const struct ntp *ntp)
{
	return ntp->daemon->busy && ntp->daemon->busy(ntp);
}

void ntp_find(struct ntp *ntp)
{
	const struct ntp_daemon *daemon = look(ntp->config);
	enum config_ntp found = daemon ? daemon->kind : NTP_NONE;

	ntp->missed = daemon ? 0 : ntp->missed + 1;
	if (found == ntp->found)
		return;
	if (!daemon && ntp->daemon && (is_busy(ntp) || ntp->missed < MISSED_MAX))
		return;
	ntp_stop(ntp);
	ntp->found = found;
	ntp->daemon = daemon;
	ntp->told = 0;
	if (!daemon) {
		say(LOG_INFO, "no NTP daemon keeps the system clock");
		chronyd_socket_tell(ntp->config, false);
		return;
	}
	say(LOG_INFO, "the system clock is kept by %s", config_ntp_name(found));
	daemon->start(ntp);
}

int ntp_set_kernel_rate(struct ntp *ntp, int64_t fast)
{
	(void)ntp;
	return clock_set_frequency((1 / (1 + (double)fast / NS_PER_SEC) - 1) * 1e6);
}

const char *ntp_reason(const struct ntp *ntp, int error)
{
	return ntp->daemon->reason(error);
}

bool ntp_must_be_told(const struct ntp *ntp)
{
	const struct ntp_daemon *daemon = ntp->daemon;

	if (!daemon || !daemon->stepped)
		return false;
	return ntp->untold || (daemon->is_another && daemon->is_another(ntp));
}

int ntp_disrupted(struct ntp *ntp, const struct steer *steer, const struct vmclock_abi *page)
{
	int64_t fast;
	int ret;

	if (!ntp->daemon) {
		ntp->untold = true;
		return 0;
	}
	ntp->said = "";
	ret = ntp->daemon->stepped ? ntp->daemon->stepped(ntp) : 0;
	if (!ret && !steer_raw_is_fast(steer, page, &fast))
		ret = ntp->daemon->set_rate(ntp, fast);
	if (ret == -ECANCELED)
		return ret;
	if (ret && ret != ntp->told)
		say(LOG_ERR, "%s was not told of the disruption: %s%s%s",
		    config_ntp_name(ntp->found), ntp_reason(ntp, ret), *ntp->said ? ": " : "",
		    ntp->said);
	if (!ret && ntp->told)
		say(LOG_NOTICE, "%s has now been told of the disruption",
		    config_ntp_name(ntp->found));
	if (!ret)
		ntp->untold = false;
	ntp->told = ret;
	return ret;
}
