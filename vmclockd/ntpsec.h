/* SPDX-License-Identifier: MIT */
/*
 * ntpd as the NTP daemon: that of ntpsec, and the classic one. When it sets the
 * clock it tells the kernel how far that may be off, and so the kernel tells it.
 */
#ifndef VMCLOCKD_NTPSEC_H
#define VMCLOCKD_NTPSEC_H

#include <stdbool.h>
#include <sys/types.h>

#include "anchored.h"
#include "restart.h"

struct ntpsec {
	struct restart restart;
	bool counts;			/* false: it has not been restarted since all was void */
	pid_t before;			/* its process then */
	struct anchored known;
};

extern const struct ntp_daemon ntpsec_daemon;

#endif /* VMCLOCKD_NTPSEC_H */
