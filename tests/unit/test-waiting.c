// SPDX-License-Identifier: MIT
/*
 * Waits in a world where time goes on only while the library sleeps, and where
 * a page file is a device whose events are told: when does it look, and where?
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "counter.h"
#include "internal.h"
#include "pagefile.h"

#define NS	INT64_C(1000000000)
#define MS	INT64_C(1000000)
#define NEVER	INT64_MAX

/* ---- The world ---------------------------------------------------------------------- */

#define NAPS_MAX 256

struct nap {
	int64_t ns;		/* as asked for */
	int fd;			/* polled meanwhile; -1: none */
};

static struct {
	struct pagefile *pf;
	int handle;		/* vmclock_fd() */
	int64_t now;		/* CLOCK_MONOTONIC */
	int64_t change_at;	/* then the marker changes, or what this one changes: */
	void (*change)(struct vmclock_abi *page);
	int64_t event_at;	/* then events begin to be there; taken away by a pread() */
	int64_t event_every;	/* from then on again and again; 0: once */
	int64_t gone_at;	/* then the device is gone ... */
	bool handle_only;	/* ... as those see who poll the handle's descriptor */
	bool writable;		/* as poll(2) says without a poll operation */
	bool closed;		/* by somebody: all but the handle's */
	int open_error;		/* of a second description */
	int poll_error;		/* of a poll(2) that is to sleep */
	int sleeps_for;		/* percent of what was asked for; 0: all of it */
	bool page_time;		/* the page's time goes on, too */
	int clock_fails_at;	/* which reading of the clock; 0: none */
	int sleep_error;
	int acknowledge_error;
	bool file_ends;		/* for those who acknowledge */

	struct nap naps[NAPS_MAX];
	int napped;
	int clock_readings;
	int acknowledged;
	int read;
} world;

static void publish_time(struct vmclock_abi *page)
{
	page->time_sec = htole64((uint64_t)(world.now / NS));
	page->time_frac_sec =
		htole64((uint64_t)(((unsigned __int128)(world.now % NS) << 64) / NS));
}

static void go_on(int64_t ns)
{
	int64_t then = world.now;

	world.now += ns;
	if (world.change_at > then && world.change_at <= world.now) {
		if (world.change) {
			pagefile_begin(world.pf);
			world.change(world.pf->page);
			pagefile_end(world.pf);
		} else {
			pagefile_disrupt(world.pf);
		}
	}
	if (world.page_time) {
		pagefile_begin(world.pf);
		publish_time(world.pf->page);
		pagefile_end(world.pf);
	}
}

static void log_nap(int64_t ns, int fd)
{
	assert_uint_in_range(world.napped, 0, NAPS_MAX - 1);
	world.naps[world.napped++] = (struct nap){ ns, fd };
}

/* CLOCK_REALTIME less CLOCK_MONOTONIC, ns: nobody steps the clock. */
#define LEAD (1700000000 * NS)

/* The library's calls are bound to these. */
#define INSTEAD __attribute__((visibility("default")))

INSTEAD
int clock_gettime(clockid_t clock, struct timespec *ts)
{
	int64_t ns = world.now;

	if (clock == CLOCK_REALTIME) {
		ns += LEAD;
	} else if (clock != CLOCK_MONOTONIC) {
		return (int)syscall(SYS_clock_gettime, clock, ts);
	} else if (++world.clock_readings == world.clock_fails_at) {
		errno = EPERM;
		return -1;
	}
	*ts = (struct timespec){ .tv_sec = ns / NS, .tv_nsec = ns % NS };
	return 0;
}

INSTEAD
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *ts, struct timespec *left)
{
	int64_t ns = ts->tv_sec * NS + ts->tv_nsec;

	(void)left;
	assert_int_equal(clock, CLOCK_MONOTONIC);
	assert_int_equal(flags, 0);
	if (world.sleep_error)
		return world.sleep_error;
	log_nap(ns, -1);
	/* Rounded up, because time would stop otherwise. */
	go_on(world.sleeps_for ? (ns * world.sleeps_for + 99) / 100 : ns);
	return 0;
}

static short events_of(int fd)
{
	if (world.closed && fd != world.handle)
		return POLLNVAL;
	if (world.now >= world.gone_at && (!world.handle_only || fd == world.handle))
		return POLLERR | POLLHUP;
	if (world.writable)
		return POLLIN | POLLOUT;
	return world.now >= world.event_at ? POLLIN : 0;
}

INSTEAD
int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
	const short always = POLLERR | POLLHUP | POLLNVAL;
	int64_t ns = timeout->tv_sec * NS + timeout->tv_nsec;
	int64_t end = world.now + ns;

	(void)mask;
	assert_int_equal(n, 1);
	if (ns && world.poll_error) {
		errno = world.poll_error;
		return -1;
	}
	if (ns)
		log_nap(ns, fds[0].fd);
	fds[0].revents = (short)(events_of(fds[0].fd) & (fds[0].events | always));
	if (ns && !fds[0].revents) {
		if (world.event_at < end)
			end = world.event_at;
		if (world.gone_at < end && !world.handle_only)
			end = world.gone_at;
		go_on(end - world.now);
		fds[0].revents = (short)(events_of(fds[0].fd) & (fds[0].events | always));
	}
	return fds[0].revents ? 1 : 0;
}

