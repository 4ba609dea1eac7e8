// SPDX-License-Identifier: MIT
/*
 * What a handle makes of vmclockd's state: lib/trusted.c, with a writer that acts just
 * when a reader looks, and with clocks whose readings are known to the nanosecond.
 */
#include <stddef.h>
#include <stdint.h>

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "run.h"
#include "unit.h"

#define NS	   INT64_C(1000000000)
#define NOW	   (1000 * NS)
#define LEAD	   (1700000000 * NS)	/* CLOCK_REALTIME less CLOCK_MONOTONIC */
#define MARKER	   UINT64_C(7)
#define GENERATION UINT64_C(9)

static struct {
	union {
		struct vmclock_run_state state;
		unsigned char room[VMCLOCK_RUN_STATE_COPY_SIZE];
	} copies[VMCLOCK_RUN_COPIES];
	struct vmclock_abi page;
	struct vmclock vc;

	/* vmclockd: */
	int ends_at;		/* at so many looks its updates end; 0: never */
	int torn;		/* it makes so many updates, each between two loads of a reader */
	int vouches_at;		/* at so many sleeps of a reader it finds that the clock is right */

	/* the clocks: */
	int64_t now;		/* CLOCK_MONOTONIC */
	int64_t stepped;	/* CLOCK_REALTIME */
	int delays;		/* so many readings of CLOCK_REALTIME take this long: */
	int64_t delay;
	int fails_at;		/* the reading that fails; 0: none */

	/* and the hypervisor's page: */
	int held;		/* so often it is found in an update that does not end */
	int update_ends_at;	/* at so many sleeps of a reader its update ends */
	uint64_t marker;

	int looks[VMCLOCK_RUN_COPIES];
	int pauses;
	int readings;		/* of CLOCK_REALTIME */
	int all_readings;
	int asked;		/* for the marker */
	int sleeps;
} world;

static void begin_updates(void)
{
	int i;

	for (i = 0; i < VMCLOCK_RUN_COPIES; i++)
		world.copies[i].state.seq_count = htole32(1);
}

static void end_updates(void)
{
	int i;

	for (i = 0; i < VMCLOCK_RUN_COPIES; i++)
		world.copies[i].state.seq_count = htole32(2);
}

static void vouch(uint8_t trust, int64_t valid_until)
{
	int i;

	for (i = 0; i < VMCLOCK_RUN_COPIES; i++) {
		world.copies[i].state.trust = trust;
		world.copies[i].state.valid_until = htole64((uint64_t)valid_until);
	}
}

/* A disruption, and vmclockd tells of it: both copies are whole again at once. */
static void disrupt(void)
{
	int i;

	world.marker++;
	for (i = 0; i < VMCLOCK_RUN_COPIES; i++) {
		struct vmclock_run_state *state = &world.copies[i].state;

		state->marker = htole64(world.marker);
		state->trust = VMCLOCK_RUN_DISRUPTED;
		state->seq_count = htole32(le32toh(state->seq_count) + 2);
	}
}

/* ---- What the library calls --------------------------------------------------------- */

/* More of anything than this is a loop that does not end. */
#define MOST 100000

static uint32_t own_look(const __le32 *seq_count)
{
	assert_uint_in_range(world.looks[0] + world.looks[1], 0, MOST);
	world.looks[seq_count == &world.copies[1].state.seq_count]++;
	if (world.looks[0] + world.looks[1] == world.ends_at)
		end_updates();
	return count_try(seq_count);
}

static uint64_t own_load(const __le64 *field)
{
	/* Everything before the marker is of the state before. */
	if (world.torn && (field == &world.copies[0].state.marker ||
			   field == &world.copies[1].state.marker)) {
		world.torn--;
		disrupt();
	}
	return le64toh(*field);
}

static void own_pause(void)
{
	world.pauses++;
}

static int own_clock(clockid_t clock, struct timespec *ts)
{
	int64_t ns = world.now;

	assert_uint_in_range(world.all_readings, 0, MOST);
	if (++world.all_readings == world.fails_at) {
		errno = EPERM;
		return -1;
	}
	if (clock == CLOCK_REALTIME) {
		ns += LEAD + world.stepped;
		world.readings++;
		if (world.delays) {
			world.delays--;
			world.now += world.delay;
		}
	}
	*ts = (struct timespec){ .tv_sec = ns / NS, .tv_nsec = ns % NS };
	return 0;
}

