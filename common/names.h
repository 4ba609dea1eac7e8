/* SPDX-License-Identifier: MIT */
/* The names of the page's values. */
#ifndef VMCLOCK_COMMON_NAMES_H
#define VMCLOCK_COMMON_NAMES_H

#include <stddef.h>

/* The names are those in the driver's sysfs attributes. NULL: the value has no name. */
const char *counter_id_name(unsigned int value);
const char *time_type_name(unsigned int value);
const char *clock_status_name(unsigned int value);
const char *smearing_hint_name(unsigned int value);
const char *leap_indicator_name(unsigned int value);

/* The name of a bit of the page's flags, 0 to 63. */
const char *flag_name(unsigned int bit);

/* The value whose name, by one of these functions, is @name; < 0: there is none. */
int value_of_name(const char *(*name_of)(unsigned int value), const char *name);
/* Lists the names of all values, such as "strict, noon-linear, utc-sls". */
void list_names(const char *(*name_of)(unsigned int value), char *to, size_t size);

#endif /* VMCLOCK_COMMON_NAMES_H */
