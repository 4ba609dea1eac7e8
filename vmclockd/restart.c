// SPDX-License-Identifier: MIT
/* Restarts of units. */
#include <errno.h>

#include "clocks.h"
#include "restart.h"

/* A daemon may take its time to end. */
#define LIMIT (30 * NS_PER_SEC)

/* With the next name. */
static int try(struct restart *r)
{
	const char *unit = r->units[r->next++];
	char *const argv[] = {
		(char *)r->systemctl,
		(char *)"--no-ask-password",
		(char *)"try-restart",
		(char *)unit,
		NULL,
	};

	return command_start(&r->command, argv, LIMIT);
}

int restart_begin(struct restart *r, const char *systemctl, const char *const *units)
{
	command_kill(&r->command);
	r->systemctl = systemctl;
	r->units = units;
	r->next = 0;
	return try(r);
}

int restart_result(struct restart *r)
{
	int ret = command_result(&r->command);

	/* There is no such unit, most likely. */
	if (ret != -EREMOTEIO || !r->units[r->next])
		return ret;
	return try(r) ?: -EINPROGRESS;
}

void restart_stop(struct restart *r)
{
	command_stop(&r->command);
}
