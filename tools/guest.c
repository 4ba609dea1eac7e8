// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdlib.h>
#include <sys/timex.h>
#include <time.h>

#include "common/leaps.h"
#include "guest.h"
#include "lib/counter.h"

#define LEAP_LIST "/usr/share/zoneinfo/leap-seconds.list"

/* TAI - UTC when leap seconds began, in 1972; and since 2017. */
#define TAI_1972	10
#define TAI_KNOWN	37

/*
 * The shortest and the longest measurement of the rate, which ends when the rate is known
 * to this share.
 */
#define LEAST_NS   50000000
#define MOST_NS	   500000000
#define MEASURED   2e-5

/*
 * CLOCK_MONOTONIC_RAW runs by the kernel's own calibration of the counter. Made while
 * the kernel boots on a busy host, it may be wrong by the first share. It is hardly
 * wrong by more than the second, which is all that NTP can correct. If NTP keeps the
 * clock, the third is left, beside the correction that NTP needs.
 */
#define CALIBRATION_ERROR 5e-3
#define CALIBRATION_DOUBT 5e-4
#define NTP_DOUBT	  1e-4

/* The units of struct timex. */
#define FREQ_UNIT (1e-6 / 65536)
#define TICK_USEC 10000

/*
 * What may be wrong with the system's clock beyond what the kernel says of it:
 * a leap second that is smeared or missed, or an error that its daemon does not
 * tell the kernel. A clock that is not synchronised comes from an RTC, which counts
 * seconds, and has drifted since.
 */
#define SYNCHRONISED_NS	  (INT64_C(1) * NS_PER_SEC)
#define UNSYNCHRONISED_NS (INT64_C(10) * NS_PER_SEC)

/* By the list of leap seconds, or as was known when this was written. */
static void find_leaps(struct guest *guest)
{
	static struct leaps leaps;
	int64_t now = time(NULL);
	size_t i;

	guest->tai = TAI_KNOWN;
	guest->tai_certain = now < JUDGE_LEAPS_KNOWN_UNTIL;
	if (leaps_read(LEAP_LIST, &leaps) || leaps.expires <= JUDGE_LEAPS_KNOWN_UNTIL)
		return;
	guest->tai_certain = now < leaps.expires;
	guest->tai = TAI_1972;
	for (i = 0; i < leaps.count && leaps.leap[i].at <= now; i++)
		guest->tai += leaps.leap[i].sign;
	if (leaps.leap[leaps.count - 1].at < JUDGE_LEAPS_KNOWN_UNTIL)
		guest->no_leaps_until = leaps.expires;
}

/* The share by which the kernel's clock is made to run faster, or slower, than the raw one. */
static double correction(const struct timex *tx)
{
	return fabs((double)tx->freq * FREQ_UNIT + (double)tx->tick / TICK_USEC - 1);
}

void guest_begin(struct guest *guest)
{
	struct timex tx = { .modes = 0 };

	*guest = (struct guest){ .counts = counter_steady() };
	if (guest->counts && pair_read(&guest->first, PAIR_TRIES))
		guest->counts = false;
	find_leaps(guest);
	guest->calibration = CALIBRATION_DOUBT;
	if (adjtimex(&tx) >= 0) {
		guest->synchronised = !(tx.status & STA_UNSYNC);
		if (guest->synchronised)
			guest->calibration = NTP_DOUBT + correction(&tx);
		guest->maxerror = (int64_t)tx.maxerror * 1000;
		if (tx.tai) {
			guest->tai = tx.tai;
			guest->tai_certain = true;
		}
	}
}

/* Measures since the first pair. Returns the share by which the measurement may be off. */
static double measure(const struct guest *guest, const struct pair *last, double *hz)
{
	uint64_t ticks = last->counter - guest->first.counter;
	int64_t ns = last->raw - guest->first.raw;

	*hz = 0;
	if (ns < LEAST_NS || !ticks || ticks >> 63)
		return 1;
	*hz = (double)ticks / (double)ns * NS_PER_SEC;
	return (double)(guest->first.width + last->width) / (double)ticks;
}

void guest_read(const struct guest *guest, struct judge_guest *facts)
{
	const struct timespec rest = { .tv_nsec = LEAST_NS / 5 };
	struct pair now, later;
	double error;

	*facts = (struct judge_guest){
		.counter_id = VMCLOCK_COUNTER_INVALID,
		.tai = guest->tai,
		.tai_certain = guest->tai_certain,
		.no_leaps_until = guest->no_leaps_until,
		.max_error = GUEST_MAX_ERROR,
		.max_age = GUEST_MAX_AGE,
		.max_growth = GUEST_MAX_GROWTH,
	};
	if (!guest->counts || pair_read(&now, PAIR_TRIES))
		return;
	facts->counter_id = COUNTER_ID;
	facts->counter = now.counter;
	facts->has_clock = true;
	facts->clock.sec = now.real / NS_PER_SEC;
	facts->clock.nsec = (uint32_t)(now.real % NS_PER_SEC);
	facts->clock_error = (uint64_t)(guest->synchronised ? guest->maxerror + SYNCHRONISED_NS :
							      UNSYNCHRONISED_NS);
	later = now;
	while ((error = measure(guest, &later, &facts->frequency_hz)) > MEASURED &&
	       later.raw - guest->first.raw < MOST_NS) {
		nanosleep(&rest, NULL);
		if (pair_read(&later, PAIR_TRIES))
			return;
	}
	facts->frequency_doubt = error + guest->calibration;
	facts->frequency_error = error + CALIBRATION_ERROR;
	if (facts->frequency_hz > 0)
		facts->pairing_error =
			(uint64_t)((double)now.width / 2 * NS_PER_SEC / facts->frequency_hz) + 1;
}
