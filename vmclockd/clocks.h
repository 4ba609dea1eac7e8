/* SPDX-License-Identifier: MIT */
/* Times in vmclockd are in ns. */
#ifndef VMCLOCKD_CLOCKS_H
#define VMCLOCKD_CLOCKS_H

#include <stdint.h>
#include <time.h>

#include "lib/monotonic.h"

#define NS_PER_MS INT64_C(1000000)

#endif /* VMCLOCKD_CLOCKS_H */
