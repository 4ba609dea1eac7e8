/* SPDX-License-Identifier: MIT */
/* The clock that the user vouches for: the system's, or a PTP clock. */
#ifndef VMCLOCK_VERIFY_REFERENCE_H
#define VMCLOCK_VERIFY_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "judge/judge.h"

#define REFERENCE_SYSTEM "CLOCK_REALTIME"

enum reference_scale {
	REFERENCE_NO_SCALE,
	REFERENCE_TAI,
	REFERENCE_UTC,
};

struct reference {
	const char *clock;		/* REFERENCE_SYSTEM, or the path of a PTP clock; NULL: none */
	enum reference_scale scale;	/* of a PTP clock */
	uint64_t error;			/* ns; 0: as the kernel says */
	int fd;
};

bool reference_is_ptp(const struct reference *reference);

/* Returns 0, or -1 with a line on stderr: the clock cannot be read, or is not synchronised. */
int reference_open(struct reference *reference);
void reference_close(struct reference *reference);

/*
 * Adds the true time to the facts of guest_read(), which was called just before.
 * Adds nothing if the clock does not answer now, or was set in the meantime.
 */
void reference_read(const struct reference *reference, struct judge_guest *facts);

/*
 * The rate of the counter by the reference, since the facts @first, if this is known
 * better than by the machine's own clock.
 */
void reference_rate(const struct judge_guest *first, struct judge_guest *facts);

/* ---- The arithmetic of a PTP clock ------------------------------------------------ */

/* A reading of the PTP clock, between two of the system's clock; all in ns. */
struct reference_sample {
	int64_t before, device, after;
};

/* The system's clock at a value of the counter, from which the samples were read later. */
struct reference_later {
	uint64_t counter;
	int64_t clock;		/* ns */
	uint64_t width;		/* ticks, as of struct pair */
};

/*
 * Takes the narrowest sample, and computes the PTP clock's time when the counter of
 * @facts was read, with the error of this computation. @later was read after the
 * samples. False: no sample, or the system's clock was set meanwhile.
 */
bool reference_compute(const struct reference_sample *samples, size_t count,
		       const struct reference_later *later, const struct judge_guest *facts,
		       struct vmclock_instant *time, uint64_t *error);

#endif /* VMCLOCK_VERIFY_REFERENCE_H */