#define count_try own_look
#define cpu_relax own_pause
#define clock_gettime own_clock
#undef page_u64
#define page_u64(field) own_load(&(field))
#include "trusted.c"

int vmclock_check_current(const struct vmclock *vc, uint64_t marker, const uint64_t *generation,
			  bool once)
{
	(void)vc;
	assert_false(once);
	world.asked++;
	if (world.held) {
		world.held--;
		return -ETIMEDOUT;
	}
	return marker == world.marker && *generation == GENERATION ? 0 : -ESTALE;
}

int vmclock_check_device(const struct vmclock *vc)
{
	(void)vc;
	return 0;
}

void vmclock_run_pick_up(const struct vmclock *vc)
{
	(void)vc;
}

bool vmclock_is_timeout(const struct timespec *ts)
{
	return ts->tv_sec >= 0;
}

int vmclock_deadline(const struct timespec *timeout, int64_t *deadline)
{
	(void)timeout;
	*deadline = INT64_MAX;
	return 0;
}

int vmclock_sleep(int64_t ns)
{
	assert_uint_in_range(++world.sleeps, 0, MOST);
	world.now += ns;
	if (world.sleeps == world.update_ends_at)
		world.page.seq_count = htole32(2);
	if (world.sleeps == world.vouches_at)
		vouch(VMCLOCK_RUN_TRUSTED, world.now + 60 * NS);
	return 0;
}

/* ---- Answers ------------------------------------------------------------------------ */

static int set_up(void **state)
{
	int i;

	(void)state;
	memset(&world, 0, sizeof(world));
	for (i = 0; i < VMCLOCK_RUN_COPIES; i++)
		world.copies[i].state = (struct vmclock_run_state){
			.magic = htole32(VMCLOCK_RUN_STATE_MAGIC),
			.size = htole32(sizeof(struct vmclock_run_state)),
			.version = htole16(VMCLOCK_RUN_STATE_VERSION),
			.seq_count = htole32(2),
			.trust = VMCLOCK_RUN_TRUSTED,
			.marker = htole64(MARKER),
			.generation = htole64(GENERATION),
			.valid_until = htole64((uint64_t)(NOW + 60 * NS)),
			.lead_least = htole64((uint64_t)LEAD),
			.lead_most = htole64((uint64_t)LEAD),
			.device = "vmclock0",
		};
	world.vc = (struct vmclock){
		.page = &world.page,
		.state = &world.copies[0].state,
		.run_name = "vmclock0",
	};
	world.now = NOW;
	world.marker = MARKER;
	return 0;
}

static int trusted(void)
{
	uint64_t marker = 0x5a5a;
	int ret = vmclock_system_trusted(&world.vc, &marker);

	assert_int_equal(marker, ret ? 0x5a5a : world.marker);
	return ret;
}

static int judge(bool once)
{
	struct run_judgement judgement;
	int ret = vmclock_run_judge(&world.vc, once, &judgement);

	if (!ret && judgement.known) {
		assert_int_equal(judgement.marker, MARKER);
		assert_int_equal(judgement.generation, GENERATION);
		assert_false(judgement.doubted);
	}
	return ret ? ret : judgement.known;
}

/* ---- A writer in an update ---------------------------------------------------------- */

static void a_state_at_rest_is_read_by_one_look(void **state)
{
	(void)state;
	assert_int_equal(trusted(), 0);
	assert_int_equal(world.looks[0], 1);
	assert_int_equal(world.looks[1] + world.pauses, 0);
}

static void the_copy_that_is_whole_is_read_without_a_pause(void **state)
{
	(void)state;
	world.copies[0].state.seq_count = htole32(1);
	assert_int_equal(trusted(), 0);
	assert_int_equal(world.looks[0] + world.looks[1], 2);
	assert_int_equal(world.pauses, 0);
}

