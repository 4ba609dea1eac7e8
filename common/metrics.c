// SPDX-License-Identifier: MIT
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "calc/time.h"
#include "lib/monotonic.h"
#include "metrics.h"
#include "names.h"
#include "number.h"
#include "program.h"

/* ---- Looking ------------------------------------------------------------------------ */

void metrics_name(struct metrics *m, const char *path)
{
	static const char dev[] = "/dev/";

	if (!strncmp(path, dev, strlen(dev)))
		path += strlen(dev);
	copy_printable(m->device, sizeof(m->device), path);
}

/* A marker-only page has the status UNKNOWN; vmclockd may know better. */
static void complete_status(struct metrics *m)
{
	if (m->page.status != VMCLOCK_STATUS_UNKNOWN || !m->running || !m->has_state)
		return;
	m->page.status = le64toh(m->state.marker) == m->page.marker ? m->state.clock_status
								    : VMCLOCK_STATUS_UNRELIABLE;
}

static int read_reference(const struct vmclock *vc, struct vmclock_snapshot *reference)
{
	struct vmclock_abi page;
	int ret = vmclock_read_page(vc, &page, sizeof(page));

	if (!ret)
		vmclock_calc_snapshot(&page, le32toh(page.size), reference);
	return ret;
}

static int read_completed(const char *path, struct vmclock_snapshot *reference)
{
	struct vmclock *vc;
	int ret = vmclock_open(&vc, path);

	if (ret)
		return ret;
	ret = read_reference(vc, reference);
	vmclock_close(vc);
	return ret;
}

static int64_t ns_of(int64_t sec, int64_t nsec)
{
	int64_t ns;

	if (__builtin_mul_overflow(sec, NS_PER_SEC, &ns) || __builtin_add_overflow(ns, nsec, &ns))
		return sec < 0 ? INT64_MIN : INT64_MAX;
	return ns;
}

static int age_of(const struct vmclock_snapshot *reference, uint64_t counter, int64_t *ns)
{
	struct vmclock_instant t;
	int ret = vmclock_calc_since(reference, counter, &t);

	if (!ret)
		*ns = ns_of(t.sec, t.nsec);
	return ret;
}

static void look_at_time(struct metrics *m, const struct vmclock *vc, const char *completed)
{
	struct vmclock_snapshot reference;
	struct vmclock_time now;
	int64_t width;
	int ret;

	/* Read the page first: a newer reference could lie after @now. */
	ret = read_reference(vc, &reference);
	if (ret)
		return;
	ret = vmclock_now(vc, VMCLOCK_SCALE_UTC, &now);
	if (ret == -ENODATA)
		ret = vmclock_now(vc, VMCLOCK_SCALE_TAI, &now);
	if (!ret && now.flags & VMCLOCK_FLAG_COMPLETED)
		ret = read_completed(completed, &reference);
	if (ret || age_of(&reference, now.counter, &m->reference_age))
		return;
	m->has_time = true;
	m->has_bound = now.flags & VMCLOCK_FLAG_BOUNDED;
	if (!m->has_bound)
		return;
	width = ns_of(now.latest.tv_sec - now.earliest.tv_sec,
		      now.latest.tv_nsec - now.earliest.tv_nsec);
	m->bound = width / 2 + width % 2;
}

int metrics_look(struct metrics *m, const struct vmclock *vc, const char *completed)
{
	int ret = vc ? vmclock_read_state(vc, &m->page) : -ENODEV;

	m->up = !ret;
	m->has_time = false;
	m->has_bound = false;
	if (ret)
		return ret;
	complete_status(m);
	look_at_time(m, vc, completed);
	return 0;
}

/* ---- Printing ----------------------------------------------------------------------- */

struct page {
	FILE *out;
	const struct metrics *m;
	const char *name;
};

static void family(struct page *p, const char *name, const char *type, const char *help)
{
	p->name = name;
	fprintf(p->out, "# HELP %s %s\n", name, help);
	if (type)
		fprintf(p->out, "# TYPE %s %s\n", name, type);
}

/* Counters have no type: see metrics.h. */
static void counter(struct page *p, const char *name, const char *help)
{
	family(p, name, NULL, help);
}

static void gauge(struct page *p, const char *name, const char *help)
{
	family(p, name, "gauge", help);
}

static void begin_sample(struct page *p)
{
	const char *from;

	fprintf(p->out, "%s{device=\"", p->name);
	for (from = p->m->device; *from; from++) {
		if (*from == '"' || *from == '\\')
			fputc('\\', p->out);
		fputc(*from, p->out);
	}
	fputc('"', p->out);
}

static void label(struct page *p, const char *name, const char *value)
{
	fprintf(p->out, ",%s=\"%s\"", name, value);
}

static void end_sample(struct page *p, uint64_t value)
{
	fprintf(p->out, "} %" PRIu64 "\n", value);
}

static void sample(struct page *p, uint64_t value)
{
	begin_sample(p);
	end_sample(p, value);
}

