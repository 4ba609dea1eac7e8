// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "names.h"
#include "vmclock-abi.h"

#define NAME(table, value) ((value) < sizeof(table) / sizeof((table)[0]) ? (table)[value] : NULL)

const char *counter_id_name(unsigned int value)
{
	static const char *const names[] = {
		[VMCLOCK_COUNTER_ARM_VCNT] = "arm-vcnt",
		[VMCLOCK_COUNTER_X86_TSC] = "x86-tsc",
		[VMCLOCK_COUNTER_INVALID] = "invalid",
	};

	return NAME(names, value);
}

const char *time_type_name(unsigned int value)
{
	static const char *const names[] = {
		[VMCLOCK_TIME_UTC] = "utc",
		[VMCLOCK_TIME_TAI] = "tai",
		[VMCLOCK_TIME_MONOTONIC] = "monotonic",
		[VMCLOCK_TIME_INVALID_SMEARED] = "smeared",
		[VMCLOCK_TIME_INVALID_MAYBE_SMEARED] = "maybe-smeared",
	};

	return NAME(names, value);
}

const char *clock_status_name(unsigned int value)
{
	static const char *const names[] = {
		[VMCLOCK_STATUS_UNKNOWN] = "unknown",
		[VMCLOCK_STATUS_INITIALIZING] = "initializing",
		[VMCLOCK_STATUS_SYNCHRONIZED] = "synchronized",
		[VMCLOCK_STATUS_FREERUNNING] = "freerunning",
		[VMCLOCK_STATUS_UNRELIABLE] = "unreliable",
	};

	return NAME(names, value);
}

const char *smearing_hint_name(unsigned int value)
{
	static const char *const names[] = {
		[VMCLOCK_SMEARING_STRICT] = "strict",
		[VMCLOCK_SMEARING_NOON_LINEAR] = "noon-linear",
		[VMCLOCK_SMEARING_UTC_SLS] = "utc-sls",
	};

	return NAME(names, value);
}

const char *leap_indicator_name(unsigned int value)
{
	static const char *const names[] = {
		[VMCLOCK_LEAP_NONE] = "none",
		[VMCLOCK_LEAP_PRE_POS] = "pre-pos",
		[VMCLOCK_LEAP_PRE_NEG] = "pre-neg",
		[VMCLOCK_LEAP_POS] = "pos",
		[VMCLOCK_LEAP_POST_POS] = "post-pos",
		[VMCLOCK_LEAP_POST_NEG] = "post-neg",
	};

	return NAME(names, value);
}

const char *flag_name(unsigned int bit)
{
	static const char *const names[] = {
		"tai-offset-valid",	 "disruption-soon",	  "disruption-imminent",
		"period-esterror-valid", "period-maxerror-valid", "time-esterror-valid",
		"time-maxerror-valid",	 "time-monotonic",	  "vm-gen-counter-present",
		"notification-present",
	};

	return NAME(names, bit);
}

int value_of_name(const char *(*name_of)(unsigned int value), const char *name)
{
	unsigned int value;

	for (value = 0; name_of(value); value++)
		if (!strcmp(name_of(value), name))
			return (int)value;
	return -1;
}

void list_names(const char *(*name_of)(unsigned int value), char *to, size_t size)
{
	unsigned int value;
	size_t at = 0;

	*to = '\0';
	for (value = 0; name_of(value) && at < size; value++)
		at += (size_t)snprintf(to + at, size - at, "%s%s", value ? ", " : "",
				       name_of(value));
}
