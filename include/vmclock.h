/* SPDX-License-Identifier: MIT */
/*
 * libvmclock: was my clock disrupted, what time is it, within what bounds, and
 * may I go on? The manual pages are the contract, beginning with libvmclock(3);
 * the comments here say the same in fewer words.
 *
 * Whose clock: vmclock_system_*() are about the guest's system clock, which
 * clock_gettime(2) reads. vmclock_now*(), vmclock_at*(), vmclock_counter(),
 * vmclock_quality_at() and vmclock_wait_past() are about the host's clock, whose
 * time is computed from the VMClock page and the CPU's counter. All other functions
 * are about the page.
 *
 * A handle (struct vmclock) maps the page of one device. Share it among threads
 * without locks, and keep it across fork(2). After vmclock_open(), only
 * vmclock_system_wait_trusted() changes a handle: it adds vmclockd's files if they
 * did not exist before.
 *
 * Results: functions that return int return 0 or a negative errno value, unless
 * stated otherwise; vmclock_strerror() describes the value. On an error, all
 * functions but vmclock_at_many() leave their outputs unchanged.
 *
 * Safety: every function is thread-safe. Functions marked "async-signal-safe"
 * also take no lock, allocate nothing and make no system call, unless the vDSO
 * does not serve clock_gettime(2). While the host is updating the page they spin
 * until the update ends, for 100 ms at most; vmclock_try_state() and
 * vmclock_try_now() never spin. libvmclock(3) describes sandboxes.
 *
 * Structures have a fixed size. A later version may use their reserved bytes:
 * such a field is valid only if its flag is set. Functions need not write
 * reserved bytes. Ignore flags that you do not know.
 *
 * The completed page: most hypervisors give a marker and no time. For their pages,
 * vmclockd(8) derives the time from an NTP daemon, and publishes a page with this
 * time and the same marker in /run/vmclock/vmclock<N>. The functions that give time
 * use it; their results then have VMCLOCK_FLAG_COMPLETED. vmclockd never completes a
 * page that has time.
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

/* Attributes, if the compiler has them; undefined again at the end of this header. */
#if defined(__GNUC__)
#define VMCLOCK_NONNULL(arguments) __attribute__((__nonnull__ arguments))
#define VMCLOCK_CHECKED		   __attribute__((__warn_unused_result__))
#else
#define VMCLOCK_NONNULL(arguments)
#define VMCLOCK_CHECKED
#endif

struct vmclock;

/* The page; <vmclock-abi.h> and <linux/vmclock-abi.h> (Linux 6.13) define its fields. */
struct vmclock_abi;

/*
 * The timescale of a reading. Order events, and wait for commits, in TAI: each TAI
 * number is one instant, and TAI does not depend on leap seconds. UTC is for people:
 * its numbers repeat around a positive leap second, so bounds are wider there, and a
 * commit takes a second longer.
 */
enum vmclock_scale {
	VMCLOCK_SCALE_UTC,	/* as CLOCK_REALTIME: 23:59:59 twice in a positive leap second */
	VMCLOCK_SCALE_TAI,	/* as CLOCK_TAI: without leap seconds */
	VMCLOCK_SCALE_SMEARED	/* UTC with leap seconds smeared as the page hints, or not at all */
};

/*
 * Bits of the flags in the structures below. Bits 0 to 15 have the same values and
 * meanings as the page's flags; the library defines the others.
 */
#define VMCLOCK_FLAG_MAINTENANCE_SOON	  (1U << 1) /* disruption expected within about a day */
#define VMCLOCK_FLAG_MAINTENANCE_IMMINENT (1U << 2) /* within about an hour */
#define VMCLOCK_FLAG_MONOTONIC		  (1U << 7) /* an update never sets the time back */
#define VMCLOCK_FLAG_GENERATION_PRESENT	  (1U << 8) /* the page has a generation counter */
#define VMCLOCK_FLAG_BOUNDED		  (1U << 16) /* earliest and latest are bounds */
#define VMCLOCK_FLAG_COMPLETED		  (1U << 17) /* vmclockd derived the time, not the host */
#define VMCLOCK_FLAG_ESTIMATED		  (1U << 18) /* the estimated error is known */

