// SPDX-License-Identifier: MIT
/* Marker, generation and whole-page reads, also while the host writes. */
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

/* Callers built with an older or a newer header than the library. */
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

static void an_update_that_never_ends_is_an_error(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = pagefile_open(pf);
	struct vmclock_abi copy, before;
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
	/* No answer about the marker is "yes, disrupted". */
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

/* Every field that a reader may look at holds the same number. */
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

#define READINGS 200000

static void *read_whole(void *arg)
{
	const struct vmclock *vc = arg;
	struct vmclock_abi copy;
	uint64_t last = 0;
	int i;

	for (i = 0; i < READINGS; i++) {
		if (vmclock_read_page(vc, &copy, sizeof(copy)))
			return "no consistent copy";
		if (copy.counter_value != copy.disruption_marker ||
		    copy.time_sec != copy.disruption_marker ||
		    copy.vm_generation_counter != copy.disruption_marker)
			return "torn copy";
		if (le64toh(copy.disruption_marker) < last)
			return "went backwards";
		last = le64toh(copy.disruption_marker);
	}
	return NULL;
}

static void threads_share_a_handle_under_a_busy_host(void **state)
{
	struct pagefile *pf = *state;
	struct publisher p = { .pf = pf };
	pthread_t writer, readers[2];
	struct vmclock *vc;
	void *failed;
	int i;

	pf->page->counter_value = pf->page->disruption_marker;
	pf->page->time_sec = pf->page->disruption_marker;
	pf->page->vm_generation_counter = pf->page->disruption_marker;
	vc = pagefile_open(pf);
	pthread_create(&writer, NULL, publish, &p);
	for (i = 0; i < 2; i++)
		pthread_create(&readers[i], NULL, read_whole, vc);
	for (i = 0; i < 2; i++) {
		pthread_join(readers[i], &failed);
		if (failed)
			fail_msg("%s", (const char *)failed);
	}
	__atomic_store_n(&p.stop, true, __ATOMIC_RELAXED);
	pthread_join(writer, NULL);
	/* The writer did write, or nothing was tested. */
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
		TEST(an_update_that_never_ends_is_an_error),
		TEST(threads_share_a_handle_under_a_busy_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
