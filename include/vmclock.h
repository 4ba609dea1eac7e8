/* SPDX-License-Identifier: MIT */
/*
 * libvmclock: what a virtual machine's hypervisor says about its clock.
 *
 * A handle (struct vmclock) maps the VMClock page of one device. Share it
 * among threads without locks, keep it across fork(2): it does not change after
 * vmclock_open(), except that vmclock_system_wait_trusted() adds what vmclockd's files
 * say, if they come later.
 *
 * Functions return 0 or a negative errno value unless stated otherwise, and
 * leave their outputs untouched on error. Those marked "async-signal-safe"
 * also take no lock, allocate nothing and make no system call; where the
 * host is in the middle of an update they spin until it is done, for 100 ms
 * at most.
 *
 * In a sandbox: open the handle before it closes. Reading needs no system
 * call, unless the vDSO does not serve clock_gettime(2): functions that meet
 * an update which takes long or time that vmclockd does not believe, and those
 * that wait, then return its error.
 * Where the counter itself is denied (prctl(2) with PR_TSC_SIGSEGV; on x86
 * also SECCOMP_MODE_STRICT), whoever reads it is killed by SIGSEGV:
 * vmclock_now(), vmclock_now_relaxed(), vmclock_wait_past() and, through the
 * vDSO, vmclock_system_time(), vmclock_wait_disrupted(), vmclock_system_trusted() and
 * vmclock_system_wait_trusted(). vmclock_at() and the functions
 * that give marker, generation or page do not read it, except through the vDSO
 * when an update takes longer than a thousand looks at the page, or vmclock_at()
 * meets time that vmclockd does not believe.
 *
 * Structures have a fixed size. A later version may use their reserved bytes:
 * such a field is valid only if its flag is set. Functions need not write
 * reserved bytes. Ignore flags that you do not know.
 *
 * For C99 and C++98, strict or not, and whatever came later.
 *
 * The completed page: most hypervisors give a marker and no time. There
 * vmclockd(8) derives time from an NTP daemon and publishes it under the same
 * marker in /run/vmclock/vmclock<N>, and the functions that give time use it.
 * Their readings then have VMCLOCK_FLAG_COMPLETED. A page that has time itself is
 * never completed. Besides, /run/vmclock/state says whether the system clock is
 * vouched for: vmclock_system_trusted(). Both files are mapped by vmclock_open().
 *
 * Clauses ("UAPI.13, ...") name the parts of the VMClock specification of
 * the UAPI Group that a function follows.
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
 * struct vmclock_time - one reading of the clock; all of it belongs together
 * @time:	the most likely time, rounded down to the nanosecond; while it is
 *		smeared, twice
 * @earliest:	true time is not before this; the lowest time there is, if not bounded
 * @latest:	true time is not after this; the highest time there is, if not bounded
 * @counter:	the CPU counter that the time was computed from
 * @marker:	the disruption marker at the reading, of the page that gave the time
 * @flags:	VMCLOCK_FLAG_BOUNDED, _COMPLETED, _MONOTONIC and _MAINTENANCE_*
 * @status:	VMCLOCK_STATUS_SYNCHRONIZED or VMCLOCK_STATUS_FREERUNNING
 * @leap:	VMCLOCK_LEAP_* of the month that @time is in; VMCLOCK_LEAP_NONE in TAI
 * @reserved:	for later versions
 *
 * Two readings on one scale may be compared by hand: where the latest of one
 * is before the earliest of the other, it was made before. In UTC the bounds
 * allow for the numbers that come twice: in the second before a positive leap
 * second the earliest stays 23:59:59.000000000, in the leap second the latest
 * is 23:59:59.999999999. So a number before the earliest was over, and one
 * after the latest is still to come, in whichever of the two it was read.
 *
 * UTC and smeared time have bounds only where the page can know of all leap
 * seconds: from the start of the month of its reference to the last second of
 * the month after that; after a leap second (leap indicators 4 and 5), from
 * the month before on, and in one (3), from the start of the month that it
 * ends to the end of the next. Where a smear is hinted at, not while that of
 * a leap second beyond might go on. TAI has no such limit.
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

/**
 * vmclock_open() - open a VMClock device or page file
 * @vcp:	receives the handle; free it with vmclock_close()
 * @path:	the device; NULL: $VMCLOCK_PATH, or /dev/vmclock0 where that is unset
 *
 * A regular file that holds a page serves as well, which is how tests and
 * simulations work. It must be whole when it is opened; a reader of a file
 * that is truncated later dies by SIGBUS. A file that is replaced by rename
 * stays readable as it was. The environment variable is ignored in programs
 * that run with more privileges than their caller (secure_getenv(3)).
 *
 * Where the last component of @path is vmclock<N> and the file is a device, the
 * files of vmclockd are mapped, too: /run/vmclock/vmclock<N>, the completed
 * page, if the device's own page can never give time on this machine; and
 * /run/vmclock/state. They count as not there unless they are regular files, no
 * links, of their exact size, owned by root and not writable by group or others,
 * in a folder of which the same is true. In a user namespace the owner may also
 * be the user that stands for all who are unknown there (65534, as a rule), if
 * the mount is read-only: so mount the folder into containers.
 *
 * In Debian the files are made when the system starts, and say nothing until
 * vmclockd has: handles that are opened before it find them. Where they come
 * later, a handle does not know them until it is passed to
 * vmclock_system_wait_trusted(), or another one is opened; vmclock_now() says -ENODATA
 * meanwhile, and vmclock_system_trusted() -ENOENT. Files that are removed and made
 * anew are seen by new handles only.
 *
 * $VMCLOCK_RUN_DIR names another folder than /run/vmclock, for tests: then the
 * owner may be the caller's effective user as well, and page files whose last
 * component is vmclock<N> are treated like devices. It is ignored as above.
 *
 * Return: 0, or
 * -ENOENT	there is no such path,
 * -ENODEV	the path has no device behind it, or the device is gone,
 * -EACCES	no permission to read it,
 * -EBADMSG	it is not a VMClock page, or its size field is impossible,
 * -EPROTONOSUPPORT the page has another version than 1,
 * or what open(2) and mmap(2) gave, such as -EMFILE and -ENOMEM.
 *
 * Thread-safe; not async-signal-safe.
 * UAPI.13, VMClock ABI: magic, size, version.
 * Since: 0.1
 */
