// SPDX-License-Identifier: MIT
/* An NTP daemon's measurements, extended by the raw clock. */
#include <errno.h>

#include "anchor.h"

#define PPB INT64_C(1000000000)
/* Older measurements do not tell the present rate. */
#define BASE_MAX (7200 * PPB)
/* How far the rate may stray within this time, in ppb. */
#define WANDER 1000
/* A measurement this old is useless: at 500 ppm its error has grown to an hour. */
#define AGE_MAX (INT64_C(7200000) * PPB)
/* These daemons do not name their source; 0 would mean that there is none. */
#define SOME_REFID 1

void anchors_reset(struct anchors *anchors)
{
	*anchors = (struct anchors){ 0 };
}

void anchors_add(struct anchors *a, const struct anchor *anchor)
{
	if (a->count && (anchor->raw <= a->last.raw || anchor->utc <= a->last.utc))
		anchors_reset(a);
	if (!a->count)
		a->base = *anchor;
	else if (anchor->raw - a->base.raw > BASE_MAX)
		a->base = a->last;
	a->last = *anchor;
	a->count += a->count < 2;
}

/* By how much the raw clock is fast, and the error of this rate, in ppb. */
static void rate(const struct anchors *a, int64_t *fast, int64_t *error)
{
	__int128 utc = a->last.utc - a->base.utc;
	__int128 off, ppb;

	*fast = 0;
	*error = ANCHOR_RATE_ERROR;
	if (a->count < 2)
		return;
	off = ((__int128)a->base.error + a->last.error) * PPB / utc + 1 + WANDER;
	if (off >= ANCHOR_RATE_ERROR)
		return;
	ppb = ((__int128)a->last.raw - a->base.raw - utc) * PPB / utc;
	/* Impossible: a measurement is wrong, and the cones will contradict each other. */
	if (ppb > ANCHOR_RATE_ERROR + off || ppb < -ANCHOR_RATE_ERROR - off)
		return;
	*fast = (int64_t)ppb;
	*error = (int64_t)off;
}

int anchors_report(const struct anchors *a, int64_t raw, int64_t real, int64_t error,
		   struct report *report)
{
	int64_t age = raw - a->last.raw, fast, off;
	__int128 utc;

	if (!a->count || age < 0 || age > AGE_MAX)
		return -ENODATA;
	rate(a, &fast, &off);
	utc = a->last.utc + (__int128)age * PPB / (PPB + fast);
	*report = (struct report){
		.offset = (int64_t)(utc - real),
		/* 2: for the rounding. */
		.root_dispersion =
			a->last.error + error + (int64_t)((__int128)age * off / (PPB - off)) + 2,
		.frequency = fast,
		.skew = off,
		.reference = a->last.measured,
		.refid = SOME_REFID,
		.stratum = a->last.stratum,
		.leap = a->last.leap,
	};
	return 0;
}
