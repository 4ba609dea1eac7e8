// SPDX-License-Identifier: MIT
/*
 * vmclock-bench: the cost of a reading, beside the cost of its parts and of what it
 * replaces. All cases run in turns, in small batches, so that a busy machine
 * disturbs them alike. The results are the best batch and the median batch.
 */
#include <endian.h>
#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifdef HAVE_JSON
#include <json.h>
#endif

#include "counter.h"
#include "host.h"
#include "lib/run-layout.h"

#define BATCH_NS	5000		/* short: most batches then run undisturbed */
#define WINDOW_NS	4000000		/* several updates of a host that publishes at 1 kHz */
#define CHUNK		64		/* readings between two looks at the clock */

static unsigned int rounds = 20000;
static struct vmclock *vc;
static struct vmclock *completed;	/* a page without time, and a completed one */
static struct host host;
static uint64_t marker;

/* Keeps the compiler from dropping an unused result. */
#define USE(x) __asm__ volatile("" : : "g"(x) : "memory")

#define CASE(name, reading) \
	static __attribute__((noinline)) void name(unsigned int n) \
	{ \
		struct vmclock_time t; \
		struct timespec ts; \
\
		while (n--) { \
			reading; \
			USE(&t); \
			USE(&ts); \
		} \
	}

CASE(counter_relaxed_n, USE(counter_relaxed()))
CASE(counter_ordered_n, USE(counter_ordered()))
CASE(empty_call_n, USE(vmclock_fd(vc)))
CASE(vdso_realtime_n, clock_gettime(CLOCK_REALTIME, &ts))
CASE(marker_n, USE(vmclock_marker(vc)))
CASE(system_time_n, USE(vmclock_system_time(vc, CLOCK_REALTIME, marker, &ts)))
CASE(now_n, USE(vmclock_now(vc, VMCLOCK_SCALE_UTC, &t)))
CASE(now_relaxed_n, USE(vmclock_now_relaxed(vc, VMCLOCK_SCALE_UTC, &t)))
CASE(now_completed_n, USE(vmclock_now(completed, VMCLOCK_SCALE_UTC, &t)))

enum { COUNTER_RELAXED, COUNTER_ORDERED, EMPTY_CALL, VDSO_REALTIME, MARKER, SYSTEM_TIME, NOW,
       NOW_RELAXED, NOW_COMPLETED };
#define CASES 9

static const struct {
	const char *name;
	void (*run)(unsigned int n);
} cases[CASES] = {
	[COUNTER_RELAXED] = { "counter_relaxed", counter_relaxed_n },
	[COUNTER_ORDERED] = { "counter_ordered", counter_ordered_n },
	[EMPTY_CALL] = { "empty_call", empty_call_n },
	[VDSO_REALTIME] = { "vdso_realtime", vdso_realtime_n },
	[MARKER] = { "marker", marker_n },
	[SYSTEM_TIME] = { "system_time", system_time_n },
	[NOW] = { "now", now_n },
	[NOW_RELAXED] = { "now_relaxed", now_relaxed_n },
	[NOW_COMPLETED] = { "now_completed", now_completed_n },
};

struct result {
	double *samples;	/* ns for one reading, a batch each */
	size_t count;
	double min;
	double median;
};