/* One that is killed before it has ended them is not waited for. */
static void a_writer_that_ends_soon_is_waited_for(void **state)
{
	static const int looks[] = { 3, 4, 100, 501 };
	size_t i;

	for (i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		set_up(state);
		begin_updates();
		world.ends_at = looks[i];
		assert_int_equal(trusted(), 0);
		assert_int_equal(world.looks[0] + world.looks[1], looks[i]);
		/* Both copies are looked at, and then comes a pause. */
		assert_int_equal(world.pauses, (looks[i] - 1) / 2);
		set_up(state);
		begin_updates();
		world.ends_at = looks[i];
		assert_int_equal(judge(false), true);
	}
	set_up(state);
	begin_updates();
	assert_int_equal(trusted(), -EAGAIN);
	assert_int_equal(judge(false), false);
}

/* For those who must not spend time. */
static void a_try_looks_once_at_each_copy(void **state)
{
	int copy;

	(void)state;
	for (copy = 0; copy < VMCLOCK_RUN_COPIES; copy++) {
		set_up(state);
		world.copies[copy].state.seq_count = htole32(1);
		assert_int_equal(judge(true), true);
	}
	set_up(state);
	begin_updates();
	world.ends_at = 3;
	assert_int_equal(judge(true), -EBUSY);
	assert_int_equal(world.looks[0], 1);
	assert_int_equal(world.looks[1], 1);
	assert_int_equal(world.pauses, 0);
}

/* Trust of before a disruption, under the marker of after it. */
static void no_answer_is_of_two_states(void **state)
{
	static const int updates[] = { 1, 2, 3, 100 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(updates) / sizeof(updates[0]); i++) {
		set_up(state);
		world.torn = updates[i];
		assert_int_equal(trusted(), -ESTALE);
		assert_int_equal(world.torn, 0);
	}
}

/* ---- A clock that was stepped --------------------------------------------------------- */

static void a_step_of_a_nanosecond_counts(void **state)
{
	static const struct {
		int64_t least, most, step;
		int ret;
	} cases[] = {
		{ 0, 0, 0, 0 },	  { 0, 0, -1, -EAGAIN }, { 0, 0, 1, -EAGAIN },
		{ -3, 5, -3, 0 }, { -3, 5, 5, 0 },	 { -3, 5, -4, -EAGAIN },
		{ -3, 5, 6, -EAGAIN },
	};
	size_t i;
	int copy;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_up(state);
		for (copy = 0; copy < VMCLOCK_RUN_COPIES; copy++) {
			world.copies[copy].state.lead_least =
				htole64((uint64_t)(LEAD + cases[i].least));
			world.copies[copy].state.lead_most =
				htole64((uint64_t)(LEAD + cases[i].most));
		}
		world.stepped = cases[i].step;
		assert_int_equal(trusted(), cases[i].ret);
	}
}

/* The later the second reading of CLOCK_MONOTONIC, the less the lead is known. */
static void what_is_known_too_badly_is_read_again(void **state)
{
	(void)state;
	world.delays = 1;
	world.delay = VMCLOCK_RUN_LEAD_WIDTH;
	assert_int_equal(trusted(), 0);
	assert_int_equal(world.readings, 1);
	set_up(state);
	world.delays = 1;
	world.delay = VMCLOCK_RUN_LEAD_WIDTH + 1;
	assert_int_equal(trusted(), 0);
	assert_int_equal(world.readings, 2);
	/* A step that the first time did not show. */
	set_up(state);
	world.delays = 1;
	world.delay = VMCLOCK_RUN_LEAD_WIDTH + 1;
	world.stepped = 1;
	assert_int_equal(trusted(), -EAGAIN);
	assert_int_equal(world.readings, 2);
	/* Always interrupted: an answer comes soon, and it is no. */
	set_up(state);
	world.delays = INT32_MAX;
	world.delay = VMCLOCK_RUN_LEAD_WIDTH + 1;
	assert_int_equal(trusted(), -EAGAIN);
	assert_uint_in_range(world.readings, 2, 20);
}

/* Of the state's age, and of the lead. */
static void each_reading_of_a_clock_may_fail(void **state)
{
	int i;

	for (i = 1; i <= 3; i++) {
		set_up(state);
		world.fails_at = i;
		assert_int_equal(trusted(), -EPERM);
		assert_int_equal(world.all_readings, i);
	}
}

/* ---- Waiting -------------------------------------------------------------------------- */

