// SPDX-License-Identifier: MIT
/* When is the counter steady? According to the processor and the kernel. */
#include <stddef.h>
#include <stdint.h>

#include "unit.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/types.h>

#ifdef __x86_64__

#include <cpuid.h>
#include <fcntl.h>
#include <unistd.h>
#include <x86intrin.h>

/* ---- A processor and a kernel of our own --------------------------------------------- */

static struct {
	unsigned int leaf;	/* the last one that was asked for */
	unsigned int highest;	/* extended leaf that there is */
	unsigned int words[4];	/* of leaf 0x80000007 */
	const char *sources;	/* NULL: no such file */
	int read_error;
	int opened, closed;
} machine;

static int own_cpuid(unsigned int leaf, unsigned int *eax, unsigned int *ebx, unsigned int *ecx,
		     unsigned int *edx)
{
	machine.leaf = leaf;
	if (leaf > machine.highest)
		return 0;
	*eax = machine.words[0];
	*ebx = machine.words[1];
	*ecx = machine.words[2];
	*edx = machine.words[3];
	return 1;
}

static int own_open(const char *path, int flags)
{
	assert_string_equal(path, "/sys/devices/system/clocksource/clocksource0/"
				  "available_clocksource");
	assert_int_equal(flags, O_RDONLY | O_CLOEXEC);
	if (!machine.sources)
		return -1;
	machine.opened++;
	/* The number that open(2) returns in a program that has closed its standard input. */
	return 0;
}

static ssize_t own_read(int fd, void *buffer, size_t size)
{
	size_t len = strlen(machine.sources);

	assert_int_equal(fd, 0);
	/* Fill the buffer with text that must not be used, also after an error. */
	memset(buffer, 't', size);
	if (len > size)
		len = size;
	memcpy(buffer, machine.sources, len);
	errno = machine.read_error;
	return errno ? -1 : (ssize_t)len;
}

static int own_close(int fd)
{
	assert_int_equal(fd, 0);
	machine.closed++;
	return 0;
}

#define __get_cpuid own_cpuid
#define open own_open
#define read own_read
#define close own_close
#include "counter.h"
#undef open
#undef read
#undef close

/* ---- The tests ----------------------------------------------------------------------------- */

#define LEAF 0x80000007

static bool is_steady(unsigned int highest, unsigned int edx, const char *sources)
{
	memset(&machine, 0, sizeof(machine));
	machine.highest = highest;
	machine.words[0] = machine.words[1] = machine.words[2] = ~edx;
	machine.words[3] = edx;
	machine.sources = sources;
	return counter_steady();
}

/* AMD's and Intel's manuals: CPUID leaf 0x80000007, EDX, bit 8, "invariant TSC". */
static void the_processor_says_so_by_one_bit(void **state)
{
	int bit;

	(void)state;
	for (bit = 0; bit < 32; bit++) {
		assert_int_equal(is_steady(LEAF, 1U << bit, NULL), bit == 8);
		assert_int_equal(is_steady(LEAF, ~(1U << bit), NULL), bit != 8);
	}
	assert_int_equal(machine.leaf, LEAF);
	assert_true(is_steady(LEAF + 1, 1U << 8, NULL));
	/* No such leaf: whatever is in the registers. */
	assert_false(is_steady(LEAF - 1, ~0U, NULL));
}

static void otherwise_the_kernel_says_so(void **state)
{
	static const struct {
		const char *sources;
		bool steady;
	} cases[] = {
		{ "tsc\n", true },
		{ "tsc hpet acpi_pm \n", true },
		{ "hpet tsc acpi_pm \n", true },
		{ "kvm-clock acpi_pm tsc", true },
		{ "hpet acpi_pm \n", false },
		{ "tsc-early hpet \n", false },
		{ "xtsc hpet\n", false },
		{ "ts c\n", false },
		{ "\n", false },
		{ "", false },
		{ NULL, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(is_steady(LEAF, 0, cases[i].sources), cases[i].steady);
		assert_int_equal(machine.opened, cases[i].sources != NULL);
		assert_int_equal(machine.closed, machine.opened);
		assert_int_equal(is_steady(0, 0, cases[i].sources), cases[i].steady);
	}
}

/* More clock sources than there is room for. */
static void a_long_list_is_cut(void **state)
{
	char sources[1000];

	(void)state;
	memset(sources, 'x', sizeof(sources) - 1);
	sources[sizeof(sources) - 1] = '\0';
	assert_false(is_steady(LEAF, 0, sources));
	memcpy(sources, "hpet tsc ", 9);
	assert_true(is_steady(LEAF, 0, sources));
}

/* The last name ends at the end of the buffer. */
static void a_list_may_just_fit(void **state)
{
	char sources[256];

	(void)state;
	memset(sources, 'x', sizeof(sources) - 1);
	memcpy(sources + sizeof(sources) - 5, " tsc", 5);
	assert_true(is_steady(LEAF, 0, sources));
}

static void a_list_that_cannot_be_read_says_nothing(void **state)
{
	(void)state;
	memset(&machine, 0, sizeof(machine));
	machine.sources = " tsc \n";
	machine.read_error = EIO;
	assert_false(counter_steady());
	assert_int_equal(machine.closed, 1);
}

static uint64_t tsc(void)
{
	uint64_t value;

	_mm_lfence();
	value = __rdtsc();
	_mm_lfence();
	return value;
}

/* Reads the counter by the compiler's builtin. */
static void the_counter_is_the_tsc(void **state)
{
	const uint64_t starts[] = { 0, 1, UINT32_MAX, tsc() - 1000, ~UINT64_C(0) };
	uint64_t before, after, value;
	size_t i;
	int n;

	(void)state;
	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		for (n = 0; n < 1000; n++) {
			before = tsc() - starts[i];
			value = n % 2 ? counter_ordered_since(starts[i]) :
					counter_relaxed_since(starts[i]);
			after = tsc() - starts[i];
			assert_true(value - before <= after - before);
		}
	before = tsc();
	value = counter_ordered();
	after = counter_relaxed();
	assert_true(before <= value && value <= after && after <= tsc());
}

#else

#include "counter.h"

/* The architecture guarantees a steady counter. */
static void it_is_always_steady(void **state)
{
	(void)state;
	assert_true(counter_steady());
}

#endif

/* The start and both ways of reading use the same counter, which advances. */
static void the_counter_goes_on(void **state)
{
	uint64_t start = counter_ordered();
	uint64_t before, after;
	int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		before = counter_ordered();
		after = i % 2 ? counter_ordered() : counter_relaxed();
		assert_true(after - before < UINT64_C(1) << 40);
		before = counter_ordered_since(start);
		after = i % 2 ? counter_ordered_since(start) : counter_relaxed_since(start);
		assert_true(after - before < UINT64_C(1) << 40);
		assert_true(after < UINT64_C(1) << 40);
		/* A start whose low half is above the counter's. */
		after = counter_ordered_since(start - UINT32_MAX);
		assert_true(after >= UINT32_MAX && after < UINT64_C(1) << 40);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef __x86_64__
		cmocka_unit_test(the_processor_says_so_by_one_bit),
		cmocka_unit_test(otherwise_the_kernel_says_so),
		cmocka_unit_test(a_long_list_is_cut),
		cmocka_unit_test(a_list_may_just_fit),
		cmocka_unit_test(the_counter_is_the_tsc),
		cmocka_unit_test(a_list_that_cannot_be_read_says_nothing),
#else
		cmocka_unit_test(it_is_always_steady),
#endif
		cmocka_unit_test(the_counter_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
