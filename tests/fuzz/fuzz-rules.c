// SPDX-License-Identifier: MIT
/*
 * Fuzzes the rules of judge/ with an update of any two pages on any machine.
 * CHECK() asserts what must hold for every input.
 *
 * Input: a byte that selects the known facts, and whether both pages are put
 * right, so that most rules are kept; two pages; the machine. Missing bytes are
 * zero.
 */
#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calc/scale.h"
#include "calc/time.h"
#include "fuzz.h"
#include "judge/judge.h"

#define MOST 64

enum { HAS_BEFORE = 1, HAS_GUEST = 2, HAS_WATCH = 4, PUT_RIGHT = 8, SAME_LINE = 16,
       WITHDRAWN = 32, HAS_COUNT = 64 };

struct machine {
	uint64_t counter;
	uint64_t hz;
	int64_t clock_sec;
	uint32_t clock_nsec;
	uint32_t truth_nsec;
	uint64_t clock_error;
	int64_t truth_sec;
	uint64_t truth_error;
	uint64_t max_error, max_age;
	int64_t longest_update;
	uint64_t torn;
	uint8_t counter_id, has, tai, unused, stuck;
};

struct input {
	uint8_t what;
	struct vmclock_abi before, page;
	struct machine machine;
};

static void put_right(struct vmclock_abi *abi)
{
	abi->magic = htole32(VMCLOCK_MAGIC);
	abi->version = htole16(VMCLOCK_PAGE_VERSION);
	abi->size = htole32(4096);
	abi->counter_id = VMCLOCK_COUNTER_X86_TSC;
	abi->time_type &= 1;
	abi->clock_status = 2 + (abi->clock_status & 1);
	abi->counter_period_frac_sec |= htole64(UINT64_C(1) << 63);
	abi->counter_period_shift = 30 + (abi->counter_period_shift & 3);
	abi->time_sec = htole64(le64toh(abi->time_sec) % VMCLOCK_CALC_MAX_SEC);
}

static void parse(const uint8_t *data, size_t size, struct input *in)
{
	uint8_t raw[1 + 2 * sizeof(struct vmclock_abi) + sizeof(struct machine)] = { 0 };
	size_t page = sizeof(struct vmclock_abi);

	memcpy(raw, data, size < sizeof(raw) ? size : sizeof(raw));
	in->what = raw[0];
	memcpy(&in->before, raw + 1, page);
	memcpy(&in->page, raw + 1 + page, page);
	memcpy(&in->machine, raw + 1 + 2 * page, sizeof(in->machine));
	if (in->what & PUT_RIGHT) {
		put_right(&in->before);
		put_right(&in->page);
	}
	if (in->what & SAME_LINE) {
		in->page.disruption_marker = in->before.disruption_marker;
		in->page.counter_period_frac_sec = in->before.counter_period_frac_sec;
		in->page.counter_period_shift = in->before.counter_period_shift;
	}
}

static void set_guest(const struct machine *m, struct judge_guest *guest)
{
	*guest = (struct judge_guest){
		.counter_id = m->counter_id,
		.counter = m->counter,
		.frequency_hz = (double)m->hz,
		.frequency_doubt = m->unused / 1e5,
		.frequency_error = m->unused / 1e4,
		.has_clock = m->has & 1,
		.clock = { .sec = m->clock_sec, .nsec = m->clock_nsec % NS_PER_SEC },
		.clock_error = m->clock_error,
		.tai = m->tai,
		.has_truth = m->has & 2,
		.truth = { .sec = m->truth_sec, .nsec = m->truth_nsec % NS_PER_SEC },
		.truth_error = m->truth_error,
		.has_names = m->has & 4,
		.has_hid = m->has & 16,
		.has_cid = m->has & 8,
		.max_error = m->max_error,
		.max_age = m->max_age,
		.max_growth = m->has >> 4,
	};
}

