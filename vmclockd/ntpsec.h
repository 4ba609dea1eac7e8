/* SPDX-License-Identifier: MIT */
/*
 * ntpd as the NTP daemon: that of ntpsec, and the classic one. When ntpd sets the
 * clock it gives the kernel the maximum error, which vmclockd reads from the kernel.
 */
#ifndef VMCLOCKD_NTPSEC_H
#define VMCLOCKD_NTPSEC_H

#include <stdbool.h>
#include <sys/types.h>

#include "anchored.h"
#include "restart.h"

struct ntpsec {
	struct restart restart;
	bool counts;			/* ntpd was restarted since its measurements were void */
	pid_t before;			/* the process whose measurements are void */
	struct anchored known;
};

extern const struct ntp_daemon ntpsec_daemon;

#endif /* VMCLOCKD_NTPSEC_H */