/* A second description of the handle's file. */
INSTEAD
int open(const char *path, int flags, ...)
{
	const int wanted = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	mode_t mode = 0;
	va_list arguments;

	if (flags & O_CREAT) {
		va_start(arguments, flags);
		mode = va_arg(arguments, mode_t);
		va_end(arguments);
	}
	/* Neither inherited by programs, nor a terminal, nor anything that blocks. */
	if (!strncmp(path, "/proc/self/fd/", 14)) {
		assert_int_equal(flags & ~O_LARGEFILE, wanted);
		if (world.open_error) {
			errno = world.open_error;
			return -1;
		}
	}
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

INSTEAD
ssize_t pread(int fd, void *buffer, size_t size, off_t offset)
{
	/* The first byte is enough; or the magic. */
	assert_true(size == 1 || size == sizeof(uint32_t));
	/* A separate description: otherwise pollers of the handle would miss the event. */
	assert_int_not_equal(fd, world.handle);
	assert_int_equal(offset, 0);
	world.read++;
	if (world.now >= world.event_at) {
		world.acknowledged++;
		world.event_at = world.event_every ? world.now + world.event_every : NEVER;
		if (world.acknowledge_error) {
			errno = world.acknowledge_error;
			return -1;
		}
		if (world.file_ends) {
			/* As somebody left it. */
			errno = ENODEV;
			return 0;
		}
	}
	return syscall(SYS_pread64, fd, buffer, size, offset);
}

static struct vmclock *begin(struct pagefile *pf, bool device)
{
	struct vmclock *vc;

	memset(&world, 0, sizeof(world));
	world.pf = pf;
	world.now = 1000 * NS;
	world.change_at = world.event_at = world.gone_at = NEVER;
	vc = pagefile_open(pf);
	vc->device = device;
	world.handle = vmclock_fd(vc);
	return vc;
}

static int wait_ms(struct vmclock *vc, int64_t ms)
{
	const struct timespec timeout = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * MS };
	int before = count_descriptors();
	int ret;

	/* Ends a wait that would never end. */
	alarm(20);
	ret = vmclock_wait_disrupted(vc, 1, ms < 0 ? NULL : &timeout);
	alarm(0);
	assert_int_equal(count_descriptors(), before);
	return ret;
}

static void expect_naps(const int64_t *ms, int count, bool polling)
{
	int i;

	assert_int_equal(world.napped, count);
	for (i = 0; i < count; i++) {
		assert_int_equal(world.naps[i].ns, ms[i] * MS);
		assert_int_equal(world.naps[i].fd >= 0, polling);
		assert_int_not_equal(world.naps[i].fd, world.handle);
	}
}

/* ---- Waiting for a disruption ----------------------------------------------------------- */

static void a_wait_looks_every_100_ms_until_its_timeout(void **state)
{
	static const int64_t naps[] = { 100, 100, 50 };
	struct vmclock *vc;
	int device;

	for (device = 0; device < 2; device++) {
		vc = begin(*state, device);
		assert_int_equal(wait_ms(vc, 250), -ETIMEDOUT);
		expect_naps(naps, 3, device);
		assert_int_equal(world.now, 1000 * NS + 250 * MS);
		/* Only the magic is read, because there is no event to acknowledge. */
		assert_int_equal(world.read, device);
		vmclock_close(vc);
	}
}

static void a_marker_that_differs_is_told_without_a_call(void **state)
{
	struct vmclock *vc = begin(*state, true);

	world.gone_at = 0;
	world.clock_fails_at = 1;
	assert_int_equal(vmclock_wait_disrupted(vc, 2, NULL), 0);
	assert_int_equal(world.clock_readings + world.read + world.napped, 0);
	vmclock_close(vc);
}

/* The largest numbers of seconds are not in the past. */
static void the_longest_timeouts_are_no_short_ones(void **state)
{
	struct timespec timeout;
	struct vmclock *vc;
	int64_t most;
	int i;

	for (i = -3; i <= 4; i++) {
		vc = begin(*state, false);
		most = (INT64_MAX - world.now) / NS;
		timeout = (struct timespec){ .tv_sec = i < 4 ? most + i : INT64_MAX,
					     .tv_nsec = NS - 1 };
		world.sleep_error = EINTR;
		assert_int_equal(vmclock_wait_disrupted(vc, 1, &timeout), -EINTR);
		vmclock_close(vc);
	}
}

