// SPDX-License-Identifier: MIT
/*
 * Sleeps until the marker changes. No event reports vmclockd's state and the
 * other fields of the page, so it looks at these at intervals.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json.h>

#include "common/names.h"
#include "common/number.h"
#include "lib/monotonic.h"
#include "live.h"
#include "tool.h"
#include "watch.h"

/* The interval is short after a change, since a reaction takes milliseconds, and then grows. */
#define FIRST_NS INT64_C(20000000)
#define LAST_NS	 INT64_C(250000000)
/* A host that changes its page all the time must not keep a processor busy. */
#define REST_NS INT64_C(5000000)

/* A watched value is a number or a word. */
struct value {
	bool there;
	uint64_t number;
	const char *word; /* NULL: it is a number */
};

enum item { DEVICE, MARKER, GENERATION, STATUS, MAINTENANCE, TRUST, BOUND, ITEMS };

static const char *const names[ITEMS] = {
	[DEVICE] = "device",	       [MARKER] = "marker", [GENERATION] = "generation",
	[STATUS] = "status",	       [TRUST] = "trust",   [BOUND] = "bound",
	[MAINTENANCE] = "maintenance",
};

struct watch {
	struct live live;
	int64_t max_error;
	bool json;
	bool told; /* the first values have been printed */
	struct value last[ITEMS];
	int error; /* of the output, an errno value; 0: none */
};

static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

/* Keeps ignoring signals that the caller ignores: shells do so for background jobs. */
static void handle(int signal)
{
	struct sigaction action;

	if (sigaction(signal, NULL, &action) || action.sa_handler == SIG_IGN)
		return;
	memset(&action, 0, sizeof(action));
	action.sa_handler = end;
	sigaction(signal, &action, NULL);
}

/* ---- The values ------------------------------------------------------------------------- */

static struct value number(uint64_t n)
{
	return (struct value){ .there = true, .number = n };
}

static struct value word(const char *text)
{
	return (struct value){ .there = text, .word = text };
}

static const char *maintenance_of(uint32_t flags)
{
	if (flags & VMCLOCK_FLAG_MAINTENANCE_IMMINENT)
		return "imminent";
	return flags & VMCLOCK_FLAG_MAINTENANCE_SOON ? "soon" : "none";
}

static const char *trust_of(const struct metrics *m)
{
	if (!m->running)
		return "no vmclockd";
	if (m->trust == VMCLOCK_RUN_TRUSTED)
		return "trusted";
	return m->trust == VMCLOCK_RUN_DISRUPTED ? "disrupted" : "unknown";
}

static const char *bound_of(const struct metrics *m, int64_t max_error)
{
	if (!m->has_bound)
		return "none";
	return m->bound <= max_error ? "within" : "beyond";
}

/* Values that cannot be read now stay as they were. */
static void look(struct watch *w, struct value now[ITEMS])
{
	const struct metrics *m = &w->live.metrics;
	int ret = live_look(&w->live);

	memcpy(now, w->last, sizeof(w->last));
	now[DEVICE] = word(w->live.vc ? "present" : "gone");
	now[TRUST] = word(w->live.vc ? trust_of(m) : "unknown");
	if (ret)
		return;
	now[MARKER] = number(m->page.marker);
	now[GENERATION] = (struct value){ 0 };
	if (m->page.flags & VMCLOCK_FLAG_GENERATION_PRESENT)
		now[GENERATION] = number(m->page.generation);
	now[STATUS] = word(clock_status_name(m->page.status) ?: "unassigned");
	now[MAINTENANCE] = word(maintenance_of(m->page.flags));
	if (w->max_error)
		now[BOUND] = word(bound_of(m, w->max_error));
}

static bool differ(const struct value *a, const struct value *b)
{
	if (a->there != b->there || !a->there)
		return a->there != b->there;
	if (a->word && b->word)
		return strcmp(a->word, b->word) != 0;
	return a->word != b->word || a->number != b->number;
}

/* ---- Printing --------------------------------------------------------------------------- */

static void print_time(char *text, size_t size)
{
	struct timespec now;
	struct tm utc;
	size_t length;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	length = strftime(text, size, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text + length, size - length, ".%06ldZ", now.tv_nsec / 1000);
}

static void print_value(const struct value *value)
{
	if (!value->there)
		fputs("none", stdout);
	else if (value->word)
		fputs(value->word, stdout);
	else
		printf("%" PRIu64, value->number);
}

static void print_text(const char *stamp, enum item item, const struct value *before,
		       const struct value *now)
{
	printf("%s %s ", stamp, names[item]);
	if (before) {
		print_value(before);
		fputs(" -> ", stdout);
	}
	print_value(now);
	putchar('\n');
}

