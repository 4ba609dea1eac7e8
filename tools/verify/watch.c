// SPDX-License-Identifier: MIT
#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "lib/monotonic.h"
#include "tools/guest.h"
#include "watch.h"

/* The number of looks at the page between two looks at the clock. */
#define BURST 1000
/* The pause between looks with --gentle. */
#define REST_NS 1000000
/* How often the machine's own clocks are read. */
#define GUEST_NS 100000000
/* How often the program checks that the page still exists. */
#define GONE_NS 1000000000
/* After the end: the longest wait for an update that is in progress, and for its notification. */
#define GRACE_NS 1000000000
/* After the expectations are met: for so long, updates are still judged. */
#define AFTER_NS 2000000000
/* The word of the page that has the sequence count in its upper half. */
#define SEQ_WORD 1

volatile sig_atomic_t watch_ended;

struct watch {
	const struct source *source;
	const struct watch_options *options;
	struct record *record;
	struct guest guest;
	int64_t start;

	bool has_page;
	uint64_t words[SOURCE_WORDS];	/* the last consistent copy */
	struct judge_page page;
	int64_t odd_since;		/* 0: the count was even at the last look */
	uint32_t odd_seq;
	int64_t next_guest, next_gone, next_count;
	bool fulfilled;
	int64_t end;
};

/* ---- One look ------------------------------------------------------------------------ */

static uint32_t seq_of(const uint64_t words[SOURCE_WORDS])
{
	return (uint32_t)(le64toh(words[SEQ_WORD]) >> 32);
}

static uint32_t load_seq(const struct source *source, int order)
{
	return le32toh(__atomic_load_n(&source->page->seq_count, order));
}

