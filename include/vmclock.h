/* SPDX-License-Identifier: MIT */
/*
 * libvmclock: was my clock disrupted, what time is it, within what bounds, and
 * may I go on? The manual pages are the contract, beginning with libvmclock(3);
 * the comments here say the same in fewer words.
 *
 * Whose clock: vmclock_system_*() are about the guest's system clock, which
 * clock_gettime(2) reads. vmclock_now*(), vmclock_at*(), vmclock_counter(),
 * vmclock_quality_at() and vmclock_wait_past() are about the host's clock, whose
 * time is computed from the VMClock page and the CPU's counter. All else is
 * about the page.
 *
 * A handle (struct vmclock) maps the page of one device. Share it among threads
 * without locks, and keep it across fork(2). After vmclock_open() it changes
 * only in vmclock_system_wait_trusted(), which adds vmclockd's files if they
 * came later.
 *
 * Results: functions that return int give 0 or a negative errno value, unless
 * stated otherwise; vmclock_strerror() has a text for it. On an error, outputs
 * stay as they were; vmclock_at_many() is the exception.
 *
 * Safety: every function is thread-safe. Functions marked "async-signal-safe"
 * also take no lock, allocate nothing and make no system call, unless the vDSO
 * does not serve clock_gettime(2). While the host is in the middle of an update
 * they spin until it is done, for 100 ms at most; vmclock_try_state() and
 * vmclock_try_now() do not. libvmclock(3) tells how functions behave in a sandbox.
 *
 * Structures have a fixed size. A later version may use their reserved bytes:
 * such a field is valid only if its flag is set. Functions need not write
 * reserved bytes. Ignore flags that you do not know.
 *
 * The completed page: most hypervisors give a marker and no time. There,
 * vmclockd(8) derives the time from an NTP daemon, and publishes it under the
 * same marker in /run/vmclock/vmclock<N>. The functions that give time use it;
 * their results then have VMCLOCK_FLAG_COMPLETED. A page that has time itself is
 * never completed.
 *
 * For C99 to C23 and C++98 and newer, strict or not. Clauses ("UAPI.13, ...")
 * name the parts of the VMClock specification that a function follows.
 */
#ifndef VMCLOCK_H
#define VMCLOCK_H

#include <sched.h> /* struct timespec, which <time.h> hides from strict C99 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include <vmclock-version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where the compiler has them; undefined again at the end. */
#if defined(__GNUC__)
#define VMCLOCK_NONNULL(arguments) __attribute__((__nonnull__ arguments))
#define VMCLOCK_CHECKED		   __attribute__((__warn_unused_result__))
#else
#define VMCLOCK_NONNULL(arguments)
#define VMCLOCK_CHECKED
#endif

struct vmclock;

/* The page; <vmclock-abi.h> or <linux/vmclock-abi.h> (Linux 6.13) has its fields. */
struct vmclock_abi;

/*
 * Which time to give. Order events, and wait for commits, in TAI: each of its
 * numbers is one instant, and it needs no leap seconds to be known. UTC is for
 * people: around a positive leap second its numbers come twice, so that less
 * is certain, and a commit takes a second longer.
 */
enum vmclock_scale {
	VMCLOCK_SCALE_UTC,	/* as CLOCK_REALTIME: 23:59:59 twice in a positive leap second */
	VMCLOCK_SCALE_TAI,	/* as CLOCK_TAI: without leap seconds */
	VMCLOCK_SCALE_SMEARED	/* UTC with leap seconds smeared as the page hints, or not at all */
};

/*
 * Bits of the flags in the structures below. Those up to 15 say what the page's
 * flags say, and have the same values; the others are the library's own.
 */
#define VMCLOCK_FLAG_MAINTENANCE_SOON	  (1U << 1) /* disruption expected within about a day */
#define VMCLOCK_FLAG_MAINTENANCE_IMMINENT (1U << 2) /* within about an hour */
#define VMCLOCK_FLAG_MONOTONIC		  (1U << 7) /* an update never sets the time back */
#define VMCLOCK_FLAG_GENERATION_PRESENT	  (1U << 8) /* the page has a generation counter */
#define VMCLOCK_FLAG_BOUNDED		  (1U << 16) /* earliest and latest are bounds */
#define VMCLOCK_FLAG_COMPLETED		  (1U << 17) /* vmclockd derived the time, not the host */
#define VMCLOCK_FLAG_ESTIMATED		  (1U << 18) /* the estimated error is known */

