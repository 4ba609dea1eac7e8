// SPDX-License-Identifier: MIT
/* The system clock's state: when it is trusted, and waiting for trust. */
#include <endian.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "counter.h"
#include "pagefile.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define NS INT64_C(1000000000)

/* Replaces the library's call, slowly if wanted, so that threads meet while mapping a file. */
static bool slow_mapping;

__attribute__((visibility("default")))
void *mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
	void *mapped = (void *)syscall(SYS_mmap, at, len, protection, flags, fd, offset);

	if (slow_mapping && fd >= 0)
		usleep(2000);
	return mapped;
}

/* What the program sees of the clocks, beside the machine's own. */
static struct {
	int64_t stepped;  /* CLOCK_REALTIME alone */
	int64_t slewed;   /* CLOCK_REALTIME and CLOCK_MONOTONIC */
	int delays;       /* a reading of CLOCK_REALTIME takes DELAY, so many times */
	int readings;     /* of CLOCK_REALTIME */
	int error;        /* of a reading of CLOCK_REALTIME */
} clocks;

#define DELAY (10 * NS / 1000)

/* Replaces the library's call. */
__attribute__((visibility("default")))
int clock_gettime(clockid_t clock, struct timespec *ts)
{
	int ret = (int)syscall(SYS_clock_gettime, clock, ts);
	int64_t ns = ts->tv_sec * NS + ts->tv_nsec + clocks.slewed;

	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return ret;
	if (clock == CLOCK_REALTIME) {
		if (clocks.error) {
			errno = clocks.error;
			return -1;
		}
		ns += clocks.stepped;
		clocks.readings++;
		if (clocks.delays) {
			clocks.delays--;
			clocks.slewed += DELAY;
		}
	}
	*ts = (struct timespec){ .tv_sec = ns / NS, .tv_nsec = ns % NS };
	return ret;
}

static const struct timespec at_once = { 0 };
static const struct timespec soon = { .tv_nsec = 150000000 };
static const struct timespec late = { .tv_sec = 30 };

static struct vmclock_run_state vouch(struct runfiles *rf)
{
	struct vmclock_run_state word = runfiles_word(rf);

	if (!rf->states[0])
		runfiles_make_state(rf);
	runfiles_vouch(rf, &word);
	return word;
}

static void expect_trust(const struct vmclock *vc, uint64_t expected)
{
	uint64_t marker = ~expected;

	assert_int_equal(vmclock_system_trusted(vc, &marker), 0);
	assert_int_equal(marker, expected);
	assert_int_equal(vmclock_system_wait_trusted(vc, &at_once), 0);
	assert_int_equal(vmclock_system_wait_trusted(vc, NULL), 0);
}

static void expect_none(const struct vmclock *vc, int error)
{
	uint64_t marker = 0x5a5a;

	assert_int_equal(vmclock_system_trusted(vc, &marker), error);
	assert_int_equal(marker, 0x5a5a);
	assert_int_equal(vmclock_system_wait_trusted(vc, &at_once), -ETIMEDOUT);
}

/* ---- What the state says --------------------------------------------------------------- */

static void nobody_vouches_without_a_file(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock *vc = pagefile_open(rf->pf);

	expect_none(vc, -ENOENT);
	vmclock_close(vc);

	/* Nor one that is empty. */
	runfiles_make_state(rf);
	vc = pagefile_open(rf->pf);
	expect_none(vc, -ENOENT);
	/* Until it is filled. */
	vouch(rf);
	expect_trust(vc, 1);
	vmclock_close(vc);
}

static void each_state_has_its_answer(void **state)
{
	static const struct {
		uint8_t trust;
		int error;
	} cases[] = {
		{ VMCLOCK_RUN_UNKNOWN, -EAGAIN },
		{ VMCLOCK_RUN_DISRUPTED, -ESTALE },
		{ 3, -EAGAIN },
		{ 255, -EAGAIN },
	};
	struct runfiles *rf = *state;
	struct vmclock_run_state word = vouch(rf);
	struct vmclock *vc = pagefile_open(rf->pf);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		word.trust = VMCLOCK_RUN_TRUSTED;
		runfiles_vouch(rf, &word);
		expect_trust(vc, 1);
		word.trust = cases[i].trust;
		runfiles_vouch(rf, &word);
		expect_none(vc, cases[i].error);
	}
	vmclock_close(vc);
}