static void add_sample(struct result *r, size_t room, double ns)
{
	if (!r->samples)
		r->samples = calloc(room, sizeof(*r->samples));
	if (!r->samples)
		err(1, "calloc");
	r->samples[r->count++] = ns;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void conclude(struct result *r)
{
	if (!r->count)
		return;
	qsort(r->samples, r->count, sizeof(*r->samples), compare);
	r->min = r->samples[0];
	r->median = r->samples[r->count / 2];
	free(r->samples);
	r->samples = NULL;
}

static double batch(unsigned int c, unsigned int n)
{
	int64_t start = host_monotonic_ns();

	cases[c].run(n);
	return (double)(host_monotonic_ns() - start) / n;
}

/* ---- A completed page ---------------------------------------------------------- */

static void write_file(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		err(1, "%s", path);
	close(fd);
}

/* Opens a completed page with the time of @page, as vmclockd writes it, and removes the files. */
static struct vmclock *open_completed(const struct vmclock_abi *page)
{
	static char file[VMCLOCK_RUN_PAGE_SIZE];
	struct vmclock_run_page copy = { .page = *page, .first_counter = page->counter_value };
	char folder[] = "/tmp/vmclock-bench.XXXXXX", marker_only[64], run[64], whole[80];
	struct vmclock_abi host_page = *page;
	struct vmclock *opened;
	int ret;

	if (!mkdtemp(folder))
		err(1, "%s", folder);
	snprintf(run, sizeof(run), "%s/run", folder);
	snprintf(marker_only, sizeof(marker_only), "%s/vmclock0", folder);
	snprintf(whole, sizeof(whole), "%s/vmclock0", run);
	if (mkdir(run, 0700))
		err(1, "%s", run);
	host_page.counter_id = VMCLOCK_COUNTER_INVALID;
	host_page.size = htole32(sizeof(host_page));
	write_file(marker_only, &host_page, sizeof(host_page));
	copy.page.time_type = VMCLOCK_TIME_UTC;
	copy.page.time_sec = htole64(le64toh(page->time_sec) - 37);
	memcpy(file, &copy, sizeof(copy));
	memcpy(file + VMCLOCK_RUN_COPY_SIZE, &copy, sizeof(copy));
	write_file(whole, file, sizeof(file));

	setenv("VMCLOCK_RUN_DIR", run, 1);
	ret = vmclock_open(&opened, marker_only);
	unlink(whole);
	unlink(marker_only);
	rmdir(run);
	rmdir(folder);
	if (ret)
		errx(1, "vmclock_open: %s", strerror(-ret));
	return opened;
}

/* ---- One reader, no updates --------------------------------------------------- */

static struct result alone[CASES];

static void measure_alone(void)
{
	unsigned int n[CASES], c, round;

	for (c = 0; c < CASES; c++)
		for (n[c] = CHUNK; batch(c, n[c]) * n[c] < BATCH_NS; n[c] *= 2)
			;
	for (round = 0; round < rounds; round++)
		for (c = 0; c < CASES; c++)
			add_sample(&alone[c], rounds, batch(c, n[c]));
	for (c = 0; c < CASES; c++)
		conclude(&alone[c]);
}

/* ---- A host that publishes ----------------------------------------------------- */

enum { IDLE, KHZ, FLAT_OUT, STOP };
#define MODES 3

static const unsigned int published_cases[] = { MARKER, SYSTEM_TIME, NOW, NOW_RELAXED };
#define PUBLISHED_CASES (sizeof(published_cases) / sizeof(published_cases[0]))

static struct result published[MODES][CASES];
static int mode_wanted, mode_now;	/* of the publisher; atomic */
static unsigned long updates;		/* atomic */

static void *publisher(void *arg)
{
	const struct timespec ms = { .tv_nsec = 1000000 };
	struct vmclock_abi page;
	int mode;

	(void)arg;
	host_use_cpu(1);
	memcpy(&page, host.page, sizeof(page));
	while ((mode = __atomic_load_n(&mode_wanted, __ATOMIC_RELAXED)) != STOP) {
		__atomic_store_n(&mode_now, mode, __ATOMIC_RELAXED);
		if (mode != IDLE) {
			host_publish(&host, &page);
			__atomic_fetch_add(&updates, 1, __ATOMIC_RELAXED);
		}
		if (mode != FLAT_OUT)
			nanosleep(&ms, NULL);
	}
	return NULL;
}

static void set_mode(int mode)
{
	const struct timespec pause = { .tv_nsec = 100000 };

	__atomic_store_n(&mode_wanted, mode, __ATOMIC_RELAXED);
	while (__atomic_load_n(&mode_now, __ATOMIC_RELAXED) != mode)
		nanosleep(&pause, NULL);
}

static void measure_window(int mode, unsigned int c, size_t room)
{
	/* A batch counts only if the publisher has run often enough. */
	const unsigned long needed[MODES] = { 0, 2, WINDOW_NS / 4000 };
	unsigned long before = __atomic_load_n(&updates, __ATOMIC_RELAXED);
	int64_t start = host_monotonic_ns(), now;
	unsigned long n = 0;

	do {
		cases[c].run(CHUNK);
		n += CHUNK;
		now = host_monotonic_ns();
	} while (now - start < WINDOW_NS);
	if (__atomic_load_n(&updates, __ATOMIC_RELAXED) - before < needed[mode])
		return;
	add_sample(&published[mode][c], room, (double)(now - start) / (double)n);
}

static void measure_published(void)
{
	unsigned int windows = rounds / 200 + 1, round;
	size_t c;
	int mode;

	for (round = 0; round < windows; round++)
		for (mode = 0; mode < MODES; mode++) {
			set_mode(mode);
			for (c = 0; c < PUBLISHED_CASES; c++)
				measure_window(mode, published_cases[c], windows);
		}
	__atomic_store_n(&mode_wanted, STOP, __ATOMIC_RELAXED);
	for (mode = 0; mode < MODES; mode++)
		for (c = 0; c < CASES; c++)
			conclude(&published[mode][c]);
}

/* ---- Two readers at once -------------------------------------------------------- */

#define TEAM_READINGS 4096

/*
 * Rounds with one reader and with two readers take turns; readers meet before and
 * after each round. The time of a pair is from the first start to the last end.
 */
static struct result team_of[2];	/* ns for one reading of both together */
static unsigned int arrived;		/* atomic */
static int64_t started[2], ended[2];

static void meet(unsigned int *target)
{
	*target += 2;
	__atomic_add_fetch(&arrived, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&arrived, __ATOMIC_ACQUIRE) < *target)
		;
}

