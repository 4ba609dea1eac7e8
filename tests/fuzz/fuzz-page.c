// SPDX-License-Identifier: MIT
/*
 * Any bytes as a page file, read in every way that the library has. Asserts
 * everything that must hold for all bytes.
 *
 * Input: the counter and a distance (8 bytes each), the file's length (2 bytes;
 * modulo 256), then the file. The first unused bit of the length decides whether
 * magic, version, counter and sequence count are corrected, because most inputs
 * would fail there.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "counter.h"
#include "fuzz.h"
#include "vmclock.h"
#include "calc/scale.h"
#include "calc/time.h"

#define PAGE_LEN	4096
#define FILE_MAX	256
#define NS		1000000000
#define PUT_RIGHT	0x100

struct input {
	uint64_t counter;
	uint64_t ahead;
	size_t len;			/* the file's length */
	union {
		struct vmclock_abi page;
		uint8_t bytes[FILE_MAX];
	};
};

/* The library is built to call this: 100 ms of waiting cost nothing. */
int fuzz_clock_gettime(clockid_t clock, struct timespec *ts)
{
	static int64_t ns;

	if (clock != CLOCK_MONOTONIC)
		return clock_gettime(clock, ts);
	ns += 60000000;
	ts->tv_sec = ns / NS;
	ts->tv_nsec = ns % NS;
	return 0;
}

static void parse(const uint8_t *data, size_t size, struct input *in)
{
	uint16_t length = 0;

	memset(in, 0, sizeof(*in));
	if (size >= 18) {
		memcpy(&in->counter, data, 8);
		memcpy(&in->ahead, data + 8, 8);
		memcpy(&length, data + 16, 2);
		data += 18;
		size -= 18;
		memcpy(in->bytes, data, size < FILE_MAX ? size : FILE_MAX);
	}
	in->len = length % FILE_MAX;
	if (!(length & PUT_RIGHT))
		return;
	in->page.magic = htole32(VMCLOCK_MAGIC);
	in->page.version = htole16(VMCLOCK_PAGE_VERSION);
	in->page.counter_id = COUNTER_ID;
	in->page.time_type &= 1;
	in->page.seq_count &= ~htole32(1);
	in->page.clock_status = 2 + (in->page.clock_status & 1);
	if (in->len < VMCLOCK_SIZE_MIN)
		in->len = FILE_MAX;
	if (le32toh(in->page.size) > in->len || le32toh(in->page.size) < VMCLOCK_SIZE_MIN)
		in->page.size = htole32((uint32_t)in->len);
}

static struct vmclock *open_input(const struct input *in)
{
	static char path[32];
	static int fd = -1;
	struct vmclock *vc = NULL;
	int ret;