static void its_word_holds_for_a_time(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock_run_state word = vouch(rf);
	struct vmclock *vc = pagefile_open(rf->pf);
	int64_t until;

	expect_trust(vc, 1);
	/* Whatever it was. */
	word.valid_until = htole64((uint64_t)time_on(CLOCK_MONOTONIC) - 1);
	runfiles_vouch(rf, &word);
	expect_none(vc, -ENOENT);
	word.trust = VMCLOCK_RUN_DISRUPTED;
	runfiles_vouch(rf, &word);
	expect_none(vc, -ENOENT);
	word.valid_until = 0;
	runfiles_vouch(rf, &word);
	expect_none(vc, -ENOENT);
	word.trust = VMCLOCK_RUN_TRUSTED;
	/* Too far ahead: the state is from another boot, or another time namespace. */
	word.valid_until = htole64(UINT64_MAX);
	runfiles_vouch(rf, &word);
	expect_none(vc, -ENOENT);
	word.valid_until = htole64((uint64_t)time_on(CLOCK_MONOTONIC) + VMCLOCK_RUN_VALID_MAX +
				   60 * NS);
	runfiles_vouch(rf, &word);
	expect_none(vc, -ENOENT);
	word.valid_until = htole64((uint64_t)time_on(CLOCK_MONOTONIC) + VMCLOCK_RUN_VALID_MAX);
	runfiles_vouch(rf, &word);
	expect_trust(vc, 1);

	/* Without a writer, trust ends at this time, and not before. */
	until = time_on(CLOCK_MONOTONIC) + NS / 5;
	word.valid_until = htole64((uint64_t)until);
	runfiles_vouch(rf, &word);
	while (time_on(CLOCK_MONOTONIC) <= until) {
		uint64_t marker;
		int ret = vmclock_system_trusted(vc, &marker);

		if (time_on(CLOCK_MONOTONIC) <= until)
			assert_int_equal(ret, 0);
	}
	expect_none(vc, -ENOENT);
	vmclock_close(vc);
}

static void a_disruption_ends_it_at_once(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock *vc;
	struct timespec ts;
	uint64_t marker;
	int i;

	vouch(rf);
	vc = pagefile_open(rf->pf);
	for (i = 1; i < 10; i++) {
		assert_int_equal(vmclock_system_trusted(vc, &marker), 0);
		assert_int_equal(marker, i);
		assert_int_equal(vmclock_system_time(vc, CLOCK_REALTIME, marker, &ts), 0);
		pagefile_disrupt(rf->pf);
		expect_none(vc, -ESTALE);
		assert_int_equal(vmclock_system_time(vc, CLOCK_REALTIME, marker, &ts), -ESTALE);
		vouch(rf);
		expect_trust(vc, (uint64_t)i + 1);
	}
	vmclock_close(vc);
}

static void so_does_a_new_generation(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock_abi *host = rf->pf->page;
	struct vmclock_run_state word = vouch(rf);
	struct vmclock *vc = pagefile_open(rf->pf);

	/* Where the host has none there is nothing to compare. */
	word.generation = htole64(7);
	runfiles_vouch(rf, &word);
	expect_trust(vc, 1);
	host->flags |= htole64(VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT);
	expect_none(vc, -ESTALE);
	host->vm_generation_counter = htole64(7);
	expect_trust(vc, 1);
	host->vm_generation_counter = htole64(8);
	expect_none(vc, -ESTALE);
	vmclock_close(vc);
}

/* The state is about the system clock, so the page's time makes no difference. */
static void pages_with_time_have_it_too(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock_run_page page = runfiles_page(rf, counter_ordered());
	struct vmclock_time now;
	struct vmclock *vc;

	page.page.size = htole32(sizeof(page.page));
	pagefile_replace(rf->pf, &page.page, sizeof(page.page));
	vouch(rf);
	vc = pagefile_open(rf->pf);
	assert_int_equal(vmclock_now(vc, VMCLOCK_SCALE_UTC, &now), 0);
	assert_int_equal(now.flags & VMCLOCK_FLAG_COMPLETED, 0);
	expect_trust(vc, 1);
	vmclock_close(vc);
}

/* ---- Steps of the clock that vmclockd has not seen yet -------------------------------- */

/* The least step that no reading can miss. */
static int64_t least_step(const struct vmclock_run_state *word)
{
	int64_t width = (int64_t)(le64toh(word->lead_most) - le64toh(word->lead_least));

	return width + VMCLOCK_RUN_LEAD_WIDTH + 1;
}