/* The state of a clock, defined as in <linux/vmclock-abi.h>: a program may include both. */
#ifndef VMCLOCK_STATUS_UNKNOWN
#define VMCLOCK_STATUS_UNKNOWN		0 /* there is no clock, or its state is unknown */
#define VMCLOCK_STATUS_INITIALIZING	1 /* the clock is being set up: no time yet */
#define VMCLOCK_STATUS_SYNCHRONIZED	2 /* the clock follows its source */
#define VMCLOCK_STATUS_FREERUNNING	3 /* its source is silent: the bounds grow, and stay true */
#define VMCLOCK_STATUS_UNRELIABLE	4 /* the clock is broken: no time */
#endif

/* A leap second in the month of a reading, or in the month before. */
#ifndef VMCLOCK_LEAP_NONE
#define VMCLOCK_LEAP_NONE	0x00 /* no leap second is known */
#define VMCLOCK_LEAP_PRE_POS	0x01 /* this month will end with a positive leap second */
#define VMCLOCK_LEAP_PRE_NEG	0x02 /* this month will end with a negative leap second */
#define VMCLOCK_LEAP_POS	0x03 /* the reading is in a positive leap second */
#define VMCLOCK_LEAP_POST_POS	0x04 /* last month ended with a positive leap second */
#define VMCLOCK_LEAP_POST_NEG	0x05 /* last month ended with a negative leap second */
#endif

/**
 * struct vmclock_time - one reading of the host's clock, from one state of the page
 * @time:	the most likely time: seconds and nanoseconds since 1970 on the requested
 *		scale, rounded down; rounded down twice during a smear
 * @earliest:	true time is not before @earliest; the lowest timespec, if not bounded
 * @latest:	true time is not after @latest; the highest timespec, if not bounded
 * @counter:	the CPU's counter value that the time was computed from, in ticks
 * @marker:	the disruption marker of the page that gave the time, at the reading
 * @flags:	VMCLOCK_FLAG_BOUNDED, _COMPLETED, _MONOTONIC and _MAINTENANCE_*
 * @status:	VMCLOCK_STATUS_SYNCHRONIZED or VMCLOCK_STATUS_FREERUNNING
 * @leap:	VMCLOCK_LEAP_* of the month that @time is in, during a smear of the month in
 *		UTC; VMCLOCK_LEAP_NONE in TAI
 * @reserved:	for later versions
 *
 * A program may compare two readings that have the same scale and marker: if the
 * latest time of A is before the earliest time of B, then A was made before B.
 * In UTC the bounds allow for the repeated second: in the second before a positive
 * leap second, @earliest stays 23:59:59.000000000; in the leap second, @latest is
 * 00:00:00.000000000. vmclock_now(3) gives the span in which UTC and smeared time
 * have bounds.
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
 * @age:	ns from the page's reference to the counter, rounded down; negative if the
 *		counter is before the reference
 * @esterror:	the estimated error at the counter in ns, rounded up; UINT64_MAX without
 *		VMCLOCK_FLAG_ESTIMATED
 * @marker:	the disruption marker of the page that gives the time
 * @flags:	VMCLOCK_FLAG_ESTIMATED and VMCLOCK_FLAG_COMPLETED
 * @status:	VMCLOCK_STATUS_SYNCHRONIZED or VMCLOCK_STATUS_FREERUNNING
 * @reserved:	for later versions
 *
 * The estimated error is a likely error, like the kernel's esterror; the true error
 * may be larger. Only the bounds of a reading are certain.
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
 * struct vmclock_state - the fields of one state of the page that are not about time
 * @marker:	the disruption marker
 * @generation:	the VM generation counter; 0 without VMCLOCK_FLAG_GENERATION_PRESENT
 * @flags:	VMCLOCK_FLAG_MAINTENANCE_* and VMCLOCK_FLAG_GENERATION_PRESENT
 * @status:	VMCLOCK_STATUS_*; VMCLOCK_STATUS_UNKNOWN also if the page is too small
 *		for this field
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
 * @path:	the device; NULL: $VMCLOCK_PATH, or /dev/vmclock0 if the variable is unset
 *
 * @path may also be a regular file that holds a page, for tests and simulations.
 * The file must be complete when it is opened. If the file is truncated later, its
 * readers get SIGBUS. If another file is renamed over it, the handle keeps the old
 * file. Programs that run with more privileges than their caller ignore the
 * environment variable (secure_getenv(3)).
 *
 * If the path ends in vmclock<N> and is a device, this function also maps vmclockd's
 * files in /run/vmclock, but only if no untrusted user can write them: vmclock_open(3)
 * has the rules. $VMCLOCK_RUN_DIR names another folder, for tests.
 *
 * Return: 0, or
 * -ENOENT	the path does not exist,
 * -ENODEV	the device node has no device, or the device is gone,
 * -EACCES	no permission to read the device,
 * -EBADMSG	the file is not a VMClock page, or its size field is impossible,
 * -EPROTONOSUPPORT the page's version is not 1,
 * or an error of open(2) or mmap(2), such as -EMFILE and -ENOMEM.
 *
 * Not async-signal-safe.
 * UAPI.13, VMClock ABI: magic, size, version.
 * Since: 0.1
 */