/* The state of a clock. Written as in <linux/vmclock-abi.h>: both may be included. */
#ifndef VMCLOCK_STATUS_UNKNOWN
#define VMCLOCK_STATUS_UNKNOWN		0 /* there is no clock, or nothing is known of it */
#define VMCLOCK_STATUS_INITIALIZING	1 /* it is being set up: no time yet */
#define VMCLOCK_STATUS_SYNCHRONIZED	2 /* it follows its source */
#define VMCLOCK_STATUS_FREERUNNING	3 /* its source is silent: the bounds grow, and hold */
#define VMCLOCK_STATUS_UNRELIABLE	4 /* it is broken: no time */
#endif

/* A leap second in the month of a reading, or in the month before. */
#ifndef VMCLOCK_LEAP_NONE
#define VMCLOCK_LEAP_NONE	0x00 /* none is known */
#define VMCLOCK_LEAP_PRE_POS	0x01 /* this month will end with a positive one */
#define VMCLOCK_LEAP_PRE_NEG	0x02 /* this month will end with a negative one */
#define VMCLOCK_LEAP_POS	0x03 /* the reading is in a positive one */
#define VMCLOCK_LEAP_POST_POS	0x04 /* last month ended with a positive one */
#define VMCLOCK_LEAP_POST_NEG	0x05 /* last month ended with a negative one */
#endif

/**
 * struct vmclock_time - one reading of the host's clock; all of it belongs together
 * @time:	the most likely time: seconds and nanoseconds since 1970 on the scale
 *		asked for, rounded down; while it is smeared, rounded down twice
 * @earliest:	true time is not before this; the lowest time there is, if not bounded
 * @latest:	true time is not after this; the highest time there is, if not bounded
 * @counter:	the CPU's counter that the time was computed from, in ticks
 * @marker:	the disruption marker at the reading, of the page that gave the time
 * @flags:	VMCLOCK_FLAG_BOUNDED, _COMPLETED, _MONOTONIC and _MAINTENANCE_*
 * @status:	VMCLOCK_STATUS_SYNCHRONIZED or VMCLOCK_STATUS_FREERUNNING
 * @leap:	VMCLOCK_LEAP_* of the month that @time is in; VMCLOCK_LEAP_NONE in TAI
 * @reserved:	for later versions
 *
 * Two readings on one scale and under one marker may be compared by hand: where
 * the latest of one is before the earliest of the other, it was made before.
 * In UTC the bounds allow for the numbers that come twice: in the second before
 * a positive leap second the earliest stays 23:59:59.000000000, in the leap
 * second the latest is 23:59:59.999999999. vmclock_now(3) tells for how long UTC
 * and smeared time have bounds.
 */
struct vmclock_time {
	struct timespec time;
	struct timespec earliest;
	struct timespec latest;
	uint64_t counter;
	uint64_t marker;
	uint32_t flags;
	uint8_t status;
	uint8_t leap;
	uint8_t reserved[58];
};

/**
 * struct vmclock_quality - how good the time of a counter value is
 * @age:	ns from the page's reference to the counter; negative: the counter is before it
 * @esterror:	the estimated error at the counter in ns, rounded up; UINT64_MAX without
 *		VMCLOCK_FLAG_ESTIMATED
 * @marker:	the disruption marker of the page that gives the time
 * @flags:	VMCLOCK_FLAG_ESTIMATED and VMCLOCK_FLAG_COMPLETED
 * @status:	VMCLOCK_STATUS_SYNCHRONIZED or VMCLOCK_STATUS_FREERUNNING
 * @reserved:	for later versions
 *
 * The estimated error is what the host thinks likely, as the kernel's esterror;
 * true time may be further off. Only the bounds of a reading are certain.
 */
struct vmclock_quality {
	int64_t age;
	uint64_t esterror;
	uint64_t marker;
	uint32_t flags;
	uint8_t status;
	uint8_t reserved[35];
};

/**
 * struct vmclock_state - what a page says besides the time; all of it belongs together
 * @marker:	the disruption marker
 * @generation:	the VM generation counter; 0 without VMCLOCK_FLAG_GENERATION_PRESENT
 * @flags:	VMCLOCK_FLAG_MAINTENANCE_* and VMCLOCK_FLAG_GENERATION_PRESENT
 * @status:	VMCLOCK_STATUS_*; VMCLOCK_STATUS_UNKNOWN also where the page is too small
 *		to have one
 * @reserved:	for later versions
 */
