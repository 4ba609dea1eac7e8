// SPDX-License-Identifier: MIT
/* Marker, generation, state and whole-page reads, also while the host writes. */
#include <endian.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pagefile.h"

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void the_marker_tells_disruptions(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = pagefile_open(pf);
	uint64_t marker = vmclock_marker(vc);

	assert_false(vmclock_disrupted(vc, marker));
	/* An update that leaves the marker is no disruption. */
	pagefile_begin(pf);
	pagefile_end(pf);
	assert_false(vmclock_disrupted(vc, marker));
	pagefile_disrupt(pf);
	assert_true(vmclock_disrupted(vc, marker));
	assert_int_equal(vmclock_marker(vc), marker + 1);
	vmclock_close(vc);
}

static void zero_is_a_marker_like_any_other(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc;

	pf->page->disruption_marker = 0;
	pf->page->seq_count = 0;
	vc = pagefile_open(pf);
	assert_int_equal(vmclock_marker(vc), 0);
	assert_false(vmclock_disrupted(vc, 0));
	assert_true(vmclock_disrupted(vc, UINT64_MAX));
	vmclock_close(vc);
}

static void the_generation_needs_flag_and_size(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = pagefile_open(pf);
	uint64_t generation = 5;

	pf->page->vm_generation_counter = htole64(0x123456789abcdef0);
	assert_int_equal(vmclock_generation(vc, &generation), -ENODATA);
	assert_int_equal(generation, 5);
	pf->page->flags = htole64(VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT);
	assert_int_equal(vmclock_generation(vc, &generation), 0);
	assert_int_equal(generation, 0x123456789abcdef0);
	vmclock_close(vc);

	pf->page->size = htole32(0x6f);
	vc = pagefile_open(pf);
	generation = 5;
	assert_int_equal(vmclock_generation(vc, &generation), -ENODATA);
	assert_int_equal(generation, 5);
	vmclock_close(vc);
}

static void read_page_copies_what_the_page_has(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = pagefile_open(pf);
	struct vmclock_abi copy;

	pf->page->vm_generation_counter = htole64(9);
	assert_int_equal(vmclock_read_page(vc, &copy, sizeof(copy)), 0);
	assert_memory_equal(&copy, pf->page, sizeof(copy));
	vmclock_close(vc);

	/* One byte short of the last field, which then is no part of the page. */
	pf->page->size = htole32(0x68);
	vc = pagefile_open(pf);
	memset(&copy, 0xff, sizeof(copy));
	assert_int_equal(vmclock_read_page(vc, &copy, sizeof(copy)), 0);
	assert_int_equal(copy.vm_generation_counter, 0);
	assert_int_equal(le64toh(copy.disruption_marker), 1);
	vmclock_close(vc);
}

/* Callers that were built with an older or a newer header. */
static void read_page_honours_the_callers_size(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = pagefile_open(pf);
	unsigned char buffer[0x90];
	size_t i;

	pf->page->vm_generation_counter = htole64(UINT64_MAX);
	memset(buffer, 0x5a, sizeof(buffer));
	assert_int_equal(vmclock_read_page(vc, (struct vmclock_abi *)buffer, 0x68), 0);
	assert_memory_equal(buffer, pf->page, 0x68);
	assert_int_equal(buffer[0x68], 0x5a);

	assert_int_equal(vmclock_read_page(vc, (struct vmclock_abi *)buffer, 0x80), 0);
	assert_memory_equal(buffer, pf->page, 0x70);
	for (i = 0x70; i < 0x80; i++)
		assert_int_equal(buffer[i], 0);
	assert_int_equal(buffer[0x80], 0x5a);
	vmclock_close(vc);
}

static void expect_state(const struct vmclock *vc, uint64_t marker, uint64_t generation,
			 uint32_t flags, uint8_t status)
{
	struct vmclock_state s;

	memset(&s, 0x5a, sizeof(s));
	assert_int_equal(vmclock_read_state(vc, &s), 0);
	assert_int_equal(s.marker, marker);
	assert_int_equal(s.generation, generation);
	assert_int_equal(s.flags, flags);
	assert_int_equal(s.status, status);
}

/* The layout that users of FFI declare by hand. */
static void the_state_is_laid_out_without_holes(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct vmclock_state), 64);
	assert_int_equal(offsetof(struct vmclock_state, flags), 16);
	assert_int_equal(offsetof(struct vmclock_state, status), 20);
	assert_int_equal(offsetof(struct vmclock_state, reserved), 21);
}

