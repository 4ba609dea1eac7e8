// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "chronyd-socket.h"
#include "log.h"
#include "process.h"

/* The unit tests have others. */
#ifndef CHRONYD_PID_FILES
#define CHRONYD_PID_FILES "/run/chrony/chronyd.pid", "/run/chronyd.pid"
#endif

#define COMMAND_PORT 323
#define NAME	     "/chronyd.sock"
/* Of a line of /proc/net/unix, the type of the socket. */
#define DATAGRAM "0002"

const char *chronyd_socket_path(const struct config *config)
{
	return config->chronyd_socket ?: CHRONYD_SOCKET;
}

/* Connects, because the socket's file stays after a chronyd that was killed. */
static bool answers(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool there;

	if (fd < 0)
		return false;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	there = !connect(fd, (const struct sockaddr *)&address, sizeof(address)) || errno == EACCES;
	close(fd);
	return there;
}

bool chronyd_socket_answers(const struct config *config)
{
	return answers(chronyd_socket_path(config));
}

bool chronyd_runs_elsewhere(void)
{
	static const char *const files[] = { CHRONYD_PID_FILES };
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (process_is(process_in(files[i]), "chronyd", COMMAND_PORT))
			return true;
	return process_has_port(COMMAND_PORT);
}

static bool is_named(const char *path, const char *name)
{
	size_t length = strlen(path), end = strlen(name);

	return *path == '/' && length >= end && !strcmp(path + length - end, name);
}

/* Finds a socket with chronyd's usual name at another path. */
static bool find_other(const char *usual, char *path, size_t size)
{
	FILE *file = fopen(PROC_FOLDER "/net/unix", "re");
	char line[256], type[8];
	bool found = false;
	int at;

	while (file && !found && fgets(line, sizeof(line), file)) {
		at = 0;
		line[strcspn(line, "\n")] = '\0';
		found = sscanf(line, "%*s %*s %*s %*s %7s %*s %*s %n", type, &at) == 1 && at &&
			!strcmp(type, DATAGRAM) && is_named(line + at, NAME) &&
			strcmp(line + at, usual) && answers(line + at);
		if (found)
			snprintf(path, size, "%s", line + at);
	}
	if (file)
		fclose(file);
	return found;
}

void chronyd_socket_tell(const struct config *config, bool runs)
{
	const char *usual = chronyd_socket_path(config);
	char other[256];
	bool found = find_other(usual, other, sizeof(other));

	if (runs)
		say(LOG_WARNING,
		    "chronyd runs, but has no socket %s: set chronyd_socket to its path, which is "
		    "bindcmdaddress in chrony.conf, %s%s",
		    usual, found ? "perhaps " : "or remove 'bindcmdaddress /' there",
		    found ? other : "");
	else if (found)
		say(LOG_NOTICE,
		    "there is a socket %s: if the chronyd there keeps the system clock, set "
		    "chronyd_socket to this path",
		    other);
}