struct vmclock_state {
	uint64_t marker;
	uint64_t generation;
	uint32_t flags;
	uint8_t status;
	uint8_t reserved[43];
};

/* ---- The handle ------------------------------------------------------------------- */

/**
 * vmclock_open() - open a VMClock device or page file
 * @vcp:	receives the handle; free it with vmclock_close()
 * @path:	the device; NULL: $VMCLOCK_PATH, or /dev/vmclock0 where that is unset
 *
 * A regular file that holds a page serves as well: tests and simulations work so.
 * It must be whole when it is opened; a reader of a file that is truncated later
 * dies by SIGBUS. A file that is replaced by rename stays readable as it was. The
 * environment variable is ignored in programs that run with more privileges than
 * their caller (secure_getenv(3)).
 *
 * Where the path ends in vmclock<N> and is a device, vmclockd's files in
 * /run/vmclock are mapped, too, if only trusted users can write them:
 * vmclock_open(3) has the rules. $VMCLOCK_RUN_DIR names another folder, for tests.
 *
 * Return: 0, or
 * -ENOENT	there is no such path,
 * -ENODEV	the path has no device behind it, or the device is gone,
 * -EACCES	no permission to read it,
 * -EBADMSG	it is not a VMClock page, or its size field is impossible,
 * -EPROTONOSUPPORT the page has another version than 1,
 * or what open(2) and mmap(2) gave, such as -EMFILE and -ENOMEM.
 *
 * Not async-signal-safe.
 * UAPI.13, VMClock ABI: magic, size, version.
 * Since: 0.1
 */
int vmclock_open(struct vmclock **vcp, const char *path) VMCLOCK_NONNULL((1)) VMCLOCK_CHECKED;

/**
 * vmclock_close() - free a handle
 * @vc:		the handle; NULL is fine
 *
 * No other thread may use the handle any more. errno is preserved.
 * Not async-signal-safe.
 * Since: 0.1
 */
void vmclock_close(struct vmclock *vc);

/**
 * vmclock_fd() - the file descriptor behind a handle, for poll(2) and epoll(7)
 * @vc:		the handle
 *
 * It is readable when the page has changed since it was last read with
 * read(2) or pread(2), or has never been read and its count is not 0; the
 * first byte is enough to acknowledge. So read once before you wait. This
 * holds for the vmclock driver; vmclock_open(3) tells of the others, which do
 * less. vmclock_wait_disrupted() and vmclock_wait_state() work everywhere. The
 * descriptor belongs to the handle: do not close it.
 *
 * Return: the descriptor.
 * Async-signal-safe.
 * Since: 0.1
 */
int vmclock_fd(const struct vmclock *vc) VMCLOCK_NONNULL((1)) VMCLOCK_CHECKED;

/**
 * vmclock_path() - the path that a handle was opened by
 * @vc:		the handle
 *
 * Return: what vmclock_open() was given, or what it took instead of NULL. Valid
 * until vmclock_close(); never NULL.
 * Async-signal-safe.
 * Since: 0.1
 */
const char *vmclock_path(const struct vmclock *vc) VMCLOCK_NONNULL((1)) VMCLOCK_CHECKED;

/**
 * vmclock_has_time() - can this handle ever give time?
 * @vc:		the handle
 *
 * Return: true if the page, or the completed page, is one that gives time by a
 * counter that can be used here; it may still say -EAGAIN now. False: functions
 * that give time fail by -ENODATA or -EOPNOTSUPP, unless
 * vmclock_system_wait_trusted() finds a completed page later.
 * Async-signal-safe.
 * UAPI.13, VMClock ABI: size, counter_id, time_type.
 * Since: 0.1
 */
bool vmclock_has_time(const struct vmclock *vc) VMCLOCK_NONNULL((1)) VMCLOCK_CHECKED;

/* ---- The page --------------------------------------------------------------------- */

/**
 * vmclock_page() - the live page
 * @vc:		the handle
 *
 * For what this library does not offer. It is the hypervisor's, not the
 * completed one. It changes while you look: follow the sequence count, or use
 * vmclock_read_page(). Read-only.
 *
 * Return: the page. Valid until vmclock_close(); never NULL.
 * Async-signal-safe.
 * UAPI.13, VMClock ABI.
 * Since: 0.1
 */
