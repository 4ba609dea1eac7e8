// SPDX-License-Identifier: MIT
/*
 * Reads a PTP clock in several ways: ptp-read CLOCK WHAT [COUNT [SYSTEM-CLOCK]].
 * Times are in nanoseconds; BEFORE and AFTER are the counter around the call.
 * A failing call prints the name of its error instead.
 *
 *	caps		max_adj=.. n_alarm=.. and so on
 *	gettime		BEFORE DEVICE AFTER
 *	offset		BEFORE SYSTEM DEVICE SYSTEM AFTER	(PTP_SYS_OFFSET)
 *	extended	BEFORE SYSTEM DEVICE SYSTEM AFTER	(PTP_SYS_OFFSET_EXTENDED)
 *	precise		BEFORE DEVICE REALTIME MONORAW AFTER	(PTP_SYS_OFFSET_PRECISE)
 *	change		one line for each way to change the clock
 *	cost		SAMPLE CLOCKSOURCE: the shortest time of a sample of
 *			PTP_SYS_OFFSET_EXTENDED and of a reading of the clocksource, in ticks
 */
#include <fcntl.h>
#include <inttypes.h>
#include <linux/ptp_clock.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "../../counter.h"

#define FD_TO_CLOCKID(fd) ((clockid_t)(~(unsigned int)(fd) << 3 | 3))

static int64_t ns(const struct ptp_clock_time *t)
{
	return t->sec * 1000000000 + t->nsec;
}

/* The errno if @ret is -1, otherwise 0. */
static int error(int ret)
{
	return ret ? errno : 0;
}

static int report(const char *what, int number)
{
	if (number)
		printf("%s %s\n", what, strerrorname_np(number));
	return number;
}

static void print_times(const char *what, uint64_t before, const struct ptp_clock_time *first,
			const struct ptp_clock_time *second, const struct ptp_clock_time *third,
			uint64_t after)
{
	printf("%s %" PRIu64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRIu64 "\n", what, before,
	       ns(first), ns(second), ns(third), after);
}

static void caps(int fd)
{
	struct ptp_clock_caps caps = { 0 };

	if (report("caps", error(ioctl(fd, PTP_CLOCK_GETCAPS, &caps))))
		return;
	printf("max_adj=%d n_alarm=%d n_ext_ts=%d n_per_out=%d pps=%d n_pins=%d "
	       "cross_timestamping=%d adjust_phase=%d\n", caps.max_adj, caps.n_alarm,
	       caps.n_ext_ts, caps.n_per_out, caps.pps, caps.n_pins, caps.cross_timestamping,
	       caps.adjust_phase);
}