int vmclock_open(struct vmclock **vcp, const char *path) VMCLOCK_NONNULL((1)) VMCLOCK_CHECKED;

/**
 * vmclock_close() - free a handle
 * @vc:		the handle; NULL: do nothing
 *
 * No other thread may be using the handle. This function preserves errno.
 * Not async-signal-safe.
 * Since: 0.1
 */
void vmclock_close(struct vmclock *vc);

/**
 * vmclock_fd() - the file descriptor behind a handle, for poll(2) and epoll(7)
 * @vc:		the handle
 *
 * The descriptor is readable if the page has changed since its last read(2) or
 * pread(2), or if it has never been read and the page's sequence count is not 0.
 * Reading one byte acknowledges the change. So read once before you wait.
 * The vmclock driver works in this way; vmclock_open(3) describes other drivers,
 * which do less. vmclock_wait_disrupted() and vmclock_wait_state() work with every
 * driver. The descriptor belongs to the handle: do not close it.
 *
 * Return: the descriptor.
 * Async-signal-safe.
 * UAPI.13, VMClock ABI: seq_count, flag NOTIFICATION_PRESENT.
 * Since: 0.1
 */
int vmclock_fd(const struct vmclock *vc) VMCLOCK_NONNULL((1)) VMCLOCK_CHECKED;

/**
 * vmclock_path() - the path of the device or file that a handle has open
 * @vc:		the handle
 *
 * Return: the path given to vmclock_open(), or the path that it used instead of NULL.
 * Valid until vmclock_close(); never NULL.
 * Async-signal-safe.
 * Since: 0.1
 */
const char *vmclock_path(const struct vmclock *vc) VMCLOCK_NONNULL((1)) VMCLOCK_CHECKED;

/**
 * vmclock_has_time() - can this handle ever give time?
 * @vc:		the handle
 *
 * Return: true if the page or the completed page can give time, and its counter is
 * usable here; vmclock_now() may still return -EAGAIN. False if functions that give
 * time fail with -ENODATA or -EOPNOTSUPP; vmclock_system_wait_trusted() may still
 * find a completed page.
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
 * For fields that this library does not offer. This is the hypervisor's page, not the
 * completed page. It is read-only for you, and the host may change it at any time:
 * check the sequence count, or use vmclock_read_page().
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
 * Bytes beyond the page's size field are set to zero. A later specification may add
 * fields to struct vmclock_abi, so the caller states the size of its copy. The
 * library's own structures never grow.
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
 * Take the marker before you rely on time. Compare it afterwards with
 * vmclock_disrupted(), or let vmclock_system_time() compare it. Markers are equal or
 * not: their order has no meaning, and zero is a valid marker.
 *
 * Return: the marker. If the host held the sequence count odd for 100 ms, the
 * present value of the field; vmclock_disrupted() also returns true then.
 *
 * Async-signal-safe.
 * UAPI.13, VMClock ABI: disruption_marker.
 * Since: 0.1
 */
uint64_t vmclock_marker(const struct vmclock *vc) VMCLOCK_NONNULL((1)) VMCLOCK_CHECKED;