const struct vmclock_abi *vmclock_page(const struct vmclock *vc) VMCLOCK_NONNULL((1))
	VMCLOCK_CHECKED;

/**
 * vmclock_read_page() - a consistent copy of the page's fields
 * @vc:		the handle
 * @copy:	receives the fields, little-endian as in the page
 * @size:	sizeof(*copy) as the caller's header declares it, in bytes
 *
 * Bytes that the page does not have (its size field says) are set to zero. The
 * page is the specification's structure, and grows with it: so the caller says
 * how much of it there is room for. The library's own structures do not grow.
 *
 * Return: 0, or -ETIMEDOUT: the host held the sequence count odd for 100 ms.
 *
 * Async-signal-safe.
 * UAPI.13, VMClock ABI: seq_count, size.
 * Since: 0.1
 */
int vmclock_read_page(const struct vmclock *vc, struct vmclock_abi *copy, size_t size)
	VMCLOCK_NONNULL((1, 2)) VMCLOCK_CHECKED;

/**
 * vmclock_marker() - the disruption marker as it is now
 * @vc:		the handle
 *
 * Take it before you rely on time, and compare afterwards with
 * vmclock_disrupted() or let vmclock_system_time() do so. Only equality has a
 * meaning; zero is a value like any other.
 *
 * Return: the marker. If the host holds the sequence count odd for 100 ms,
 * the marker as it stands; vmclock_disrupted() then says true for it.
 *
 * Async-signal-safe.
 * UAPI.13, VMClock ABI: disruption_marker.
 * Since: 0.1
 */
uint64_t vmclock_marker(const struct vmclock *vc) VMCLOCK_NONNULL((1)) VMCLOCK_CHECKED;

/**
 * vmclock_disrupted() - has the clock been disrupted since a marker was taken?
 * @vc:		the handle
 * @marker:	what vmclock_marker() returned then
 *
 * Return: false only if the marker is certainly the same; true if it
 * differs, or if the host held the sequence count odd for 100 ms.
 *
 * Async-signal-safe.
 * UAPI.13, VMClock ABI: disruption_marker.
 * Since: 0.1
 */
bool vmclock_disrupted(const struct vmclock *vc, uint64_t marker) VMCLOCK_NONNULL((1))
	VMCLOCK_CHECKED;

/**
 * vmclock_generation() - the VM generation counter
 * @vc:		the handle
 * @generation:	receives the counter
 *
 * It changes when the machine is restored from a snapshot, so that two
 * clones can tell that they share a past: unique identifiers and random
 * seeds made before must not be used again. Live migration leaves it.
 *
 * Return: 0, or -ENODATA: the page has none, or -ETIMEDOUT: the host held
 * the sequence count odd for 100 ms.
 *
 * Async-signal-safe.
 * UAPI.13, VMClock ABI: vm_generation_counter, flag VM_GEN_COUNTER_PRESENT.
 * Since: 0.1
 */
int vmclock_generation(const struct vmclock *vc, uint64_t *generation) VMCLOCK_NONNULL((1, 2))
	VMCLOCK_CHECKED;

/**
 * vmclock_read_state() - marker, generation, maintenance and clock status at once
 * @vc:		the handle
 * @state:	receives them
 *
 * Every page has a state, those without time included: it tells that the host
 * has announced maintenance, and whether it offers a clock at all.
 *
 * Return: 0, or -ETIMEDOUT: the host held the sequence count odd for 100 ms.
 *
 * Async-signal-safe.
 * UAPI.13, VMClock ABI: disruption_marker, flags, clock_status,
 * vm_generation_counter.
 * Since: 0.1
 */
int vmclock_read_state(const struct vmclock *vc, struct vmclock_state *state)
	VMCLOCK_NONNULL((1, 2)) VMCLOCK_CHECKED;

/**
 * vmclock_try_state() - as vmclock_read_state(), in one look at the page
 * @vc:		the handle
 * @state:	receives the state
 *
 * For callers that bound their own tries, such as random number generators.
 *
 * Return: 0, or -EBUSY: the host is in the middle of an update.
 *
 * Async-signal-safe; never spins.
 * UAPI.13, as vmclock_read_state().
 * Since: 0.1
 */
