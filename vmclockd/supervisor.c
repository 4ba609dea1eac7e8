// SPDX-License-Identifier: MIT
/* Uses libsystemd, where configure has found it. */
#include "config.h"
#include "supervisor.h"

#ifdef HAVE_LIBSYSTEMD
#include <systemd/sd-daemon.h>

static void tell(const char *what)
{
	sd_notify(0, what);
}
#else
static void tell(const char *what)
{
	(void)what;
}
#endif

void supervisor_ready(void)
{
	tell("READY=1");
}

void supervisor_alive(void)
{
	tell("WATCHDOG=1");
}

void supervisor_stopping(void)
{
	tell("STOPPING=1");
}
