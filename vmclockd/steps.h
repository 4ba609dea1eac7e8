/* SPDX-License-Identifier: MIT */
/* Which steps of the system clock the configuration allows. Pure. */
#ifndef VMCLOCKD_STEPS_H
#define VMCLOCKD_STEPS_H

#include <stdint.h>

#include "conf.h"

/** steps_refusal() - why a step of @ns is not allowed, in a sentence; NULL: it is allowed */
const char *steps_refusal(const struct config *config, int64_t ns);

#endif /* VMCLOCKD_STEPS_H */