static void *member(void *arg)
{
	unsigned int self = (unsigned int)(uintptr_t)arg, target = 0, round, size;

	host_use_cpu(self);
	for (round = 0; round < rounds / 5; round++) {
		for (size = 1; size <= 2; size++) {
			meet(&target);
			started[self] = host_monotonic_ns();
			if (self < size)
				now_n(TEAM_READINGS);
			ended[self] = host_monotonic_ns();
			meet(&target);
			if (!self) {
				int64_t start = started[0], end = ended[0];

				if (size == 2 && started[1] < start)
					start = started[1];
				if (size == 2 && ended[1] > end)
					end = ended[1];
				add_sample(&team_of[size - 1], rounds / 5,
					   (double)(end - start) / (TEAM_READINGS * size));
			}
		}
	}
	return NULL;
}

static void measure_team(void)
{
	pthread_t members[2];
	size_t i;

	for (i = 0; i < 2; i++)
		if (pthread_create(&members[i], NULL, member, (void *)i))
			errx(1, "no thread for a reader");
	for (i = 0; i < 2; i++)
		pthread_join(members[i], NULL);
	for (i = 0; i < 2; i++)
		conclude(&team_of[i]);
}

/* ---- The report -------------------------------------------------------------- */

/*
 * A floor is the same ratio for the part of a reading that no library can leave out.
 * It depends on the processor, and so on how near to it a goal lies.
 */
static struct ratio {
	const char *name;
	const char *what;
	double limit;
	bool at_least;
	double value;
	double floor;		/* 0: there is none */
} ratios[] = {
	{ "now_to_vdso", "now / vDSO clock_gettime", 0.90, false, 0, 0 },
	{ "now_to_counter", "now / ordered counter", 1.20, false, 0, 0 },
	{ "now_relaxed_to_counter", "now_relaxed / relaxed counter", 1.15, false, 0, 0 },
	{ "now_relaxed_to_vdso", "now_relaxed / vDSO", 0.45, false, 0, 0 },
	{ "now_completed_to_vdso", "now, completed page / vDSO", 0.95, false, 0, 0 },
	{ "gettime_to_vdso", "system_time / vDSO", 1.05, false, 0, 0 },
	{ "marker_to_vdso", "marker / vDSO", 0.06, false, 0, 0 },
	{ "two_threads", "two threads / one", 1.90, true, 0, 0 },
	{ "publisher_1khz", "now under updates at 1 kHz / idle", 1.03, false, 0, 0 },
};
#define RATIOS (sizeof(ratios) / sizeof(ratios[0]))