/* Waits with timeouts of hours, or none, last in full. */
static void a_change_without_event_is_seen_within_100_ms(void **state)
{
	static const int64_t timeouts[] = { -1, INT64_C(3600000), 1700 };
	struct vmclock *vc;
	size_t i;

	for (i = 0; i < 2 * sizeof(timeouts) / sizeof(timeouts[0]); i++) {
		vc = begin(*state, i % 2);
		world.change_at = world.now + 1630 * MS;
		assert_int_equal(wait_ms(vc, timeouts[i / 2]), 0);
		assert_int_equal(world.now, 1000 * NS + 1700 * MS);
		vmclock_close(vc);
		/* What later turns begin with. */
		pagefile_begin(*state);
		((struct pagefile *)*state)->page->disruption_marker = htole64(1);
		pagefile_end(*state);
	}
}

static void a_change_with_event_is_seen_at_once(void **state)
{
	static const int64_t times[] = { 1603, 1630 };
	struct pagefile *pf = *state;
	struct vmclock *vc;
	size_t i;

	for (i = 0; i < 2; i++) {
		pf->page->disruption_marker = htole64(1);
		vc = begin(pf, true);
		world.change_at = world.event_at = world.now + times[i] * MS;
		assert_int_equal(wait_ms(vc, -1), 0);
		assert_int_equal(world.now, 1000 * NS + times[i] * MS);
		vmclock_close(vc);
	}
}

/* Between two naps, where the first was short. */
static void a_change_while_it_rests_is_seen_after_that(void **state)
{
	struct vmclock *vc = begin(*state, true);

	world.event_at = world.now + 4 * MS;
	world.change_at = world.now + 8 * MS;
	assert_int_equal(wait_ms(vc, -1), 0);
	assert_int_equal(world.now, 1000 * NS + 14 * MS);
	vmclock_close(vc);
}

/* ---- Waiting for another state ----------------------------------------------------------- */

static void change_generation(struct vmclock_abi *page)
{
	page->vm_generation_counter = htole64(8);
}

static void announce_maintenance(struct vmclock_abi *page)
{
	page->flags |= htole64(VMCLOCK_FLAG_DISRUPTION_SOON);
}

static void end_maintenance(struct vmclock_abi *page)
{
	page->flags &= ~htole64(VMCLOCK_FLAG_DISRUPTION_IMMINENT);
}

static void lose_generation(struct vmclock_abi *page)
{
	page->flags &= ~htole64(VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT);
}

static void change_status(struct vmclock_abi *page)
{
	page->clock_status = VMCLOCK_STATUS_FREERUNNING;
}

/* What is no part of the state. */
static void change_others(struct vmclock_abi *page)
{
	page->flags ^= htole64(VMCLOCK_FLAG_TAI_OFFSET_VALID | VMCLOCK_FLAG_TIME_MONOTONIC);
	page->counter_value = htole64(5);
	page->leap_indicator = VMCLOCK_LEAP_PRE_POS;
}

/* A page that has all of it: begin()'s, with this state. */
static struct vmclock *begin_with_state(struct pagefile *pf, bool device,
					struct vmclock_state *state)
{
	struct vmclock *vc = begin(pf, device);

	pagefile_begin(pf);
	pf->page->disruption_marker = htole64(1);
	pf->page->vm_generation_counter = htole64(7);
	pf->page->clock_status = VMCLOCK_STATUS_SYNCHRONIZED;
	pf->page->flags = htole64(VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT |
				  VMCLOCK_FLAG_DISRUPTION_IMMINENT);
	pagefile_end(pf);
	memset(state, 0, sizeof(*state));
	assert_int_equal(vmclock_read_state(vc, state), 0);
	return vc;
}

static void each_part_of_the_state_is_news(void **state)
{
	static void (*const changes[])(struct vmclock_abi *) = {
		NULL, change_generation, announce_maintenance, end_maintenance, lose_generation,
		change_status,
	};
	struct vmclock_state known, now;
	struct vmclock *vc;
	size_t i;

	for (i = 0; i < 2 * sizeof(changes) / sizeof(changes[0]); i++) {
		vc = begin_with_state(*state, i % 2, &known);
		world.change = changes[i / 2];
		world.change_at = world.now + 1630 * MS;
		if (i % 2)
			world.event_at = world.change_at;
		alarm(20);
		assert_int_equal(vmclock_wait_state(vc, &known, NULL), 0);
		alarm(0);
		assert_int_equal(world.now, 1000 * NS + (i % 2 ? 1630 : 1700) * MS);
		memset(&now, 0, sizeof(now));
		assert_int_equal(vmclock_read_state(vc, &now), 0);
		assert_memory_equal(&known, &now, offsetof(struct vmclock_state, reserved));
		/* It is known now. */
		assert_int_equal(vmclock_wait_state(vc, &known, &(struct timespec){ 0 }),
				 -ETIMEDOUT);
		vmclock_close(vc);
	}
}

static void what_is_no_state_is_no_news(void **state)
{
	const struct timespec timeout = { .tv_sec = 3 };
	struct vmclock_state known, before;
	struct vmclock *vc = begin_with_state(*state, true, &known);

	before = known;
	world.change = change_others;
	world.change_at = world.event_at = world.now + 1630 * MS;
	alarm(20);
	assert_int_equal(vmclock_wait_state(vc, &known, &timeout), -ETIMEDOUT);
	alarm(0);
	assert_int_equal(world.now, 1003 * NS);
	assert_memory_equal(&known, &before, sizeof(known));
	vmclock_close(vc);
}