/**
 * vmclock_disrupted() - has the clock been disrupted since a marker was taken?
 * @vc:		the handle
 * @marker:	a value of vmclock_marker()
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
 * The counter changes when the machine is restored from a snapshot. After a change,
 * discard random seeds and unique identifiers that were made before. Two clones of
 * one snapshot may have the same value. Live migration does not change it.
 *
 * Return: 0, or
 * -ENODATA	the page has no generation counter,
 * -ETIMEDOUT	the host held the sequence count odd for 100 ms.
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
 * @state:	receives the state
 *
 * Every page has a state, also a page without time: it shows announced maintenance,
 * and whether the host offers a clock at all.
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
 * For callers that limit the number of tries, such as random number generators.
 *
 * Return: 0, or -EBUSY: the host is updating the page.
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
 * @marker:	a value of vmclock_marker()
 * @timeout:	how long to wait, on CLOCK_MONOTONIC; NULL: without limit
 *
 * Works with every driver and with page files. It returns at the change if the
 * device notifies, otherwise within 100 ms of the change, and immediately if the
 * marker already differs. It does not change the state of vmclock_fd().
 *
 * Return: 0: the marker differs now, or
 * -ETIMEDOUT	the marker did not change in time,
 * -EINTR	a signal handler ran,
 * -EINVAL	the timeout is negative, or its tv_nsec is not within 0..999999999,
 * -ENODEV	the driver was unbound, or the device was removed,
 * -EBADF	the program has closed vmclock_fd(),
 * -ENOSYS	clock_nanosleep(2) returned 0 without sleeping,
 * or an error of clock_nanosleep(2), ppoll(2) or clock_gettime(2), such as -EPERM in
 * a sandbox that denies these calls; -EINVAL also from ppoll(2) if RLIMIT_NOFILE
 * is 0.
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
 * @state:	the state that the caller knows; receives the new state
 * @timeout:	how long to wait, on CLOCK_MONOTONIC; NULL: without limit
 *
 * Like vmclock_wait_disrupted(), but also returns if the generation or the status
 * changes, and when maintenance is announced or has ended. It misses a change that
 * the host reverts before the next look at the page.
 *
 * Return: 0: the state differs now, or an error of vmclock_wait_disrupted().
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
 * Success means: no disruption came between vmclock_marker() and the end of the
 * reading. After -ESTALE, have the clock corrected (by NTP, or by PTP from the host)
 * before you take a new marker and go on. If vmclockd runs,
 * vmclock_system_wait_trusted() waits for the correction, and
 * vmclock_system_trusted() gives the new marker.
 *
 * This function does not notice that another program sets the clock. If that matters,
 * and vmclockd runs, call vmclock_system_trusted() before and after the reading.
 *
 * Return: 0, or
 * -ESTALE	the clock was disrupted since @marker was taken,
 * -EINVAL	there is no such clock,
 * -ETIMEDOUT	the host held the sequence count odd for 100 ms,
 * or another error of clock_gettime(2).
 *
 * Async-signal-safe; no system call for clocks that the vDSO serves.
 * UAPI.13, VMClock ABI: disruption_marker.
 * Since: 0.1
 */
int vmclock_system_time(const struct vmclock *vc, clockid_t clock, uint64_t marker,
			struct timespec *ts) VMCLOCK_NONNULL((1, 4)) VMCLOCK_CHECKED;

/**
 * vmclock_system_trusted() - does vmclockd vouch for the system clock?
 * @vc:		the handle
 * @marker:	receives the disruption marker under which vmclockd vouches; go on with
 *		vmclock_system_time(@vc, clock, @marker, ...)
 *
 * vmclockd(8) vouches for the clock when it has proved that CLOCK_REALTIME lies
 * within the bounds of an NTP daemon or of the host's page. When the marker changes,
 * it stops vouching until it has a new proof. The answer is about the present:
 * vmclock_system_time() detects a later disruption.
 *
 * vmclockd measures the clock again after a step by another program, and after a
 * leap second. Until then the answer is -EAGAIN, from the moment of the step: this
 * function compares CLOCK_REALTIME with CLOCK_MONOTONIC, which slews move alike. It
 * may miss a step of a fraction of a millisecond.
 *
 * The answer is in a file, see vmclock_open(), and expires after a short time on
 * CLOCK_MONOTONIC, so a vmclockd that has ended or hangs vouches for nothing.
 *
 * Return: 0, or
 * -ESTALE	the clock was disrupted, or the machine was cloned, and vmclockd has not
 *		vouched for the clock since,
 * -EAGAIN	vmclockd has not measured the clock yet, or not since it was set, or
 *		the clock has left its bounds, or the device is gone, or vmclockd is
 *		updating its answer, or the thread was interrupted at each of eight
 *		tries to compare the clocks,
 * -ENOENT	there is no vmclockd, or its answer has expired,
 * -ETIMEDOUT	the host held the sequence count odd for 100 ms,
 * or an error of clock_gettime(2), if the vDSO does not serve it.
 *
 * Async-signal-safe.
 * UAPI.13, VMClock ABI: disruption_marker, vm_generation_counter.
 * Since: 0.1
 */