static double divide(double a, double b)
{
	return b > 0 ? a / b : 0;
}

static void compare_all(void)
{
	double vdso = alone[VDSO_REALTIME].min;
	double ordered = alone[COUNTER_ORDERED].min, relaxed = alone[COUNTER_RELAXED].min;
	const struct {
		double value, floor;
	} results[RATIOS] = {
		{ divide(alone[NOW].min, vdso), divide(ordered, vdso) },
		{ divide(alone[NOW].min, ordered), 1 },
		{ divide(alone[NOW_RELAXED].min, relaxed), 1 },
		{ divide(alone[NOW_RELAXED].min, vdso), divide(relaxed, vdso) },
		{ divide(alone[NOW_COMPLETED].min, vdso), divide(ordered, vdso) },
		{ divide(alone[SYSTEM_TIME].min, vdso), 1 },
		{ divide(alone[MARKER].min, vdso), divide(alone[EMPTY_CALL].min, vdso) },
		{ divide(team_of[0].min, team_of[1].min), 0 },
		{ divide(published[KHZ][NOW].min, published[IDLE][NOW].min), 0 },
	};
	size_t i;

	for (i = 0; i < RATIOS; i++) {
		ratios[i].value = results[i].value;
		ratios[i].floor = results[i].floor;
	}
}

static bool reached(const struct ratio *r)
{
	return r->value > 0 && (r->at_least ? r->value >= r->limit : r->value <= r->limit);
}

static void print_ratio(const struct ratio *r)
{
	printf("%-34s %6.3f ", r->what, r->value);
	if (r->floor > 0)
		printf("%6.3f", r->floor);
	else
		printf("%6s", "-");
	printf("  %s %4.2f  %s\n", r->at_least ? ">=" : "<=", r->limit,
	       reached(r) ? "ok" : "missed");
}

static void print_table(void)
{
	size_t c, i;
	int mode;

	printf("ns for one reading         best   median\n");
	for (c = 0; c < CASES; c++)
		printf("%-22s %8.2f %8.2f\n", cases[c].name, alone[c].min, alone[c].median);
	printf("\nwhile the host publishes   idle             at 1 kHz         flat out\n");
	for (i = 0; i < PUBLISHED_CASES; i++) {
		c = published_cases[i];
		printf("%-22s", cases[c].name);
		for (mode = 0; mode < MODES; mode++)
			printf(" %8.2f %8.2f", published[mode][c].min, published[mode][c].median);
		printf("\n");
	}
	printf("\nmillion readings a second  best   median\n");
	for (i = 0; i < 2; i++)
		printf("now, %-17s %8.1f %8.1f\n", i ? "two threads" : "one thread",
		       divide(1000, team_of[i].min), divide(1000, team_of[i].median));
	printf("\nratio of the best                 reached  floor     goal\n");
	for (i = 0; i < RATIOS; i++)
		print_ratio(&ratios[i]);
	printf("\nfloor: the counter, the clock or an empty call of a library alone. A reading cannot\n"
	       "cost less on this processor.\n");
}

#ifdef HAVE_JSON
#define CAN_JSON true

static void add(struct json_object *to, const char *key, struct json_object *value)
{
	if (!value || json_object_object_add(to, key, value))
		errx(1, "no memory for the report");
}

static struct json_object *add_object(struct json_object *to, const char *key)
{
	struct json_object *object = json_object_new_object();

	add(to, key, object);
	return object;
}

/* All digits of a double would be noise. */
static void add_number(struct json_object *to, const char *key, int decimals, double value)
{
	char text[64];

	snprintf(text, sizeof(text), "%.*f", decimals, value);
	add(to, key, json_object_new_double_s(value, text));
}

static void add_result(struct json_object *to, const char *name, const struct result *r)
{
	struct json_object *object = add_object(to, name);

	add_number(object, "min_ns", 3, r->min);
	add_number(object, "median_ns", 3, r->median);
}