static void another_state_is_told_without_a_call(void **state)
{
	struct vmclock_state known;
	struct vmclock *vc = begin_with_state(*state, true, &known);

	known.status = VMCLOCK_STATUS_UNKNOWN;
	world.gone_at = 0;
	world.clock_fails_at = 1;
	assert_int_equal(vmclock_wait_state(vc, &known, NULL), 0);
	assert_int_equal(known.status, VMCLOCK_STATUS_SYNCHRONIZED);
	assert_int_equal(world.clock_readings + world.read + world.napped, 0);
	vmclock_close(vc);
}

/* A host that does not end its update is slept through, as if there were no news. */
static void half_a_state_is_no_news(void **state)
{
	static const int64_t naps[] = { 100, 100, 50 };
	const struct timespec timeout = { .tv_nsec = 250 * MS };
	struct vmclock_state known;
	struct vmclock *vc = begin_with_state(*state, false, &known);

	pagefile_begin(*state);
	change_generation(world.pf->page);
	assert_int_equal(vmclock_wait_state(vc, &known, &timeout), -ETIMEDOUT);
	expect_naps(naps, 3, false);
	assert_int_equal(known.generation, 7);
	pagefile_end(*state);
	assert_int_equal(vmclock_wait_state(vc, &known, &timeout), 0);
	assert_int_equal(known.generation, 8);
	vmclock_close(vc);
}

/* ---- Events --------------------------------------------------------------------------- */

/* News of other things: each is acknowledged, and looked at every 10 ms at most. */
static void frequent_events_are_no_busy_loop(void **state)
{
	struct vmclock *vc = begin(*state, true);
	int i;

	world.event_at = world.now + 4 * MS;
	world.event_every = MS;
	assert_int_equal(wait_ms(vc, 98), -ETIMEDOUT);
	assert_int_equal(world.now, 1000 * NS + 98 * MS);
	/* 4 + 10, then 0 + 10 as often as it fits, the event being there; then what is left. */
	assert_int_equal(world.napped, 2 + 2 * 8 + 2);
	for (i = 0; i < world.napped; i++) {
		assert_int_equal(world.naps[i].fd >= 0, i % 2 == 0);
		assert_int_equal(world.naps[i].ns, i % 2 == 0 ? (i ? 98 - 4 - i / 2 * 10 : 98) * MS :
						   i < 18	? 10 * MS :
								  4 * MS);
	}
	assert_int_equal(world.acknowledged, 10);
	vmclock_close(vc);
}

/* After 10 ms there is no need for more. */
static void rare_events_are_looked_at_without_a_rest(void **state)
{
	struct vmclock *vc = begin(*state, true);

	world.event_at = world.now + 10 * MS;
	world.event_every = 10 * MS;
	assert_int_equal(wait_ms(vc, 95), -ETIMEDOUT);
	assert_int_equal(world.napped, 10);
	assert_int_equal(world.acknowledged, 9);
	vmclock_close(vc);
}

static void what_acknowledging_says(void **state)
{
	static const struct {
		int error, ret;
		bool polls_on;
	} cases[] = {
		{ 0, -ETIMEDOUT, true },
		{ EAGAIN, -ETIMEDOUT, true },
		{ ETIMEDOUT, -ETIMEDOUT, true },
		{ EIO, -ETIMEDOUT, false },
		{ EPERM, -ETIMEDOUT, false },
		{ ENODEV, -ENODEV, false },
		{ EINTR, -EINTR, false },
	};
	struct vmclock *vc;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		vc = begin(*state, true);
		world.event_at = world.now + 30 * MS;
		world.acknowledge_error = cases[i].error;
		assert_int_equal(wait_ms(vc, 200), cases[i].ret);
		assert_int_equal(world.naps[world.napped - 1].fd >= 0,
				 cases[i].polls_on || cases[i].ret != -ETIMEDOUT);
		vmclock_close(vc);
	}
}

/* Without an acknowledgement the event would stay for ever. */
static void an_end_of_file_ends_the_events(void **state)
{
	struct vmclock *vc = begin(*state, true);

	world.event_at = world.now + 30 * MS;
	world.file_ends = true;
	assert_int_equal(wait_ms(vc, 200), -ETIMEDOUT);
	assert_int_equal(world.naps[0].fd >= 0, true);
	assert_int_equal(world.naps[world.napped - 1].fd, -1);
	vmclock_close(vc);
}

/* The program has closed its standard input. */
static void descriptor_0_is_one_like_any_other(void **state)
{
	static const int64_t naps[] = { 100, 100 };
	struct vmclock *vc = begin(*state, true);
	int saved = dup(0), ret;

	close(0);
	ret = wait_ms(vc, 200);
	dup2(saved, 0);
	close(saved);
	assert_int_equal(ret, -ETIMEDOUT);
	assert_int_equal(world.naps[0].fd, 0);
	expect_naps(naps, 2, true);
	vmclock_close(vc);
}

