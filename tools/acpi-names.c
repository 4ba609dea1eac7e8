// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "acpi-names.h"

#define ACPI "acpi:"

void acpi_names_of(const char *modalias, struct judge_guest *facts)
{
	if (strncmp(modalias, ACPI, strlen(ACPI)) != 0)
		return;
	facts->has_names = true;
	/* The hardware ID comes first, compatible IDs follow. */
	facts->has_hid = !strncmp(modalias, ACPI "AMZNC10C:", strlen(ACPI "AMZNC10C:"));
	facts->has_cid = strstr(modalias, ":VMCLOCK:");
}

void acpi_names_read(const char *root, unsigned int major, unsigned int minor,
		     struct judge_guest *facts)
{
	char path[PATH_MAX], modalias[256];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/sys/dev/char/%u:%u/device/modalias", root, major, minor);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return;
	n = read(fd, modalias, sizeof(modalias) - 1);
	close(fd);
	modalias[n > 0 ? n : 0] = '\0';
	acpi_names_of(modalias, facts);
}
