// SPDX-License-Identifier: MIT
/* A handle's memory: lib/libvmclock.c, with allocations that fail and are counted. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "line-cache.h"
#include "pagefile.h"
#include "run.h"
#include "unit.h"

static int allocations, failing, held;
static struct line_cache the_cache;

/* Is this the one that fails? */
static bool fails(void)
{
	if (++allocations == failing) {
		errno = ENOMEM;
		return true;
	}
	held++;
	return false;
}

static void *own_calloc(size_t number, size_t size)
{
	return fails() ? NULL : calloc(number, size);
}

static char *own_strdup(const char *text)
{
	return fails() ? NULL : strdup(text);
}

static void own_free(void *memory)
{
	held -= !!memory;
	free(memory);
}

struct line_cache *line_cache_new(void)
{
	return fails() ? NULL : &the_cache;
}

void line_cache_free(struct line_cache *old)
{
	assert_ptr_equal(old, &the_cache);
	held--;
}

#define calloc own_calloc
#undef strdup
#define strdup own_strdup
#define free   own_free
#include "libvmclock.c"

int vmclock_time_error(const struct vmclock *vc, bool steady)
{
	(void)vc;
	(void)steady;
	return -ENODATA;
}

void vmclock_run_find(struct vmclock *vc, const char *path)
{
	(void)vc;
	(void)path;
}

void vmclock_run_unmap(struct vmclock *vc)
{
	(void)vc;
}

/* The handle, the copy of its path, and the cached lines. */
#define NEEDED 3

static int open_failing(struct vmclock **vc, const char *path, int number)
{
	allocations = 0;
	failing = number;
	held = 0;
	return vmclock_open(vc, path);
}

static void a_handle_frees_what_it_needs(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc;

	assert_int_equal(open_failing(&vc, pf->path, 0), 0);
	assert_int_equal(held, NEEDED);
	vmclock_close(vc);
	assert_int_equal(held, 0);
}

static void no_memory_is_an_error(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc;
	int number;

	for (number = 1; number <= NEEDED; number++) {
		assert_int_equal(open_failing(&vc, pf->path, number), -ENOMEM);
		assert_int_equal(held, 0);
	}
}

static void what_cannot_be_opened_keeps_no_memory(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc;

	assert_int_equal(open_failing(&vc, "/nowhere/vmclock0", 0), -ENOENT);
	assert_int_equal(held, 0);
	pf->page->magic = 0;
	assert_int_equal(open_failing(&vc, pf->path, 0), -EBADMSG);
	assert_int_equal(held, 0);
}

#define on_a_page(test) cmocka_unit_test_setup_teardown(test, pagefile_setup, pagefile_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_a_page(a_handle_frees_what_it_needs),
		on_a_page(no_memory_is_an_error),
		on_a_page(what_cannot_be_opened_keeps_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