/* The number may belong to another file now, which must not be used. */
static void a_description_that_somebody_closed_is_not_used(void **state)
{
	struct vmclock *vc = begin(*state, true);
	const struct timespec timeout = { .tv_nsec = 250 * MS };
	int i;

	world.closed = true;
	assert_int_equal(vmclock_wait_disrupted(vc, 1, &timeout), -ETIMEDOUT);
	assert_true(world.naps[0].fd >= 0);
	assert_int_equal(close(world.naps[0].fd), 0);
	for (i = 1; i < world.napped; i++)
		assert_int_equal(world.naps[i].fd, -1);
	assert_uint_in_range(world.napped, 4, 5);
	vmclock_close(vc);
}

static void without_a_description_it_looks(void **state)
{
	static const int64_t naps[] = { 100, 100 };
	struct vmclock *vc = begin(*state, true);

	world.open_error = EMFILE;
	assert_int_equal(wait_ms(vc, 200), -ETIMEDOUT);
	expect_naps(naps, 2, false);
	vmclock_close(vc);
}

static void a_driver_without_events_is_looked_at(void **state)
{
	struct vmclock *vc = begin(*state, true);
	int i;

	world.writable = true;
	assert_int_equal(wait_ms(vc, 200), -ETIMEDOUT);
	assert_int_equal(world.acknowledged, 0);
	for (i = 1; i < world.napped; i++)
		assert_int_equal(world.naps[i].fd, -1);
	assert_int_equal(world.now, 1000 * NS + 200 * MS);
	vmclock_close(vc);
}

/* Either descriptor may report it, with or without events. */
static void a_device_that_goes_ends_the_wait(void **state)
{
	struct vmclock *vc;
	int i;

	for (i = 0; i < 8; i++) {
		int64_t gone_at = 1000 * NS + (i & 4 ? 203 : 250) * MS;

		vc = begin(*state, true);
		world.gone_at = gone_at;
		world.handle_only = i & 1;
		world.writable = i & 2;
		assert_int_equal(wait_ms(vc, -1), -ENODEV);
		/* At once, or when it looks next. */
		assert_uint_in_range(world.now, gone_at, gone_at + (i & 3 ? 100 * MS : 0));
		vmclock_close(vc);
	}

	vc = begin(*state, true);
	world.gone_at = 0;
	assert_int_equal(wait_ms(vc, -1), -ENODEV);
	assert_int_equal(world.napped, 0);
	vmclock_close(vc);
}

/* The number of a removed device may belong to another device now. */
static void what_is_no_page_is_not_polled(void **state)
{
	static const int64_t naps[] = { 100, 100 };
	struct pagefile *pf = *state;
	struct vmclock *vc = begin(pf, true);

	pf->page->magic = htole32(VMCLOCK_MAGIC + 1);
	assert_int_equal(wait_ms(vc, 200), -ETIMEDOUT);
	expect_naps(naps, 2, false);
	vmclock_close(vc);
}

/* Each reading of the clock may fail. */
static void a_clock_that_fails_ends_the_wait(void **state)
{
	struct vmclock *vc;
	int i, device;

	for (device = 0; device < 2; device++)
		for (i = 1; i <= 5; i++) {
			vc = begin(*state, device);
			world.clock_fails_at = i;
			assert_int_equal(wait_ms(vc, 300), -EPERM);
			vmclock_close(vc);
		}
}

static void a_sleep_that_fails_ends_the_wait(void **state)
{
	struct vmclock *vc = begin(*state, false);

	world.sleep_error = EINTR;
	assert_int_equal(wait_ms(vc, 300), -EINTR);
	vmclock_close(vc);

	/* The rest after an event. */
	vc = begin(*state, true);
	world.sleep_error = EPERM;
	world.event_at = world.now + MS;
	assert_int_equal(wait_ms(vc, 300), -EPERM);
	vmclock_close(vc);

	vc = begin(*state, true);
	world.poll_error = EINTR;
	assert_int_equal(wait_ms(vc, 300), -EINTR);
	vmclock_close(vc);
}

/* A sleep that is short by less than half is accepted; a shorter one is no sleep. */
static void a_sleep_that_is_none_ends_the_wait(void **state)
{
	static const struct {
		int percent, ret;
	} cases[] = { { 99, -ETIMEDOUT }, { 60, -ETIMEDOUT }, { 40, -ENOSYS }, { 1, -ENOSYS } };
	struct vmclock *vc;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		vc = begin(*state, false);
		world.sleeps_for = cases[i].percent;
		assert_int_equal(wait_ms(vc, 300), cases[i].ret);
		vmclock_close(vc);
	}
}

