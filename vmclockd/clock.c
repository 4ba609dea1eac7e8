// SPDX-License-Identifier: MIT
/* The kernel's clock, by adjtimex(2). Only STA_UNSYNC is changed; other status bits are kept. */
#include <errno.h>
#include <sys/timex.h>

#include "clock.h"
#include "clocks.h"

#define NS_PER_US 1000
/* The number of readings, of which the narrowest counts. */
#define LOOKS 4
/* us: from this maximum error on, the kernel calls its clock unsynchronised. */
#define MAXERROR_NONE 16000000
#define LEAPS	      (STA_INS | STA_DEL)
/* us: the nominal length of the kernel's tick; and the ppm that one us of it makes. */
#define TICK	      10000
#define TICK_PPM      100
#define FREQUENCY_MAX 500.0   /* ppm */
#define SCALE	      65536.0 /* units of timex.freq in a ppm */

static int adjust(struct timex *tx)
{
	return adjtimex(tx) < 0 ? -errno : 0;
}

static int64_t read_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

static int look_once(struct clock_state *state)
{
	int64_t unit, raw = read_clock(CLOCK_MONOTONIC_RAW);
	int64_t boot = read_clock(CLOCK_BOOTTIME), mono = monotonic_now();
	struct timex tx = { 0 };
	int ret = adjust(&tx);

	if (ret)
		return ret;
	unit = tx.status & STA_NANO ? 1 : NS_PER_US;
	*state = (struct clock_state){
		.raw = raw,
		.width = read_clock(CLOCK_MONOTONIC_RAW) - raw,
		.slept = boot - mono,
		.real = (int64_t)tx.time.tv_sec * NS_PER_SEC + tx.time.tv_usec * unit,
		.pending = tx.offset * unit,
		.maxerror = (int64_t)tx.maxerror * NS_PER_US,
		.synchronised = !(tx.status & STA_UNSYNC),
		.inserts = tx.status & STA_INS,
		.deletes = tx.status & STA_DEL,
	};
	state->lead = state->real - mono;
	/* A slew by adjtime(3) is kept separately. */
	tx = (struct timex){ .modes = ADJ_OFFSET_SS_READ };
	ret = adjust(&tx);
	state->pending += tx.offset * NS_PER_US;
	return ret;
}

int clock_look(struct clock_state *state)
{
	struct clock_state one;
	int i, ret;

	for (i = 0; i < LOOKS; i++) {
		ret = look_once(&one);
		if (ret)
			return ret;
		if (!i || one.width < state->width)
			*state = one;
	}
	return 0;
}

int clock_unsynchronise(bool *was)
{
	struct timex tx = { 0 };
	int ret = adjust(&tx);

	if (ret)
		return ret;
	*was = !(tx.status & STA_UNSYNC);
	tx.modes = ADJ_STATUS | ADJ_MAXERROR;
	tx.status |= STA_UNSYNC;
	tx.maxerror = MAXERROR_NONE;
	return adjust(&tx);
}

int clock_vouch(uint64_t bound, bool synchronised)
{
	struct timex tx = { 0 };
	uint64_t us = bound / NS_PER_US + 1;
	int ret = adjust(&tx);

	if (ret)
		return ret;
	tx.modes = ADJ_MAXERROR | ADJ_ESTERROR;
	tx.maxerror = us < MAXERROR_NONE ? (long)us : MAXERROR_NONE;
	tx.esterror = tx.maxerror;
	if (synchronised) {
		tx.modes |= ADJ_STATUS;
		tx.status &= ~STA_UNSYNC;
	}
	return adjust(&tx);
}

static int set_status(unsigned int modes, int status)
{
	struct timex tx = { .modes = ADJ_STATUS | modes, .status = status };

	return adjust(&tx);
}

/*
 * Makes the kernel plan a pending leap second again. The kernel does so within a
 * second once it is in the state TIME_OK. Only the end of STA_PLL brings it there
 * at once, and this ends STA_NANO as well.
 */
static int plan_leap(int status)
{
	int ret = set_status(0, status | STA_PLL);

	ret = ret ?: set_status(status & STA_NANO ? ADJ_NANO : ADJ_MICRO, status & ~STA_PLL);
	return ret || !(status & STA_PLL) ? ret : set_status(0, status);
}

/*
 * Undoes two side effects of a step. The kernel forgets when a pending leap
 * second is due, but keeps its status bit and goes on waiting for it. And
 * ADJ_NANO switches the clock to nanoseconds for everybody.
 */
static int restore(int before, int status)
{
	struct timex tx;
	int ret = 0;

	if (before & LEAPS)
		ret = plan_leap(status | (before & LEAPS));
	if (!(before & STA_NANO)) {
		tx = (struct timex){ .modes = ADJ_MICRO };
		ret = ret ?: adjust(&tx);
	}
	return ret;
}

int clock_step(int64_t ns)
{
	struct timex tx = { 0 };
	int64_t sec = ns / NS_PER_SEC, nsec = ns % NS_PER_SEC;
	int before, ret = adjust(&tx);

	if (ret)
		return ret;
	before = tx.status;
	if (nsec < 0) {
		nsec += NS_PER_SEC;
		sec--;
	}
	tx = (struct timex){ .modes = ADJ_SETOFFSET | ADJ_NANO };
	tx.time.tv_sec = sec;
	tx.time.tv_usec = nsec;
	ret = adjust(&tx);
	return ret ?: restore(before, tx.status);
}

int clock_plan_leap(int sign)
{
	struct timex tx = { 0 };
	int planned, ret = adjust(&tx);

	if (ret)
		return ret;
	planned = sign > 0 ? STA_INS : sign < 0 ? STA_DEL : 0;
	if ((tx.status & LEAPS) == planned)
		return 0;
	return set_status(0, (tx.status & ~LEAPS) | planned);
}

int clock_touch(void)
{
	struct timex before = { 0 }, after = { 0 };
	int ret = adjust(&before) ?: clock_step(1) ?: adjust(&after);

	/* A program that watches the clock may have set it in between. */
	if (ret || (before.status & STA_UNSYNC) || !(after.status & STA_UNSYNC))
		return ret;
	after.modes = ADJ_STATUS | ADJ_MAXERROR | ADJ_ESTERROR;
	after.status &= ~STA_UNSYNC;
	after.maxerror = before.maxerror;
	after.esterror = before.esterror;
	return adjust(&after);
}

int clock_frequency(double *ppm)
{
	struct timex tx = { 0 };
	int ret = adjust(&tx);

	if (ret)
		return ret;
	*ppm = (double)tx.freq / SCALE + (double)(tx.tick - TICK) * TICK_PPM;
	return 0;
}

int clock_set_frequency(double ppm)
{
	struct timex tx = { .modes = ADJ_FREQUENCY | ADJ_TICK, .tick = TICK };

	/* The kernel limits the frequency, so change the tick's length by the rest. */
	if (ppm > FREQUENCY_MAX || ppm < -FREQUENCY_MAX) {
		tx.tick += (long)(ppm / TICK_PPM);
		ppm -= (double)(tx.tick - TICK) * TICK_PPM;
	}
	tx.freq = (long)(ppm * SCALE + (ppm < 0 ? -0.5 : 0.5));
	return adjust(&tx);
}
