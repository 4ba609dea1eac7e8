// SPDX-License-Identifier: MIT
/* ClockBound's segment, as its clients see it: a reader with their rules, by offsets alone. */
#include <endian.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clockbound.h"
#include "clocks.h"
#include "log.h"
#include "unit.h"

#define SIZE 80
#define SAID 1024

static char base[] = "/tmp/vmclock-clockbound.XXXXXX";
static char path[sizeof(base) + 30];
static char said[SAID];

void say(int level, const char *fmt, ...)
{
	va_list args;

	assert_in_range(level, LOG_ERR, LOG_NOTICE);
	va_start(args, fmt);
	vsnprintf(said, sizeof(said), fmt, args);
	va_end(args);
}

static int setup(void **state)
{
	(void)state;
	snprintf(base, sizeof(base), "/tmp/vmclock-clockbound.XXXXXX");
	if (!mkdtemp(base))
		return -1;
	snprintf(path, sizeof(path), "%s/clockbound/shm0", base);
	*said = '\0';
	return 0;
}

static int teardown(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", base);
	return system(command);
}

/* ---- A client ------------------------------------------------------------------------------ */

enum { UNKNOWN, SYNCHRONIZED, FREERUNNING, DISRUPTED };

/* The client's result. */
struct bound {
	int status;
	int64_t half; /* ns, either side of CLOCK_REALTIME */
};

static const unsigned char *map_segment(void)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const unsigned char *map;
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, SIZE);
	assert_int_equal(st.st_mode & 07777, 0644);
	map = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	close(fd);
	return map;
}

static uint16_t u16(const unsigned char *at)
{
	return __atomic_load_n((const uint16_t *)at, __ATOMIC_ACQUIRE);
}

#define FIELD(type, offset) (*(const type *)(copy + (offset)))

static int64_t instant(const unsigned char *copy, size_t offset)
{
	assert_uint_in_range(FIELD(int64_t, offset + 8), 0, NS_PER_SEC - 1);
	return FIELD(int64_t, offset) * NS_PER_SEC + FIELD(int64_t, offset + 8);
}

/* Makes a whole copy; false: there is none now. */
static bool copy_segment(const unsigned char *map, unsigned char copy[SIZE])
{
	static const unsigned char magic[] = { 0x4e, 0x5a, 0x4d, 0x41, 0x00, 0x02, 0x42, 0x43 };
	uint16_t generation = u16(map + 14);
	const uint64_t *from = (const void *)map;
	int i;

	if (u16(map + 12) != 2 || !generation || generation & 1)
		return false;
	for (i = 0; i < SIZE / 8; i++) {
		uint64_t word = __atomic_load_n(&from[i], __ATOMIC_RELAXED);

		memcpy(copy + 8 * (size_t)i, &word, 8);
	}
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (u16(map + 14) != generation)
		return false;
	assert_memory_equal(copy, magic, sizeof(magic));
	assert_int_equal(FIELD(uint32_t, 8), SIZE);
	return true;
}

/* At @now of CLOCK_MONOTONIC_COARSE, beside a page with this marker. */
static struct bound judge(const unsigned char *copy, int64_t now, uint64_t marker)
{
	int64_t as_of = instant(copy, 16), void_after = instant(copy, 32);
	struct bound bound = { .status = FIELD(int32_t, 68) };

	assert_true(as_of <= now);
	bound.half = FIELD(int64_t, 48) +
		     (int64_t)((double)(now - as_of) * FIELD(uint32_t, 64) / NS_PER_SEC);
	if (now >= as_of + 5 * NS_PER_SEC)
		bound.status = FREERUNNING;
	if (now >= void_after)
		bound.status = UNKNOWN;
	assert_int_equal(copy[72], 1);
	if (FIELD(uint64_t, 56) != marker)
		bound.status = DISRUPTED;
	return bound;
}

static int64_t coarse_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

