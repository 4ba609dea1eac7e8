// SPDX-License-Identifier: MIT
/*
 * Where system calls are denied, or answered without being carried out, waits
 * end or sleep, and never spin. Where the counter is denied, the marker is not.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "counter.h"
#include "section.h"
#include "pagefile.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* ---- What the library calls instead of the C library ---------------------------- */

/* The library's are bound to these. */
#define INSTEAD __attribute__((visibility("default")))

/* How often the library called one of them. */
static int calls_made;

/* As if the vDSO did not serve the clock. */
INSTEAD
int clock_gettime(clockid_t clock, struct timespec *ts)
{
	calls_made++;
	return (int)syscall(SYS_clock_gettime, clock, ts);
}

INSTEAD
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *ts, struct timespec *left)
{
	calls_made++;
	return syscall(SYS_clock_nanosleep, clock, flags, ts, left) ? errno : 0;
}

/* If set: poll(2) always returns this at once; or it fails with this error after a sleep. */
static short always_ready;
static int error_asleep;

INSTEAD
int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
	struct timespec left = timeout ? *timeout : (struct timespec){ 0 };

	calls_made++;
	if (error_asleep && (left.tv_sec || left.tv_nsec)) {
		errno = error_asleep;
		return -1;
	}
	if (always_ready) {
		fds[0].revents = always_ready;
		return 1;
	}
	return (int)syscall(SYS_ppoll, fds, n, timeout ? &left : NULL, mask, _NSIG / 8);
}

INSTEAD
int poll(struct pollfd *fds, nfds_t n, int ms)
{
	struct timespec timeout = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	return ppoll(fds, n, ms < 0 ? NULL : &timeout, NULL);
}

/* If set: the error of acknowledging an event, or -1 for the end of the file. */
static int unreadable;

INSTEAD
ssize_t pread(int fd, void *buffer, size_t size, off_t offset)
{
	calls_made++;
	if (unreadable && size == 1) {
		errno = unreadable;
		return unreadable < 0 ? 0 : -1;
	}
	return syscall(SYS_pread64, fd, buffer, size, offset);
}

/* ---- A child that waits in a sandbox ---------------------------------------------- */

#define CALLS_MAX 3

/* A system call by all of its names, because the C library may use any of them. */
struct call {
	const char *name;
	int numbers[CALLS_MAX];
	int count;
};

static const struct call clock_call = { "clock_gettime", { SYS_clock_gettime }, 1 };
static const struct call sleep_call = { "clock_nanosleep",
					{ SYS_clock_nanosleep, SYS_nanosleep }, 2 };
static const struct call pread_call = { "pread", { SYS_pread64, SYS_read }, 2 };
static const struct call stat_call = { "fstat", { SYS_fstat, SYS_newfstatat }, 2 };
static const struct call mmap_call = { "mmap", { SYS_mmap }, 1 };
static const struct call close_call = { "close", { SYS_close }, 1 };
#ifdef SYS_poll
static const struct call poll_call = { "ppoll", { SYS_ppoll, SYS_poll }, 2 };
static const struct call open_call = { "open", { SYS_openat, SYS_open }, 2 };
#else
static const struct call poll_call = { "ppoll", { SYS_ppoll }, 1 };
static const struct call open_call = { "open", { SYS_openat }, 1 };
#endif

/* From here on this thread gets @error instead of the system call, without it being made. */
static void deny(const struct call *call, int error)
{
	struct sock_filter filter[1 + 2 * CALLS_MAX + 1];
	struct sock_fprog program = { .filter = filter };
	int i;

#define ADD(...) (filter[program.len++] = (struct sock_filter)__VA_ARGS__)
	ADD(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
	for (i = 0; i < call->count; i++) {
		ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call->numbers[i], 0, 1));
		ADD(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)error));
	}
	ADD(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
#undef ADD
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		_exit(2);
}

enum wait { FILE_WAIT, DEVICE_WAIT, COMMIT_WAIT, TRUST_WAIT, DEVICE_TRUST_WAIT };

static const char *const wait_names[] = {
	"wait on a file", "wait on a device", "commit wait", "wait for trust",
	"wait for trust in a device",
};

/* One wait: its obstacles, and the expected result. */
struct trial {
	enum wait wait;
	const struct call *denied;
	int error;
	short revents;		/* for always_ready */
	int asleep;		/* for error_asleep */
	int unreadable;
	int expected;
};