static void a_timeout_is_checked_first(void **state)
{
	static const struct timespec good[] = { { 0 }, { .tv_nsec = NS - 1 }, { .tv_sec = 1 } };
	static const struct timespec bad[] = {
		{ .tv_nsec = NS }, { .tv_nsec = -1 }, { .tv_sec = -1 },
		{ .tv_sec = -1, .tv_nsec = NS }, { .tv_sec = 1, .tv_nsec = -1 },
	};
	struct vmclock *vc = begin(*state, false);
	uint64_t marker;
	size_t i;

	for (marker = 1; marker <= 2; marker++)
		for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
			assert_int_equal(vmclock_wait_disrupted(vc, marker, &bad[i]), -EINVAL);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		int64_t then = world.now;

		assert_int_equal(vmclock_wait_disrupted(vc, 1, &good[i]), -ETIMEDOUT);
		assert_int_equal(world.now - then, good[i].tv_sec * NS + good[i].tv_nsec);
	}
	vmclock_close(vc);
}

/* ---- Waiting for a time ------------------------------------------------------------------- */

/* The page's time is the world's, independent of the counter. The bounds are +-1 ms. */
static struct vmclock *begin_with_time(struct pagefile *pf)
{
	struct vmclock_abi *page = pf->page;
	struct vmclock *vc;

	page->counter_id = COUNTER_ID;
	page->clock_status = VMCLOCK_STATUS_SYNCHRONIZED;
	page->flags = htole64(VMCLOCK_FLAG_TIME_MAXERROR_VALID |
			      VMCLOCK_FLAG_PERIOD_MAXERROR_VALID);
	page->counter_value = htole64(counter_ordered());
	page->counter_period_shift = 63;
	page->counter_period_frac_sec = htole64(1);
	page->time_maxerror_nanosec = htole64(MS - 1);
	vc = begin(pf, false);
	world.page_time = true;
	publish_time(page);
	return vc;
}

static int commit_ms(struct vmclock *vc, int64_t ms)
{
	int64_t t = world.now + ms * MS;
	const struct timespec ts = { .tv_sec = t / NS, .tv_nsec = t % NS };
	int ret;

	alarm(20);
	ret = vmclock_wait_past(vc, VMCLOCK_SCALE_UTC, 1, &ts, NULL);
	alarm(0);
	return ret;
}

static void a_commit_wait_sleeps_in_slices(void **state)
{
	struct vmclock *vc = begin_with_time(*state);
	int64_t began = world.now;
	int i;

	assert_int_equal(commit_ms(vc, 1234), 0);
	/* The earliest is 1 ms before the time, and rounding has its nanoseconds. */
	assert_uint_in_range(world.now - began, 1235 * MS, 1235 * MS + 2000);
	for (i = 0; i < world.napped; i++)
		assert_uint_in_range(world.naps[i].ns, 1, 100 * MS + 1);
	assert_uint_in_range(world.napped, 13, 15);
	vmclock_close(vc);
}

/* It looks once more at the end, and a time that is over by then is in time. */
static void a_commit_wait_ends_in_time(void **state)
{
	static const struct timespec bad[] = {
		{ .tv_nsec = NS }, { .tv_nsec = -1 }, { .tv_sec = -1 },
	};
	struct vmclock *vc = begin_with_time(*state);
	const struct timespec ts = { .tv_sec = 1000, .tv_nsec = 250 * MS };
	const struct timespec short_of = { .tv_nsec = 240 * MS }, enough = { .tv_nsec = 12 * MS };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(vmclock_wait_past(vc, VMCLOCK_SCALE_UTC, 1, &ts, &bad[i]),
				 -EINVAL);
	alarm(20);
	assert_int_equal(vmclock_wait_past(vc, VMCLOCK_SCALE_UTC, 1, &ts, &(struct timespec){ 0 }),
			 -ETIMEDOUT);
	assert_int_equal(world.napped, 0);
	assert_int_equal(vmclock_wait_past(vc, VMCLOCK_SCALE_UTC, 1, &ts, &short_of), -ETIMEDOUT);
	assert_int_equal(world.now, 1000 * NS + 240 * MS);
	assert_int_equal(world.napped, 3);
	assert_int_equal(vmclock_wait_past(vc, VMCLOCK_SCALE_UTC, 1, &ts, &enough), 0);
	assert_uint_in_range(world.now, 1000 * NS + 251 * MS, 1000 * NS + 251 * MS + 2000);
	assert_int_equal(vmclock_wait_past(vc, VMCLOCK_SCALE_UTC, 1, &ts, &(struct timespec){ 0 }),
			 0);
	/* Each scale is one to wait on. */
	assert_int_equal(vmclock_wait_past(vc, VMCLOCK_SCALE_SMEARED, 1, &ts, NULL), 0);
	/* A clock that is denied ends it; without a timeout only the sleep asks it. */
	world.clock_readings = 0;
	world.clock_fails_at = 1;
	assert_int_equal(vmclock_wait_past(vc, VMCLOCK_SCALE_UTC, 1, &ts, NULL), 0);
	assert_int_equal(vmclock_wait_past(vc, VMCLOCK_SCALE_UTC, 1, &ts, &enough), -EPERM);
	alarm(0);
	vmclock_close(vc);
}