static bool add(struct json_object *to, const char *key, struct json_object *value,
		bool may_be_null)
{
	if ((value || may_be_null) && !json_object_object_add(to, key, value))
		return true;
	json_object_put(value);
	return false;
}

static bool add_value(struct json_object *to, const char *key, const struct value *value)
{
	struct json_object *object = NULL;

	if (!value || !value->there)
		return add(to, key, NULL, true);
	object = value->word ? json_object_new_string(value->word)
			     : json_object_new_uint64(value->number);
	return add(to, key, object, false);
}

static bool print_json(const char *stamp, enum item item, const struct value *before,
		       const struct value *now)
{
	struct json_object *line = json_object_new_object();
	const char *text = NULL;

	if (line && add(line, "time", json_object_new_string(stamp), false) &&
	    add(line, "monotonic_ns", json_object_new_int64(monotonic_now()), false) &&
	    add(line, "what", json_object_new_string(names[item]), false) &&
	    add_value(line, "before", before) && add_value(line, "now", now))
		text = json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN);
	if (text)
		puts(text);
	json_object_put(line);
	return text;
}

/* Returns 0 or an errno value. */
static int print(const struct watch *w, const char *stamp, enum item item, const struct value *now)
{
	const struct value *before = w->told ? &w->last[item] : NULL;

	errno = 0;
	if (!w->json)
		print_text(stamp, item, before, now);
	else if (!print_json(stamp, item, before, now))
		return ENOMEM;
	if (fflush(stdout) || ferror(stdout))
		return errno ?: EIO;
	return 0;
}

/* Prints all values at first, later those that have changed. Returns whether it printed any. */
static bool tell(struct watch *w, const struct value now[ITEMS])
{
	char stamp[64] = "";
	bool any = false;
	int item;

	for (item = 0; item < ITEMS && !w->error; item++) {
		if (!(w->told ? differ(&w->last[item], &now[item]) : now[item].there))
			continue;
		if (!*stamp)
			print_time(stamp, sizeof(stamp));
		w->error = print(w, stamp, (enum item)item, &now[item]);
		any = true;
	}
	memcpy(w->last, now, sizeof(w->last));
	w->told = true;
	return any;
}

/* ---- Waiting ---------------------------------------------------------------------------- */

/* False: stdout is a pipe without a reader. */
static bool is_read(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	return poll(&out, 1, 0) < 0 || !(out.revents & (POLLERR | POLLHUP));
}

static void rest(int64_t ns)
{
	const struct timespec ts = { .tv_sec = ns / NS_PER_SEC, .tv_nsec = ns % NS_PER_SEC };

	nanosleep(&ts, NULL);
}

/* Waits for a new marker, @ns at most. Without a device, tries to open it again. */
static void wait_for_change(struct live *live, int64_t ns)
{
	const struct timespec ts = { .tv_sec = ns / NS_PER_SEC, .tv_nsec = ns % NS_PER_SEC };
	int ret;

	if (!live->vc) {
		rest(ns);
		if (vmclock_open(&live->vc, live->path))
			live->vc = NULL;
		return;
	}
	ret = vmclock_wait_disrupted(live->vc, live->metrics.page.marker, &ts);
	if (ret == -ENODEV)
		live_close(live);
	else if (ret && ret != -ETIMEDOUT && ret != -EINTR)
		rest(ns);
}

static void watch(struct watch *w)
{
	struct value now[ITEMS];
	int64_t pause = FIRST_NS;

	while (!ended && !w->error && is_read()) {
		look(w, now);
		if (tell(w, now)) {
			pause = FIRST_NS;
			rest(REST_NS);
		}
		wait_for_change(&w->live, pause);
		pause = pause < LAST_NS / 2 ? 2 * pause : LAST_NS;
	}
}

static int cannot(const char *what, int error, const char *hint)
{
	fprintf(stderr, TOOL ": %s: %s%s\n", what, strerror(error), hint);
	return CHECK_UNUSABLE;
}

int check_watch(const char *device, int64_t max_error, bool json)
{
	static struct watch w;
	int ret;

	/* If stdout is closed, the device would get its number. */
	if (fcntl(STDOUT_FILENO, F_GETFD) < 0)
		return cannot("cannot write the output", errno, "");
	w.max_error = max_error;
	w.json = json;
	ret = live_open(&w.live, device);
	if (ret)
		return cannot("the VMClock device cannot be opened", -ret,
			      "; " TOOL " without --watch tells why");
	/* A write to a pipe without a reader then fails with EPIPE, which ends the loop. */
	signal(SIGPIPE, SIG_IGN);
	handle(SIGINT);
	handle(SIGTERM);
	watch(&w);
	live_close(&w.live);
	if (w.error && w.error != EPIPE)
		return cannot("cannot write the output", w.error, "");
	return CHECK_OK;
}