struct outcome {
	int ret;
	int calls;
	int busy_ms;		/* of the processor */
};

#define TIMEOUT_MS	300
#define TRIALS_MAX	64

/* The limit of calls with sleeps of 10 ms, when events come all the time. */
#define CALLS_LIMIT	600
/* The limit of calls with a look each 100 ms. */
#define CALLS_SLOW	60
#define BUSY_LIMIT_MS	50

static int busy_ms(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_THREAD, &usage))
		_exit(2);
	return (int)((usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
		     (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000);
}

/* TIMEOUT_MS after the latest possible time now. */
static struct timespec soon(const struct vmclock *vc)
{
	struct vmclock_time now;

	if (vmclock_now(vc, VMCLOCK_SCALE_UTC, &now) || !(now.flags & VMCLOCK_FLAG_BOUNDED))
		_exit(3);
	now.latest.tv_nsec += TIMEOUT_MS * 1000000L;
	now.latest.tv_sec += now.latest.tv_nsec / 1000000000;
	now.latest.tv_nsec %= 1000000000;
	return now.latest;
}

static void be_child(struct vmclock *vc, const struct trial *trial, struct outcome *out)
{
	const struct timespec timeout = { .tv_nsec = TIMEOUT_MS * 1000000L };
	const struct timespec until = soon(vc);

	/* Only devices are asked for events. */
	vc->device = trial->wait == DEVICE_WAIT || trial->wait == DEVICE_TRUST_WAIT;
	always_ready = trial->revents;
	error_asleep = trial->asleep;
	unreadable = trial->unreadable;
	/* A wait that spins for ever ends by it. */
	alarm(20);
	out->busy_ms = busy_ms();
	calls_made = 0;
	if (trial->denied)
		deny(trial->denied, trial->error);
	if (trial->wait == COMMIT_WAIT)
		out->ret = vmclock_wait_past(vc, VMCLOCK_SCALE_UTC, 1, &until, NULL);
	else if (trial->wait == TRUST_WAIT || trial->wait == DEVICE_TRUST_WAIT)
		out->ret = vmclock_system_wait_trusted(vc, &timeout);
	else
		out->ret = vmclock_wait_disrupted(vc, 1, &timeout);
	out->calls = calls_made;
	out->busy_ms = busy_ms() - out->busy_ms;
	_exit(0);
}

static bool as_expected(const struct trial *trial, const struct outcome *out, int status)
{
	/* Events that are acknowledged may be followed by others at once; and so may polls. */
	bool events = trial->denied ? trial->denied == &poll_call :
				      trial->revents == POLLIN && trial->unreadable != EPERM &&
					      trial->unreadable >= 0;
	int limit = events ? CALLS_LIMIT : CALLS_SLOW;
	/* There must be calls, or they were not counted. */
	bool good = !status && out->ret == trial->expected && out->calls > 0 &&
		    out->calls < limit && out->busy_ms < BUSY_LIMIT_MS;

	if (!good)
		print_message("%s, %s answers %d, events %#x: %d, not %d; %d calls, %d ms; %#x\n",
			      wait_names[trial->wait], trial->denied ? trial->denied->name : "none",
			      trial->error, (unsigned int)trial->revents, out->ret, trial->expected,
			      out->calls, out->busy_ms, (unsigned int)status);
	return good;
}

/* All trials run at once, because they mostly sleep. */
static void try_all(struct vmclock *vc, const struct trial *trials, size_t count)
{
	struct outcome *outcomes = mmap(NULL, TRIALS_MAX * sizeof(*outcomes),
					PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pids[TRIALS_MAX];
	int status, failed = 0;
	size_t i;

	assert_ptr_not_equal(outcomes, MAP_FAILED);
	assert_uint_in_range(count, 1, TRIALS_MAX);
	for (i = 0; i < count; i++) {
		pids[i] = fork();
		if (!pids[i])
			be_child(vc, &trials[i], &outcomes[i]);
	}
	for (i = 0; i < count; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		failed += !as_expected(&trials[i], &outcomes[i], status);
	}
	munmap(outcomes, TRIALS_MAX * sizeof(*outcomes));
	assert_int_equal(failed, 0);
}

/* The period of this machine's counter in 1/2^64 s, as far as 20 ms tell it. */
static uint64_t counter_period(void)
{
	struct timespec then, now;
	uint64_t counter;
	double ns;

	clock_gettime(CLOCK_MONOTONIC, &then);
	counter = counter_ordered();
	do {
		clock_gettime(CLOCK_MONOTONIC, &now);
		ns = (double)(now.tv_sec - then.tv_sec) * 1e9 + (double)(now.tv_nsec - then.tv_nsec);
	} while (ns < 2e7);
	return (uint64_t)(ns / 1e9 / (double)(counter_ordered() - counter) * 0x1p64);
}

/* A page with time, and bounds that grow by so much of each second. */
static struct vmclock *open_clock(struct pagefile *pf, double growth)
{
	struct vmclock_abi *page = pf->page;
	uint64_t period = counter_period();

	page->counter_id = COUNTER_ID;
	page->clock_status = VMCLOCK_STATUS_SYNCHRONIZED;
	page->flags = htole64(VMCLOCK_FLAG_TIME_MAXERROR_VALID |
			      VMCLOCK_FLAG_PERIOD_MAXERROR_VALID);
	page->time_maxerror_nanosec = htole64(1000);
	page->counter_value = htole64(counter_ordered());
	page->counter_period_frac_sec = htole64(period);
	page->counter_period_maxerror_rate_frac_sec = htole64((uint64_t)((double)period * growth));
	page->time_sec = htole64(1800000000);
	return pagefile_open(pf);
}

/* ---- The tests ------------------------------------------------------------------------ */

static const int errors[] = {
	EPERM, EACCES, ENOSYS, EINVAL, ENOMEM, EAGAIN, EBADF, EFAULT, ENODEV, EINTR, 133, 4095,
};

/* The wait returns the error of the call. */
static void expect_its_errors(struct vmclock *vc, enum wait wait, const struct call *call)
{
	struct trial trials[ARRAY_SIZE(errors)];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(errors); i++)
		trials[i] = (struct trial){ .wait = wait, .denied = call, .error = errors[i],
					    .expected = -errors[i] };
	try_all(vc, trials, ARRAY_SIZE(errors));
}

static int nothing_special(enum wait wait)
{
	return wait == COMMIT_WAIT ? 0 : -ETIMEDOUT;
}

static void expect_no_difference(struct vmclock *vc, enum wait wait, const struct call *call)
{
	struct trial trials[ARRAY_SIZE(errors) + 1] = { { .wait = wait, .denied = call } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(trials); i++)
		trials[i] = (struct trial){ .wait = wait, .denied = call,
					    .error = i ? errors[i - 1] : 0,
					    .expected = nothing_special(wait) };
	try_all(vc, trials, ARRAY_SIZE(trials));
}

static void nothing_denied(void **state)
{
	static const struct trial trials[] = {
		{ .wait = FILE_WAIT, .expected = -ETIMEDOUT },
		{ .wait = DEVICE_WAIT, .expected = -ETIMEDOUT },
		{ .wait = COMMIT_WAIT, .expected = 0 },
	};
	struct vmclock *vc = open_clock(*state, 0);

	try_all(vc, trials, ARRAY_SIZE(trials));
	vmclock_close(vc);
}

static void a_denied_sleep_ends_the_wait(void **state)
{
	struct vmclock *vc = open_clock(*state, 0);

	expect_its_errors(vc, FILE_WAIT, &sleep_call);
	expect_its_errors(vc, DEVICE_WAIT, &sleep_call);
	expect_its_errors(vc, COMMIT_WAIT, &sleep_call);
	vmclock_close(vc);
}

/* Success, and no sleep: a filter that answers 0. */
static void a_pretended_sleep_ends_the_wait(void **state)
{
	static const struct trial trials[] = {
		{ .wait = FILE_WAIT, .denied = &sleep_call, .expected = -ENOSYS },
		{ .wait = DEVICE_WAIT, .denied = &sleep_call, .expected = -ENOSYS },
		{ .wait = COMMIT_WAIT, .denied = &sleep_call, .expected = -ENOSYS },
	};
	struct vmclock *vc = open_clock(*state, 0);

	try_all(vc, trials, ARRAY_SIZE(trials));
	vmclock_close(vc);
}

static void a_denied_clock_ends_the_wait(void **state)
{
	struct vmclock *vc = open_clock(*state, 0);

	expect_its_errors(vc, FILE_WAIT, &clock_call);
	expect_its_errors(vc, DEVICE_WAIT, &clock_call);
	expect_its_errors(vc, COMMIT_WAIT, &clock_call);
	vmclock_close(vc);
}

/* Without it, a removed device would go unnoticed. */
static void a_denied_poll_ends_the_wait_on_a_device(void **state)
{
	static const struct trial asleep[] = {
		{ .wait = DEVICE_WAIT, .asleep = EINTR, .expected = -EINTR },
		{ .wait = DEVICE_WAIT, .asleep = EPERM, .expected = -EPERM },
	};
	static const struct trial pretended = {
		.wait = DEVICE_WAIT, .denied = &poll_call, .expected = -ETIMEDOUT,
	};
	struct vmclock *vc = open_clock(*state, 0);

	expect_its_errors(vc, DEVICE_WAIT, &poll_call);
	try_all(vc, asleep, ARRAY_SIZE(asleep));
	try_all(vc, &pretended, 1);
	expect_no_difference(vc, FILE_WAIT, &poll_call);
	expect_no_difference(vc, COMMIT_WAIT, &poll_call);
	vmclock_close(vc);
}

/* Events that are unavailable, or cannot be acknowledged. */
static void without_events_a_wait_sleeps(void **state)
{
	static const struct call *const calls[] = { &open_call, &pread_call, &close_call };
	struct vmclock *vc = open_clock(*state, 0);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		expect_no_difference(vc, DEVICE_WAIT, calls[i]);
	vmclock_close(vc);
}

static int expected_of(int revents)
{
	if (revents & POLLNVAL)
		return -EBADF;
	if (revents & POLLERR && revents & POLLHUP)
		return -ENODEV;
	return -ETIMEDOUT;
}

/* Every combination of events that poll(2) may return at once, each time. */
static void a_poll_that_never_sleeps_is_no_spin(void **state)
{
	static const struct call *const calls[] = { NULL, &pread_call, &open_call };
	struct vmclock *vc = open_clock(*state, 0);
	struct trial trials[0x3f];
	size_t i;
	int revents;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		for (revents = 1; revents <= 0x3f; revents++)
			trials[revents - 1] = (struct trial){
				.wait = DEVICE_WAIT, .denied = calls[i], .error = EPERM,
				.revents = (short)revents, .expected = expected_of(revents),
			};
		try_all(vc, trials, ARRAY_SIZE(trials));
	}
	vmclock_close(vc);
}