/* Reads after @ns. */
static struct bound read_after(const unsigned char *map, int64_t ns, uint64_t marker)
{
	unsigned char copy[SIZE];

	assert_true(copy_segment(map, copy));
	return judge(copy, coarse_now() + ns, marker);
}

/* ---- What is published ------------------------------------------------------------------------ */

static struct vmclock_run_state trusted(void)
{
	return (struct vmclock_run_state){
		.trust = VMCLOCK_RUN_TRUSTED,
		.clock_status = VMCLOCK_STATUS_SYNCHRONIZED,
		.marker = htole64(17),
		.bound_at = htole64((uint64_t)monotonic_now()),
		.bound = htole64(12345),
		.drift = htole32(500000),
	};
}

static const unsigned char *open_segment(struct clockbound *cb)
{
	assert_int_equal(clockbound_open(cb, path, false), 0);
	assert_string_equal(said, "");
	return map_segment();
}

static void close_segment(struct clockbound *cb, const unsigned char *map)
{
	clockbound_close(cb);
	munmap((void *)map, SIZE);
}

static void a_new_one_says_nothing(void **state)
{
	struct clockbound cb;
	const unsigned char *map = open_segment(&cb);
	unsigned char copy[SIZE];

	(void)state;
	assert_int_equal(u16(map + 14), 0);
	assert_false(copy_segment(map, copy));
	close_segment(&cb, map);
	assert_int_equal(access(path, F_OK), 0);
}

static void who_is_trusted_has_a_bound(void **state)
{
	struct vmclock_run_state word = trusted();
	struct clockbound cb;
	const unsigned char *map = open_segment(&cb);
	unsigned char copy[SIZE];
	struct bound bound;

	(void)state;
	clockbound_publish(&cb, &word);
	assert_true(copy_segment(map, copy));
	assert_int_equal(FIELD(int64_t, 48), 12345);
	assert_int_equal(FIELD(uint32_t, 64), 500000);
	assert_int_equal(FIELD(uint64_t, 56), 17);
	bound = read_after(map, 0, 17);
	assert_int_equal(bound.status, SYNCHRONIZED);
	assert_true(bound.half >= 12345);
	/* 500 us a second, plus the lag of the clients' clock. */
	bound = read_after(map, NS_PER_SEC, 17);
	assert_uint_in_range(bound.half, 12345 + 500000, 12345 + 500000 + 1000000);
	/* The page's marker changes before the segment does. */
	assert_int_equal(read_after(map, 0, 18).status, DISRUPTED);
	word.clock_status = VMCLOCK_STATUS_FREERUNNING;
	clockbound_publish(&cb, &word);
	assert_int_equal(read_after(map, 0, 17).status, FREERUNNING);
	close_segment(&cb, map);
}

/* as_of is before the measurement, however little the clients' clock lags. */
static void time_since_the_measurement_counts_in_full(void **state)
{
	struct vmclock_run_state word = trusted();
	const int64_t lags[] = { 0, NS_PER_MS, 8 * NS_PER_MS, 20 * NS_PER_MS };
	struct clockbound cb;
	const unsigned char *map = open_segment(&cb);
	unsigned char copy[SIZE];
	size_t i, ms;

	(void)state;
	word.drift = htole32(1000000000); /* as fast as time */
	for (ms = 0; ms < 3000; ms += 7) {
		int64_t measured = monotonic_now(), age = (int64_t)ms * NS_PER_MS;

		word.bound_at = htole64((uint64_t)measured);
		clockbound_publish(&cb, &word);
		assert_true(copy_segment(map, copy));
		for (i = 0; i < sizeof(lags) / sizeof(lags[0]); i++)
			/* Except for a float's rounding. */
			assert_true(judge(copy, measured + age - lags[i], 17).half >=
				    12345 + age - 2);
		/* The page is not void sooner for that, by much. */
		assert_true(read_after(map, 0, 17).half < 12345 + NS_PER_SEC / 2);
	}
	close_segment(&cb, map);
}