static void a_page_without_time_has_a_state(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = pagefile_open(pf);

	expect_state(vc, 1, 0, 0, VMCLOCK_STATUS_UNKNOWN);
	/* No generation, whatever the field holds. */
	pf->page->vm_generation_counter = htole64(7);
	expect_state(vc, 1, 0, 0, VMCLOCK_STATUS_UNKNOWN);

	/* All of the page's flags but ours. */
	pf->page->flags = htole64(~(uint64_t)(VMCLOCK_FLAG_DISRUPTION_SOON |
					      VMCLOCK_FLAG_DISRUPTION_IMMINENT |
					      VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT));
	expect_state(vc, 1, 0, 0, VMCLOCK_STATUS_UNKNOWN);
	pf->page->flags = htole64(VMCLOCK_FLAG_DISRUPTION_SOON);
	expect_state(vc, 1, 0, VMCLOCK_FLAG_MAINTENANCE_SOON, VMCLOCK_STATUS_UNKNOWN);
	pf->page->flags = htole64(VMCLOCK_FLAG_DISRUPTION_IMMINENT);
	expect_state(vc, 1, 0, VMCLOCK_FLAG_MAINTENANCE_IMMINENT, VMCLOCK_STATUS_UNKNOWN);

	pf->page->flags = htole64(VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT);
	pf->page->vm_generation_counter = htole64(0x123456789abcdef0);
	pf->page->disruption_marker = htole64(UINT64_MAX);
	pf->page->clock_status = VMCLOCK_STATUS_UNRELIABLE;
	expect_state(vc, UINT64_MAX, 0x123456789abcdef0, VMCLOCK_FLAG_GENERATION_PRESENT,
		     VMCLOCK_STATUS_UNRELIABLE);
	/* One that this library does not know is passed on. */
	pf->page->clock_status = 200;
	expect_state(vc, UINT64_MAX, 0x123456789abcdef0, VMCLOCK_FLAG_GENERATION_PRESENT, 200);
	vmclock_close(vc);
}

/* A file may end where the page does, and what lies behind it is no part of it. */
static void the_state_of_a_small_page(void **state)
{
	static const struct {
		uint32_t size;
		uint8_t status;
		uint32_t flags;
	} pages[] = {
		{ 0x20, VMCLOCK_STATUS_UNKNOWN, VMCLOCK_FLAG_MAINTENANCE_IMMINENT },
		{ 0x22, VMCLOCK_STATUS_UNKNOWN, VMCLOCK_FLAG_MAINTENANCE_IMMINENT },
		{ 0x23, VMCLOCK_STATUS_FREERUNNING, VMCLOCK_FLAG_MAINTENANCE_IMMINENT },
		{ 0x6f, VMCLOCK_STATUS_FREERUNNING, VMCLOCK_FLAG_MAINTENANCE_IMMINENT },
		{ 0x70, VMCLOCK_STATUS_FREERUNNING,
		  VMCLOCK_FLAG_MAINTENANCE_IMMINENT | VMCLOCK_FLAG_GENERATION_PRESENT },
	};
	struct pagefile *pf = *state;
	union {
		struct vmclock_abi page;
		unsigned char bytes[4096];
	} good;
	size_t i;

	memcpy(&good, pf->page, sizeof(good));
	good.page.flags = htole64(VMCLOCK_FLAG_DISRUPTION_IMMINENT |
				  VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT);
	good.page.clock_status = VMCLOCK_STATUS_FREERUNNING;
	good.page.vm_generation_counter = htole64(5);
	for (i = 0; i < 2 * sizeof(pages) / sizeof(pages[0]); i++) {
		uint32_t size = pages[i / 2].size;
		struct vmclock *vc = NULL;

		good.page.size = htole32(size);
		pagefile_replace(pf, &good, i % 2 ? sizeof(good) : size);
		assert_int_equal(vmclock_open(&vc, pf->path), 0);
		expect_state(vc, 1, size < sizeof(good.page) ? 0 : 5, pages[i / 2].flags,
			     pages[i / 2].status);
		vmclock_close(vc);
	}
}

static void an_update_that_never_ends_is_an_error(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = pagefile_open(pf);
	struct vmclock_abi copy, before;
	struct vmclock_state s, s_before;
	uint64_t generation = 5;
	int64_t began;

	pf->page->flags = htole64(VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT);
	pagefile_begin(pf);

	began = now_ms();
	memset(&copy, 0x5a, sizeof(copy));
	before = copy;
	assert_int_equal(vmclock_read_page(vc, &copy, sizeof(copy)), -ETIMEDOUT);
	assert_memory_equal(&copy, &before, sizeof(copy));
	assert_true(now_ms() - began >= 99);

	assert_int_equal(vmclock_generation(vc, &generation), -ETIMEDOUT);
	assert_int_equal(generation, 5);
	memset(&s, 0x5a, sizeof(s));
	s_before = s;
	assert_int_equal(vmclock_read_state(vc, &s), -ETIMEDOUT);
	assert_memory_equal(&s, &s_before, sizeof(s));
	/* If the marker cannot be read, the answer is "disrupted". */
	assert_int_equal(vmclock_marker(vc), 1);
	assert_true(vmclock_disrupted(vc, 1));

	pagefile_end(pf);
	assert_false(vmclock_disrupted(vc, 1));
	vmclock_close(vc);
}

struct publisher {
	struct pagefile *pf;
	bool stop;
};

/* Flags and status follow from the marker. */
static uint64_t flags_of(uint64_t n)
{
	return VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT |
	       (n & 1 ? VMCLOCK_FLAG_DISRUPTION_SOON : VMCLOCK_FLAG_DISRUPTION_IMMINENT);
}