static void an_event_that_cannot_be_acknowledged_is_no_spin(void **state)
{
#define UNREADABLE(error, result) \
	{ .wait = DEVICE_WAIT, .revents = POLLIN, .unreadable = (error), .expected = (result) }
	static const struct trial trials[] = {
		UNREADABLE(EPERM, -ETIMEDOUT),	   UNREADABLE(-1, -ETIMEDOUT),
		UNREADABLE(EAGAIN, -ETIMEDOUT),	   UNREADABLE(ETIMEDOUT, -ETIMEDOUT),
		UNREADABLE(ENODEV, -ENODEV),	   UNREADABLE(EINTR, -EINTR),
	};
#undef UNREADABLE
	struct vmclock *vc = open_clock(*state, 0);

	try_all(vc, trials, ARRAY_SIZE(trials));
	vmclock_close(vc);
}

/* The program has closed it, which it must not do. */
static void a_descriptor_that_was_closed_is_told(void **state)
{
	static const struct trial trials[] = {
		{ .wait = FILE_WAIT, .expected = -ETIMEDOUT },
		{ .wait = DEVICE_WAIT, .expected = -EBADF },
	};
	struct vmclock *vc = open_clock(*state, 0);

	close(vmclock_fd(vc));
	try_all(vc, trials, ARRAY_SIZE(trials));
	vmclock_close(vc);
}