int vmclock_try_state(const struct vmclock *vc, struct vmclock_state *state)
	VMCLOCK_NONNULL((1, 2)) VMCLOCK_CHECKED;

/**
 * vmclock_wait_disrupted() - sleep until the clock has been disrupted
 * @vc:		the handle
 * @marker:	what vmclock_marker() returned
 * @timeout:	how long to wait, on CLOCK_MONOTONIC; NULL: without limit
 *
 * Works with every driver and with page files: where the device notifies it
 * returns at once, elsewhere within 100 ms of the change. It returns
 * immediately if the marker differs already. The state of vmclock_fd() is left
 * alone.
 *
 * Return: 0 the marker differs now,
 * -ETIMEDOUT	it did not change in time,
 * -EINTR	a signal handler ran,
 * -EINVAL	the timeout is negative or its tv_nsec not within 0..999999999,
 * -ENODEV	the driver was unbound or the device removed,
 * -EBADF	the program has closed vmclock_fd(),
 * -ENOSYS	clock_nanosleep(2) said that it slept, and had not,
 * or what clock_nanosleep(2), ppoll(2) or clock_gettime(2) said: -EPERM, for
 * instance, in a sandbox that denies them; -EINVAL also from ppoll(2) where
 * RLIMIT_NOFILE is 0.
 *
 * Not async-signal-safe; a cancellation point that may leak a file descriptor
 * when the thread is cancelled.
 * UAPI.13, VMClock ABI: disruption_marker, flag NOTIFICATION_PRESENT.
 * Since: 0.1
 */
int vmclock_wait_disrupted(const struct vmclock *vc, uint64_t marker,
			   const struct timespec *timeout) VMCLOCK_NONNULL((1)) VMCLOCK_CHECKED;

/**
 * vmclock_wait_state() - sleep until the page's state differs from a known one
 * @vc:		the handle
 * @state:	the state that the caller knows; receives the new one
 * @timeout:	how long to wait, on CLOCK_MONOTONIC; NULL: without limit
 *
 * As vmclock_wait_disrupted(), and it also returns for another generation or
 * status, and when maintenance is announced or is over. A change that is taken
 * back before it was seen is missed.
 *
 * Return: 0 the state differs now, or as vmclock_wait_disrupted().
 *
 * Not async-signal-safe; a cancellation point that may leak a file descriptor
 * when the thread is cancelled.
 * UAPI.13, VMClock ABI: disruption_marker, flags, clock_status,
 * vm_generation_counter.
 * Since: 0.1
 */
int vmclock_wait_state(const struct vmclock *vc, struct vmclock_state *state,
		       const struct timespec *timeout) VMCLOCK_NONNULL((1, 2)) VMCLOCK_CHECKED;

/* ---- The guest's system clock ------------------------------------------------------- */

/**
 * vmclock_system_time() - read a system clock, only if it was not disrupted
 * @vc:		the handle
 * @clock:	any clock of clock_gettime(2); to order events by it, CLOCK_TAI, since
 *		CLOCK_REALTIME goes back in a positive leap second
 * @marker:	what vmclock_marker() returned when the clock was last known good
 * @ts:		receives the time
 *
 * The time was read while the marker was the given one: neither before nor
 * during the reading has there been a disruption since. After -ESTALE, have
 * the clock set right (by NTP, or PTP from the host) before you take a new
 * marker and go on. Where vmclockd runs, vmclock_system_wait_trusted() waits for
 * it, and vmclock_system_trusted() gives the marker.
 *
 * Return: 0, or
 * -ESTALE	the clock was disrupted since @marker was taken,
 * -EINVAL	there is no such clock (or what else clock_gettime(2) gave),
 * -ETIMEDOUT	the host held the sequence count odd for 100 ms.
 *
 * Async-signal-safe; no system call for clocks that the vDSO serves.
 * UAPI.13, VMClock ABI: disruption_marker.
 * Since: 0.1
 */
int vmclock_system_time(const struct vmclock *vc, clockid_t clock, uint64_t marker,
			struct timespec *ts) VMCLOCK_NONNULL((1, 4)) VMCLOCK_CHECKED;