static void a_step_ends_it_at_once(void **state)
{
	static const int64_t steps[] = { 0, NS / 1000, NS, 3600 * NS, 400 * 86400 * NS };
	struct runfiles *rf = *state;
	struct vmclock_run_state word = vouch(rf);
	struct vmclock *vc = pagefile_open(rf->pf);
	size_t i;
	int sign;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		for (sign = -1; sign <= 1; sign += 2) {
			clocks.stepped = sign * (steps[i] + least_step(&word));
			expect_none(vc, -EAGAIN);
			/* It was set back. */
			clocks.stepped = 0;
			expect_trust(vc, 1);
			/* Or vmclockd finds that it is right now. */
			clocks.stepped = sign * (steps[i] + least_step(&word));
			word = vouch(rf);
			expect_trust(vc, 1);
			clocks.stepped = 0;
			expect_none(vc, -EAGAIN);
			word = vouch(rf);
		}
	}
	vmclock_close(vc);
}

/* CLOCK_REALTIME behind CLOCK_MONOTONIC. */
static void a_clock_of_1970_can_be_right(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock_run_state word;
	struct vmclock *vc;

	clocks.slewed = 86400 * NS;
	clocks.stepped = NS - time_on(CLOCK_REALTIME);
	word = vouch(rf);
	assert_true((int64_t)le64toh(word.lead_most) < 0);
	vc = pagefile_open(rf->pf);
	expect_trust(vc, 1);
	clocks.stepped += least_step(&word);
	expect_none(vc, -EAGAIN);
	vmclock_close(vc);
}

static void a_slew_is_no_step(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock *vc;
	int i;

	vouch(rf);
	vc = pagefile_open(rf->pf);
	for (i = 0; i < 20; i++) {
		clocks.slewed += NS;
		expect_trust(vc, 1);
	}
	vmclock_close(vc);
}

/* A disruption is the better reason. */
static void a_step_hides_no_disruption(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock *vc;

	vouch(rf);
	vc = pagefile_open(rf->pf);
	clocks.stepped = NS;
	pagefile_disrupt(rf->pf);
	expect_none(vc, -ESTALE);
	vmclock_close(vc);
}

/* The program may be interrupted between the readings of the two clocks. */
static void a_delay_is_no_step(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock *vc;
	uint64_t marker;

	vouch(rf);
	vc = pagefile_open(rf->pf);
	clocks.delays = 1;
	assert_int_equal(vmclock_system_trusted(vc, &marker), 0);
	assert_int_equal(clocks.delays, 0);
	/* Nor is it an excuse for a step. */
	clocks.delays = 1;
	clocks.stepped = DELAY / 2;
	assert_int_equal(vmclock_system_trusted(vc, &marker), -EAGAIN);
	clocks.stepped = 0;
	/* If all tries are interrupted, the answer comes soon nevertheless. */
	clocks.delays = 1000;
	clocks.readings = 0;
	assert_int_equal(vmclock_system_trusted(vc, &marker), -EAGAIN);
	assert_true(clocks.readings > 1 && clocks.readings <= 10);
	clocks.delays = 0;
	assert_int_equal(vmclock_system_trusted(vc, &marker), 0);
	vmclock_close(vc);
}

static void a_clock_that_cannot_be_read_is_an_error(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock *vc;
	uint64_t marker = 0x5a5a;

	vouch(rf);
	vc = pagefile_open(rf->pf);
	clocks.error = EPERM;
	assert_int_equal(vmclock_system_trusted(vc, &marker), -EPERM);
	assert_int_equal(marker, 0x5a5a);
	vmclock_close(vc);
}

/* ---- Which files count --------------------------------------------------------------- */

static void constant_fields_must_be_right(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock_run_state *first, *second;
	struct vmclock *vc;

	vouch(rf);
	first = rf->states[0];
	second = rf->states[1];
	vc = pagefile_open(rf->pf);
#define WRONG(field, value) \
	do { \
		vouch(rf); \
		expect_trust(vc, 1); \
		first->field = (value); \
		expect_trust(vc, 1); \
		second->field = (value); \
		expect_none(vc, -ENOENT); \
		vouch(rf); \
		second->field = (value); \
		expect_trust(vc, 1); \
	} while (0)
	WRONG(magic, htole32(VMCLOCK_MAGIC));
	WRONG(magic, 0);
	/* It did not tell under which clock the trust counts. */
	WRONG(version, htole16(2));
	WRONG(version, 0);
	WRONG(size, 0);
	WRONG(size, htole32(sizeof(*first) - 1));
	WRONG(size, htole32(VMCLOCK_RUN_STATE_COPY_SIZE + 1));
#undef WRONG
	vouch(rf);
	first->size = second->size = htole32(VMCLOCK_RUN_STATE_COPY_SIZE);
	expect_trust(vc, 1);
	vmclock_close(vc);
}