/* The earliest stands still where the bounds grow as fast as time goes on. */
static void a_time_that_comes_no_nearer_is_slept_for(void **state)
{
	struct vmclock *vc = open_clock(*state, 1);
	struct vmclock_time now;
	struct rusage usage;
	int status;
	pid_t pid;

	assert_int_equal(vmclock_now(vc, VMCLOCK_SCALE_UTC, &now), 0);
	assert_true(now.flags & VMCLOCK_FLAG_BOUNDED);
	now.earliest.tv_sec += now.earliest.tv_nsec > 999999000;
	now.earliest.tv_nsec = (now.earliest.tv_nsec + 1000) % 1000000000;
	pid = fork();
	if (!pid) {
		alarm(2);
		_exit(vmclock_wait_past(vc, VMCLOCK_SCALE_UTC, 1, &now.earliest, NULL) ? 4 : 0);
	}
	assert_int_equal(wait4(pid, &status, 0, &usage), pid);
	print_message("  status %#x, %ld ms of work\n", (unsigned int)status,
		      (long)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM);
	assert_int_equal(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec, 0);
	assert_true(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec < 100000);
	vmclock_close(vc);
}

/* A state file in which nobody vouches, made after open. */
static struct vmclock *open_untrusted(struct runfiles *rf)
{
	struct vmclock *vc = open_clock(rf->pf, 0);

