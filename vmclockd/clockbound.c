// SPDX-License-Identifier: MIT
/* ClockBound's segment. Its fields are in the byte order of this machine. */
#include <endian.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "clockbound.h"
#include "clocks.h"
#include "log.h"
#include "runfile.h"

#define VERSION	    2
/* From this time after as_of until void_after, clients read the status as FREERUNNING. */
#define GRACE_NS   (5 * NS_PER_SEC)
#define BLUR_MIN   (20 * NS_PER_MS)
#define LATE_TICKS 7
/* The time between two tries to make the file doubles. */
#define APART_FIRST (60 * NS_PER_SEC)
#define APART_LAST  (3600 * NS_PER_SEC)
/* 30 years: true time is always within it, and sums with it do not overflow. */
#define UNBOUNDED INT64_C(1000000000000000000)

enum { STATUS_UNKNOWN, STATUS_SYNCHRONIZED, STATUS_FREERUNNING, STATUS_DISRUPTED };

static const uint8_t magic[8] = { 0x4e, 0x5a, 0x4d, 0x41, 0x00, 0x02, 0x42, 0x43 };

/* The part that the generation guards. Times are of CLOCK_MONOTONIC_COARSE. */
struct clockbound_body {
	int64_t as_of[2]; /* s, ns */
	int64_t void_after[2];
	int64_t bound;	 /* ns, of CLOCK_REALTIME at as_of */
	uint64_t marker; /* the marker that was acted on */
	uint32_t drift;	 /* ppb */
	int32_t status;
	uint8_t compare; /* 1: the marker is to be compared with the page's */
	uint8_t padding[7];
};

struct clockbound_segment {
	uint8_t magic[8];
	uint32_t size;
	uint16_t version;
	uint16_t generation; /* odd: an update is in progress; 0: there was none yet */
	struct clockbound_body body;
};

_Static_assert(sizeof(struct clockbound_segment) == 80, "as clients map it");
_Static_assert(offsetof(struct clockbound_segment, generation) == 14, "as clients have it");
_Static_assert(offsetof(struct clockbound_segment, body.bound) == 48, "as clients have it");
_Static_assert(offsetof(struct clockbound_segment, body.compare) == 72, "as clients have it");

static void begin(struct clockbound *cb)
{
	__atomic_store_n(&cb->live->generation, (uint16_t)(cb->generation + 1), __ATOMIC_RELAXED);
	/* A client that sees a field stored below also sees the odd generation. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void end(struct clockbound *cb)
{
	cb->generation = (uint16_t)(cb->generation + 2);
	/* 0 is for new segments only. */
	if (!cb->generation)
		cb->generation = 2;
	__atomic_store_n(&cb->live->generation, cb->generation, __ATOMIC_RELEASE);
}

static void store_body(struct clockbound *cb, const struct clockbound_body *body)
{
	uint64_t words[sizeof(*body) / sizeof(uint64_t)];
	uint64_t *to = (uint64_t *)&cb->live->body;
	size_t i;

	memcpy(words, body, sizeof(words));
	begin(cb);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		__atomic_store_n(&to[i], words[i], __ATOMIC_RELAXED);
	end(cb);
}

static bool is_right(const struct clockbound_segment *segment)
{
	return !memcmp(segment->magic, magic, sizeof(magic)) && segment->size == sizeof(*segment) &&
	       segment->version == VERSION;
}

static void take_over(struct clockbound *cb)
{
	struct clockbound_segment *live = cb->live;

	/* A vmclockd that was killed during an update leaves the generation odd. */
	cb->generation = (uint16_t)((live->generation + 1) & ~1);
	if (is_right(live))
		return;
	if (live->generation)
		begin(cb);
	memcpy(live->magic, magic, sizeof(magic));
	live->size = sizeof(*live);
	/* A client that sees the version sees the other fields. */
	__atomic_store_n(&live->version, VERSION, __ATOMIC_RELEASE);
}

/*
 * How late the clients' clock may be: it stands still between the kernel's ticks.
 * If the host does not run the processor that counts the ticks, another processor
 * takes over after five ticks (since Linux 5.18).
 */
static int64_t blur(void)
{
	struct timespec tick = { .tv_nsec = 10 * NS_PER_MS };
	int64_t ns;

	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	ns = LATE_TICKS * (tick.tv_sec * NS_PER_SEC + tick.tv_nsec);
	return ns > BLUR_MIN ? ns : BLUR_MIN;
}

static int64_t clients_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * NS_PER_SEC + now.tv_nsec;
}

static bool split_path(struct clockbound *cb, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path || !slash[1] || strlen(path) >= CLOCKBOUND_PATH)
		return false;
	snprintf(cb->folder, sizeof(cb->folder), "%.*s", (int)(slash - path), path);
	snprintf(cb->name, sizeof(cb->name), "%s", slash + 1);
	return true;
}

