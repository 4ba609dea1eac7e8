// SPDX-License-Identifier: MIT
/* Restarts of units. */
#include <errno.h>
#include <string.h>

#include "clocks.h"
#include "log.h"
#include "restart.h"

/* A daemon may take long to end. */
#define LIMIT (30 * NS_PER_SEC)

/* Restarts the unit with the next name. */
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

/* Logs the failure, with systemctl's own words if it printed any. */
static void tell(const struct restart *r, int error)
{
	const char *said = r->command.output;

	if (error == -ETIMEDOUT)
		said = "systemctl takes too long";
	else if (!*said)
		said = "systemctl fails, and does not say why";
	say(LOG_WARNING, "%s cannot be restarted: %.*s", r->units[r->next - 1],
	    (int)strcspn(said, "\n"), said);
}

int restart_result(struct restart *r)
{
	int ret = command_result(&r->command);

	/* Most likely there is no such unit: try the next name. */
	if (ret == -EREMOTEIO && r->units[r->next])
		return try(r) ?: -EINPROGRESS;
	if (ret && ret != -EINPROGRESS)
		tell(r, ret);
	return ret;
}

const char *restart_reason(int error)
{
	if (error == -ENOENT || error == -EACCES)
		return "systemctl is not where the configuration says: correct the key systemctl";
	return "the kernel's clock cannot be read, or programs cannot be started";
}

void restart_stop(struct restart *r)
{
	command_stop(&r->command);
}