/**
 * vmclock_system_trusted() - is the system clock vouched for?
 * @vc:		the handle
 * @marker:	receives the disruption marker under which it is; go on with
 *		vmclock_system_time(@vc, clock, @marker, ...)
 *
 * vmclockd(8) vouches for it once it has proved that CLOCK_REALTIME lies within
 * the bounds that an NTP daemon or the host's page gives; and no more when the
 * marker changes, until it has again. The answer is about now:
 * vmclock_system_time() tells whether a disruption came afterwards.
 *
 * Its word is in a file, see vmclock_open(), and holds for a short time, on
 * CLOCK_MONOTONIC: a vmclockd that has ended or hangs vouches for nothing.
 *
 * Return: 0, or
 * -ESTALE	the clock was disrupted, or the machine was cloned, and nobody has
 *		vouched for it since,
 * -EAGAIN	not yet: nobody has vouched for it since the system started; also
 *		while vmclockd is about to say something else,
 * -ENOENT	there is no vmclockd, or it has not renewed its word in time,
 * -ETIMEDOUT	the host held the sequence count odd for 100 ms,
 * or what clock_gettime(2) gave where the vDSO does not serve it.
 *
 * Async-signal-safe.
 * UAPI.13, VMClock ABI: disruption_marker, vm_generation_counter.
 * Since: 0.1
 */
int vmclock_system_trusted(const struct vmclock *vc, uint64_t *marker) VMCLOCK_NONNULL((1, 2))
	VMCLOCK_CHECKED;

/**
 * vmclock_system_wait_trusted() - sleep until the system clock is vouched for
 * @vc:		the handle
 * @timeout:	how long to wait, on CLOCK_MONOTONIC; NULL: without limit
 *
 * It looks after 20 ms, and then ever less often, each 100 ms at least. Without
 * a vmclockd it waits for one to come. It looks for files that were not there at
 * vmclock_open() each time, the completed page too, and from then on all
 * functions use them.
 *
 * Return: 0 vmclock_system_trusted() said so, -ETIMEDOUT: it did not in time, or
 * another error of vmclock_wait_disrupted().
 *
 * Not async-signal-safe; a cancellation point that may leak a file descriptor
 * when the thread is cancelled.
 * UAPI.13, VMClock ABI: disruption_marker, vm_generation_counter.
 * Since: 0.1
 */
int vmclock_system_wait_trusted(const struct vmclock *vc, const struct timespec *timeout)
	VMCLOCK_NONNULL((1)) VMCLOCK_CHECKED;

/* ---- The host's clock --------------------------------------------------------------- */

/**
 * vmclock_now() - the time, from the host's clock or the completed page
 * @vc:		the handle
 * @scale:	which time
 * @now:	receives the reading
 *
 * The counter is read in program order: not before any load that precedes
 * the call. Bounds are rounded outwards to the nanosecond; the same page and
 * counter always give the same ones. Where the page gives none,
 * VMCLOCK_FLAG_BOUNDED is not set, and nothing is certain. vmclock_now(3) tells
 * when a page is believed.
 *
 * Return: 0, or
 * -ENODATA	the page carries no time, and there is no completed one; or it lacks
 *		what @scale needs: a TAI offset, a leap second indicator that
 *		fits the time, a smearing hint that is known,
 * -EAGAIN	it carries time that cannot be relied upon now (its status), or that
 *		vmclockd does not believe yet; on a completed page, vmclockd is not
 *		sure of any time yet, or not again,
 * -ESTALE	the completed page has time that belongs to another marker or
 *		generation: the clock was disrupted, and vmclockd has not noticed yet,
 * -ERANGE	the counter is more than a second before the first reference of the
 *		completed page under this marker; only vmclock_at() is asked for such,
 * -EOPNOTSUPP	its counter is not this CPU's, or not steady here,
 * -EOVERFLOW	the time does not fit,
 * -EINVAL	there is no such scale, whatever else is wrong,
 * -ETIMEDOUT	the host held the sequence count odd for 100 ms,
 * or what clock_gettime(2) gave where the vDSO does not serve it.
 *
 * Async-signal-safe.
 * UAPI.13, Calculating time; Time error calculation; Leap Indicator.
 * Since: 0.1
 */
int vmclock_now(const struct vmclock *vc, enum vmclock_scale scale, struct vmclock_time *now)
	VMCLOCK_NONNULL((1, 3)) VMCLOCK_CHECKED;

