// SPDX-License-Identifier: MIT
/* NTP daemons. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "ntp.h"

/* What each daemon has while it runs, and only then. */
#define TIMESYNCD_FOLDER "/run/systemd/timesync"
#define NTPSEC_PID	 "/run/ntpd.pid"
#define CHRONY_SOCKET  "/run/chrony/chronyd.sock"
#define CHRONY_TIMEOUT 1000 /* ms */
/* What chronyd itself corrects in no time. */
#define NO_DIFFERENCE 10 /* ppb */

void ntp_init(struct ntp *ntp, const struct config *config, int interrupt)
{
	*ntp = (struct ntp){ .config = config, .found = NTP_AUTO };
	chrony_init(&ntp->chrony, config->chronyc, CHRONY_TIMEOUT, interrupt);
}

void ntp_stop(struct ntp *ntp)
{
	chrony_stop(&ntp->chrony);
}

static enum config_ntp look(const struct config *config)
{
	if (config->ntp != NTP_AUTO)
		return config->ntp;
	if (!access(CHRONY_SOCKET, F_OK))
		return NTP_CHRONY;
	if (!access(TIMESYNCD_FOLDER, F_OK))
		return NTP_TIMESYNCD;
	return access(NTPSEC_PID, F_OK) ? NTP_NONE : NTP_NTPSEC;
}

void ntp_find(struct ntp *ntp)
{
	enum config_ntp found = look(ntp->config);

	if (found == ntp->found)
		return;
	ntp->found = found;
	if (found == NTP_NONE)
		say(LOG_INFO, "no NTP daemon: the system clock is kept by vmclockd");
	else
		say(LOG_INFO, "the system clock is kept by %s", config_ntp_name(found));
	/* Started now, it answers at once when it matters. */
	if (found == NTP_CHRONY)
		chrony_start(&ntp->chrony);
}

/* Absolute, and read back, so that a reaction that begins anew adds nothing twice. */
static int set_frequency(struct chrony *chrony, int64_t wanted)
{
	struct report report;
	char command[64];
	int64_t change;
	int ret = chrony_tracking(chrony, &report);

	if (ret)
		return ret;
	change = wanted - report.frequency;
	if (change <= NO_DIFFERENCE && change >= -NO_DIFFERENCE)
		return 0;
	snprintf(command, sizeof(command), "dfreq %.3f", (double)change / 1000);
	return chrony_command(chrony, command);
}

int ntp_disrupted(struct ntp *ntp, const struct steer *steer, const struct vmclock_abi *page)
{
	int64_t fast;
	int ret;

	if (ntp->found != NTP_CHRONY)
		return 0;
	ret = chrony_command(&ntp->chrony, "reset sources");
	if (!ret && !steer_raw_is_fast(steer, page, &fast))
		ret = set_frequency(&ntp->chrony, fast);
	if (ret && ret != -ECANCELED)
		say(LOG_ERR, "chronyd was not told of the disruption: %s%s%s", chrony_reason(ret),
		    *ntp->chrony.answer ? ": " : "", ntp->chrony.answer);
	return ret;
}