int vmclock_system_trusted(const struct vmclock *vc, uint64_t *marker) VMCLOCK_NONNULL((1, 2))
	VMCLOCK_CHECKED;

/**
 * vmclock_system_wait_trusted() - sleep until vmclockd vouches for the system clock
 * @vc:		the handle
 * @timeout:	how long to wait, on CLOCK_MONOTONIC; NULL: without limit
 *
 * The first pause between two looks is 20 ms; pauses grow to 100 ms. If no vmclockd
 * runs, this function waits for its start. At each look it maps those of vmclockd's
 * files, the completed page included, that did not exist at vmclock_open(); all
 * functions then use them.
 *
 * Return: 0: vmclock_system_trusted() succeeds, -ETIMEDOUT: it did not in time, or
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
 * @scale:	the timescale
 * @now:	receives the reading
 *
 * The counter is read in program order: not before any load that precedes
 * the call. Bounds are rounded outwards to the nanosecond; the same page and
 * counter always give the same bounds. If the page has no bounds, the reading lacks
 * VMCLOCK_FLAG_BOUNDED, and nothing is certain. vmclock_now(3) describes when the
 * library believes a page.
 *
 * Return: 0, or
 * -ENODATA	the page has no time, and there is no completed page; or the page lacks
 *		a value that @scale needs: a TAI offset, a leap second indicator that
 *		fits the time, a known smearing hint,
 * -EAGAIN	the page's status says that its time is unreliable now, or vmclockd does
 *		not believe it yet; on a completed page, vmclockd does not know the time
 *		yet, or not again since a disruption,
 * -ESTALE	the completed page belongs to another marker or generation: the clock
 *		was disrupted, and vmclockd has not noticed yet,
 * -ERANGE	the counter is more than a second before the first reference of the
 *		completed page under this marker (an old counter given to vmclock_at()),
 * -EOPNOTSUPP	the page's counter is not this CPU's, or is not steady here,
 * -EOVERFLOW	the result cannot represent the time,
 * -EINVAL	there is no such scale; checked before all other errors,
 * -ETIMEDOUT	the host held the sequence count odd for 100 ms,
 * or an error of clock_gettime(2), if the vDSO does not serve it.
 *
 * Async-signal-safe.
 * UAPI.13, Calculating time; Time error calculation; Leap Indicator.
 * Since: 0.1
 */
int vmclock_now(const struct vmclock *vc, enum vmclock_scale scale, struct vmclock_time *now)
	VMCLOCK_NONNULL((1, 3)) VMCLOCK_CHECKED;

/**
 * vmclock_now_relaxed() - like vmclock_now(), but faster and not in program order
 * @vc:		the handle
 * @scale:	the timescale
 * @now:	receives the reading
 *
 * The processor may read the counter before it completes earlier loads, so two
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
 * vmclock_try_now() - like vmclock_now(), in one look at the page
 * @vc:		the handle
 * @scale:	the timescale
 * @now:	receives the reading
 *
 * Return: as vmclock_now(), but -EBUSY instead of -ETIMEDOUT: the host or vmclockd
 * is in the middle of an update.
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
 * The counter is read in program order, as in vmclock_now(). Call vmclock_marker()
 * before: if the marker of vmclock_at() differs, its time is not the counter's time.
 * If the page has no time, vmclock_at() can convert the counter later, when vmclockd
 * has completed the page.
 *
 * Return: 0, or -EOPNOTSUPP: the page's counter is not this CPU's, or is not steady
 * here.
 *
 * Async-signal-safe.
 * UAPI.13, VMClock ABI: counter_id.
 * Since: 0.1
 */
int vmclock_counter(const struct vmclock *vc, uint64_t *counter) VMCLOCK_NONNULL((1, 2))
	VMCLOCK_CHECKED;

