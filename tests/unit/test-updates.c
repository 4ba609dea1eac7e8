// SPDX-License-Identifier: MIT
/*
 * The host may update the page between any two instructions of a reading, and
 * the reading is then of one update or of the other, never of both. Readings
 * are made by a child, which is stopped at one instruction after the other.
 */
#include <endian.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "counter.h"
#include "pagefile.h"

/* ---- Updates: each field that a reading looks at follows from a number ------------------ */

#define JANUARY_3	UINT64_C(1483401600)	/* of 2017 */
#define FLAGS		(VMCLOCK_FLAG_TAI_OFFSET_VALID | VMCLOCK_FLAG_PERIOD_MAXERROR_VALID | \
			 VMCLOCK_FLAG_TIME_MAXERROR_VALID)

static void fill(struct vmclock_abi *page, uint64_t n)
{
	bool odd = n & 1;

	page->disruption_marker = htole64(n);
	page->flags = htole64(FLAGS | (odd ? VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT :
					     VMCLOCK_FLAG_DISRUPTION_SOON));
	page->clock_status = odd ? VMCLOCK_STATUS_SYNCHRONIZED : VMCLOCK_STATUS_FREERUNNING;
	page->tai_offset_sec = htole16(odd ? 20 : 40);
	page->counter_value = htole64(n << 20);
	/* Ticks of 16 or 8 ns, nearly. */
	page->counter_period_shift = odd ? 20 : 21;
	page->counter_period_frac_sec = htole64(UINT64_C(309485009821345068) + n);
	page->counter_period_maxerror_rate_frac_sec = htole64(UINT64_C(30000000000) * (1 + n % 3));
	page->time_sec = htole64(JANUARY_3 + n);
	page->time_frac_sec = htole64(n << 50);
	page->time_maxerror_nanosec = htole64(1000 + n);
	page->vm_generation_counter = htole64(odd ? n : 0);
}

static void update(struct pagefile *pf)
{
	uint64_t n = le64toh(pf->page->disruption_marker) + 1;

	pagefile_begin(pf);
	fill(pf->page, n);
	pagefile_end(pf);
}

/* ---- Readings ------------------------------------------------------------------------------ */

#define COUNTER	(UINT64_C(1) << 40)

struct answer {
	int ret;
	struct vmclock_time time;
	struct vmclock_state state;
	struct vmclock_abi page;
	uint64_t number;
};

typedef void reading(const struct vmclock *vc, struct answer *answer);

static void read_tai(const struct vmclock *vc, struct answer *answer)
{
	answer->ret = vmclock_at(vc, VMCLOCK_SCALE_TAI, COUNTER, &answer->time);
}

static void read_utc(const struct vmclock *vc, struct answer *answer)
{
	answer->ret = vmclock_at(vc, VMCLOCK_SCALE_UTC, COUNTER, &answer->time);
}

static void read_whole(const struct vmclock *vc, struct answer *answer)
{
	answer->ret = vmclock_read_page(vc, &answer->page, sizeof(answer->page));
}

static void read_state(const struct vmclock *vc, struct answer *answer)
{
	answer->ret = vmclock_read_state(vc, &answer->state);
}

static void read_generation(const struct vmclock *vc, struct answer *answer)
{
	answer->ret = vmclock_generation(vc, &answer->number);
}

/* A reading with a new handle, while nobody writes. */
static void read_undisturbed(struct pagefile *pf, reading *read, struct answer *answer)
{
	struct vmclock *vc = pagefile_open(pf);

	memset(answer, 0, sizeof(*answer));
	read(vc, answer);
	vmclock_close(vc);
}

/* ---- A reader that is stopped ---------------------------------------------------------------- */

#define BEFORE	SIGUSR1
#define AFTER	SIGUSR2

/* Reads repeatedly; @warm: with a handle that has read the page. */
static void read_for_ever(struct pagefile *pf, reading *read, bool warm, struct answer *shared)
{
	pid_t self = getpid();

	for (;;) {
		struct vmclock *vc = pagefile_open(pf);
		struct answer answer;

		if (warm)
			read(vc, &answer);
		memset(&answer, 0, sizeof(answer));
		kill(self, BEFORE);
		read(vc, &answer);
		*shared = answer;
		kill(self, AFTER);
		vmclock_close(vc);
	}
}