int vmclock_open(struct vmclock **vcp, const char *path);

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
 * first byte is enough to acknowledge. So read once before you wait. That
 * holds for the vmclock driver. The in-tree driver of Linux 7.0 and newer does
 * the same where the device notifies, and gives POLLHUP at once where it does
 * not; before, it has no poll operation: poll(2) returns at once and
 * EPOLL_CTL_ADD fails with EPERM, as both do for a regular file.
 * vmclock_wait_disrupted() works everywhere. The descriptor belongs to the handle: do
 * not close it.
 *
 * Thread-safe and async-signal-safe.
 * Since: 0.1
 */
int vmclock_fd(const struct vmclock *vc);

/**
 * vmclock_page() - the live page
 * @vc:		the handle
 *
 * For what this library does not offer. It is the hypervisor's, not the
 * completed one. It changes while you look: follow
 * the sequence count, or use vmclock_read_page(). Valid until
 * vmclock_close(); never NULL; read-only.
 *
 * Thread-safe and async-signal-safe.
 * UAPI.13, VMClock ABI.
 * Since: 0.1
 */
const struct vmclock_abi *vmclock_page(const struct vmclock *vc);

/**
 * vmclock_read_page() - a consistent copy of the page's fields
 * @vc:		the handle
 * @copy:	receives the fields, little-endian as in the page
 * @size:	sizeof(*copy) as the caller's header declares it
 *
 * Bytes that the page does not have (its size field says) are set to zero. The
 * page is the specification's structure, and grows with it: so the caller says
 * how much of it there is room for. The library's own structures do not grow.
 *
 * Return: 0, or -ETIMEDOUT: the host held the sequence count odd for 100 ms.
 *
 * Thread-safe and async-signal-safe.
 * UAPI.13, VMClock ABI: seq_count, size.
 * Since: 0.1
 */