/**
 * vmclock_at() - the time of a counter value that was read before
 * @vc:		the handle
 * @scale:	the timescale
 * @counter:	the counter: within 2^63 ticks of the page's reference
 * @then:	receives the reading
 *
 * Only for counters that were read after the last disruption: compare @then->marker
 * with the marker at that time. The counter may also come from a driver, a tracer or
 * a network card. On a completed page, a counter more than a second before vmclockd's
 * first time since the last disruption gives -ERANGE.
 *
 * Return: as vmclock_now().
 * Async-signal-safe.
 * UAPI.13, as vmclock_now().
 * Since: 0.1
 */
int vmclock_at(const struct vmclock *vc, enum vmclock_scale scale, uint64_t counter,
	       struct vmclock_time *then) VMCLOCK_NONNULL((1, 4)) VMCLOCK_CHECKED;

/**
 * vmclock_at_many() - the times of many counter values, from one state of the page
 * @vc:		the handle
 * @scale:	the timescale
 * @counters:	the counters, as for vmclock_at()
 * @count:	the number of counters; may be 0
 * @times:	receives @count readings
 *
 * All readings have the same marker, and no update of the page lies between them: no
 * correction of the host's clock distorts their differences.
 *
 * Return: 0, or the error of vmclock_now() for the first counter that fails; the
 * contents of @times are then undefined.
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
 * If the page has changed since the reading, the quality is that of the time that
 * vmclock_at() gives now.
 *
 * Return: 0, or an error of vmclock_now() other than -EINVAL; -EOVERFLOW: the age is
 * more than 292 years.
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
 * This function sleeps in clock_nanosleep(2), for 100 ms at most each time, and never
 * spins. Without a timeout, it waits until the clock is disrupted or a signal arrives
 * if the bounds grow as fast as time passes, or if @ts is years ahead.
 *
 * In UTC, it waits until @ts is over for the last time: around a positive leap second,
 * the wait is a second longer. Commit in TAI.
 *
 * Return: 0: the earliest possible time is after @ts now, or
 * -ETIMEDOUT	@ts was not over in time, or the host held the sequence count odd for
 *		100 ms,
 * -EINVAL	there is no such scale, or the tv_nsec of @ts or of the timeout is not
 *		within 0..999999999, or the timeout is negative,
 * -ESTALE	the clock was disrupted since @marker was taken, or the completed page
 *		belongs to another marker: nothing is certain,
 * -ENODATA	the page has no bounds, or as vmclock_now(),
 * -EINTR	a signal handler ran,
 * -ENOSYS	clock_nanosleep(2) returned 0 without sleeping,
 * or another error of vmclock_now(), clock_nanosleep(2) or clock_gettime(2), such as
 * -EPERM in a sandbox that denies these calls.
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
 * In UTC, true only if certain for both instants of a repeated number: order events in
 * TAI.
 *
 * Return: true if @reading->latest is before @ts; false also if the order is not known.
 * Async-signal-safe.
 * UAPI.13, Time error calculation.
 * Since: 0.1
 */
bool vmclock_time_before(const struct vmclock_time *reading, const struct timespec *ts)
	VMCLOCK_NONNULL((1, 2)) VMCLOCK_CHECKED;

/**
 * vmclock_time_after() - was a reading certainly made after a time?
 * @reading:	the reading
 * @ts:		the time, on the reading's scale
 *
 * In UTC, true only if certain for both instants of a repeated number: order events in
 * TAI.
 *
 * Return: true if @reading->earliest is after @ts; false also if the order is not known.
 * Async-signal-safe.
 * UAPI.13, Time error calculation.
 * Since: 0.1
 */
bool vmclock_time_after(const struct vmclock_time *reading, const struct timespec *ts)
	VMCLOCK_NONNULL((1, 2)) VMCLOCK_CHECKED;

/* ---- The library -------------------------------------------------------------------- */

/**
 * vmclock_version() - the version of the running library, such as "0.1.0"
 *
 * VMCLOCK_VERSION in <vmclock-version.h> is the version of the headers.
 *
 * Return: a constant string.
 * Async-signal-safe.
 * Since: 0.1
 */
const char *vmclock_version(void) VMCLOCK_CHECKED;

/**
 * vmclock_strerror() - describe an error of this library
 * @error:	a function's return value, or its absolute value
 *
 * The texts are for people, in English, and may change. If an error has no special
 * meaning in this library, its text is strerror(3)'s.
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