static int trust_now(const struct runfiles *rf)
{
	struct vmclock *vc = pagefile_open(rf->pf);
	uint64_t marker;
	int ret = vmclock_system_trusted(vc, &marker);

	vmclock_close(vc);
	return ret;
}

/* As for the completed page, whose test tries all cases. */
static void a_file_that_others_may_have_made_does_not_count(void **state)
{
	struct runfiles *rf = *state;
	char elsewhere[160];

	vouch(rf);
	assert_int_equal(trust_now(rf), 0);
	assert_int_equal(chmod(rf->state_path, 0666), 0);
	assert_int_equal(trust_now(rf), -ENOENT);
	assert_int_equal(chmod(rf->state_path, 0644), 0);
	assert_int_equal(chmod(rf->folder, 0777), 0);
	assert_int_equal(trust_now(rf), -ENOENT);
	assert_int_equal(chmod(rf->folder, 0755), 0);
	assert_int_equal(truncate(rf->state_path, VMCLOCK_RUN_STATE_SIZE + 1), 0);
	assert_int_equal(trust_now(rf), -ENOENT);
	assert_int_equal(truncate(rf->state_path, VMCLOCK_RUN_STATE_SIZE), 0);
	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", rf->pf->dir);
	assert_int_equal(rename(rf->state_path, elsewhere), 0);
	assert_int_equal(symlink(elsewhere, rf->state_path), 0);
	assert_int_equal(trust_now(rf), -ENOENT);
	assert_int_equal(rename(elsewhere, rf->state_path), 0);
	assert_int_equal(trust_now(rf), 0);
	unsetenv("VMCLOCK_RUN_DIR");
	assert_int_equal(trust_now(rf), -ENOENT);
}

/* ---- Writers ---------------------------------------------------------------------------- */

/* This process's processor time, in ns, to detect spinning. */
static int64_t work(void)
{
	return time_on(CLOCK_PROCESS_CPUTIME_ID);
}

/* A kill in the middle of an update: the last whole state counts. */
static void a_writer_that_died_takes_nothing_back(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock *vc;
	int i;

	vouch(rf);
	vc = pagefile_open(rf->pf);
	for (i = 0; i < VMCLOCK_RUN_COPIES; i++) {
		vouch(rf);
		runfiles_begin(&rf->states[i]->seq_count);
		rf->states[i]->marker = htole64(77);
		rf->states[i]->valid_until = 0;
		rf->states[i]->trust = VMCLOCK_RUN_UNKNOWN;
		expect_trust(vc, 1);
	}
	vmclock_close(vc);
}

/* While a new vmclockd repairs the file, both copies may be in an update. */
static void a_writer_that_died_costs_nobody_anything(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock *vc;
	int64_t before;

	vouch(rf);
	vc = pagefile_open(rf->pf);
	runfiles_begin(&rf->states[0]->seq_count);
	runfiles_begin(&rf->states[1]->seq_count);
	before = work();
	expect_none(vc, -EAGAIN);
	assert_int_equal(vmclock_system_wait_trusted(vc, &soon), -ETIMEDOUT);
	assert_true(work() - before < 50000000);
	/* The next vmclockd repairs it. */
	vouch(rf);
	expect_trust(vc, 1);
	vmclock_close(vc);
}

/* A host in an update does not make the wait spin, although other functions would. */
static void a_wait_does_not_spin_for_a_host(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock *vc;
	uint64_t marker;
	int64_t before;

	vouch(rf);
	vc = pagefile_open(rf->pf);
	pagefile_begin(rf->pf);
	before = work();
	assert_int_equal(vmclock_system_wait_trusted(vc, &soon), -ETIMEDOUT);
	assert_true(work() - before < 50000000);
	assert_int_equal(vmclock_system_trusted(vc, &marker), -ETIMEDOUT);
	pagefile_end(rf->pf);
	expect_trust(vc, 1);
	vmclock_close(vc);
}

#define DISRUPTIONS 3000