static void get_time(int fd)
{
	struct timespec ts;
	uint64_t before = read_counter();
	int ret = clock_gettime(FD_TO_CLOCKID(fd), &ts);
	uint64_t after = read_counter();

	if (!report("gettime", error(ret)))
		printf("gettime %" PRIu64 " %" PRId64 " %" PRIu64 "\n", before,
		       (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec, after);
}

static void offset(int fd)
{
	struct ptp_sys_offset offset = { .n_samples = 5 };
	uint64_t before = read_counter();
	int ret = ioctl(fd, PTP_SYS_OFFSET, &offset);
	uint64_t after = read_counter();
	unsigned int i;

	if (report("offset", error(ret)))
		return;
	for (i = 0; i < 2 * offset.n_samples; i += 2)
		print_times("offset", before, &offset.ts[i], &offset.ts[i + 1], &offset.ts[i + 2],
			    after);
}

static void extended(int fd, int clock)
{
	struct ptp_sys_offset_extended extended = { .n_samples = 5 };
	uint64_t before, after;
	unsigned int i;
	int ret;

	/* The member after n_samples: reserved before Linux 6.12, clockid since. */
	memcpy((unsigned int *)&extended + 1, &clock, sizeof(clock));
	before = read_counter();
	ret = ioctl(fd, PTP_SYS_OFFSET_EXTENDED, &extended);
	after = read_counter();
	if (report("extended", error(ret)))
		return;
	for (i = 0; i < extended.n_samples; i++)
		print_times("extended", before, &extended.ts[i][0], &extended.ts[i][1],
			    &extended.ts[i][2], after);
}

static void precise(int fd)
{
	struct ptp_sys_offset_precise precise = { 0 };
	uint64_t before = read_counter();
	int ret = ioctl(fd, PTP_SYS_OFFSET_PRECISE, &precise);
	uint64_t after = read_counter();

	if (!report("precise", error(ret)))
		print_times("precise", before, &precise.device, &precise.sys_realtime,
			    &precise.sys_monoraw, after);
}

static void attempt(const char *what, int ret)
{
	if (!report(what, error(ret)))
		printf("%s done\n", what);
}

static void change(int fd)
{
	struct timespec ts = { .tv_sec = 1000000000 };
	struct timex step = { .modes = ADJ_SETOFFSET, .time.tv_sec = 1 };
	/* The smallest change: the PTP core itself refuses changes above max_adj. */
	struct timex frequency = { .modes = ADJ_FREQUENCY, .freq = 1 };
	struct timex phase = { .modes = ADJ_OFFSET | ADJ_NANO, .offset = 1 };
	struct timex look = { 0 };
	struct ptp_extts_request extts = { .flags = PTP_ENABLE_FEATURE };
	struct ptp_perout_request perout = { .period.sec = 1 };
	clockid_t clock = FD_TO_CLOCKID(fd);

	attempt("settime", clock_settime(clock, &ts));
	attempt("step", clock_adjtime(clock, &step));
	attempt("frequency", clock_adjtime(clock, &frequency));
	attempt("phase", clock_adjtime(clock, &phase));
	attempt("extts", ioctl(fd, PTP_EXTTS_REQUEST, &extts));
	attempt("perout", ioctl(fd, PTP_PEROUT_REQUEST, &perout));
	attempt("pps", ioctl(fd, PTP_ENABLE_PPS, 1));
	attempt("look", clock_adjtime(clock, &look) < 0 ? -1 : 0);
}

static uint64_t ticks_extended(int fd, unsigned int samples)
{
	struct ptp_sys_offset_extended extended = { .n_samples = samples };
	uint64_t before = read_counter();

	expect(!ioctl(fd, PTP_SYS_OFFSET_EXTENDED, &extended));
	return read_counter() - before;
}

static uint64_t ticks_system(clockid_t clock)
{
	uint64_t before = read_counter();
	struct timespec ts;
	int i;

	for (i = 0; i < PTP_MAX_SAMPLES; i++)
		syscall(SYS_clock_gettime, clock, &ts);
	return read_counter() - before;
}

static void keep_least(uint64_t *least, uint64_t ticks)
{
	if (ticks < *least)
		*least = ticks;
}

/* Differences cancel work that each call does once; the coarse clock reads no device. */
static void cost(int fd)
{
	uint64_t one = UINT64_MAX, most = UINT64_MAX, realtime = UINT64_MAX, coarse = UINT64_MAX;
	int i;

	for (i = 0; i < 200; i++) {
		keep_least(&one, ticks_extended(fd, 1));
		keep_least(&most, ticks_extended(fd, PTP_MAX_SAMPLES));
		keep_least(&realtime, ticks_system(CLOCK_REALTIME));
		keep_least(&coarse, ticks_system(CLOCK_REALTIME_COARSE));
	}
	printf("cost %" PRIu64 " %" PRIu64 "\n", (most - one) / (PTP_MAX_SAMPLES - 1),
	       (realtime - coarse) / PTP_MAX_SAMPLES);
}

int main(int argc, char **argv)
{
	int count = argc > 3 ? atoi(argv[3]) : 1;
	int fd, i;

	expect(argc > 2);
	fd = open(argv[1], O_RDWR);
	expect(fd >= 0);
	for (i = 0; i < count; i++) {
		if (!strcmp(argv[2], "caps"))
			caps(fd);
		else if (!strcmp(argv[2], "gettime"))
			get_time(fd);
		else if (!strcmp(argv[2], "offset"))
			offset(fd);
		else if (!strcmp(argv[2], "extended"))
			extended(fd, argc > 4 ? atoi(argv[4]) : CLOCK_REALTIME);
		else if (!strcmp(argv[2], "precise"))
			precise(fd);
		else if (!strcmp(argv[2], "change"))
			change(fd);
		else if (!strcmp(argv[2], "cost"))
			cost(fd);
		else
			fail("no %s", argv[2]);
	}
	return 0;
}
