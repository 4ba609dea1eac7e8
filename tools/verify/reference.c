// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <linux/ptp_clock.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/timex.h>
#include <unistd.h>

#include "calc/base.h"
#include "common/pair.h"
#include "common/program.h"
#include "reference.h"
#include "tool.h"

/* How often EXTENDED reads the clock. */
#define SAMPLES 10

/* If the system's clock runs at another rate, it was set, or is slewed: no truth for now. */
#define STEERING 1e-3

bool reference_is_ptp(const struct reference *reference)
{
	return reference->clock && strcmp(reference->clock, REFERENCE_SYSTEM) != 0;
}

/* ---- The arithmetic of a PTP clock ------------------------------------------------- */

static const struct reference_sample *narrowest(const struct reference_sample *samples,
						size_t count)
{
	const struct reference_sample *best = NULL;
	size_t i;

	for (i = 0; i < count; i++) {
		const struct reference_sample *s = &samples[i];

		if (s->device >= 0 && s->after >= s->before &&
		    (!best || s->after - s->before < best->after - best->before))
			best = s;
	}
	return best;
}

bool reference_compute(const struct reference_sample *samples, size_t count,
		       const struct reference_later *later, const struct judge_guest *facts,
		       struct vmclock_instant *time, uint64_t *error)
{
	const struct reference_sample *s = narrowest(samples, count);
	double elapsed, allowance;
	int64_t clock;

	if (!s || !facts->has_clock || facts->frequency_hz <= 0 ||
	    __builtin_mul_overflow(facts->clock.sec, NS_PER_SEC, &clock) ||
	    __builtin_add_overflow(clock, facts->clock.nsec, &clock))
		return false;
	elapsed = (double)(later->counter - facts->counter) / facts->frequency_hz * NS_PER_SEC;
	allowance = elapsed * STEERING + (double)facts->pairing_error +
		    (double)later->width / 2 / facts->frequency_hz * NS_PER_SEC;
	if (fabs((double)(later->clock - clock) - elapsed) > allowance)
		return false;
	time->sec = s->device / NS_PER_SEC;
	time->nsec = (uint32_t)(s->device % NS_PER_SEC);
	/* A step of twice the allowance may look like one of the allowance. */
	*error = (uint64_t)((s->after - s->before + 1) / 2) + (uint64_t)ceil(2 * allowance);
	return !vmclock_calc_shift_time(time, clock - s->before - (s->after - s->before) / 2);
}

/* ---- Reading a PTP clock ------------------------------------------------------------ */

/* -1: before 1970, or beyond 64 bits. */
static int64_t to_ns(const struct ptp_clock_time *t)
{
	return t->sec < 0 || t->sec >= INT64_MAX / NS_PER_SEC ? -1 : t->sec * NS_PER_SEC + t->nsec;
}

/* Returns the number of samples, or -errno. */
static int read_samples(int fd, struct reference_sample samples[SAMPLES])
{
	struct ptp_sys_offset_extended extended = { .n_samples = SAMPLES };
	struct ptp_sys_offset_precise precise = { .rsv = { 0 } };
	int i;

	if (!ioctl(fd, PTP_SYS_OFFSET_PRECISE, &precise)) {
		samples[0].device = to_ns(&precise.device);
		samples[0].before = samples[0].after = to_ns(&precise.sys_realtime);
		return 1;
	}
	if (ioctl(fd, PTP_SYS_OFFSET_EXTENDED, &extended))
		return -errno;
	for (i = 0; i < SAMPLES; i++) {
		samples[i].before = to_ns(&extended.ts[i][0]);
		samples[i].device = to_ns(&extended.ts[i][1]);
		samples[i].after = to_ns(&extended.ts[i][2]);
	}
	return SAMPLES;
}

static void read_ptp(const struct reference *reference, struct judge_guest *facts)
{
	struct reference_sample samples[SAMPLES] = { { 0 } };
	struct reference_later later;
	struct pair pair;
	uint64_t error;
	int count = read_samples(reference->fd, samples);

	if (count <= 0 || pair_read(&pair, PAIR_TRIES))
		return;
	later = (struct reference_later){ pair.counter, pair.real, pair.width };
	if (!reference_compute(samples, (size_t)count, &later, facts, &facts->truth, &error))
		return;
	facts->has_truth = true;
	facts->truth_error = reference->error + error;
	facts->truth_is_tai = reference->scale == REFERENCE_TAI;
}

static int open_ptp(struct reference *reference)
{
	struct reference_sample samples[SAMPLES];
	char path[256];
	int ret;

	copy_printable(path, sizeof(path), reference->clock);
	reference->fd = open(reference->clock, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (reference->fd < 0) {
		fprintf(stderr, TOOL ": --reference: %s cannot be opened: %s\n", path,
			strerror(errno));
		return -1;
	}
	ret = read_samples(reference->fd, samples);
	if (ret > 0)
		return 0;
	if (ret == -ENOTTY || ret == -EINVAL)
		fprintf(stderr, TOOL ": --reference: %s is no PTP clock\n", path);
	else
		fprintf(stderr, TOOL ": --reference: %s cannot be read: %s\n", path, strerror(-ret));
	reference_close(reference);
	return -1;
}

/* ---- The rate of the counter -------------------------------------------------------- */

void reference_rate(const struct judge_guest *first, struct judge_guest *facts)
{
	uint64_t ticks = facts->counter - first->counter;
	double seconds, error;

	if (!first->has_truth || !facts->has_truth || !ticks || ticks >> 63)
		return;
	seconds = (double)(facts->truth.sec - first->truth.sec) +
		  ((double)facts->truth.nsec - first->truth.nsec) / NS_PER_SEC;
	error = ((double)first->truth_error + (double)facts->truth_error) / NS_PER_SEC / seconds;
	if (seconds <= 0 || error >= facts->frequency_doubt)
		return;
	facts->frequency_hz = (double)ticks / seconds;
	facts->frequency_doubt = facts->frequency_error = error;
}

/* ---- Either clock ------------------------------------------------------------------- */

static int check_system(const struct reference *reference)
{
	struct timex tx = { .modes = 0 };

	if (reference->error || (adjtimex(&tx) >= 0 && !(tx.status & STA_UNSYNC)))
		return 0;
	fprintf(stderr, TOOL ": --reference: the kernel says that CLOCK_REALTIME is not synchronised; "
			"wait for the NTP daemon, or vouch for it by --reference-error\n");
	return -1;
}

int reference_open(struct reference *reference)
{
	reference->fd = -1;
	if (!reference->clock)
		return 0;
	return reference_is_ptp(reference) ? open_ptp(reference) : check_system(reference);
}

void reference_close(struct reference *reference)
{
	if (reference->fd >= 0)
		close(reference->fd);
	reference->fd = -1;
}

static void read_system(const struct reference *reference, struct judge_guest *facts)
{
	struct timex tx = { .modes = 0 };

	facts->truth = facts->clock;
	facts->truth_error = reference->error;
	if (!reference->error) {
		if (adjtimex(&tx) < 0)
			return;
		facts->truth_error = (uint64_t)tx.maxerror * 1000;
	}
	facts->truth_error += facts->pairing_error;
	facts->has_truth = facts->has_clock;
}

void reference_read(const struct reference *reference, struct judge_guest *facts)
{
	if (!reference->clock)
		return;
	if (reference_is_ptp(reference))
		read_ptp(reference, facts);
	else
		read_system(reference, facts);
}