/* A clock that lags by more, because the host does not run the machine: clients refuse as_of. */
static void the_clients_clock_has_reached_the_measurement(void **state)
{
	struct vmclock_run_state word = trusted();
	struct clockbound cb;
	const unsigned char *map = open_segment(&cb);
	unsigned char copy[SIZE];

	(void)state;
	word.bound_at = htole64((uint64_t)(monotonic_now() + 100 * NS_PER_MS));
	clockbound_publish(&cb, &word);
	assert_true(copy_segment(map, copy));
	assert_true(instant(copy, 16) <= coarse_now());
	close_segment(&cb, map);
}

static void nobody_who_is_not_trusted_is_believed(void **state)
{
	static const struct {
		uint8_t trust;
		int status;
	} cases[] = {
		{ VMCLOCK_RUN_DISRUPTED, DISRUPTED },
		{ VMCLOCK_RUN_UNKNOWN, UNKNOWN },
		{ 77, UNKNOWN },
	};
	struct vmclock_run_state word = trusted();
	struct clockbound cb;
	const unsigned char *map = open_segment(&cb);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		word = trusted();
		clockbound_publish(&cb, &word);
		assert_int_equal(read_after(map, 0, 17).status, SYNCHRONIZED);
		word.trust = cases[i].trust;
		/* Measured long ago. */
		word.bound_at = htole64((uint64_t)(monotonic_now() - 100 * NS_PER_SEC));
		clockbound_publish(&cb, &word);
		assert_int_equal(read_after(map, 0, 17).status, cases[i].status);
		/* Clients that ignore the status get ten years. */
		assert_true(read_after(map, 0, 17).half > INT64_C(315360000) * NS_PER_SEC);
	}
	close_segment(&cb, map);
}

/* A vmclockd that was killed: nobody watches for steps of the clock. */
static void its_word_ends_and_is_never_freerunning(void **state)
{
	struct vmclock_run_state word = trusted();
	struct clockbound cb;
	const unsigned char *map = open_segment(&cb);
	int64_t ms;

	(void)state;
	for (ms = 0; ms < 10000; ms += 5) {
		int status;

		word.bound_at = htole64((uint64_t)monotonic_now());
		clockbound_publish(&cb, &word);
		status = read_after(map, ms * NS_PER_MS, 17).status;
		assert_true(status == (ms < 5000 ? SYNCHRONIZED : UNKNOWN) ||
			    (status == UNKNOWN && ms > 4500));
	}
	close_segment(&cb, map);
}

static void a_clean_end_is_seen_at_once(void **state)
{
	struct vmclock_run_state word = trusted();
	struct clockbound cb;
	const unsigned char *map = open_segment(&cb);

	(void)state;
	clockbound_publish(&cb, &word);
	clockbound_close(&cb);
	assert_int_equal(read_after(map, 0, 17).status, UNKNOWN);
	assert_true(read_after(map, 0, 17).half > INT64_C(315360000) * NS_PER_SEC);
	/* The same segment is used again. */
	assert_int_equal(clockbound_open(&cb, path, false), 0);
	assert_int_equal(read_after(map, 0, 17).status, UNKNOWN);
	word = trusted();
	clockbound_publish(&cb, &word);
	assert_int_equal(read_after(map, 0, 17).status, SYNCHRONIZED);
	close_segment(&cb, map);
}

/* ---- Taking over ------------------------------------------------------------------------------- */

static void write_generation(uint16_t generation)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, &generation, 2, 14), 2);
	close(fd);
}