/* Every second marker is trusted, and the generation is ten times the marker. */
static void be_disrupted(struct runfiles *rf)
{
	struct vmclock_run_state word = runfiles_word(rf);
	struct vmclock_abi *host = rf->pf->page;
	uint64_t marker;

	alarm(60);
	for (marker = 2; marker < DISRUPTIONS; marker++) {
		pagefile_begin(rf->pf);
		__atomic_store_n(&host->disruption_marker, htole64(marker), __ATOMIC_RELAXED);
		__atomic_store_n(&host->vm_generation_counter, htole64(marker * 10),
				 __ATOMIC_RELAXED);
		pagefile_end(rf->pf);
		if (marker % 8 == 0)
			sched_yield();
		word.trust = VMCLOCK_RUN_DISRUPTED;
		word.marker = htole64(marker);
		word.generation = 0;
		runfiles_vouch(rf, &word);
		if (marker % 2)
			continue;
		word.trust = VMCLOCK_RUN_TRUSTED;
		word.generation = htole64(marker * 10);
		runfiles_vouch(rf, &word);
		usleep(marker % 16 ? 0 : 100);
	}
	_exit(0);
}

static void no_word_is_of_another_marker(void **state)
{
	unsigned long good = 0, stale = 0;
	struct runfiles *rf = *state;
	uint64_t before, marker;
	struct vmclock *vc;
	int ret, status = 0;
	bool wrong = false;
	pid_t pid;

	rf->pf->page->flags = htole64(VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT);
	vouch(rf);
	vc = pagefile_open(rf->pf);
	pid = fork();
	if (!pid)
		be_disrupted(rf);
	while (!wrong && !waitpid(pid, &status, WNOHANG)) {
		before = vmclock_marker(vc);
		ret = vmclock_system_trusted(vc, &marker);
		good += !ret;
		stale += ret == -ESTALE;
		wrong = ret ? ret != -ESTALE && ret != -EAGAIN :
			      marker < before || marker > vmclock_marker(vc) || marker % 2;
		/* The first one's generation is 0. */
		wrong = wrong && !(!ret && marker == 1);
	}
	print_message("  trusted %lu times, not %lu times\n", good, stale);
	kill(pid, SIGKILL);
	assert_false(wrong);
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	assert_true(good > 100);
	assert_true(stale > 100);
	vmclock_close(vc);
}

/* ---- Waiting ------------------------------------------------------------------------------ */

struct helper {
	pthread_t thread;
	struct runfiles *rf;
	void (*act)(struct runfiles *rf);
	long ms;
};

static void *help(void *arg)
{
	struct helper *helper = arg;

	usleep((useconds_t)helper->ms * 1000);
	helper->act(helper->rf);
	return NULL;
}

static void *start(struct helper *helper)
{
	assert_int_equal(pthread_create(&helper->thread, NULL, help, helper), 0);
	return helper;
}

static void vouch_again(struct runfiles *rf)
{
	struct vmclock_run_state word = runfiles_word(rf);

	runfiles_vouch(rf, &word);
}

static void a_wait_ends_with_trust(void **state)
{
	struct runfiles *rf = *state;
	struct helper helper = { .rf = rf, .act = vouch_again, .ms = 60 };
	struct vmclock_run_state word = vouch(rf);
	struct vmclock *vc = pagefile_open(rf->pf);
	int64_t before = time_on(CLOCK_MONOTONIC);
	int64_t worked = work();

	word.trust = VMCLOCK_RUN_DISRUPTED;
	runfiles_vouch(rf, &word);
	start(&helper);
	assert_int_equal(vmclock_system_wait_trusted(vc, &late), 0);
	assert_true(time_on(CLOCK_MONOTONIC) - before >= 60000000);
	assert_true(time_on(CLOCK_MONOTONIC) - before < 10 * NS);
	assert_true(work() - worked < 50000000);
	pthread_join(helper.thread, NULL);
	expect_trust(vc, 1);
	vmclock_close(vc);
}

static void a_wait_ends_in_time(void **state)
{
	static const struct timespec wrong[] = {
		{ .tv_sec = -1 }, { .tv_nsec = -1 }, { .tv_nsec = NS }, { .tv_sec = 1, .tv_nsec = NS },
	};
	struct runfiles *rf = *state;
	struct vmclock *vc = pagefile_open(rf->pf);
	int64_t before = time_on(CLOCK_MONOTONIC);
	size_t i;

	assert_int_equal(vmclock_system_wait_trusted(vc, &soon), -ETIMEDOUT);
	assert_true(time_on(CLOCK_MONOTONIC) - before >= soon.tv_nsec);
	assert_true(time_on(CLOCK_MONOTONIC) - before < 10 * NS);
	/* Even if the clock is trusted. */
	vouch(rf);
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(vmclock_system_wait_trusted(vc, &wrong[i]), -EINVAL);
	vmclock_close(vc);
}