/* All other fields that a reader may use hold the same number. */
static void *publish(void *arg)
{
	struct publisher *p = arg;
	struct vmclock_abi *page = p->pf->page;
	volatile int pause;
	unsigned int seed = 1;
	uint64_t n;

	for (n = 2; !__atomic_load_n(&p->stop, __ATOMIC_RELAXED); n++) {
		uint64_t value = htole64(n);

		pagefile_begin(p->pf);
		__atomic_store_n(&page->disruption_marker, value, __ATOMIC_RELAXED);
		__atomic_store_n(&page->flags, htole64(flags_of(n)), __ATOMIC_RELAXED);
		__atomic_store_n(&page->clock_status, (uint8_t)n, __ATOMIC_RELAXED);
		__atomic_store_n(&page->counter_value, value, __ATOMIC_RELAXED);
		__atomic_store_n(&page->time_sec, value, __ATOMIC_RELAXED);
		__atomic_store_n(&page->vm_generation_counter, value, __ATOMIC_RELAXED);
		pagefile_end(p->pf);
		/* Uneven phases: readers get through, and are caught at every point. */
		for (pause = rand_r(&seed) % 512; pause; pause--)
			;
	}
	return NULL;
}

/* This many readings, during enough updates: the writer may not have run at first. */
#define READINGS 200000
#define UPDATES	 300

static void *read_whole(void *arg)
{
	const struct vmclock *vc = arg;
	struct vmclock_abi copy;
	uint64_t last = 0;
	int i, ret, updates = 0;

	for (i = 0; i < READINGS || updates < UPDATES; i++) {
		ret = vmclock_read_page(vc, &copy, sizeof(copy));
		/* The host may wait for a processor in the middle of an update. */
		if (ret == -ETIMEDOUT)
			continue;
		if (ret)
			return "no consistent copy";
		if (copy.counter_value != copy.disruption_marker ||
		    copy.time_sec != copy.disruption_marker ||
		    copy.vm_generation_counter != copy.disruption_marker)
			return "torn copy";
		if (le64toh(copy.disruption_marker) < last)
			return "went backwards";
		updates += le64toh(copy.disruption_marker) != last;
		last = le64toh(copy.disruption_marker);
	}
	return NULL;
}

static void *read_states(void *arg)
{
	const struct vmclock *vc = arg;
	struct vmclock_state s;
	uint64_t last = 0;
	int i, ret, updates = 0;

	for (i = 0; i < READINGS || updates < UPDATES; i++) {
		ret = vmclock_read_state(vc, &s);
		if (ret == -ETIMEDOUT)
			continue;
		if (ret)
			return "no consistent state";
		if (s.generation != s.marker || s.status != (uint8_t)s.marker ||
		    s.flags != (VMCLOCK_FLAG_GENERATION_PRESENT |
				(s.marker & 1 ? VMCLOCK_FLAG_MAINTENANCE_SOON :
						VMCLOCK_FLAG_MAINTENANCE_IMMINENT)))
			return "torn state";
		if (s.marker < last)
			return "went backwards";
		updates += s.marker != last;
		last = s.marker;
	}
	return NULL;
}

static void threads_share_a_handle_under_a_busy_host(void **state)
{
	struct pagefile *pf = *state;
	struct publisher p = { .pf = pf };
	void *(*const read[])(void *) = { read_whole, read_whole, read_states };
	pthread_t writer, readers[3];
	struct vmclock *vc;
	void *failed;
	int i;

	pf->page->counter_value = pf->page->disruption_marker;
	pf->page->time_sec = pf->page->disruption_marker;
	pf->page->vm_generation_counter = pf->page->disruption_marker;
	pf->page->flags = htole64(flags_of(1));
	pf->page->clock_status = 1;
	vc = pagefile_open(pf);
	pthread_create(&writer, NULL, publish, &p);
	for (i = 0; i < 3; i++)
		pthread_create(&readers[i], NULL, read[i], vc);
	for (i = 0; i < 3; i++) {
		pthread_join(readers[i], &failed);
		if (failed)
			fail_msg("%s", (const char *)failed);
	}
	__atomic_store_n(&p.stop, true, __ATOMIC_RELAXED);
	pthread_join(writer, NULL);
	/* The writer must have written, or nothing was tested. */
	assert_true(vmclock_marker(vc) > 100);
	vmclock_close(vc);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, pagefile_setup, pagefile_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_marker_tells_disruptions),
		TEST(zero_is_a_marker_like_any_other),
		TEST(the_generation_needs_flag_and_size),
		TEST(read_page_copies_what_the_page_has),
		TEST(read_page_honours_the_callers_size),
		cmocka_unit_test(the_state_is_laid_out_without_holes),
		TEST(a_page_without_time_has_a_state),
		TEST(the_state_of_a_small_page),
		TEST(an_update_that_never_ends_is_an_error),
		TEST(threads_share_a_handle_under_a_busy_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
