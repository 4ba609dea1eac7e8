// SPDX-License-Identifier: MIT
/*
 * A fake systemd-logind, with the parts that vmclockd(8) uses, on the bus that
 * DBUS_SYSTEM_BUS_ADDRESS names. It takes commands on stdin and answers on stdout:
 *
 *	sleep	announces a sleep, waits until nobody inhibits it, and prints "ready"
 *	wake	announces the end of the sleep, and prints "awake"
 *
 * It prints "waits" when somebody has asked it to wait.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#define NAME "org.freedesktop.login1"
#define PATH "/org/freedesktop/login1"
#define MANAGER "org.freedesktop.login1.Manager"

#define PATIENCE_MS 20000

static int held = -1;	/* our end of the inhibitor: hangs up when the other end is closed */

static void say(const char *what)
{
	puts(what);
	fflush(stdout);
}

static int inhibit(sd_bus_message *m, void *data, sd_bus_error *error)
{
	const char *what, *who, *why, *mode;
	int ends[2], ret;

	(void)data;
	(void)error;
	ret = sd_bus_message_read(m, "ssss", &what, &who, &why, &mode);
	if (ret < 0 || strcmp(what, "sleep") || strcmp(mode, "delay") || pipe(ends))
		return ret < 0 ? ret : -EINVAL;
	if (held >= 0)
		close(held);
	held = ends[0];
	ret = sd_bus_reply_method_return(m, "h", ends[1]);
	close(ends[1]);
	say("waits");
	return ret;
}

static const sd_bus_vtable manager[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Inhibit", "ssss", "h", inhibit, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_SIGNAL("PrepareForSleep", "b", 0),
	SD_BUS_VTABLE_END,
};

static void tell(sd_bus *bus, int begins)
{
	if (sd_bus_emit_signal(bus, PATH, MANAGER, "PrepareForSleep", "b", begins) < 0 ||
	    sd_bus_flush(bus) < 0)
		exit(1);
}

static void act(sd_bus *bus, const char *line)
{
	struct pollfd end = { .fd = held };

	if (!strcmp(line, "sleep\n")) {
		tell(bus, 1);
		say(poll(&end, 1, PATIENCE_MS) == 1 ? "ready" : "nobody lets go");
	} else {
		tell(bus, 0);
		say("awake");
	}
}

int main(void)
{
	struct pollfd fds[2] = { { .fd = STDIN_FILENO, .events = POLLIN } };
	sd_bus *bus = NULL;
	char line[64];

	if (sd_bus_open_system(&bus) < 0 ||
	    sd_bus_add_object_vtable(bus, NULL, PATH, MANAGER, manager, NULL) < 0 ||
	    sd_bus_request_name(bus, NAME, 0) < 0)
		return 1;
	say("there");
	for (;;) {
		while (sd_bus_process(bus, NULL) > 0)
			;
		fds[1] = (struct pollfd){ .fd = sd_bus_get_fd(bus),
					  .events = (short)sd_bus_get_events(bus) };
		if (poll(fds, 2, -1) < 0)
			return 1;
		if (!fds[0].revents)
			continue;
		if (!fgets(line, sizeof(line), stdin))
			return 0;
		act(bus, line);
	}
}