static void begin_with(struct clockbound *cb)
{
	take_over(cb);
	/* Clients would wait for the end of an update that a killed vmclockd began. */
	if (cb->live->generation & 1)
		clockbound_publish(cb, &(struct vmclock_run_state){ 0 });
}

static int make(struct clockbound *cb)
{
	bool made;

	cb->live = runfile_map(cb->folder, cb->name, sizeof(*cb->live), &made);
	if (!cb->live)
		return -1;
	runfile_note(cb->folder, cb->name, &cb->file);
	begin_with(cb);
	return 0;
}

static void try_again(struct clockbound *cb, int64_t now)
{
	bool failed_before = cb->again;

	if (now < cb->again)
		return;
	if (make(cb)) {
		cb->again = now + cb->apart;
		cb->apart = 2 * cb->apart < APART_LAST ? 2 * cb->apart : APART_LAST;
		return;
	}
	if (failed_before)
		say(LOG_NOTICE, "clients of ClockBound are served again");
	cb->again = 0;
	cb->apart = APART_FIRST;
}

int clockbound_open(struct clockbound *cb, const char *path, bool dry_run)
{
	*cb = (struct clockbound){ .blur = blur(), .apart = APART_FIRST };
	if (!split_path(cb, path)) {
		say(LOG_ERR, "clockbound_path: '%s' is not a file in a folder", path);
		return -1;
	}
	if (!dry_run) {
		try_again(cb, monotonic_now());
		return cb->live ? 0 : -1;
	}
	cb->live = runfile_copy(cb->folder, cb->name, sizeof(*cb->live));
	*cb->name = '\0';
	if (!cb->live)
		return -1;
	begin_with(cb);
	return 0;
}

void clockbound_keep(struct clockbound *cb, int64_t now)
{
	if (!*cb->name)
		return;
	if (cb->live) {
		if (runfile_is_there(cb->folder, cb->name, &cb->file))
			return;
		say(LOG_WARNING,
		    "%s/%s was removed, and is made anew: clients have to open it again",
		    cb->folder, cb->name);
		clockbound_close(cb);
	}
	try_again(cb, now);
}

static void set_instant(int64_t instant[2], int64_t ns)
{
	instant[0] = ns / NS_PER_SEC;
	instant[1] = ns % NS_PER_SEC;
}

static int32_t status_of(const struct vmclock_run_state *state)
{
	switch (state->trust) {
	case VMCLOCK_RUN_TRUSTED:
		return state->clock_status == VMCLOCK_STATUS_FREERUNNING ? STATUS_FREERUNNING
									 : STATUS_SYNCHRONIZED;
	case VMCLOCK_RUN_DISRUPTED:
		return STATUS_DISRUPTED;
	default:
		return STATUS_UNKNOWN;
	}
}

/* @measured_at: when the bound was right, by CLOCK_MONOTONIC. */
static void publish(struct clockbound *cb, const struct vmclock_run_state *state, int32_t status,
		    int64_t measured_at, int64_t bound)
{
	int64_t now = clients_now();
	/* Clients refuse an as_of that their clock, which may be late, has not reached. */
	int64_t as_of = (now < measured_at ? now : measured_at) - cb->blur;
	struct clockbound_body body = {
		.bound = bound,
		.marker = le64toh(state->marker),
		.drift = le32toh(state->drift),
		.status = status,
		.compare = 1,
	};

	set_instant(body.as_of, as_of);
	/* Nobody watches the clock after GRACE_NS: void then, without FREERUNNING before. */
	set_instant(body.void_after, as_of + GRACE_NS);
	store_body(cb, &body);
}

void clockbound_publish(struct clockbound *cb, const struct vmclock_run_state *state)
{
	if (!cb->live)
		return;
	if (state->trust == VMCLOCK_RUN_TRUSTED)
		publish(cb, state, status_of(state), (int64_t)le64toh(state->bound_at),
			(int64_t)le64toh(state->bound));
	else
		publish(cb, state, status_of(state), monotonic_now(), UNBOUNDED);
}

void clockbound_close(struct clockbound *cb)
{
	struct clockbound_body body;

	if (!cb->live)
		return;
	/* Only if this vmclockd has published: other content is not ours. */
	if (!(cb->live->generation & 1) && cb->live->generation) {
		body = cb->live->body;
		body.status = STATUS_UNKNOWN;
		body.bound = UNBOUNDED;
		memcpy(body.void_after, body.as_of, sizeof(body.void_after));
		store_body(cb, &body);
	}
	munmap(cb->live, sizeof(*cb->live));
	cb->live = NULL;
}
