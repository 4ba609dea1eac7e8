// SPDX-License-Identifier: MIT
/*
 * Which page gives time, and who is asked about it: lib/basis.c, with writers that are
 * in an update just when a reader looks.
 */
#include <stddef.h>
#include <stdint.h>

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "run-layout.h"
#include "section.h"
#include "unit.h"

#define MARKER	   UINT64_C(7)
#define GENERATION UINT64_C(9)

static struct {
	struct vmclock_abi page;
	struct vmclock_run_page copies[VMCLOCK_RUN_COPIES];
	struct vmclock vc;

	int looks[VMCLOCK_RUN_COPIES];
	int pauses;
	int ends_at;		/* at so many looks, vmclockd's updates end; 0: never */

	/* What the judgement and the hypervisor's page say, and what they were asked. */
	int judge_error;
	bool judge_moves;	/* the host disrupts the clock meanwhile */
	int believed;
	int current;
	bool asked;
	uint64_t marker;
	uint64_t generation;
} world;

/* ---- What the library calls --------------------------------------------------------- */

static uint32_t own_look(const struct vmclock_abi *page)
{
	int i;

	world.looks[page == &world.copies[1].page]++;
	if (world.looks[0] + world.looks[1] == world.ends_at)
		for (i = 0; i < VMCLOCK_RUN_COPIES; i++)
			world.copies[i].page.seq_count = htole32(2);
	return count_try(&page->seq_count);
}

static void own_pause(void)
{
	world.pauses++;
}

#define section_try own_look
#define cpu_relax own_pause
#include "basis.c"

int vmclock_section_wait(const struct vmclock *vc, struct section *section)
{
	(void)vc;
	(void)section;
	return -EBUSY;
}

int vmclock_check_current(const struct vmclock *vc, uint64_t marker, const uint64_t *generation,
			  bool once)
{
	(void)vc;
	(void)once;
	world.asked = true;
	world.marker = marker;
	world.generation = generation ? *generation : 0;
	return world.current;
}

int vmclock_run_judge(const struct vmclock *vc, bool once, struct run_judgement *judgement)
{
	(void)vc;
	(void)once;
	*judgement = (struct run_judgement){ .known = true, .marker = MARKER };
	if (world.judge_moves)
		world.page.disruption_marker = htole64(MARKER + 1);
	return world.judge_error;
}

int vmclock_run_believed(const struct run_judgement *judgement, uint64_t marker,
			 uint64_t generation)
{
	assert_true(judgement->known && judgement->marker == MARKER);
	world.asked = true;
	world.marker = marker;
	world.generation = generation;
	return world.believed;
}

bool vmclock_completed_copies(const struct vmclock *vc, const struct vmclock_run_page *copies[])
{
	int i;

	for (i = 0; i < VMCLOCK_RUN_COPIES; i++)
		copies[i] = &world.copies[i];
	return vc->time_page != vc->page;
}

bool vmclock_completed_is_before(const struct vmclock_snapshot *s, uint64_t counter,
				 uint64_t first)
{
	(void)s;
	return counter < first;
}

/* ---- The world ------------------------------------------------------------------------ */

static void fill(struct vmclock_abi *page, uint64_t marker)
{
	page->counter_id = COUNTER_ID;
	page->time_type = VMCLOCK_TIME_UTC;
	page->clock_status = VMCLOCK_STATUS_SYNCHRONIZED;
	page->disruption_marker = htole64(marker);
	page->flags = htole64(VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT);
	page->vm_generation_counter = htole64(GENERATION);
}

/* A page with time. */
static int set_up(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	fill(&world.page, MARKER);
	world.vc.page = world.vc.time_page = &world.page;
	world.vc.size = sizeof(world.page);
	world.vc.time_type = VMCLOCK_TIME_UTC;
	return 0;
}

/* A page without time, and two copies, which differ by their marker. */
static int set_up_completed(void **state)
{
	int i;

	set_up(state);
	world.vc.time_error = -ENODATA;
	world.vc.time_page = &world.copies[0].page;
	for (i = 0; i < VMCLOCK_RUN_COPIES; i++)
		fill(&world.copies[i].page, MARKER + (uint64_t)i);
	return 0;
}

static void begin_updates(void)
{
	int i;

	for (i = 0; i < VMCLOCK_RUN_COPIES; i++)
		world.copies[i].page.seq_count = htole32(1);
}

static int take(bool once, struct basis *basis)
{
	uint64_t counter = 77;

	world.asked = false;
	memset(basis, 0x5a, sizeof(*basis));
	return vmclock_take_basis(&world.vc, GIVEN, once, &counter, basis);
}

/* ---- The completed page ----------------------------------------------------------------- */

static void the_first_copy_comes_first(void **state)
{
	struct basis basis;

	(void)state;
	assert_int_equal(take(false, &basis), 0);
	assert_int_equal(basis.s.marker, MARKER);
	assert_true(basis.completed && basis.lasts);
	assert_int_equal(world.looks[0], 1);
	assert_int_equal(world.looks[1], 0);
	assert_int_equal(world.pauses, 0);

	world.copies[0].page.seq_count = htole32(1);
	assert_int_equal(take(false, &basis), 0);
	assert_int_equal(basis.s.marker, MARKER + 1);
	assert_false(basis.lasts);
	assert_int_equal(world.looks[0], 2);
	assert_int_equal(world.looks[1], 1);
	assert_int_equal(world.pauses, 0);
}