/**
 * vmclock_now_relaxed() - as vmclock_now(), faster, its counter read in any order
 * @vc:		the handle
 * @scale:	which time
 * @now:	receives the reading
 *
 * The processor may read the counter before earlier loads are done, so two
 * readings in different threads may be out of order by some nanoseconds.
 * Good for logs and statistics, not for ordering transactions.
 *
 * Return: as vmclock_now().
 * Async-signal-safe.
 * UAPI.13, as vmclock_now().
 * Since: 0.1
 */
int vmclock_now_relaxed(const struct vmclock *vc, enum vmclock_scale scale,
			struct vmclock_time *now) VMCLOCK_NONNULL((1, 3)) VMCLOCK_CHECKED;

/**
 * vmclock_try_now() - as vmclock_now(), in one look at the page
 * @vc:		the handle
 * @scale:	which time
 * @now:	receives the reading
 *
 * Return: as vmclock_now(), but -EBUSY instead of -ETIMEDOUT: the host, or
 * vmclockd, is in the middle of an update.
 *
 * Async-signal-safe; never spins.
 * UAPI.13, as vmclock_now().
 * Since: 0.1
 */
int vmclock_try_now(const struct vmclock *vc, enum vmclock_scale scale, struct vmclock_time *now)
	VMCLOCK_NONNULL((1, 3)) VMCLOCK_CHECKED;

/**
 * vmclock_counter() - the CPU's counter alone: stamp now, convert later
 * @vc:		the handle
 * @counter:	receives the counter, in ticks
 *
 * Read in program order, as by vmclock_now(). Take vmclock_marker() before it:
 * if the marker of vmclock_at() is another one, the time is not that of the
 * counter. On a page without time, vmclockd may make it convertible later.
 *
 * Return: 0, or -EOPNOTSUPP: the page counts by another counter, or this CPU's
 * is not steady.
 *
 * Async-signal-safe.
 * UAPI.13, VMClock ABI: counter_id.
 * Since: 0.1
 */
int vmclock_counter(const struct vmclock *vc, uint64_t *counter) VMCLOCK_NONNULL((1, 2))
	VMCLOCK_CHECKED;

/**
 * vmclock_at() - the time of a counter value that was read before, or somewhere else
 * @vc:		the handle
 * @scale:	which time
 * @counter:	the counter: within 2^63 ticks of the page's reference
 * @then:	receives the reading
 *
 * Only for counters read since the last disruption; compare @then->marker
 * with the marker at that time. Counters as drivers, tracers or network
 * cards give them serve as well as one's own. On a completed page, no counter
 * from more than a second before vmclockd was first sure of the time since the
 * last disruption: that is -ERANGE.
 *
 * Return: as vmclock_now().
 * Async-signal-safe.
 * UAPI.13, as vmclock_now().
 * Since: 0.1
 */
int vmclock_at(const struct vmclock *vc, enum vmclock_scale scale, uint64_t counter,
	       struct vmclock_time *then) VMCLOCK_NONNULL((1, 4)) VMCLOCK_CHECKED;

/**
 * vmclock_at_many() - the times of many counter values, by one state of the page
 * @vc:		the handle
 * @scale:	which time
 * @counters:	the counters, as for vmclock_at()
 * @count:	how many; may be 0
 * @times:	receives as many readings
 *
 * All of them have the same marker, and no update lies between two of them: the
 * time from one to another is not bent by a correction of the host's clock.
 *
 * Return: 0, or the error of vmclock_now() for the first counter that has one; the
 * array then is worth nothing.
 * Async-signal-safe.
 * UAPI.13, as vmclock_now().
 * Since: 0.1
 */
int vmclock_at_many(const struct vmclock *vc, enum vmclock_scale scale, const uint64_t *counters,
		    size_t count, struct vmclock_time *times) VMCLOCK_NONNULL((1)) VMCLOCK_CHECKED;

/**
 * vmclock_quality_at() - how good is the time of a counter value?
 * @vc:		the handle
 * @counter:	the counter, such as that of a reading
 * @quality:	receives the age of the page's reference and the estimated error
 *
 * The page may have changed since the reading was made: then the quality is that of
 * the time that vmclock_at() gives now.
 *
 * Return: 0, or an error of vmclock_now() but -EINVAL; -EOVERFLOW: the age is more
 * than 292 years.
 * Async-signal-safe.
 * UAPI.13, Time error calculation: counter_period_esterror_rate_frac_sec,
 * time_esterror_nanosec.
 * Since: 0.1
 */