static void do_nothing(int signal)
{
	(void)signal;
}

static void a_signal_ends_a_wait(void **state)
{
	const struct sigaction action = { .sa_handler = do_nothing };
	/* Repeatedly, because the first signal may come before the sleep. */
	const struct itimerval timer = { { .tv_usec = 30000 }, { .tv_usec = 30000 } };
	struct runfiles *rf = *state;
	struct vmclock *vc = pagefile_open(rf->pf);

	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &timer, NULL), 0);
	assert_int_equal(vmclock_system_wait_trusted(vc, NULL), -EINTR);
	assert_int_equal(setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL), 0);
	signal(SIGALRM, SIG_DFL);
	vmclock_close(vc);
}

/* Makes the files as a vmclockd that starts later; no file is renamed here. */
static void make_files(struct runfiles *rf)
{
	struct vmclock_run_page page = runfiles_page(rf, counter_ordered());
	struct vmclock_run_state word = runfiles_word(rf);

	runfiles_make_page(rf);
	runfiles_publish(rf, &page);
	runfiles_make_state(rf);
	runfiles_vouch(rf, &word);
}

static void files_that_come_later_are_picked_up(void **state)
{
	struct runfiles *rf = *state;
	struct helper helper = { .rf = rf, .act = make_files, .ms = 60 };
	struct vmclock *vc;
	struct vmclock_time now;
	uint64_t marker;

	/* The folder, too. */
	assert_int_equal(rmdir(rf->folder), 0);
	vc = pagefile_open(rf->pf);
	assert_int_equal(vmclock_system_wait_trusted(vc, &at_once), -ETIMEDOUT);
	assert_int_equal(mkdir(rf->folder, 0755), 0);
	/* Functions that are safe in signal handlers do not map files. */
	assert_int_equal(vmclock_now(vc, VMCLOCK_SCALE_UTC, &now), -ENODATA);
	start(&helper);
	assert_int_equal(vmclock_system_wait_trusted(vc, &late), 0);
	pthread_join(helper.thread, NULL);
	assert_int_equal(vmclock_system_trusted(vc, &marker), 0);
	assert_int_equal(vmclock_now(vc, VMCLOCK_SCALE_UTC, &now), 0);
	assert_int_equal(now.flags, VMCLOCK_FLAG_BOUNDED | VMCLOCK_FLAG_COMPLETED);
	vmclock_close(vc);
}

/* If only the state existed, waiting maps the page as well. */
static void a_page_that_comes_later_is_picked_up(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock_run_page page = runfiles_page(rf, counter_ordered());
	struct vmclock_time now;
	struct vmclock *vc;

	vouch(rf);
	vc = pagefile_open(rf->pf);
	expect_trust(vc, 1);
	assert_int_equal(vmclock_now(vc, VMCLOCK_SCALE_UTC, &now), -ENODATA);
	runfiles_make_page(rf);
	runfiles_publish(rf, &page);
	expect_trust(vc, 1);
	assert_int_equal(vmclock_now(vc, VMCLOCK_SCALE_UTC, &now), 0);
	vmclock_close(vc);
}

struct waiters {
	const struct vmclock *vc;
	int wrong;
	bool stop;
};