	if (fd < 0) {
		fd = memfd_create("page", MFD_CLOEXEC);
		CHECK(fd >= 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	/* The mapping after the end of the file must be zero. */
	CHECK(!ftruncate(fd, 0) && !ftruncate(fd, (off_t)in->len));
	CHECK(pwrite(fd, in->bytes, in->len, 0) == (ssize_t)in->len);
	ret = vmclock_open(&vc, path);
	CHECK(!ret || ret == -EBADMSG || ret == -EPROTONOSUPPORT);
	CHECK(!ret == !!vc);
	if (le32toh(in->page.magic) != VMCLOCK_MAGIC || in->len < VMCLOCK_SIZE_MIN)
		CHECK(ret == -EBADMSG);
	return vc;
}

/* ---- Functions without arithmetic --------------------------------------------- */

static uint32_t maintenance(uint64_t flags)
{
	return (flags & VMCLOCK_FLAG_DISRUPTION_SOON ? VMCLOCK_FLAG_MAINTENANCE_SOON : 0) |
	       (flags & VMCLOCK_FLAG_DISRUPTION_IMMINENT ? VMCLOCK_FLAG_MAINTENANCE_IMMINENT : 0);
}

static void check_state(const struct vmclock *vc, const struct input *in,
			const struct vmclock_state *state)
{
	uint64_t generation = 0, flags = le64toh(in->page.flags);
	bool present = !vmclock_generation(vc, &generation);

	CHECK(state->marker == vmclock_marker(vc) && state->generation == generation);
	CHECK(state->status == (le32toh(in->page.size) > 0x22 ? in->page.clock_status : 0));
	CHECK(state->flags ==
	      (maintenance(flags) | (present ? VMCLOCK_FLAG_GENERATION_PRESENT : 0)));
}

static void check_words(const struct vmclock *vc, const struct input *in)
{
	size_t size = le32toh(in->page.size), i;
	uint64_t marker = le64toh(in->page.disruption_marker);
	uint64_t flags = le64toh(in->page.flags), generation = ~marker;
	const struct timespec no_time = { 0 };
	struct timespec ts = { .tv_sec = 5 };
	struct vmclock_state state, before;
	struct vmclock_abi copy;
	uint8_t guard[2 * sizeof(copy)];
	bool held = le32toh(in->page.seq_count) & 1;
	int ret;

	CHECK(vmclock_fd(vc) >= 0 && vmclock_page(vc));
	CHECK(vmclock_marker(vc) == marker);
	CHECK(vmclock_disrupted(vc, marker) == held);
	CHECK(vmclock_disrupted(vc, ~marker));

	memset(guard, 0x5a, sizeof(guard));
	i = (size_t)(in->ahead % (sizeof(copy) + 1));
	ret = vmclock_read_page(vc, (struct vmclock_abi *)guard, i);
	CHECK(ret == (held ? -ETIMEDOUT : 0));
	for (i = held ? 0 : i; i < sizeof(guard); i++)
		CHECK(guard[i] == 0x5a);
	memset(&copy, 0x5a, sizeof(copy));
	if (!vmclock_read_page(vc, &copy, sizeof(copy)))
		for (i = 0; i < sizeof(copy); i++)
			CHECK(((uint8_t *)&copy)[i] == (i < size ? in->bytes[i] : 0));

	ret = vmclock_generation(vc, &generation);
	if (size < sizeof(struct vmclock_abi))
		CHECK(ret == -ENODATA);
	else if (held)
		CHECK(ret == -ETIMEDOUT);
	else
		CHECK(ret == (flags & VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT ? 0 : -ENODATA));
	CHECK(generation == (ret ? ~marker : le64toh(in->page.vm_generation_counter)));

	memset(&state, 0x5a, sizeof(state));
	before = state;
	ret = vmclock_read_state(vc, &state);
	CHECK(ret == (held ? -ETIMEDOUT : 0));
	if (ret)
		CHECK(!memcmp(&state, &before, sizeof(state)));
	else
		check_state(vc, in, &state);

	ret = vmclock_system_time(vc, CLOCK_REALTIME, ~marker, &ts);
	CHECK(ret == (held ? -ETIMEDOUT : -ESTALE) && ts.tv_sec == 5 && !ts.tv_nsec);
	if (!held)
		CHECK(!vmclock_system_time(vc, CLOCK_REALTIME, marker, &ts) && ts.tv_sec != 5);
	CHECK(!vmclock_wait_disrupted(vc, ~marker, &no_time));
}

/* ---- Time ---------------------------------------------------------------------- */

static bool proper(const struct timespec *ts)
{
	return ts->tv_nsec >= 0 && ts->tv_nsec < NS;
}

static bool in_order(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec <= b->tv_nsec);
}

static bool same(const struct timespec *a, const struct vmclock_instant *b)
{
	return a->tv_sec == b->sec && a->tv_nsec == (long)b->nsec;
}

static void check_reading(const struct input *in, const struct vmclock_time *t)
{
	const uint64_t both = VMCLOCK_FLAG_PERIOD_MAXERROR_VALID | VMCLOCK_FLAG_TIME_MAXERROR_VALID;
	uint64_t flags = le64toh(in->page.flags);

	CHECK(proper(&t->time) && proper(&t->earliest) && proper(&t->latest));
	CHECK(in_order(&t->earliest, &t->time) && in_order(&t->time, &t->latest));
	CHECK(t->marker == le64toh(in->page.disruption_marker));
	CHECK(t->status == in->page.clock_status);
	CHECK(t->status == VMCLOCK_STATUS_SYNCHRONIZED || t->status == VMCLOCK_STATUS_FREERUNNING);
	CHECK(t->leap <= VMCLOCK_LEAP_POST_NEG);
	CHECK((t->flags & ~VMCLOCK_FLAG_BOUNDED) ==
	      (maintenance(flags) |
	       (flags & VMCLOCK_FLAG_TIME_MONOTONIC ? VMCLOCK_FLAG_MONOTONIC : 0)));
	if (t->flags & VMCLOCK_FLAG_BOUNDED) {
		/* The width is never zero, because the time itself was rounded. */
		CHECK(!in_order(&t->latest, &t->earliest));
		CHECK((flags & both) == both);
		CHECK(le32toh(in->page.size) >= sizeof(struct vmclock_abi) - sizeof(uint64_t));
	} else {
		CHECK(t->earliest.tv_sec == INT64_MIN && t->latest.tv_sec == INT64_MAX);
		CHECK(!vmclock_time_before(t, &t->latest) && !vmclock_time_after(t, &t->earliest));
	}
}

/* The fast path must agree with the slow path, on the page's own scale. */
static void check_long_way(const struct input *in, const struct vmclock_time *t)
{
	struct vmclock_leap_second second = { 0 };
	struct vmclock_instant time, earliest, latest;
	struct vmclock_snapshot s;
	__u64 error;

	vmclock_calc_snapshot(&in->page, le32toh(in->page.size), &s);
	CHECK(!vmclock_calc_time(&s, t->counter, &time) && same(&t->time, &time));
	if (s.time_type == VMCLOCK_TIME_UTC)
		CHECK(!vmclock_calc_linear(&s, &time, &second));
	earliest = time;
	latest = time;
	if (vmclock_calc_error(&s, t->counter, &error) ||
	    vmclock_calc_shift_time(&earliest, -(int64_t)error) ||
	    vmclock_calc_shift_time(&latest, (int64_t)error + 1) ||
	    /* TAI needs no leap seconds. */
	    (s.time_type == VMCLOCK_TIME_UTC &&
	     (earliest.sec < second.utc_from || latest.sec >= second.utc_until)))
		CHECK(!(t->flags & VMCLOCK_FLAG_BOUNDED));
	else
		CHECK(same(&t->earliest, &earliest) && same(&t->latest, &latest));
}

static bool documented(int ret)
{
	return ret == -ENODATA || ret == -EAGAIN || ret == -EOPNOTSUPP || ret == -EOVERFLOW ||
	       ret == -EINVAL || ret == -ETIMEDOUT || ret == -EBUSY;
}

static int read_time(const struct vmclock *vc, const struct input *in, enum vmclock_scale scale,
		     uint64_t counter, struct vmclock_time *t)
{
	struct vmclock_time before;
	int ret;

	memset(t, 0x5a, sizeof(*t));
	before = *t;
	ret = vmclock_at(vc, scale, counter, t);
	if (ret) {
		CHECK(documented(ret) && !memcmp(t, &before, sizeof(before)));
		return ret;
	}
	CHECK(t->counter == counter);
	check_reading(in, t);
	if (scale == (in->page.time_type == VMCLOCK_TIME_TAI ? VMCLOCK_SCALE_TAI
							     : VMCLOCK_SCALE_UTC) &&
	    (scale == VMCLOCK_SCALE_TAI || in->page.leap_indicator == VMCLOCK_LEAP_NONE))
		check_long_way(in, t);
	return 0;
}

static void check_time(const struct vmclock *vc, const struct input *in, enum vmclock_scale scale)
{
	uint64_t reference = le64toh(in->page.counter_value);
	struct vmclock_time t, later, now;
	int (*const readers[])(const struct vmclock *, enum vmclock_scale, struct vmclock_time *) = {
		vmclock_now, vmclock_now_relaxed, vmclock_try_now,
	};
	int (*read_now)(const struct vmclock *, enum vmclock_scale, struct vmclock_time *);
	int i, ret;

	ret = read_time(vc, in, scale, in->counter, &t);
	/* On a scale without steps, time does not go back near the reference. */
	if (!ret && scale == VMCLOCK_SCALE_TAI &&
	    (int64_t)(in->counter + in->ahead - reference) >= (int64_t)(in->counter - reference) &&
	    !read_time(vc, in, scale, in->counter + in->ahead, &later))
		CHECK(in_order(&t.time, &later.time));

	for (i = 0; i < 3; i++) {
		read_now = readers[i];
		memset(&now, 0x5a, sizeof(now));
		t = now;
		ret = read_now(vc, scale, &now);
		if (ret) {
			CHECK(documented(ret) && !memcmp(&t, &now, sizeof(now)));
			continue;
		}
		check_reading(in, &now);
		CHECK(!read_time(vc, in, scale, now.counter, &t));
		CHECK(!memcmp(&t, &now, offsetof(struct vmclock_time, reserved)));
	}
}

/* All at once is as one by one; the first error is told. */
static void check_many(const struct vmclock *vc, const struct input *in, enum vmclock_scale scale)
{
	const uint64_t reference = le64toh(in->page.counter_value);
	const uint64_t counters[] = {
		in->counter, reference, in->counter + in->ahead, reference - in->ahead, in->counter,
	};
	enum { COUNT = sizeof(counters) / sizeof(counters[0]) };
	struct vmclock_time many[COUNT], one[COUNT];
	int i, ret = 0, at_once;

	memset(many, 0x5a, sizeof(many));
	at_once = vmclock_at_many(vc, scale, counters, COUNT, many);
	for (i = 0; !ret && i < COUNT; i++)
		ret = read_time(vc, in, scale, counters[i], &one[i]);
	CHECK(at_once == ret);
	for (i = 0; !ret && i < COUNT; i++)
		CHECK(!memcmp(&many[i], &one[i], offsetof(struct vmclock_time, reserved)));
}

static void check_quality(const struct vmclock *vc, const struct input *in)
{
	const uint64_t both = VMCLOCK_FLAG_PERIOD_ESTERROR_VALID | VMCLOCK_FLAG_TIME_ESTERROR_VALID;
	int64_t distance = (int64_t)(in->counter - le64toh(in->page.counter_value));
	struct vmclock_quality q, before;
	int ret;

	memset(&q, 0x5a, sizeof(q));
	before = q;
	ret = vmclock_quality_at(vc, in->counter, &q);
	if (ret) {
		CHECK(documented(ret) && ret != -EINVAL && !memcmp(&q, &before, sizeof(q)));
		return;
	}
	CHECK(distance < 0 ? q.age < 0 : q.age >= 0);
	CHECK(!(q.flags & ~VMCLOCK_FLAG_ESTIMATED));
	if (q.flags & VMCLOCK_FLAG_ESTIMATED)
		CHECK((le64toh(in->page.flags) & both) == both && q.esterror > 0 &&
		      q.esterror > le64toh(in->page.time_esterror_nanosec));
	else
		CHECK(q.esterror == UINT64_MAX);
	CHECK(q.marker == le64toh(in->page.disruption_marker));
	CHECK(q.status == in->page.clock_status);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum vmclock_scale scales[] = {
		VMCLOCK_SCALE_UTC, VMCLOCK_SCALE_TAI, VMCLOCK_SCALE_SMEARED, (enum vmclock_scale)3,
		(enum vmclock_scale)INT_MIN,
	};
	struct vmclock *vc;
	struct input in;
	size_t i;

	parse(data, size, &in);
	vc = open_input(&in);
	if (!vc)
		return 0;
	check_words(vc, &in);
	for (i = 0; i < sizeof(scales) / sizeof(scales[0]); i++) {
		check_time(vc, &in, scales[i]);
		check_many(vc, &in, scales[i]);
	}
	check_quality(vc, &in);
	vmclock_close(vc);
	return 0;
}
