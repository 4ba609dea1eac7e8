/* SPDX-License-Identifier: MIT */
/* The test framework, by the names of its version 2 where an earlier one has others. */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#ifndef assert_uint_in_range
#define assert_uint_in_range assert_in_range
#endif

/* A macro that no test uses; it would hide members with this name. */
#undef stop

#endif /* UNIT_H */