/* True: the copy is consistent, of one update. Its count is even. */
static bool look(const struct source *source, uint64_t words[SOURCE_WORDS], uint32_t *seq)
{
	/* Pairs with the host's store of the even count. */
	*seq = load_seq(source, __ATOMIC_ACQUIRE);
	if (*seq & 1)
		return false;
	source_load(source, words);
	/* Pairs with the host's fence behind the odd count. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return load_seq(source, __ATOMIC_RELAXED) == *seq && seq_of(words) == *seq;
}

static void page_of(const uint64_t words[SOURCE_WORDS], struct judge_page *page)
{
	struct vmclock_abi abi;

	memcpy(&abi, words, sizeof(abi));
	judge_page_of(&abi, page);
}

/* ---- Judging --------------------------------------------------------------------------- */

static int64_t since_start(const struct watch *w)
{
	return monotonic_now() - w->start;
}

/* Counter and clock may run at other rates now. */
static void measure_again(struct watch *w)
{
	w->record->markers++;
	guest_begin(&w->guest);
	w->next_guest = monotonic_now() + GUEST_NS;
}

static void judge_page(struct watch *w, const struct judge_page *before)
{
	const struct judge_facts facts = { .page = &w->page, .before = before };

	record_judge(w->record, &facts, since_start(w));
	if (before && before->s.marker != w->page.s.marker)
		measure_again(w);
	if (expect_look(w->options->expect, before, &w->page, w->record) && !w->fulfilled) {
		w->fulfilled = true;
		if (w->end > monotonic_now() + AFTER_NS)
			w->end = monotonic_now() + AFTER_NS;
	}
}

/* Judges the rules of this machine. The rules of the page were judged when the page came. */
static void judge_guest(struct watch *w)
{
	const struct watch_options *o = w->options;
	struct judge_guest guest;
	struct judge_facts facts = { .page = &w->page, .guest = &guest };

	guest_read(&w->guest, &guest);
	reference_read(&o->reference, &guest);
	guest.counter += o->counter_offset;
	guest.max_error = o->max_error;
	if (o->max_age) {
		guest.max_age = o->max_age;
		guest.max_growth = 0;
	}
	/* A counter from after the next update, or from another host, does not belong to this page. */
	if (load_seq(w->source, __ATOMIC_ACQUIRE) == w->page.seq)
		record_judge(w->record, &facts, since_start(w));
}

/* Judges the rules of the whole watch. */
static void judge_watch(struct record *record)
{
	const struct notified *notified = &record->notified;
	const struct judge_facts facts = {
		.watch = &record->watch,
		.notifications = notified->counts && record->has_page ? &notified->seen : NULL,
	};

	record_judge(record, &facts, record->duration);
}

static void take(struct watch *w, const uint64_t words[SOURCE_WORDS])
{
	struct judge_page before = w->page;
	bool had_page = w->has_page;

	if (had_page && seq_of(words) == seq_of(w->words)) {
		if (memcmp(words, w->words, sizeof(w->words)) != 0) {
			w->record->watch.torn++;
			memcpy(w->words, words, sizeof(w->words));
			page_of(words, &w->page);
		}
		return;
	}
	memcpy(w->words, words, sizeof(w->words));
	page_of(words, &w->page);
	w->has_page = true;
	if (had_page)
		w->record->watch.changes++;
	notified_page(&w->record->notified, had_page ? &before : NULL, &w->page, monotonic_now());
	judge_page(w, had_page ? &before : NULL);
}

/* ---- The loop ---------------------------------------------------------------------------- */

static void note_odd(struct watch *w, uint32_t seq)
{
	struct judge_watch *seen = &w->record->watch;
	bool odd = seq & 1;
	int64_t now;

	if (!odd && !w->odd_since)
		return;
	now = monotonic_now();
	/* Another odd count: another update began while this process did not run. */
	if (!w->odd_since || (odd && seq != w->odd_seq))
		w->odd_since = now;
	w->odd_seq = seq;
	/* Only looks that see an odd count are measured: this process may sleep after the update ends. */
	if (odd && now - w->odd_since > seen->longest_update)
		seen->longest_update = now - w->odd_since;
	seen->stuck = odd;
	if (!odd)
		w->odd_since = 0;
}

static void look_once(struct watch *w)
{
	uint64_t words[SOURCE_WORDS];
	uint32_t seq;
	bool whole = look(w->source, words, &seq);

	w->record->watch.samples++;
	note_odd(w, seq);
	if (whole)
		take(w, words);
	else if (!(seq & 1))
		w->record->contended++;
}

static void count_notifications(struct watch *w, int64_t now)
{
	struct notified *notified = &w->record->notified;
	uint64_t count;
	uint32_t seq;

	if (!notified_read(notified, &count))
		return;
	/* Read the driver's count before the page's: all that it counts came before this look. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	seq = load_seq(w->source, __ATOMIC_RELAXED);
	notified_count(notified, count, !w->has_page || (seq & ~UINT32_C(1)) == w->page.seq, now);
}

/* The rarer checks, not done at each look. False: the watch is over. */
static bool look_around(struct watch *w)
{
	int64_t now = monotonic_now();
	const char *gone;

	if (now >= w->next_count) {
		count_notifications(w, now);
		w->next_count = now + NOTIFIED_NS;
	}
	if (w->options->guest && w->has_page && now >= w->next_guest) {
		judge_guest(w);
		w->next_guest = now + GUEST_NS;
	}
	if (now >= w->next_gone) {
		gone = source_gone(w->source);
		w->next_gone = now + GONE_NS;
		if (gone) {
			snprintf(w->record->gone, sizeof(w->record->gone), "%s", gone);
			return false;
		}
	}
	if (now < w->end && !watch_ended)
		return true;
	/* An update that has begun may still end, and be notified. */
	return (w->odd_since || notified_waits(&w->record->notified, now)) && !watch_ended &&
	       now < w->end + GRACE_NS;
}

static void rest(void)
{
	const struct timespec ts = { .tv_nsec = REST_NS };

	nanosleep(&ts, NULL);
}

void watch(const struct source *source, const struct watch_options *options, struct record *record)
{
	static struct watch w;
	int i;

	record_begin(record);
	expect_begin(options->expect, record);
	w = (struct watch){ .source = source, .options = options, .record = record };
	guest_begin(&w.guest);
	w.start = monotonic_now();
	w.end = options->duration < INT64_MAX - w.start ? w.start + options->duration : INT64_MAX / 2;
	w.next_guest = w.start + GUEST_NS;
	w.next_gone = w.start + GONE_NS;

	notified_open(&record->notified, source);
	source_catch_truncation();
	if (sigsetjmp(source_truncated, 1)) {
		snprintf(record->gone, sizeof(record->gone), "the file was truncated below the page");
	} else {
		do {
			for (i = 0; i < (options->gentle ? 1 : BURST); i++)
				look_once(&w);
			if (options->gentle)
				rest();
		} while (look_around(&w));
	}
	signal(SIGBUS, SIG_DFL);
	notified_end(&record->notified);
	notified_close(&record->notified);
	record->duration = since_start(&w);
	record->has_page = w.has_page;
	record->page = w.page;
	judge_watch(record);
	/* A page that was never read cannot conform. */
	if (!w.has_page && !*record->gone)
		snprintf(record->gone, sizeof(record->gone),
			 "no look found the page between two updates: the host updates it without "
			 "a pause, or never ends an update");
}