static void a_try_looks_once_at_each_copy(void **state)
{
	struct basis basis;

	(void)state;
	begin_updates();
	assert_int_equal(take(true, &basis), -EBUSY);
	assert_int_equal(world.looks[0], 1);
	assert_int_equal(world.looks[1], 1);
	assert_int_equal(world.pauses, 0);
	assert_false(world.asked);
}

/* vmclockd repairs the first copy while the second one is in an update, too. */
static void an_update_of_both_copies_is_waited_for(void **state)
{
	struct basis basis;

	(void)state;
	begin_updates();
	world.ends_at = 501;
	assert_int_equal(take(false, &basis), 0);
	assert_int_equal(basis.s.marker, MARKER);
	assert_int_equal(world.looks[0], 251);
	assert_int_equal(world.looks[1], 250);
	assert_int_equal(world.pauses, 250);
}

static void a_dead_writer_is_not_waited_for(void **state)
{
	struct basis basis;

	(void)state;
	begin_updates();
	assert_int_equal(take(false, &basis), -EAGAIN);
	assert_true(world.looks[0] > 250);
	assert_true(world.looks[0] < 100000);
	assert_int_equal(world.looks[0], world.looks[1]);
	assert_false(world.asked);
}

static void a_page_that_begins_has_no_time_yet(void **state)
{
	struct basis basis;

	(void)state;
	world.current = -ESTALE;
	assert_int_equal(take(false, &basis), -ESTALE);
	world.copies[0].page.clock_status = VMCLOCK_STATUS_INITIALIZING;
	assert_int_equal(take(false, &basis), -EAGAIN);
	assert_false(world.asked);
}

static void it_is_compared_with_the_hypervisors_page(void **state)
{
	struct basis basis;

	(void)state;
	assert_int_equal(take(false, &basis), 0);
	assert_true(world.asked);
	assert_int_equal(world.marker, MARKER);
	assert_int_equal(world.generation, GENERATION);
	world.copies[0].page.flags = 0;
	assert_int_equal(take(false, &basis), 0);
	assert_int_equal(world.generation, 0);
}

/* ---- The hypervisor's page ---------------------------------------------------------------- */

static void vmclockd_is_asked_about_the_page(void **state)
{
	struct basis basis;

	(void)state;
	assert_int_equal(take(false, &basis), 0);
	assert_true(world.asked);
	assert_int_equal(world.marker, MARKER);
	assert_int_equal(world.generation, GENERATION);
	assert_false(basis.completed);
	world.believed = -EAGAIN;
	assert_int_equal(take(false, &basis), -EAGAIN);
	world.believed = -EPERM;
	assert_int_equal(take(true, &basis), -EPERM);
}

static void a_generation_that_is_none_is_0(void **state)
{
	struct basis basis;

	(void)state;
	world.page.flags = 0;
	assert_int_equal(take(false, &basis), 0);
	assert_int_equal(world.generation, 0);
	/* A page that ends before it, whatever follows. */
	fill(&world.page, MARKER);
	world.vc.size = offsetof(struct vmclock_abi, vm_generation_counter);
	assert_int_equal(take(false, &basis), 0);
	assert_int_equal(world.generation, 0);
	/* And none of these. */
	world.page.flags = htole64(~VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT);
	world.vc.size = sizeof(world.page);
	assert_int_equal(take(false, &basis), 0);
	assert_int_equal(world.generation, 0);
}

/* Otherwise an old judgement would count for a new page. */
static void the_judgement_is_older_than_the_page(void **state)
{
	struct basis basis;

	(void)state;
	world.judge_moves = true;
	assert_int_equal(take(false, &basis), 0);
	assert_int_equal(world.marker, MARKER + 1);
	assert_int_equal(basis.s.marker, MARKER + 1);
}

static void a_judgement_that_is_being_written_is_none(void **state)
{
	struct basis basis;

	(void)state;
	world.judge_error = -EBUSY;
	assert_int_equal(take(true, &basis), -EBUSY);
	assert_false(world.asked);
}

#define TEST(f) cmocka_unit_test_setup(f, set_up)
#define COMPLETED(f) cmocka_unit_test_setup(f, set_up_completed)

int main(void)
{
	const struct CMUnitTest tests[] = {
		COMPLETED(the_first_copy_comes_first),
		COMPLETED(a_try_looks_once_at_each_copy),
		COMPLETED(an_update_of_both_copies_is_waited_for),
		COMPLETED(a_dead_writer_is_not_waited_for),
		COMPLETED(a_page_that_begins_has_no_time_yet),
		COMPLETED(it_is_compared_with_the_hypervisors_page),
		TEST(vmclockd_is_asked_about_the_page),
		TEST(a_generation_that_is_none_is_0),
		TEST(the_judgement_is_older_than_the_page),
		TEST(a_judgement_that_is_being_written_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
