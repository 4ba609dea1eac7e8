// SPDX-License-Identifier: MIT
#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "lib/monotonic.h"
#include "tools/acpi-names.h"
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
/* The words in the cache line of the sequence count: one fetch gives all of them. */
#define LINE_WORDS 8

volatile sig_atomic_t watch_ended;

struct watch {
	const struct source *source;
	const struct watch_options *options;
	struct record *record;
	struct guest guest;
	struct judge_guest first;	/* since the last marker; without a truth: not read yet */
	int64_t start;

	bool has_page;
	uint64_t words[SOURCE_WORDS];	/* the last consistent copy */
	bool is_void;			/* @words were torn */
	bool has_early;
	uint64_t early[SOURCE_WORDS];	/* the first cache line, as soon as its count was met */
	struct judge_page page;
	struct judge_history history;
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

/* Loads some words after the count was read. Is the count still the same? */
static bool load_under(const struct source *source, uint32_t seq, uint64_t words[SOURCE_WORDS],
		       size_t from, size_t to)
{
	source_load(source, words, from, to);
	/* Pairs with the host's fence behind the odd count. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return load_seq(source, __ATOMIC_RELAXED) == seq;
}

static bool differ(const uint64_t a[SOURCE_WORDS], const uint64_t b[SOURCE_WORDS], size_t from, size_t to)
{
	return memcmp(a + from, b + from, (to - from) * sizeof(*a)) != 0;
}

enum look {
	LOOK_MET,	/* an update came, or is in progress */
	LOOK_TORN,	/* fields changed under one even count */
	LOOK_SAME,
	LOOK_NEW,	/* a page with another count; two copies of it are equal */
};

/* A host that writes the count first is about to write the fields. */
static void look_early(struct watch *w)
{
	load_seq(w->source, __ATOMIC_ACQUIRE);
	source_load(w->source, w->early, SEQ_WORD, LINE_WORDS);
	w->has_early = true;
}

/*
 * The first cache line is compared by itself: while the second one is fetched, a
 * host that writes the fields first gets to its count.
 */
static enum look compare(const struct watch *w, uint32_t seq, uint64_t words[SOURCE_WORDS])
{
	bool known = w->has_page && !w->is_void && seq == seq_of(w->words);
	uint64_t again[SOURCE_WORDS];

	if (!load_under(w->source, seq, words, 0, LINE_WORDS) || seq_of(words) != seq)
		return LOOK_MET;
	if ((known && differ(words, w->words, 0, LINE_WORDS)) ||
	    (w->has_early && differ(words, w->early, SEQ_WORD, LINE_WORDS)))
		return LOOK_TORN;
	if (!load_under(w->source, seq, words, LINE_WORDS, SOURCE_WORDS))
		return LOOK_MET;
	if (known)
		return differ(words, w->words, LINE_WORDS, SOURCE_WORDS) ? LOOK_TORN : LOOK_SAME;
	if (!load_under(w->source, seq, again, 0, SOURCE_WORDS))
		return LOOK_MET;
	return differ(words, again, 0, SOURCE_WORDS) ? LOOK_TORN : LOOK_NEW;
}

static enum look look(struct watch *w, uint64_t words[SOURCE_WORDS], uint32_t *seq)
{
	enum look seen;

	/* Pairs with the host's store of the even count. */
	*seq = load_seq(w->source, __ATOMIC_ACQUIRE);
	/* The count may come back to where it was, which is another fault. */
	if (seq_of(w->early) != *seq)
		w->has_early = false;
	if (*seq & 1)
		return LOOK_MET;
	seen = compare(w, *seq, words);
	if (seen == LOOK_MET)
		look_early(w);
	return seen;
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
	w->record->watch.markers++;
	guest_begin(&w->guest);
	w->first.has_truth = false;
	w->next_guest = monotonic_now() + GUEST_NS;
}

static void judge_page(struct watch *w, const struct judge_page *before)
{
	const struct judge_facts facts = {
		.page = &w->page, .before = before, .history = &w->history,
	};

	record_judge(w->record, &facts, since_start(w));
	judge_history_add(&w->history, &w->page);
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
	if (w->source->device)
		acpi_names_read("", w->source->major, w->source->minor, &guest);
	reference_read(&o->reference, &guest);
	reference_rate(&w->first, &guest);
	if (!w->first.has_truth)
		w->first = guest;
	w->record->frequency_hz = guest.frequency_hz;
	w->record->frequency_doubt = guest.frequency_doubt;
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

	record_judge(record, &facts, record->watch.duration);
}

static void take_torn(struct watch *w)
{
	w->record->watch.torn++;
	w->is_void = true;
	look_early(w);
}

static void take(struct watch *w, const uint64_t words[SOURCE_WORDS])
{
	struct judge_page before = w->page;
	bool had_page = w->has_page;

	memcpy(w->words, words, sizeof(w->words));
	page_of(words, &w->page);
	w->has_page = true;
	w->is_void = false;
	/* The same update again, after a torn copy. */
	if (had_page && before.seq == w->page.seq)
		return;
	if (had_page)
		w->record->watch.changes++;
	notified_page(&w->record->notified, had_page ? &before : NULL, &w->page, monotonic_now());
	judge_page(w, had_page ? &before : NULL);
	if (!had_page)
		w->options->begun(w->options);
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
	enum look seen = look(w, words, &seq);

	w->record->watch.samples++;
	note_odd(w, seq);
	if (seen == LOOK_NEW)
		take(w, words);
	else if (seen == LOOK_TORN)
		take_torn(w);
	else if (seq & 1)
		w->record->odd++;
	else if (seen == LOOK_MET)
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
	record->watch.duration = since_start(&w);
	record->has_page = w.has_page;
	record->page = w.page;
	judge_watch(record);
	record_drop_torn(record);
	/* A page that was never read cannot conform. */
	if (!w.has_page && !*record->gone)
		snprintf(record->gone, sizeof(record->gone),
			 "no look found the page between two updates: the host updates it without "
			 "a pause, or never ends an update");
}