/* Each reading of the clock may fail. */
static void a_clock_that_fails_ends_a_commit_wait(void **state)
{
	const struct timespec timeout = { .tv_nsec = 300 * MS };
	const struct timespec ts = { .tv_sec = 2000 };
	struct vmclock *vc;
	int i;

	for (i = 1; i <= 8; i++) {
		vc = begin_with_time(*state);
		world.clock_fails_at = i;
		assert_int_equal(vmclock_wait_past(vc, VMCLOCK_SCALE_UTC, 1, &ts, &timeout),
				 -EPERM);
		vmclock_close(vc);
	}
}

static void a_time_that_is_over_is_not_slept_for(void **state)
{
	struct vmclock *vc = begin_with_time(*state);

	assert_int_equal(commit_ms(vc, -2), 0);
	assert_int_equal(world.napped, 0);
	/* The bounds still hold it. */
	assert_int_equal(commit_ms(vc, -1), 0);
	assert_uint_in_range(world.napped, 1, 2);
	assert_uint_in_range(world.naps[0].ns, 1, 10);
	vmclock_close(vc);
}

/* A second's end makes no difference. */
static void whole_seconds_are_slept_for_as_well(void **state)
{
	static const int64_t times[] = { 999, 1000, 1001, 1999, 2000, 2001, 5000 };
	struct vmclock *vc;
	size_t i;

	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		vc = begin_with_time(*state);
		assert_int_equal(commit_ms(vc, times[i]), 0);
		assert_uint_in_range(world.now, 1000 * NS + (times[i] + 1) * MS,
				1000 * NS + (times[i] + 1) * MS + 2000);
		vmclock_close(vc);
	}
}

/* Nanoseconds of these do not fit. */
static void far_times_are_slept_for_in_slices(void **state)
{
	static const int64_t seconds[] = { INT64_C(10000000000), INT64_C(20000000000), INT64_MAX };
	struct vmclock *vc;
	size_t i;

	for (i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		const struct timespec t = { .tv_sec = seconds[i] };

		((struct pagefile *)*state)->page->disruption_marker = htole64(1);
		vc = begin_with_time(*state);
		world.change_at = world.now + 990 * MS;
		assert_int_equal(vmclock_wait_past(vc, VMCLOCK_SCALE_UTC, 1, &t, NULL), -ESTALE);
		assert_int_equal(world.napped, 10);
		vmclock_close(vc);
	}
}

/* Each sleep is twice as long as the last one, up to a slice. */
static void a_time_that_stands_still_is_looked_at_ever_less(void **state)
{
	struct vmclock *vc = begin_with_time(*state);
	int i;

	world.page_time = false;
	world.change_at = world.now + 2 * NS;
	assert_int_equal(commit_ms(vc, -1), -ESTALE);
	assert_uint_in_range(world.naps[0].ns, 1, 10);
	assert_uint_in_range(world.naps[1].ns, 1000, 2000);
	for (i = 2; i < world.napped && world.naps[i].ns < 100 * MS; i++)
		assert_uint_in_range(world.naps[i].ns, 2 * world.naps[i - 1].ns,
				3 * world.naps[i - 1].ns);
	assert_uint_in_range(i, 12, 20);
	for (; i < world.napped; i++)
		assert_uint_in_range(world.naps[i].ns, 100 * MS, 100 * MS + 1);
	vmclock_close(vc);
}

static void a_disruption_ends_a_commit_wait(void **state)
{
	struct vmclock *vc = begin_with_time(*state);

	world.change_at = world.now + 520 * MS;
	assert_int_equal(commit_ms(vc, 3600000), -ESTALE);
	assert_uint_in_range(world.now, 1000 * NS + 520 * MS, 1000 * NS + 621 * MS);
	vmclock_close(vc);
}

/* A time that may be wrong is not compared, and a disruption is the better reason. */
static void without_a_certain_time_a_commit_wait_ends(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = begin_with_time(pf);

	world.page_time = false;
	pagefile_begin(pf);
	pf->page->flags = 0;
	pagefile_end(pf);
	assert_int_equal(commit_ms(vc, -2), -ENODATA);
	pagefile_begin(pf);
	pf->page->clock_status = VMCLOCK_STATUS_UNRELIABLE;
	pagefile_end(pf);
	assert_int_equal(commit_ms(vc, -2), -EAGAIN);
	pagefile_disrupt(pf);
	assert_int_equal(commit_ms(vc, -2), -ESTALE);
	assert_int_equal(world.napped, 0);
	vmclock_close(vc);
}

static void a_sleep_that_fails_ends_a_commit_wait(void **state)
{
	struct vmclock *vc = begin_with_time(*state);
	const struct timespec bad[] = { { .tv_nsec = NS }, { .tv_nsec = -1 } };
	int i;

	for (i = 0; i < 2; i++)
		assert_int_equal(vmclock_wait_past(vc, VMCLOCK_SCALE_UTC, 1, &bad[i], NULL),
				 -EINVAL);
	world.sleep_error = EINTR;
	assert_int_equal(commit_ms(vc, 10), -EINTR);
	world.sleep_error = 0;
	for (i = 1; i <= 2; i++) {
		world.clock_readings = 0;
		world.clock_fails_at = i;
		assert_int_equal(commit_ms(vc, 10), -EPERM);
	}
	vmclock_close(vc);
}