static void the_generation_goes_on_and_around(void **state)
{
	static const struct {
		uint16_t before, after;
	} cases[] = {
		{ 0, 2 },     { 2, 4 },	    { 3, 8 },	  { 65532, 65534 },
		{ 65534, 2 }, { 65535, 4 }, { 65533, 4 },
	};
	struct vmclock_run_state word = trusted();
	const unsigned char *map;
	struct clockbound cb;
	size_t i;

	(void)state;
	map = open_segment(&cb);
	clockbound_publish(&cb, &word);
	clockbound_close(&cb);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_generation(cases[i].before);
		assert_int_equal(clockbound_open(&cb, path, false), 0);
		/* No client waits for a vmclockd that was killed. */
		assert_false(u16(map + 14) & 1);
		clockbound_publish(&cb, &word);
		assert_int_equal(u16(map + 14), cases[i].after);
		assert_int_equal(read_after(map, 0, 17).status, SYNCHRONIZED);
		clockbound_close(&cb);
	}
	munmap((void *)map, SIZE);
}

static void garbage_is_made_right(void **state)
{
	static const size_t offsets[] = { 0, 7, 8, 12 };
	struct vmclock_run_state word = trusted();
	const unsigned char *map;
	struct clockbound cb;
	size_t i;

	(void)state;
	map = open_segment(&cb);
	clockbound_publish(&cb, &word);
	clockbound_close(&cb);
	for (i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		unsigned char copy[SIZE];
		int fd = open(path, O_WRONLY | O_CLOEXEC);

		assert_int_equal(pwrite(fd, "\x7f", 1, (off_t)offsets[i]), 1);
		close(fd);
		assert_int_equal(clockbound_open(&cb, path, false), 0);
		/* Its content was not vmclockd's. */
		assert_true(copy_segment(map, copy));
		assert_int_equal(judge(copy, monotonic_now(), 0).status, UNKNOWN);
		clockbound_publish(&cb, &word);
		assert_int_equal(read_after(map, 0, 17).status, SYNCHRONIZED);
		clockbound_close(&cb);
	}
	munmap((void *)map, SIZE);
}