	runfiles_make_state(rf);
	return vc;
}

static void a_wait_for_trust_ends_like_the_others(void **state)
{
	static const struct trial trials[] = {
		{ .wait = TRUST_WAIT, .expected = -ETIMEDOUT },
		{ .wait = DEVICE_TRUST_WAIT, .expected = -ETIMEDOUT },
		{ .wait = TRUST_WAIT, .denied = &sleep_call, .expected = -ENOSYS },
		{ .wait = DEVICE_TRUST_WAIT, .denied = &sleep_call, .expected = -ENOSYS },
		{ .wait = DEVICE_TRUST_WAIT, .revents = POLLERR | POLLHUP, .expected = -ENODEV },
		{ .wait = DEVICE_TRUST_WAIT, .revents = POLLNVAL, .expected = -EBADF },
		{ .wait = DEVICE_TRUST_WAIT, .revents = POLLIN, .expected = -ETIMEDOUT },
	};
	struct vmclock *vc = open_untrusted(*state);

	try_all(vc, trials, ARRAY_SIZE(trials));
	expect_its_errors(vc, TRUST_WAIT, &sleep_call);
	expect_its_errors(vc, TRUST_WAIT, &clock_call);
	expect_its_errors(vc, DEVICE_TRUST_WAIT, &sleep_call);
	expect_its_errors(vc, DEVICE_TRUST_WAIT, &clock_call);
	expect_its_errors(vc, DEVICE_TRUST_WAIT, &poll_call);
	vmclock_close(vc);
}

/* A file that cannot be opened, examined or mapped counts as missing. */
static void files_that_cannot_be_had_are_not_there(void **state)
{
	static const struct call *const calls[] = { &open_call, &stat_call, &mmap_call,
						    &close_call, &poll_call };
	struct vmclock *vc = open_untrusted(*state);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		expect_no_difference(vc, TRUST_WAIT, calls[i]);
	vmclock_close(vc);
}

/* ---- Opening -------------------------------------------------------------------------- */

static void opening_says_what_was_denied(void **state)
{
	static const struct call *const calls[] = { &open_call, &stat_call, &mmap_call };
	struct pagefile *pf = *state;
	struct vmclock *vc;
	int status;
	size_t i;
	pid_t pid;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		pid = fork();
		if (!pid) {
			deny(calls[i], EXDEV);
			_exit(vmclock_open(&vc, pf->path) != -EXDEV);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		print_message("  %s\n", calls[i]->name);
		assert_int_equal(status, 0);
	}
}

/* ---- Reading -------------------------------------------------------------------------- */

/* A child's exit status, or how it was killed. */
static int status_of(int (*child)(struct vmclock *vc), struct vmclock *vc)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		/* cmocka handles it otherwise. */
		signal(SIGSEGV, SIG_DFL);
		alarm(20);
		/* The only one of its kind that strict mode allows. */
		syscall(SYS_exit, child(vc));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* Without a clock, the length of an update cannot be measured. */
static int read_held_page_without_clock(struct vmclock *vc)
{
	struct vmclock_quality quality;
	struct vmclock_state state;
	struct vmclock_abi copy;
	struct vmclock_time now;
	uint64_t generation;

	deny(&clock_call, EPERM);
	return !(vmclock_read_page(vc, &copy, sizeof(copy)) == -EPERM &&
		 vmclock_generation(vc, &generation) == -EPERM &&
		 vmclock_now(vc, VMCLOCK_SCALE_UTC, &now) == -EPERM &&
		 vmclock_at_many(vc, VMCLOCK_SCALE_UTC, NULL, 0, NULL) == -EPERM &&
		 vmclock_quality_at(vc, 0, &quality) == -EPERM &&
		 vmclock_read_state(vc, &state) == -EPERM &&
		 vmclock_try_state(vc, &state) == -EBUSY &&
		 vmclock_try_now(vc, VMCLOCK_SCALE_UTC, &now) == -EBUSY &&
		 vmclock_marker(vc) == 1 && vmclock_disrupted(vc, 1));
}

