// SPDX-License-Identifier: MIT
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "process.h"

/* Of a line, the second word has the port, in hex. */
static bool lists_port(const char *name, unsigned int port)
{
	FILE *file = fopen(name, "re");
	char address[64], rest[256], wanted[8];
	bool found = false;

	if (!file)
		return false;
	snprintf(wanted, sizeof(wanted), ":%04X", port);
	while (!found && fscanf(file, "%*s %63s%255[^\n]", address, rest) == 2)
		found = strrchr(address, ':') && !strcmp(strrchr(address, ':'), wanted);
	fclose(file);
	return found;
}

bool process_has_port(unsigned int port)
{
	return lists_port(PROC_FOLDER "/net/udp", port) ||
	       lists_port(PROC_FOLDER "/net/udp6", port);
}

pid_t process_in(const char *name)
{
	FILE *file = fopen(name, "re");
	int pid = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%d", &pid) != 1 || pid <= 1)
		pid = 0;
	fclose(file);
	return pid;
}

bool process_is(pid_t pid, const char *program, unsigned int port)
{
	char path[64], name[64];
	FILE *file;
	bool read;

	if (!pid || (kill(pid, 0) && errno != EPERM))
		return false;
	snprintf(path, sizeof(path), PROC_FOLDER "/%d/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return process_has_port(port);
	/* Reading fails for a process that has just ended. */
	read = fgets(name, sizeof(name), file);
	fclose(file);
	if (!read)
		return false;
	name[strcspn(name, "\n")] = '\0';
	return !strcmp(name, program);
}