static void what_is_foreign_is_refused(void **state)
{
	char folder[sizeof(path)];
	struct clockbound cb;

	(void)state;
	snprintf(folder, sizeof(folder), "%s/clockbound", base);
	assert_int_equal(mkdir(folder, 0755), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(clockbound_open(&cb, path, false), -1);
	assert_non_null(strstr(said, " is a link: remove it"));
	unlink(path);
	assert_int_equal(chmod(folder, 0777), 0);
	assert_int_equal(clockbound_open(&cb, path, false), -1);
	assert_non_null(strstr(said, "can be written by others"));
	/* Without one, publishing and closing do nothing. */
	clockbound_publish(&cb, &(struct vmclock_run_state){ 0 });
	clockbound_close(&cb);
	assert_int_equal(clockbound_open(&cb, "/shm0", false), -1);
	assert_int_equal(clockbound_open(&cb, "/nowhere/", false), -1);
	assert_int_equal(access(path, F_OK), -1);
}

/* Clients that open it then find it; those that have it mapped are not deceived. */
static void a_removed_one_is_made_anew(void **state)
{
	struct vmclock_run_state word = trusted();
	const unsigned char *former, *map;
	struct clockbound cb;

	(void)state;
	former = open_segment(&cb);
	clockbound_publish(&cb, &word);
	clockbound_keep(&cb, monotonic_now());
	assert_string_equal(said, "");
	assert_int_equal(read_after(former, 0, 17).status, SYNCHRONIZED);

	assert_int_equal(unlink(path), 0);
	clockbound_keep(&cb, monotonic_now());
	assert_non_null(strstr(said, "shm0 was removed, and is made anew: "));
	clockbound_publish(&cb, &word);
	assert_int_equal(read_after(former, 0, 17).status, UNKNOWN);
	map = map_segment();
	assert_int_equal(read_after(map, 0, 17).status, SYNCHRONIZED);
	munmap((void *)map, SIZE);
	close_segment(&cb, former);
}

/* A folder of another user, or a full disk: each try is a line, so tries become rare. */
static void one_that_cannot_be_made_is_tried_again(void **state)
{
	struct vmclock_run_state word = trusted();
	int64_t now = monotonic_now();
	const unsigned char *map;
	char folder[sizeof(path)];
	struct clockbound cb;
	int tries = 0, i;

	(void)state;
	snprintf(folder, sizeof(folder), "%s/clockbound", base);
	assert_int_equal(mkdir(folder, 0777) || chmod(folder, 0777), 0);
	assert_int_equal(clockbound_open(&cb, path, false), -1);
	for (i = 1; i <= 3600; i++) {
		*said = '\0';
		clockbound_keep(&cb, now + i * NS_PER_SEC);
		tries += *said != '\0';
	}
	assert_in_range(tries, 1, 6);
	assert_int_equal(chmod(folder, 0755), 0);
	clockbound_keep(&cb, now + 2 * 3600 * NS_PER_SEC);
	assert_string_equal(said, "clients of ClockBound are served again");
	clockbound_publish(&cb, &word);
	map = map_segment();
	assert_int_equal(read_after(map, 0, 17).status, SYNCHRONIZED);
	close_segment(&cb, map);
}

static void a_rehearsal_writes_nothing(void **state)
{
	struct vmclock_run_state word = trusted();
	struct clockbound cb, dry;
	const unsigned char *map;
	unsigned char before[SIZE];

	(void)state;
	assert_int_equal(clockbound_open(&dry, path, true), 0);
	clockbound_publish(&dry, &word);
	clockbound_close(&dry);
	assert_int_equal(access(path, F_OK), -1);
	map = open_segment(&cb);
	clockbound_publish(&cb, &word);
	memcpy(before, map, SIZE);
	assert_int_equal(clockbound_open(&dry, path, true), 0);
	clockbound_publish(&dry, &word);
	clockbound_close(&dry);
	assert_memory_equal(before, map, SIZE);
	close_segment(&cb, map);
}

/* ---- While it is written ------------------------------------------------------------------------- */

#define UPDATES 200000

static void *write_it(void *arg)
{
	struct vmclock_run_state word = trusted();
	uint64_t i;

	for (i = 1; i <= UPDATES; i++) {
		word.marker = htole64(i);
		word.bound = htole64(i);
		word.drift = htole32((uint32_t)i);
		clockbound_publish(arg, &word);
	}
	return NULL;
}

static void no_copy_is_of_two_updates(void **state)
{
	struct clockbound cb;
	const unsigned char *map = open_segment(&cb);
	unsigned char copy[SIZE];
	uint64_t copies = 0, last = 0;
	pthread_t writer;

	(void)state;
	assert_int_equal(pthread_create(&writer, NULL, write_it, &cb), 0);
	while (last < UPDATES) {
		if (!copy_segment(map, copy))
			continue;
		copies++;
		assert_true(FIELD(uint64_t, 56) >= last);
		last = FIELD(uint64_t, 56);
		assert_int_equal(FIELD(int64_t, 48), last);
		assert_int_equal(FIELD(uint32_t, 64), last);
	}
	pthread_join(writer, NULL);
	assert_true(copies > 0);
	close_segment(&cb, map);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_new_one_says_nothing),
		TEST(who_is_trusted_has_a_bound),
		TEST(time_since_the_measurement_counts_in_full),
		TEST(the_clients_clock_has_reached_the_measurement),
		TEST(nobody_who_is_not_trusted_is_believed),
		TEST(its_word_ends_and_is_never_freerunning),
		TEST(a_clean_end_is_seen_at_once),
		TEST(the_generation_goes_on_and_around),
		TEST(garbage_is_made_right),
		TEST(what_is_foreign_is_refused),
		TEST(a_removed_one_is_made_anew),
		TEST(one_that_cannot_be_made_is_tried_again),
		TEST(a_rehearsal_writes_nothing),
		TEST(no_copy_is_of_two_updates),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