static pid_t start_reader(struct pagefile *pf, reading *read, bool warm, struct answer *shared)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(1);
	/* No output, and no tests, of its own. */
	read_for_ever(pf, read, warm, shared);
	_exit(1);
}

/* The signal at which the reader stops again: SIGTRAP after a step. */
static int resume(pid_t reader, bool step)
{
	int status;

	assert_int_equal(ptrace(step ? PTRACE_SINGLESTEP : PTRACE_CONT, reader, NULL, NULL), 0);
	assert_int_equal(waitpid(reader, &status, 0), reader);
	assert_true(WIFSTOPPED(status));
	return WSTOPSIG(status);
}

/* A reading takes at least this many instructions after its last load from the page. */
#define TOO_LATE 10

/* False if the reading was over by then. */
static bool go_to_instruction(pid_t reader, int number)
{
	while (number--)
		if (resume(reader, true) == AFTER)
			return false;
	return true;
}

/* @stride: 1: at each instruction; more for long readings, which rarely load. */
static void check_reading(struct pagefile *pf, reading *read, bool warm, int stride)
{
	struct answer *answer = mmap(NULL, sizeof(*answer), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct answer old, new;
	int of_old = 0, of_new = 0, number = 0, status;
	pid_t reader;

	assert_ptr_not_equal(answer, MAP_FAILED);
	reader = start_reader(pf, read, warm, answer);
	assert_int_equal(waitpid(reader, &status, 0), reader);
	assert_true(WIFSTOPPED(status));
	/* Repeat until an update comes too late for the reading. */
	while (of_old * stride < TOO_LATE) {
		if (number)
			assert_int_equal(resume(reader, false), BEFORE);
		read_undisturbed(pf, read, &old);
		assert_true(go_to_instruction(reader, number));
		number += stride;
		update(pf);
		read_undisturbed(pf, read, &new);
		assert_int_equal(resume(reader, false), AFTER);
		if (!memcmp(answer, &old, sizeof(old))) {
			of_old++;
		} else {
			if (memcmp(answer, &new, sizeof(new)))
				fail_msg("a mixture, by an update at instruction %d",
					 number - stride);
			of_old = 0;
			of_new++;
		}
	}
	/* Other updates must have come in time. */
	assert_true(of_new * stride > TOO_LATE);
	kill(reader, SIGKILL);
	waitpid(reader, NULL, 0);
	munmap(answer, sizeof(*answer));
}

static int setup(void **state)
{
	struct pagefile *pf;

	if (pagefile_setup(state))
		return -1;
	pf = *state;
	pf->page->counter_id = COUNTER_ID;
	pf->page->time_type = VMCLOCK_TIME_TAI;
	fill(pf->page, 1);
	return 0;
}

static void a_time_is_of_one_update(void **state)
{
	check_reading(*state, read_tai, false, 3);
	check_reading(*state, read_utc, false, 3);
}

static void a_time_by_what_is_known_is_of_one_update(void **state)
{
	check_reading(*state, read_tai, true, 3);
}

static void a_copy_is_of_one_update(void **state)
{
	check_reading(*state, read_whole, false, 3);
}

static void a_state_is_of_one_update(void **state)
{
	check_reading(*state, read_state, false, 1);
}

static void a_generation_is_of_one_update(void **state)
{
	struct pagefile *pf = *state;

	/* Each update makes one appear or disappear: at each instruction, either. */
	check_reading(pf, read_generation, false, 1);
	fill(pf->page, 2);
	check_reading(pf, read_generation, false, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, pagefile_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_time_is_of_one_update),
		TEST(a_time_by_what_is_known_is_of_one_update),
		TEST(a_copy_is_of_one_update),
		TEST(a_state_is_of_one_update),
		TEST(a_generation_is_of_one_update),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