/* There is no trust, for whatever reason, and then there is. */
static void a_wait_ends_with_trust(void **state)
{
	static const struct {
		uint8_t trust;
		int64_t valid_until;
	} cases[] = {
		{ VMCLOCK_RUN_UNKNOWN, NOW + 60 * NS },
		{ VMCLOCK_RUN_DISRUPTED, NOW + 60 * NS },
		{ VMCLOCK_RUN_TRUSTED, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_up(state);
		vouch(cases[i].trust, cases[i].valid_until);
		world.vouches_at = 4;
		assert_int_equal(vmclock_system_wait_trusted(&world.vc, NULL), 0);
		assert_int_equal(world.sleeps, 4);
	}
}

/* Whoever asks for its marker would spin for 100 ms. */
static void a_host_in_an_update_is_slept_for(void **state)
{
	(void)state;
	world.page.seq_count = htole32(1);
	world.update_ends_at = 3;
	assert_int_equal(vmclock_system_wait_trusted(&world.vc, NULL), 0);
	assert_int_equal(world.sleeps, 3);
	assert_int_equal(world.asked, 1);
}

/* It was at rest when the wait looked, and in an update when the marker was to be read. */
static void a_host_that_begins_an_update_just_then_is_waited_for(void **state)
{
	(void)state;
	world.held = 2;
	assert_int_equal(vmclock_system_wait_trusted(&world.vc, NULL), 0);
	assert_int_equal(world.held, 0);
	assert_int_equal(world.sleeps, 2);
	/* Who does not wait is told. */
	world.held = 1;
	assert_int_equal(trusted(), -ETIMEDOUT);
}

/* ---- The time on the host's page ------------------------------------------------------ */

static int believed(uint64_t marker, uint64_t generation)
{
	struct run_judgement judgement;

	assert_int_equal(vmclock_run_judge(&world.vc, false, &judgement), 0);
	return vmclock_run_believed(&judgement, marker, generation);
}

static void the_clock_is_read_only_for_what_is_doubtful(void **state)
{
	(void)state;
	world.fails_at = 1;
	assert_int_equal(believed(MARKER, GENERATION), 0);
	assert_int_equal(world.all_readings, 0);
	assert_int_equal(believed(MARKER + 1, GENERATION), -EPERM);
	world.fails_at = 0;
	assert_int_equal(believed(MARKER + 1, GENERATION), -EAGAIN);
	assert_int_equal(believed(MARKER, GENERATION + 1), -EAGAIN);
	world.copies[0].state.doubted = 1;
	assert_int_equal(believed(MARKER, GENERATION), -EAGAIN);
	/* vmclockd has ended: there is nobody to wait for. */
	world.now += 3600 * NS;
	assert_int_equal(believed(MARKER, GENERATION), 0);
	assert_int_equal(believed(MARKER + 1, GENERATION), 0);
}

static void what_is_about_another_device_is_no_judgement(void **state)
{
	static const char names[][VMCLOCK_RUN_NAME_SIZE] = { "vmclock1", "vmclock", "" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		memcpy(world.copies[0].state.device, names[i], VMCLOCK_RUN_NAME_SIZE);
		assert_int_equal(judge(true), false);
		assert_int_equal(believed(MARKER + 1, GENERATION), 0);
	}
	/* The last character of the longest name. */
	memset(world.copies[0].state.device, '1', VMCLOCK_RUN_NAME_SIZE);
	memset(world.vc.run_name, '1', VMCLOCK_RUN_NAME_SIZE);
	assert_int_equal(judge(true), true);
	world.vc.run_name[VMCLOCK_RUN_NAME_SIZE - 1] = '2';
	assert_int_equal(judge(true), false);
}

#define TEST(f) cmocka_unit_test_setup(f, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_state_at_rest_is_read_by_one_look),
		TEST(the_copy_that_is_whole_is_read_without_a_pause),
		TEST(a_writer_that_ends_soon_is_waited_for),
		TEST(a_try_looks_once_at_each_copy),
		TEST(no_answer_is_of_two_states),
		TEST(a_step_of_a_nanosecond_counts),
		TEST(what_is_known_too_badly_is_read_again),
		TEST(each_reading_of_a_clock_may_fail),
		TEST(a_wait_ends_with_trust),
		TEST(a_host_in_an_update_is_slept_for),
		TEST(a_host_that_begins_an_update_just_then_is_waited_for),
		TEST(the_clock_is_read_only_for_what_is_doubtful),
		TEST(what_is_about_another_device_is_no_judgement),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