/* ---- Waiting for trust -------------------------------------------------------------------- */

static int trust_ms(struct vmclock *vc, int64_t ms)
{
	const struct timespec timeout = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * MS };
	int ret;

	alarm(20);
	ret = vmclock_system_wait_trusted(vc, &timeout);
	alarm(0);
	return ret;
}

static void trust_is_looked_for_soon_and_then_every_100_ms(void **state)
{
	static const int64_t naps[] = { 20, 40, 80, 100, 100, 100, 60 };
	struct vmclock *vc = begin(*state, false);

	assert_int_equal(trust_ms(vc, 500), -ETIMEDOUT);
	expect_naps(naps, 7, false);
	assert_int_equal(world.now, 1000 * NS + 500 * MS);
	vmclock_close(vc);
}

static void what_fails_ends_a_wait_for_trust(void **state)
{
	struct vmclock *vc;
	int i;

	for (i = 1; i <= 5; i++) {
		vc = begin(*state, false);
		world.clock_fails_at = i;
		assert_int_equal(trust_ms(vc, 300), -EPERM);
		assert_int_equal(world.clock_readings, i);
		vmclock_close(vc);
	}
	vc = begin(*state, false);
	world.sleep_error = EINTR;
	assert_int_equal(trust_ms(vc, 300), -EINTR);
	vmclock_close(vc);
	vc = begin(*state, true);
	world.gone_at = world.now + 130 * MS;
	assert_int_equal(trust_ms(vc, 300), -ENODEV);
	assert_int_equal(world.now, 1000 * NS + 140 * MS);
	vmclock_close(vc);
}

static void a_word_holds_to_the_nanosecond(void **state)
{
	static const struct {
		int64_t left;
		int ret;
	} cases[] = {
		{ -1, -ENOENT }, { 0, 0 }, { 1, 0 },
		{ VMCLOCK_RUN_VALID_MAX, 0 }, { VMCLOCK_RUN_VALID_MAX + 1, -ENOENT },
	};
	struct runfiles *rf = *state;
	struct vmclock_run_state word;
	struct vmclock *vc;
	uint64_t marker;
	size_t i;

	runfiles_make_state(rf);
	vc = begin(rf->pf, false);
	word = runfiles_word(rf);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		word.valid_until = htole64((uint64_t)(world.now + cases[i].left));
		runfiles_vouch(rf, &word);
		assert_int_equal(vmclock_system_trusted(vc, &marker), cases[i].ret);
	}
	/* The age of the state is unknown. */
	world.clock_fails_at = world.clock_readings + 1;
	assert_int_equal(vmclock_system_trusted(vc, &marker), -EPERM);
	vmclock_close(vc);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, pagefile_setup, pagefile_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_wait_looks_every_100_ms_until_its_timeout),
		TEST(a_marker_that_differs_is_told_without_a_call),
		TEST(the_longest_timeouts_are_no_short_ones),
		TEST(a_change_without_event_is_seen_within_100_ms),
		TEST(a_change_with_event_is_seen_at_once),
		TEST(a_change_while_it_rests_is_seen_after_that),
		TEST(each_part_of_the_state_is_news),
		TEST(what_is_no_state_is_no_news),
		TEST(another_state_is_told_without_a_call),
		TEST(half_a_state_is_no_news),
		TEST(frequent_events_are_no_busy_loop),
		TEST(rare_events_are_looked_at_without_a_rest),
		TEST(what_acknowledging_says),
		TEST(an_end_of_file_ends_the_events),
		TEST(descriptor_0_is_one_like_any_other),
		TEST(a_description_that_somebody_closed_is_not_used),
		TEST(without_a_description_it_looks),
		TEST(a_driver_without_events_is_looked_at),
		TEST(a_device_that_goes_ends_the_wait),
		TEST(what_is_no_page_is_not_polled),
		TEST(a_clock_that_fails_ends_the_wait),
		TEST(a_sleep_that_fails_ends_the_wait),
		TEST(a_sleep_that_is_none_ends_the_wait),
		TEST(a_timeout_is_checked_first),
		TEST(a_commit_wait_sleeps_in_slices),
		TEST(a_commit_wait_ends_in_time),
		TEST(a_clock_that_fails_ends_a_commit_wait),
		TEST(a_time_that_is_over_is_not_slept_for),
		TEST(whole_seconds_are_slept_for_as_well),
		TEST(far_times_are_slept_for_in_slices),
		TEST(a_time_that_stands_still_is_looked_at_ever_less),
		TEST(a_disruption_ends_a_commit_wait),
		TEST(without_a_certain_time_a_commit_wait_ends),
		TEST(a_sleep_that_fails_ends_a_commit_wait),
		TEST(trust_is_looked_for_soon_and_then_every_100_ms),
		TEST(what_fails_ends_a_wait_for_trust),
		cmocka_unit_test_setup_teardown(a_word_holds_to_the_nanosecond, runfiles_setup,
						runfiles_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
