// SPDX-License-Identifier: MIT
#include <stddef.h>

#include "steps.h"

const char *steps_refusal(const struct config *config, int64_t ns)
{
	if (config->step_max && (ns > config->step_max || ns < -config->step_max))
		return "the step would be larger than step_max";
	if (ns < -config->step_back_max)
		return "the step would go back by more than step_back_max";
	if (config->step == STEP_NEVER)
		return "step = never";
	if (config->step == STEP_FORWARD && ns < 0)
		return "the step would go back, and step = forward";
	return NULL;
}