int vmclock_read_page(const struct vmclock *vc, struct vmclock_abi *copy, size_t size);

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
 * Thread-safe and async-signal-safe.
 * UAPI.13, VMClock ABI: disruption_marker.
 * Since: 0.1
 */
uint64_t vmclock_marker(const struct vmclock *vc);

/**
 * vmclock_disrupted() - has the clock been disrupted since a marker was taken?
 * @vc:		the handle
 * @marker:	what vmclock_marker() returned then
 *
 * Return: false only if the marker is certainly the same; true if it
 * differs, or if the host held the sequence count odd for 100 ms.
 *
 * Thread-safe and async-signal-safe.
 * UAPI.13, VMClock ABI: disruption_marker.
 * Since: 0.1
 */
bool vmclock_disrupted(const struct vmclock *vc, uint64_t marker);

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
 * Thread-safe and async-signal-safe.
 * UAPI.13, VMClock ABI: vm_generation_counter, flag VM_GEN_COUNTER_PRESENT.
 * Since: 0.1
 */
int vmclock_generation(const struct vmclock *vc, uint64_t *generation);

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
 * Thread-safe and async-signal-safe.
 * UAPI.13, VMClock ABI: disruption_marker, flags, clock_status,
 * vm_generation_counter.
 * Since: 0.1
 */
int vmclock_read_state(const struct vmclock *vc, struct vmclock_state *state);

/**
 * vmclock_wait_disrupted() - sleep until the clock has been disrupted
 * @vc:		the handle
 * @marker:	what vmclock_marker() returned
 * @timeout:	how long to wait; NULL: without limit
 *
 * Works with every driver and with page files: where the device notifies it
 * returns at once, elsewhere within 100 ms of the change. It returns
 * immediately if the marker differs already. The timeout runs on
 * CLOCK_MONOTONIC. The state of vmclock_fd() is left alone.
 *
 * It calls clock_nanosleep(2) and, for a device, open(2), ppoll(2), pread(2)
 * and close(2). Where open(2) or pread(2) fails it looks each 100 ms, as where
 * the device does not notify. It never spins, whatever these calls answer.
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
 * Thread-safe; not async-signal-safe; a cancellation point that may leak a
 * file descriptor when the thread is cancelled.
 * UAPI.13, VMClock ABI: disruption_marker, flag NOTIFICATION_PRESENT.
 * Since: 0.1
 */
int vmclock_wait_disrupted(const struct vmclock *vc, uint64_t marker,
			   const struct timespec *timeout);

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
 * marker and go on. Where vmclockd runs, vmclock_system_wait_trusted() waits for that,
 * and vmclock_system_trusted() gives the marker.
 *
 * Return: 0, or
 * -ESTALE	the clock was disrupted since @marker was taken,
 * -EINVAL	there is no such clock (or what else clock_gettime(2) gave),
 * -ETIMEDOUT	the host held the sequence count odd for 100 ms.
 *
 * Thread-safe and async-signal-safe; no system call for clocks that the
 * vDSO serves.
 * UAPI.13, VMClock ABI: disruption_marker.
 * Since: 0.1
 */
int vmclock_system_time(const struct vmclock *vc, clockid_t clock, uint64_t marker,
			struct timespec *ts);