/* Uses integers, because floating point would round. */
static void seconds(struct page *p, bool negative, uint64_t ns)
{
	begin_sample(p);
	fprintf(p->out, "} %s%" PRIu64 ".%09" PRIu64 "\n", negative ? "-" : "", ns / NS_PER_SEC,
		ns % NS_PER_SEC);
}

static void signed_seconds(struct page *p, int64_t ns)
{
	seconds(p, ns < 0, ns < 0 ? -(uint64_t)ns : (uint64_t)ns);
}

/* One sample of a set of states, of which one is true. */
static void state(struct page *p, const char *name, const char *value, bool is)
{
	begin_sample(p);
	label(p, name, value);
	end_sample(p, is);
}

static void print_page(struct page *p)
{
	const struct vmclock_state *page = &p->m->page;
	char text[24];
	unsigned int status;

	gauge(p, "vmclock_page_info",
	      "The disruption marker, and the generation where the page has one, as labels.");
	begin_sample(p);
	snprintf(text, sizeof(text), "%" PRIu64, page->marker);
	label(p, "marker", text);
	if (page->flags & VMCLOCK_FLAG_GENERATION_PRESENT) {
		snprintf(text, sizeof(text), "%" PRIu64, page->generation);
		label(p, "generation", text);
	}
	end_sample(p, 1);

	gauge(p, "vmclock_clock_status",
	      "The clock status, of the completed page if there is one.");
	for (status = 0; clock_status_name(status); status++)
		state(p, "status", clock_status_name(status), status == page->status);

	gauge(p, "vmclock_maintenance_announced",
	      "Whether the host expects a disruption within about a day (soon) or an hour "
	      "(imminent).");
	state(p, "when", "soon", page->flags & VMCLOCK_FLAG_MAINTENANCE_SOON);
	state(p, "when", "imminent", page->flags & VMCLOCK_FLAG_MAINTENANCE_IMMINENT);
}

static void print_time(struct page *p)
{
	const struct metrics *m = p->m;

	if (m->has_bound) {
		gauge(p, "vmclock_time_bound_seconds",
		      "The error bound of the time that vmclock_now() gives.");
		signed_seconds(p, m->bound);
	}
	gauge(p, "vmclock_reference_age_seconds",
	      "How long ago the page's time was last measured or published.");
	signed_seconds(p, m->reference_age);
}

static uint64_t bound_now(const struct vmclock_run_state *state)
{
	double age = (double)(monotonic_now() - (int64_t)le64toh(state->bound_at));
	double grown = age > 0 ? age * le32toh(state->drift) / 1e9 : 0;

	return le64toh(state->bound) + (uint64_t)grown + 1;
}

/* If the marker is so new that vmclockd has not seen it yet, the clock is not trusted. */
static bool is_trusted(const struct metrics *m)
{
	if (!m->running || m->trust != VMCLOCK_RUN_TRUSTED)
		return false;
	return !m->up || !m->has_state || le64toh(m->state.marker) == m->page.marker;
}

static void print_trust(struct page *p)
{
	const struct metrics *m = p->m;
	bool trusted = is_trusted(m);

	gauge(p, "vmclock_vmclockd_running",
	      "Whether vmclockd runs: it has renewed its state in time.");
	sample(p, m->running);
	gauge(p, "vmclock_system_clock_trusted", "Whether vmclockd vouches for the system clock.");
	sample(p, trusted);
	if (trusted && m->has_state) {
		gauge(p, "vmclock_system_clock_bound_seconds",
		      "The error bound of the system clock.");
		seconds(p, false, bound_now(&m->state));
	}
}

static void print_history(struct page *p)
{
	const struct vmclock_run_state *s = &p->m->state;

	counter(p, "vmclock_disruptions_total",
		"Changes of the disruption marker that vmclockd has seen.");
	sample(p, le64toh(s->disruptions));
	counter(p, "vmclock_generations_total",
		"Changes of the generation that vmclockd has seen.");
	sample(p, le64toh(s->generations));
	counter(p, "vmclock_reactions_total",
		"Reactions of vmclockd; one may cover several disruptions.");
	sample(p, le64toh(s->reactions));
	counter(p, "vmclock_untrusted_seconds_total",
		"How long the system clock was not trusted, while vmclockd ran, after it first "
		"was.");
	seconds(p, false, le64toh(s->untrusted));
	if (!s->last_duration)
		return;
	gauge(p, "vmclock_last_reaction_duration_seconds",
	      "How long the last reaction took, until the clock was trusted.");
	seconds(p, false, le64toh(s->last_duration));
	gauge(p, "vmclock_last_reaction_offset_seconds",
	      "The sum of the clock's steps in the last reaction; negative: back.");
	signed_seconds(p, (int64_t)le64toh(s->last_offset));
}

void metrics_print(const struct metrics *m, FILE *out)
{
	struct page p = { .out = out, .m = m };

	gauge(&p, "vmclock_up", "Whether the VMClock page can be read.");
	sample(&p, m->up);
	if (m->up)
		print_page(&p);
	if (m->up && m->has_time)
		print_time(&p);
	print_trust(&p);
	if (m->has_state)
		print_history(&p);
	fputs("# EOF\n", out);
}
