// SPDX-License-Identifier: MIT
/* The watcher of the device: what it does before the main loop is woken. */
#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "clock.h"
#include "device.h"
#include "log.h"
#include "vmclock-abi.h"

/* ---- The world ----------------------------------------------------------------------------- */

static struct {
	sem_t disruptions; /* that the watcher has not seen yet */
	uint64_t marker;
	bool synchronised;
	int told; /* how often the kernel was */
	int event;
	bool woken_before; /* the main loop, before the kernel was told */
	int error;	   /* of telling the kernel */
} world;

static const struct vmclock_abi page = { .counter_id = VMCLOCK_COUNTER_INVALID };

static bool is_readable(int fd, int ms)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };

	return poll(&poller, 1, ms) == 1;
}

int clock_unsynchronise(bool *was)
{
	if (world.error)
		return world.error;
	world.woken_before |= is_readable(world.event, 0);
	*was = world.synchronised;
	world.synchronised = false;
	__atomic_add_fetch(&world.told, 1, __ATOMIC_RELEASE);
	return 0;
}

int vmclock_open(struct vmclock **vc, const char *path)
{
	assert_string_equal(path, "/dev/vmclock0");
	*vc = (struct vmclock *)&world;
	return 0;
}

void vmclock_close(struct vmclock *vc)
{
	(void)vc;
}

int vmclock_fd(const struct vmclock *vc)
{
	(void)vc;
	return -1;
}

const struct vmclock_abi *vmclock_page(const struct vmclock *vc)
{
	(void)vc;
	return &page;
}

uint64_t vmclock_marker(const struct vmclock *vc)
{
	(void)vc;
	return __atomic_load_n(&world.marker, __ATOMIC_ACQUIRE);
}

int vmclock_read_state(const struct vmclock *vc, struct vmclock_state *state)
{
	*state = (struct vmclock_state){ .marker = vmclock_marker(vc) };
	return 0;
}

int vmclock_wait_disrupted(const struct vmclock *vc, uint64_t marker,
			   const struct timespec *timeout)
{
	assert_null(timeout);
	while (vmclock_marker(vc) == marker)
		while (sem_wait(&world.disruptions) && errno == EINTR)
			;
	return 0;
}

void say(int level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

static void disrupt(void)
{
	__atomic_add_fetch(&world.marker, 1, __ATOMIC_RELEASE);
	sem_post(&world.disruptions);
}

/* ---- The tests ------------------------------------------------------------------------------ */

static void open_it(struct device *device, bool unsynchronises)
{
	memset(&world, 0, sizeof(world));
	sem_init(&world.disruptions, 0, 0);
	assert_int_equal(device_init(device, "/dev/vmclock0"), 0);
	world.event = device->event;
	device->unsynchronises = unsynchronises;
	assert_true(device_open(device));
}

static void close_it(struct device *device)
{
	device_close(device);
	close(device->event);
	sem_destroy(&world.disruptions);
}

static void see_disruption(struct device *device)
{
	disrupt();
	assert_true(is_readable(device->event, 20000));
	assert_int_equal(device_look(device), 0);
	assert_int_equal(device->state.marker, world.marker);
}

/* All that the main loop does may take long on a machine that was just restored. */
static void the_kernel_is_told_first(void **state)
{
	struct device device;
	bool was = false;

	(void)state;
	open_it(&device, true);
	assert_false(device_rang(&device, &was));
	world.synchronised = true;
	see_disruption(&device);
	assert_int_equal(__atomic_load_n(&world.told, __ATOMIC_ACQUIRE), 1);
	assert_false(world.woken_before);
	assert_true(device_rang(&device, &was));
	assert_true(was);
	/* It is told once for each disruption, and what it had said stays known. */
	assert_false(device_rang(&device, &was));
	assert_true(was);
	was = false;
	see_disruption(&device);
	assert_int_equal(__atomic_load_n(&world.told, __ATOMIC_ACQUIRE), 2);
	assert_true(device_rang(&device, &was));
	assert_false(was);
	close_it(&device);
}

static void who_observes_tells_nobody(void **state)
{
	struct device device;
	bool was = false;

	(void)state;
	open_it(&device, false);
	see_disruption(&device);
	assert_int_equal(world.told, 0);
	assert_false(device_rang(&device, &was));
	close_it(&device);
}

/* As in a container: the main loop logs it. */
static void a_kernel_that_refuses_changes_nothing(void **state)
{
	struct device device;
	bool was = false;

	(void)state;
	open_it(&device, true);
	world.error = -EPERM;
	see_disruption(&device);
	assert_false(device_rang(&device, &was));
	close_it(&device);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_is_told_first),
		cmocka_unit_test(who_observes_tells_nobody),
		cmocka_unit_test(a_kernel_that_refuses_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
