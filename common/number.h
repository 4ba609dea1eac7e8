/* SPDX-License-Identifier: MIT */
/* Parses numbers, times and dates as people write them. Functions return 0, or -1 on bad text. */
#ifndef VMCLOCK_COMMON_NUMBER_H
#define VMCLOCK_COMMON_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* A time longer than 30 years is refused as a mistake. */
#define PARSE_TIME_MAX_SEC 1000000000
/* "10ms", "1.5s", "-20us", "3ns", "10m", "2h", "1d" to ns. Only with @seconds, and for 0, the unit may be left out. */
int parse_time(const char *text, bool seconds, int64_t *ns);
/* "-50", "0.5ppm", within +-@limit */
int parse_ppm(const char *text, double limit, double *ppm);
/* Decimal, or hexadecimal with 0x. */
int parse_signed(const char *text, int64_t min, int64_t max, int64_t *value);
int parse_unsigned(const char *text, uint64_t max, uint64_t *value);
/* "2016-12-31T23:59:50", or "2016-12-31" for its midnight, in UTC, to POSIX seconds since 1970. */
int parse_date(const char *text, int64_t *sec);

#endif /* VMCLOCK_COMMON_NUMBER_H */
