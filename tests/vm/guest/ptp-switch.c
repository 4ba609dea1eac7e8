// SPDX-License-Identifier: MIT
/*
 * Reads a PTP clock in every way from several threads, while the kernel switches from
 * one clocksource to the next SWITCHES times. The clock's own time never goes back,
 * and exact pairs are from one moment.
 *
 * Usage: ptp-switch PTP-DEVICE SWITCHES CLOCKSOURCE...
 * Only the first CLOCKSOURCE is the page's counter. Prints "ok" and the numbers of
 * readings.
 */
#include <fcntl.h>
#include <linux/ptp_clock.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

#define CURRENT "/sys/devices/system/clocksource/clocksource0/current_clocksource"
#define THREADS 4
#define SAMPLES 5

static int fd;
static clockid_t clock_id;
static bool stopped;
/* Odd while the clocksource is being changed; half of an even value is the clocksource's number. */
static unsigned int phase;

static struct reader {
	long long last;
	unsigned long gettime, extended, pairs, refusals;
} readers[THREADS];

static long long ns_of(struct ptp_clock_time t)
{
	return t.sec * 1000000000LL + t.nsec;
}

static long long now_ns(clockid_t clock)
{
	struct timespec ts;

	expect(!clock_gettime(clock, &ts));
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void forward(struct reader *reader, long long time)
{
	if (time < reader->last)
		fail("the clock went back by %lld ns", reader->last - time);
	reader->last = time;
}

static void get_extended(struct reader *reader)
{
	struct ptp_sys_offset_extended extended = { .n_samples = SAMPLES };
	int i;

	expect(!ioctl(fd, PTP_SYS_OFFSET_EXTENDED, &extended));
	for (i = 0; i < SAMPLES; i++) {
		if (ns_of(extended.ts[i][2]) < ns_of(extended.ts[i][0]))
			fail("a reading ended before it began");
		forward(reader, ns_of(extended.ts[i][1]));
	}
	reader->extended++;
}

static void get_pair(struct reader *reader, unsigned int sources)
{
	unsigned int before = __atomic_load_n(&phase, __ATOMIC_SEQ_CST), after;
	struct ptp_sys_offset_precise precise = { 0 };
	long long raw = now_ns(CLOCK_MONOTONIC_RAW);
	bool counter;

	if (ioctl(fd, PTP_SYS_OFFSET_PRECISE, &precise)) {
		expect(errno == EOPNOTSUPP);
		after = __atomic_load_n(&phase, __ATOMIC_SEQ_CST);
		/* A failure is allowed if the clocksource was not always the page's counter. */
		counter = before == after && !(before & 1) && before / 2 % sources == 0;
		if (counter)
			fail("no pair, with the page's counter as clocksource");
		reader->refusals++;
		return;
	}
	forward(reader, ns_of(precise.device));
	if (ns_of(precise.sys_monoraw) < raw || ns_of(precise.sys_monoraw) > now_ns(CLOCK_MONOTONIC_RAW))
		fail("a pair of another time than that of the call");
	forward(reader, now_ns(clock_id));
	reader->pairs++;
}

static unsigned int source_count;

static void *read_clock(void *arg)
{
	struct reader *reader = arg;

	while (!__atomic_load_n(&stopped, __ATOMIC_RELAXED)) {
		forward(reader, now_ns(clock_id));
		reader->gettime++;
		get_extended(reader);
		get_pair(reader, source_count);
	}
	return NULL;
}

static void change_to(const char *source)
{
	char text[32] = "";
	int file = open(CURRENT, O_RDWR);

	expect(file >= 0 && write(file, source, strlen(source)) > 0);
	expect(pread(file, text, sizeof(text) - 1, 0) > 0);
	close(file);
	if (strncmp(text, source, strlen(source)))
		fail("the clocksource is %s, not %s", text, source);
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	struct reader sum = { 0 };
	int switches, i;

	print_lines();
	expect(argc > 4);
	fd = open(argv[1], O_RDONLY);
	expect(fd >= 0);
	clock_id = (clockid_t)((~(unsigned int)fd << 3) | 3);
	switches = atoi(argv[2]);
	source_count = (unsigned int)argc - 3;
	change_to(argv[3]);
	for (i = 0; i < THREADS; i++)
		expect(!pthread_create(&threads[i], NULL, read_clock, &readers[i]));
	for (i = 1; i <= switches; i++) {
		__atomic_store_n(&phase, 2 * (unsigned int)i - 1, __ATOMIC_SEQ_CST);
		change_to(argv[3 + i % (int)source_count]);
		__atomic_store_n(&phase, 2 * (unsigned int)i, __ATOMIC_SEQ_CST);
		usleep(50000);
	}
	__atomic_store_n(&stopped, true, __ATOMIC_RELAXED);
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		sum.gettime += readers[i].gettime;
		sum.extended += readers[i].extended;
		sum.pairs += readers[i].pairs;
		sum.refusals += readers[i].refusals;
	}
	change_to(argv[3]);
	if (!sum.pairs || !sum.refusals)
		fail("%lu pairs and %lu refusals: that is no test", sum.pairs, sum.refusals);
	printf("ok: %lu times, %lu of samples, %lu pairs, %lu refused\n", sum.gettime, sum.extended,
	       sum.pairs, sum.refusals);
	return 0;
}