/**
 * vmclock_system_trusted() - is the system clock vouched for?
 * @vc:		the handle
 * @marker:	receives the disruption marker under which it is; go on with
 *		vmclock_system_time(@vc, clock, @marker, ...)
 *
 * vmclockd(8) vouches for it once it has proved that CLOCK_REALTIME lies within
 * the bounds that an NTP daemon or the host's page gives; and no more when the
 * marker changes, until it has again. The answer is about now: vmclock_system_time()
 * tells whether a disruption came afterwards.
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
 * Thread-safe and async-signal-safe.
 * UAPI.13, VMClock ABI: disruption_marker, vm_generation_counter.
 * Since: 0.1
 */
int vmclock_system_trusted(const struct vmclock *vc, uint64_t *marker);

/**
 * vmclock_system_wait_trusted() - sleep until the system clock is vouched for
 * @vc:		the handle
 * @timeout:	how long to wait; NULL: without limit
 *
 * It looks after 20 ms, and then ever less often, each 100 ms at least. The
 * timeout runs on CLOCK_MONOTONIC. Without a vmclockd it waits for one to come;
 * files of it that were not there at vmclock_open() are looked for each time,
 * the completed page too, and from then on all functions use them.
 *
 * It calls clock_nanosleep(2), for a device ppoll(2), and for files that are
 * not there yet open(2), openat(2), fstat(2), mmap(2), close(2) and, in a user
 * namespace, fstatfs(2) and read(2). What fails there is no file. It never
 * spins, whatever these calls answer.
 *
 * Return: 0 vmclock_system_trusted() said so,
 * -ETIMEDOUT	it did not in time,
 * -EINTR	a signal handler ran,
 * -EINVAL	the timeout is negative or its tv_nsec not within 0..999999999,
 * -ENODEV	the driver was unbound or the device removed,
 * -EBADF	the program has closed vmclock_fd(),
 * -ENOSYS	clock_nanosleep(2) said that it slept, and had not,
 * or what clock_nanosleep(2), ppoll(2) or clock_gettime(2) said, as
 * vmclock_wait_disrupted().
 *
 * Thread-safe; not async-signal-safe; a cancellation point that may leak a
 * file descriptor when the thread is cancelled.
 * UAPI.13, VMClock ABI: disruption_marker, vm_generation_counter.
 * Since: 0.1
 */
int vmclock_system_wait_trusted(const struct vmclock *vc, const struct timespec *timeout);

/**
 * vmclock_now() - the time, from the host's clock or the completed page
 * @vc:		the handle
 * @scale:	which time
 * @now:	receives the reading
 *
 * The counter is read in program order: not before any load that precedes
 * the call. Bounds are rounded outwards to the nanosecond; the same page and
 * counter always give the same ones. Where the page gives none,
 * VMCLOCK_FLAG_BOUNDED is not set, and nothing is certain.
 *
 * An update is noticed by the sequence count or the disruption marker. So a
 * host that restores the machine with another page, be it with another
 * generation, must change one of these two, as for any update.
 *
 * A completed page counts only while its marker, and its generation where both
 * pages have one, are those on the hypervisor's page, which is asked after the
 * counter has been read. Nobody waits for its writer, which may have been
 * killed: one of its two copies is always whole.
 *
 * A host that is not told of a migration leaves the former host's time on its
 * page, with bounds, under the new marker. While vmclockd runs for this device,
 * time under a new marker or generation is -EAGAIN until vmclockd has seen the
 * page, and believes its time: at once if it contradicts the former host's, or
 * else after the host's next update. Without vmclockd, the page is believed.
 *
 * Return: 0, or
 * -ENODATA	the page carries no time, and there is no completed one; or it lacks
 *		what @scale needs: a TAI offset, a leap second indicator that
 *		fits the time, a smearing hint that is known. A page in UTC has
 *		no TAI as long as its reference lies in a positive leap second:
 *		its offset may be that of either side,
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
 * -ETIMEDOUT	the host held the sequence count odd for 100 ms.
 *
 * Thread-safe and async-signal-safe.
 * UAPI.13, Calculating time; Time error calculation.
 * Since: 0.1
 */
