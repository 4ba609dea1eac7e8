// SPDX-License-Identifier: MIT
/* Lines of a driver about a device in the kernel's log, if we may read it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "common/program.h"
#include "sysfs.h"

/* A record is "6,1234,5678901,-;text"; lines that begin with a blank may follow. */
static void look_at_record(char *record, const char *device, char *said, size_t size)
{
	char *text = strchr(record, ';'), *from;

	if (!text)
		return;
	text++;
	text[strcspn(text, "\n")] = '\0';
	/* "vmclock-guest AMZNC10C:00: refused: ..." */
	from = strstr(text, device);
	if (!from || strncmp(text, "vmclock-guest ", 14) != 0)
		return;
	from += strlen(device);
	if (strncmp(from, ": ", 2) == 0)
		copy_printable(said, size, from + 2);
}

void check_log(const struct check *c, const char *device, char *said, size_t size)
{
	char records[16384], *next, *record;
	size_t have = 0;
	ssize_t n;
	int fd;

	*said = '\0';
	fd = open(below(c->root, "/dev/kmsg"), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return;
	/* Each read returns one record. */
	for (;;) {
		n = read(fd, records + have, sizeof(records) - 1 - have);
		/* The kernel has overwritten records meanwhile; the next read skips them. */
		if (n < 0 && errno == EPIPE)
			continue;
		if (n <= 0)
			break;
		have += (size_t)n;
		records[have] = '\0';
		for (record = records; (next = strchr(record, '\n')); record = next + 1) {
			*next = '\0';
			look_at_record(record, device, said, size);
		}
		have = strlen(record);
		memmove(records, record, have);
		if (have == sizeof(records) - 1)
			have = 0;
	}
	close(fd);
}