static void add_ratio(struct json_object *to, const struct ratio *r)
{
	struct json_object *object = add_object(to, r->name);

	add_number(object, "value", 4, r->value);
	if (r->floor > 0)
		add_number(object, "floor", 4, r->floor);
	add_number(object, "limit", 2, r->limit);
	add(object, "reached", json_object_new_boolean(reached(r)));
}

static void print_json(void)
{
	static const char *const mode_names[MODES] = { "idle", "1khz", "flat_out" };
	struct json_object *report = json_object_new_object(), *part, *mode_part;
	size_t c, i;
	int mode;

	for (c = 0; c < CASES; c++)
		add_result(report, cases[c].name, &alone[c]);
	part = add_object(report, "threads");
	add_result(part, "now_one", &team_of[0]);
	add_result(part, "now_two", &team_of[1]);
	part = add_object(report, "publisher");
	for (mode = 0; mode < MODES; mode++) {
		mode_part = add_object(part, mode_names[mode]);
		for (i = 0; i < PUBLISHED_CASES; i++) {
			c = published_cases[i];
			add_result(mode_part, cases[c].name, &published[mode][c]);
		}
	}
	part = add_object(report, "ratios");
	for (i = 0; i < RATIOS; i++)
		add_ratio(part, &ratios[i]);
	puts(json_object_to_json_string_ext(report, JSON_C_TO_STRING_PRETTY));
	json_object_put(report);
}
#else
#define CAN_JSON false

static void print_json(void)
{
}
#endif

/* Runs in a separate thread, so that only readers are bound to the reader's CPU. */
static void *measure(void *arg)
{
	pthread_t other;

	(void)arg;
	/* Threads inherit their CPUs: start the threads for the other CPU first. */
	if (pthread_create(&other, NULL, publisher, NULL))
		errx(1, "no thread for the publisher");
	host_use_cpu(0);
	measure_alone();
	measure_published();
	pthread_join(other, NULL);
	return NULL;
}

static void usage(FILE *to)
{
	fprintf(to, "Usage: vmclock-bench [--json] [--rounds N]\n"
		    "Measures the readings of libvmclock on a page of its own.\n"
		    "  --json        print one JSON object\n"
		    "  --rounds N    batches of each case [%u]\n", rounds);
}

/* Returns < 0 to go on, else the exit status. */
static int parse_options(bool *json, int argc, char *argv[])
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ "rounds", required_argument, NULL, 'r' },
		{ 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "hjr:", options, NULL)) != -1)
		switch (opt) {
		case 'h':
			usage(stdout);
			return 0;
		case 'j':
			*json = true;
			break;
		case 'r':
			rounds = (unsigned int)strtoul(optarg, NULL, 10);
			if (rounds >= 10 && rounds <= 10000000)
				break;
			/* fall through */
		default:
			usage(stderr);
			return 2;
		}
	if (optind < argc) {
		usage(stderr);
		return 2;
	}
	if (*json && !CAN_JSON) {
		warnx("--json: built without json-c; configure without --disable-tools");
		return 2;
	}
	return -1;
}

static void open_pages(void)
{
	struct vmclock_abi page;
	struct vmclock_time t;
	int ret;

	host_fill_time(&page);
	host_create(&host, &page);
	vc = host_open(&host);
	marker = vmclock_marker(vc);
	completed = open_completed(&page);
	ret = vmclock_now(vc, VMCLOCK_SCALE_UTC, &t);
	if (!ret)
		ret = vmclock_now(completed, VMCLOCK_SCALE_UTC, &t);
	if (ret)
		errx(1, "no time on this machine: %s", strerror(-ret));
}

static void close_pages(void)
{
	vmclock_close(completed);
	vmclock_close(vc);
	host_destroy(&host);
}

int main(int argc, char *argv[])
{
	bool json = false;
	pthread_t reader;
	int status = parse_options(&json, argc, argv);

	if (status >= 0)
		return status;
	open_pages();
	if (pthread_create(&reader, NULL, measure, NULL))
		errx(1, "no thread for the reader");
	pthread_join(reader, NULL);
	if (host_cpus() > 1)
		measure_team();
	close_pages();
	compare_all();
	if (json)
		print_json();
	else
		print_table();
	return 0;
}