int vmclock_now(const struct vmclock *vc, enum vmclock_scale scale, struct vmclock_time *now);

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
 * Thread-safe and async-signal-safe.
 * Since: 0.1
 */
int vmclock_now_relaxed(const struct vmclock *vc, enum vmclock_scale scale,
			struct vmclock_time *now);

/**
 * vmclock_at() - the time of a counter value that was read before, or somewhere else
 * @vc:		the handle
 * @scale:	which time
 * @counter:	the counter: within 2^63 of the present one
 * @then:	receives the reading
 *
 * Only for counters read since the last disruption; compare @then->marker
 * with the marker at that time. Counters as drivers, tracers or network
 * cards give them serve as well as one's own. On a completed page, no counter
 * from more than a second before vmclockd was first sure of the time since the
 * last disruption: that is -ERANGE.
 *
 * Return: as vmclock_now().
 * Thread-safe and async-signal-safe.
 * Since: 0.1
 */
int vmclock_at(const struct vmclock *vc, enum vmclock_scale scale, uint64_t counter,
	       struct vmclock_time *then);

/**
 * vmclock_wait_past() - commit wait: sleep until a time is certainly over
 * @vc:		the handle
 * @scale:	the scale of @t
 * @marker:	the marker of the reading that @t comes from
 * @t:		the time, such as the latest of a reading
 *
 * It sleeps by clock_nanosleep(2), for 100 ms at a time, and never spins. It
 * has no limit: where the bounds grow as fast as time goes on, or @t lies
 * years ahead, it waits until the clock is disrupted or a signal comes.
 *
 * In UTC this waits until @t is over for the last time: around a positive
 * leap second, that is a second later. Commit in TAI.
 *
 * Return: 0 the earliest possible time is after @t now,
 * -EINVAL	there is no such scale, or @t's tv_nsec is not within 0..999999999,
 *		whatever else is wrong,
 * -ESTALE	the clock was disrupted since @marker was taken, or the completed page
 *		belongs to another one: nothing is certain,
 * -ENODATA	the page gives no bounds, or as vmclock_now(),
 * -EINTR	a signal handler ran,
 * -ENOSYS	clock_nanosleep(2) said that it slept, and had not,
 * or another error of vmclock_now(), or what clock_nanosleep(2) or
 * clock_gettime(2) said, such as -EPERM in a sandbox that denies them.
 *
 * Thread-safe; not async-signal-safe.
 * Since: 0.1
 */
int vmclock_wait_past(const struct vmclock *vc, enum vmclock_scale scale, uint64_t marker,
		      const struct timespec *t);

/**
 * vmclock_time_before() - was a reading certainly made before a time?
 * @t:		the reading
 * @ts:		the time, on the reading's scale
 *
 * In UTC, for both instants of a number that comes twice: order events in TAI.
 *
 * Return: true if @t->latest is before @ts; false also when it is not known.
 * Thread-safe and async-signal-safe.
 * Since: 0.1
 */
bool vmclock_time_before(const struct vmclock_time *t, const struct timespec *ts);

/**
 * vmclock_time_after() - was a reading certainly made after a time?
 * @t:		the reading
 * @ts:		the time, on the reading's scale
 *
 * In UTC, for both instants of a number that comes twice: order events in TAI.
 *
 * Return: true if @t->earliest is after @ts; false also when it is not known.
 * Thread-safe and async-signal-safe.
 * Since: 0.1
 */
bool vmclock_time_after(const struct vmclock_time *t, const struct timespec *ts);

/**
 * vmclock_version() - the version of the library that runs, such as "0.1.0"
 *
 * <vmclock-version.h> has that of the headers.
 *
 * Thread-safe and async-signal-safe.
 * Since: 0.1
 */
const char *vmclock_version(void);

#ifdef __cplusplus
}
#endif

#endif /* VMCLOCK_H */