static void check_sentence(const char says[JUDGE_TEXT])
{
	size_t length = strnlen(says, JUDGE_TEXT), i;

	/* No text is cut short. */
	CHECK(length && length < JUDGE_TEXT - 1);
	for (i = 0; i < length; i++)
		CHECK(says[i] >= ' ' && says[i] <= '~');
}

static void check_findings(const struct judge_facts *f, const struct judge_finding *findings,
			   size_t n)
{
	struct judge_finding fewer[MOST];
	size_t i, k;

	for (i = 0; i < n; i++) {
		check_sentence(findings[i].says);
		CHECK(judge_can(findings[i].rule, f));
		CHECK(!i || !judge_is_graver(findings[i].rule, findings[i - 1].rule));
		for (k = 0; k < i; k++)
			CHECK(findings[k].rule != findings[i].rule);
	}
	/* The result is the same again, and has the gravest findings if there is less room. */
	CHECK(judge(f, fewer, n / 2) == n / 2);
	for (i = 0; i < n / 2; i++) {
		CHECK(fewer[i].rule == findings[i].rule);
		CHECK(!strcmp(fewer[i].says, findings[i].says));
	}
}

/* If no rule is broken, the library can compute the time. */
static void check_agreement(const struct judge_page *p)
{
	const struct judge_facts f = { .page = p };
	struct judge_finding findings[MOST];
	size_t n = judge(&f, findings, MOST), i;

	for (i = 0; i < n; i++)
		if (findings[i].rule->loss != JUDGE_NOTHING)
			return;
	if (judge_vouches(p))
		CHECK(!vmclock_calc_usable(&p->s, p->s.counter_id) && vmclock_calc_has_error(&p->s));
}

/* An update that changes nothing breaks no rule of updates. */
static void check_rest(const struct judge_page *p)
{
	struct judge_page before = *p;
	const struct judge_facts f = { .page = p, .before = &before };
	struct judge_finding findings[MOST];
	size_t n, i;

	before.seq -= 2;
	n = judge(&f, findings, MOST);
	for (i = 0; i < n; i++)
		CHECK(findings[i].rule->needs == JUDGE_PAGE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct judge_finding findings[MOST];
	struct judge_page before, page;
	struct judge_guest guest;
	struct judge_watch watch;
	struct judge_notifications notifications;
	struct judge_history history = { .begun = false };
	struct judge_facts f = { .page = &page };
	struct input in;
	char text[JUDGE_VALUE];

	parse(data, size, &in);
	judge_page_of(&in.before, &before);
	judge_page_of(&in.page, &page);
	set_guest(&in.machine, &guest);
	watch = (struct judge_watch){
		.samples = in.machine.torn,
		.torn = in.machine.torn,
		.longest_update = in.machine.longest_update,
		.stuck = in.machine.stuck & 1,
	};
	notifications = (struct judge_notifications){
		.announced = in.machine.stuck & 2,
		.heard = in.machine.max_age,
		.followed = in.machine.max_error,
		.late = in.machine.torn,
		.longest = in.machine.longest_update,
		.missing = in.machine.truth_error,
	};
	f.before = in.what & HAS_BEFORE ? &before : NULL;
	/* The page before has withdrawn what an equal one gave. */
	if (in.what & WITHDRAWN) {
		judge_history_add(&history, &before);
		before.s.status = VMCLOCK_STATUS_UNRELIABLE;
		judge_history_add(&history, &before);
		f.history = &history;
	}
	f.guest = in.what & HAS_GUEST ? &guest : NULL;
	f.watch = in.what & HAS_WATCH ? &watch : NULL;
	f.notifications = in.what & HAS_COUNT ? &notifications : NULL;

	check_findings(&f, findings, judge(&f, findings, MOST));
	check_agreement(&page);
	check_rest(&page);
	CHECK(strlen(judge_duration(text, in.machine.max_age)) < JUDGE_VALUE - 1);
	CHECK(strlen(judge_hertz(text, (double)in.machine.hz)) < JUDGE_VALUE - 1);
	CHECK(strlen(judge_date(text, &guest.clock)) < JUDGE_VALUE - 1);
	return 0;
}