static void *wait_and_read(void *arg)
{
	struct waiters *waiters = arg;
	struct vmclock_time now;

	if (vmclock_system_wait_trusted(waiters->vc, &late) ||
	    vmclock_now(waiters->vc, VMCLOCK_SCALE_UTC, &now))
		__atomic_fetch_add(&waiters->wrong, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void *only_read(void *arg)
{
	struct waiters *waiters = arg;
	struct vmclock_time now;
	int ret;

	while (!__atomic_load_n(&waiters->stop, __ATOMIC_RELAXED)) {
		ret = vmclock_now(waiters->vc, VMCLOCK_SCALE_UTC, &now);
		if (ret ? ret != -ENODATA
			: now.flags != (VMCLOCK_FLAG_BOUNDED | VMCLOCK_FLAG_COMPLETED))
			__atomic_fetch_add(&waiters->wrong, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static int count_mappings(const char *what)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	int count = 0;

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		count += strstr(line, what) != NULL;
	fclose(maps);
	return count;
}

#define TEAM 8

/* Several threads may map the files at once; one wins, and the others' mappings are freed. */
static void threads_may_pick_up_at_once(void **state)
{
	struct runfiles *rf = *state;
	struct waiters waiters = { 0 };
	pthread_t team[TEAM], reader;
	struct vmclock *vc;
	int i, round;

	for (round = 0; round < 20; round++) {
		vc = pagefile_open(rf->pf);
		waiters = (struct waiters){ .vc = vc };
		slow_mapping = true;
		assert_int_equal(pthread_create(&reader, NULL, only_read, &waiters), 0);
		for (i = 0; i < TEAM; i++)
			assert_int_equal(pthread_create(&team[i], NULL, wait_and_read, &waiters), 0);
		make_files(rf);
		for (i = 0; i < TEAM; i++)
			pthread_join(team[i], NULL);
		slow_mapping = false;
		__atomic_store_n(&waiters.stop, true, __ATOMIC_RELAXED);
		pthread_join(reader, NULL);
		assert_int_equal(waiters.wrong, 0);

		munmap(rf->copies[0], VMCLOCK_RUN_PAGE_SIZE);
		munmap(rf->states[0], VMCLOCK_RUN_STATE_SIZE);
		rf->copies[0] = NULL;
		rf->states[0] = NULL;
		assert_int_equal(count_mappings(rf->folder), 2);
		vmclock_close(vc);
		assert_int_equal(count_mappings(rf->folder), 0);
		unlink(rf->path);
		unlink(rf->state_path);
	}
}

static int setup(void **state)
{
	memset(&clocks, 0, sizeof(clocks));
	return runfiles_setup(state);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, runfiles_teardown)

/* ---- The time on the host's page --------------------------------------------------------- */

#define COUNTER	   UINT64_C(1000000)
#define GENERATION 5

/* A host that gives time, under marker 1 and a generation. */
static struct vmclock_run_state host_with_time(struct runfiles *rf)
{
	struct vmclock_run_page page = runfiles_page(rf, COUNTER);
	struct vmclock_run_state word;

	page.page.size = htole32(sizeof(page.page));
	page.page.flags |= htole64(VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT);
	page.page.vm_generation_counter = htole64(GENERATION);
	pagefile_replace(rf->pf, &page.page, sizeof(page.page));
	word = runfiles_word(rf);
	word.generation = htole64(GENERATION);
	strcpy(word.device, "vmclock0");
	runfiles_make_state(rf);
	runfiles_vouch(rf, &word);
	return word;
}

static int ask(const struct vmclock *vc)
{
	struct vmclock_time time = { .marker = 0x5a5a };
	int ret = vmclock_at(vc, VMCLOCK_SCALE_UTC, COUNTER + 1, &time);

	assert_int_equal(time.marker, ret ? 0x5a5a : le64toh(vmclock_page(vc)->disruption_marker));
	return ret;
}

/* The marker changes, but the time does not: it counts only after vmclockd believes it. */
static void a_former_hosts_time_is_refused(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock_run_state word = host_with_time(rf);
	struct vmclock *vc = pagefile_open(rf->pf);
	const struct timespec past = { .tv_sec = 1 };

	assert_int_equal(ask(vc), 0);
	assert_int_equal(ask(vc), 0);
	pagefile_disrupt(rf->pf);
	assert_int_equal(ask(vc), -EAGAIN);
	assert_int_equal(vmclock_wait_past(vc, VMCLOCK_SCALE_UTC, 1, &past, NULL), -ESTALE);
	assert_int_equal(vmclock_wait_past(vc, VMCLOCK_SCALE_UTC, 2, &past, NULL), -EAGAIN);
	/* It has looked, and waits for another time. */
	word.marker = rf->pf->page->disruption_marker;
	word.trust = VMCLOCK_RUN_DISRUPTED;
	word.doubted = 1;
	runfiles_vouch(rf, &word);
	assert_int_equal(ask(vc), -EAGAIN);
	word.doubted = 0;
	runfiles_vouch(rf, &word);
	assert_int_equal(ask(vc), 0);
	/* Whether the system clock is right makes no difference. */
	word.trust = VMCLOCK_RUN_TRUSTED;
	runfiles_vouch(rf, &word);
	assert_int_equal(ask(vc), 0);
	vmclock_close(vc);
}

static void so_is_that_of_a_clones_machine(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock_run_state word = host_with_time(rf);
	struct vmclock *vc = pagefile_open(rf->pf);

	assert_int_equal(ask(vc), 0);
	pagefile_begin(rf->pf);
	rf->pf->page->vm_generation_counter = htole64(GENERATION + 1);
	pagefile_end(rf->pf);
	assert_int_equal(ask(vc), -EAGAIN);
	word.generation = htole64(GENERATION + 1);
	runfiles_vouch(rf, &word);
	assert_int_equal(ask(vc), 0);
	/* A page that has none is of generation 0. */
	pagefile_begin(rf->pf);
	rf->pf->page->flags &= ~htole64(VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT);
	pagefile_end(rf->pf);
	assert_int_equal(ask(vc), -EAGAIN);
	word.generation = 0;
	runfiles_vouch(rf, &word);
	assert_int_equal(ask(vc), 0);
	vmclock_close(vc);
}

/* A judgement that is being written may be that the time is not to be believed. */
static void a_try_waits_for_no_judgement(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock *vc;
	struct vmclock_time t;

	host_with_time(rf);
	vc = pagefile_open(rf->pf);
	runfiles_begin(&rf->states[0]->seq_count);
	assert_int_equal(vmclock_try_now(vc, VMCLOCK_SCALE_TAI, &t), 0);
	pagefile_begin(rf->pf);
	pagefile_end(rf->pf);
	runfiles_begin(&rf->states[1]->seq_count);
	assert_int_equal(vmclock_try_now(vc, VMCLOCK_SCALE_TAI, &t), -EBUSY);
	runfiles_end(&rf->states[0]->seq_count);
	runfiles_end(&rf->states[1]->seq_count);
	assert_int_equal(vmclock_try_now(vc, VMCLOCK_SCALE_TAI, &t), 0);
	vmclock_close(vc);
}

/* Of one that has ended, or looks at another device, nothing can be hoped for. */
static void who_does_not_look_refuses_nothing(void **state)
{
	struct runfiles *rf = *state;
	struct vmclock_run_state word = host_with_time(rf);
	struct vmclock *vc = pagefile_open(rf->pf);

	pagefile_disrupt(rf->pf);
	assert_int_equal(ask(vc), -EAGAIN);
	word.valid_until = htole64((uint64_t)time_on(CLOCK_MONOTONIC) - 1);
	runfiles_vouch(rf, &word);
	assert_int_equal(ask(vc), 0);
	word = runfiles_word(rf);
	word.marker = 0;
	word.doubted = 1;
	strcpy(word.device, "vmclock1");
	runfiles_vouch(rf, &word);
	pagefile_disrupt(rf->pf);
	assert_int_equal(ask(vc), 0);
	strcpy(word.device, "vmclock0");
	runfiles_vouch(rf, &word);
	pagefile_disrupt(rf->pf);
	assert_int_equal(ask(vc), -EAGAIN);
	vmclock_close(vc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nobody_vouches_without_a_file),
		TEST(each_state_has_its_answer),
		TEST(its_word_holds_for_a_time),
		TEST(a_disruption_ends_it_at_once),
		TEST(so_does_a_new_generation),
		TEST(pages_with_time_have_it_too),
		TEST(a_step_ends_it_at_once),
		TEST(a_clock_of_1970_can_be_right),
		TEST(a_slew_is_no_step),
		TEST(a_step_hides_no_disruption),
		TEST(a_delay_is_no_step),
		TEST(a_clock_that_cannot_be_read_is_an_error),
		TEST(a_former_hosts_time_is_refused),
		TEST(so_is_that_of_a_clones_machine),
		TEST(a_try_waits_for_no_judgement),
		TEST(who_does_not_look_refuses_nothing),
		TEST(constant_fields_must_be_right),
		TEST(a_file_that_others_may_have_made_does_not_count),
		TEST(a_writer_that_died_takes_nothing_back),
		TEST(a_writer_that_died_costs_nobody_anything),
		TEST(a_wait_does_not_spin_for_a_host),
		TEST(a_wait_ends_with_trust),
		TEST(a_wait_ends_in_time),
		TEST(a_signal_ends_a_wait),
		TEST(files_that_come_later_are_picked_up),
		TEST(a_page_that_comes_later_is_picked_up),
		TEST(threads_may_pick_up_at_once),
		/* Last, because it takes the longest. */
		TEST(no_word_is_of_another_marker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
