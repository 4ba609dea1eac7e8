/* SPDX-License-Identifier: MIT */
/* The names by which the firmware declares a VMClock, as facts for the rules. */
#ifndef VMCLOCK_TOOLS_ACPI_NAMES_H
#define VMCLOCK_TOOLS_ACPI_NAMES_H

#include "judge/judge.h"

/* From a modalias such as "acpi:AMZNC10C:VMCLOCK:"; one of a device tree has no such names. */
void acpi_names_of(const char *modalias, struct judge_guest *facts);
/* From the parent of a character device in sysfs, below @root, which is "" except in tests. */
void acpi_names_read(const char *root, unsigned int major, unsigned int minor,
		     struct judge_guest *facts);

#endif /* VMCLOCK_TOOLS_ACPI_NAMES_H */