int vmclock_quality_at(const struct vmclock *vc, uint64_t counter, struct vmclock_quality *quality)
	VMCLOCK_NONNULL((1, 3)) VMCLOCK_CHECKED;

/**
 * vmclock_wait_past() - commit wait: sleep until a time is certainly over
 * @vc:		the handle
 * @scale:	the scale of @ts
 * @marker:	the marker of the reading that @ts comes from
 * @ts:		the time, such as the latest of a reading
 * @timeout:	how long to wait, on CLOCK_MONOTONIC; NULL: without limit
 *
 * It sleeps by clock_nanosleep(2), for 100 ms at a time, and never spins.
 * Without a timeout it has no limit: where the bounds grow as fast as time goes
 * on, or @ts lies years ahead, it waits until the clock is disrupted or a signal
 * comes.
 *
 * In UTC this waits until @ts is over for the last time: around a positive
 * leap second, that is a second later. Commit in TAI.
 *
 * Return: 0 the earliest possible time is after @ts now,
 * -ETIMEDOUT	it is not in time; or the host held the sequence count odd for 100 ms,
 * -EINVAL	there is no such scale, or @ts is not a time, or @timeout none:
 *		tv_nsec is not within 0..999999999, or the timeout negative,
 * -ESTALE	the clock was disrupted since @marker was taken, or the completed page
 *		belongs to another one: nothing is certain,
 * -ENODATA	the page gives no bounds, or as vmclock_now(),
 * -EINTR	a signal handler ran,
 * -ENOSYS	clock_nanosleep(2) said that it slept, and had not,
 * or another error of vmclock_now(), or what clock_nanosleep(2) or
 * clock_gettime(2) said, such as -EPERM in a sandbox that denies them.
 *
 * Not async-signal-safe; a cancellation point.
 * UAPI.13, Time error calculation.
 * Since: 0.1
 */
int vmclock_wait_past(const struct vmclock *vc, enum vmclock_scale scale, uint64_t marker,
		      const struct timespec *ts, const struct timespec *timeout)
	VMCLOCK_NONNULL((1, 4)) VMCLOCK_CHECKED;

/**
 * vmclock_time_before() - was a reading certainly made before a time?
 * @reading:	the reading
 * @ts:		the time, on the reading's scale
 *
 * In UTC, for both instants of a number that comes twice: order events in TAI.
 *
 * Return: true if @reading->latest is before @ts; false also when it is not known.
 * Async-signal-safe.
 * Since: 0.1
 */
bool vmclock_time_before(const struct vmclock_time *reading, const struct timespec *ts)
	VMCLOCK_NONNULL((1, 2)) VMCLOCK_CHECKED;

/**
 * vmclock_time_after() - was a reading certainly made after a time?
 * @reading:	the reading
 * @ts:		the time, on the reading's scale
 *
 * In UTC, for both instants of a number that comes twice: order events in TAI.
 *
 * Return: true if @reading->earliest is after @ts; false also when it is not known.
 * Async-signal-safe.
 * Since: 0.1
 */
bool vmclock_time_after(const struct vmclock_time *reading, const struct timespec *ts)
	VMCLOCK_NONNULL((1, 2)) VMCLOCK_CHECKED;

/* ---- The library -------------------------------------------------------------------- */

/**
 * vmclock_version() - the version of the library that runs, such as "0.1.0"
 *
 * <vmclock-version.h> has that of the headers.
 *
 * Return: a constant string.
 * Async-signal-safe.
 * Since: 0.1
 */
const char *vmclock_version(void) VMCLOCK_CHECKED;

/**
 * vmclock_strerror() - what an error of this library means
 * @error:	what a function returned; its sign does not matter
 *
 * Texts for people, in English: they may change. An error that has no meaning of
 * its own here has strerror(3)'s text.
 *
 * Return: a string, valid until the next call in this thread; never NULL.
 * Not async-signal-safe, because of strerror(3).
 * Since: 0.1
 */
const char *vmclock_strerror(int error) VMCLOCK_CHECKED;

#undef VMCLOCK_NONNULL
#undef VMCLOCK_CHECKED

#ifdef __cplusplus
}
#endif

#endif /* VMCLOCK_H */