static void an_update_that_never_ends_without_a_clock(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = open_clock(pf, 0);

	pf->page->flags |= htole64(VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT);
	pagefile_begin(pf);
	assert_int_equal(status_of(read_held_page_without_clock, vc), 0);
	vmclock_close(vc);
}

#ifdef __x86_64__

static int read_marker_strictly(struct vmclock *vc)
{
	const uint64_t counter = le64toh(vc->page->counter_value);
	struct vmclock_quality quality;
	struct vmclock_state state;
	struct vmclock_abi copy;
	struct vmclock_time t;
	uint64_t generation;

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
		return 1;
	return !(vmclock_marker(vc) == 1 && !vmclock_disrupted(vc, 1) &&
		 !vmclock_generation(vc, &generation) &&
		 !vmclock_read_page(vc, &copy, sizeof(copy)) &&
		 !vmclock_read_state(vc, &state) && !vmclock_try_state(vc, &state) &&
		 !vmclock_at(vc, VMCLOCK_SCALE_UTC, counter, &t) &&
		 !vmclock_at_many(vc, VMCLOCK_SCALE_UTC, &counter, 1, &t) &&
		 !vmclock_quality_at(vc, counter, &quality) && vmclock_has_time(vc));
}

static int read_time_strictly(struct vmclock *vc)
{
	struct vmclock_time now;

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT)
		       ? 1
		       : vmclock_now(vc, VMCLOCK_SCALE_UTC, &now);
}

static int try_time_strictly(struct vmclock *vc)
{
	struct vmclock_time now;

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT)
		       ? 1
		       : vmclock_try_now(vc, VMCLOCK_SCALE_UTC, &now);
}

static int read_counter_strictly(struct vmclock *vc)
{
	uint64_t counter;

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) ? 1 : vmclock_counter(vc, &counter);
}

static int sleep_strictly(struct vmclock *vc)
{
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) ? 1 : vmclock_wait_disrupted(vc, 1, NULL);
}

static int read_marker_without_counter(struct vmclock *vc)
{
	return prctl(PR_SET_TSC, PR_TSC_SIGSEGV) ? 1 : vmclock_disrupted(vc, 1);
}

static int read_time_without_counter(struct vmclock *vc)
{
	struct vmclock_time now;

	return prctl(PR_SET_TSC, PR_TSC_SIGSEGV) ? 1
						 : vmclock_now_relaxed(vc, VMCLOCK_SCALE_UTC, &now);
}

/* As libvmclock(3) says. */
static void where_the_counter_is_denied(void **state)
{
	struct pagefile *pf = *state;
	struct vmclock *vc = open_clock(pf, 0);

	pf->page->flags |= htole64(VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT);
	assert_int_equal(status_of(read_marker_strictly, vc), 0);
	assert_int_equal(status_of(read_time_strictly, vc), SIGSEGV);
	assert_int_equal(status_of(try_time_strictly, vc), SIGSEGV);
	assert_int_equal(status_of(read_counter_strictly, vc), SIGSEGV);
	assert_int_equal(status_of(sleep_strictly, vc), SIGKILL);
	assert_int_equal(status_of(read_marker_without_counter, vc), 0);
	assert_int_equal(status_of(read_time_without_counter, vc), SIGSEGV);
	vmclock_close(vc);
}

#endif

#define RUN_TEST(f) cmocka_unit_test_setup_teardown(f, runfiles_setup, runfiles_teardown)
#define TEST(f) cmocka_unit_test_setup_teardown(f, pagefile_setup, pagefile_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_denied),
		TEST(a_denied_sleep_ends_the_wait),
		TEST(a_pretended_sleep_ends_the_wait),
		TEST(a_denied_clock_ends_the_wait),
		TEST(a_denied_poll_ends_the_wait_on_a_device),
		TEST(without_events_a_wait_sleeps),
		TEST(a_poll_that_never_sleeps_is_no_spin),
		TEST(an_event_that_cannot_be_acknowledged_is_no_spin),
		TEST(a_descriptor_that_was_closed_is_told),
		TEST(a_time_that_comes_no_nearer_is_slept_for),
		RUN_TEST(a_wait_for_trust_ends_like_the_others),
		RUN_TEST(files_that_cannot_be_had_are_not_there),
		TEST(opening_says_what_was_denied),
		TEST(an_update_that_never_ends_without_a_clock),
#ifdef __x86_64__
		TEST(where_the_counter_is_denied),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
