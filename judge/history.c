// SPDX-License-Identifier: MIT
/* What is remembered of earlier pages. */
#include "internal.h"

static struct judge_reference reference_of(const struct vmclock_snapshot *s)
{
	return (struct judge_reference){
		.marker = s->marker,
		.counter_value = s->counter_value,
		.time_sec = s->time_sec,
		.time_frac = s->time_frac,
		.period = s->period,
		.shift = s->shift,
	};
}

void judge_history_add(struct judge_history *history, const struct judge_page *page)
{
	if (history->begun && history->marker != page->s.marker) {
		if (history->has_time) {
			history->former = history->time;
			history->has_former = true;
			history->formers[history->n_formers++ % JUDGE_MARKERS] =
				reference_of(&history->time.s);
		}
		history->has_time = history->has_bounds = false;
		history->markers[history->n_markers++ % JUDGE_MARKERS] = history->marker;
	}
	history->begun = true;
	history->marker = page->s.marker;
	if (judge_has_formula(page)) {
		history->time = *page;
		history->has_time = true;
	}
	if (judge_has_bounds(page)) {
		history->bounds = *page;
		history->has_bounds = true;
	}
}

bool judge_had_marker(const struct judge_history *history, uint64_t marker)
{
	size_t i;

	for (i = 0; i < history->n_markers && i < JUDGE_MARKERS; i++)
		if (history->markers[i] == marker)
			return true;
	return false;
}

const struct judge_reference *judge_had_reference(const struct judge_history *history,
						  const struct vmclock_snapshot *s)
{
	size_t i;

	for (i = 0; i < history->n_formers && i < JUDGE_MARKERS; i++) {
		const struct judge_reference *r = &history->formers[i];

		if (r->counter_value == s->counter_value && r->time_sec == s->time_sec &&
		    r->time_frac == s->time_frac && r->period == s->period && r->shift == s->shift)
			return r;
	}
	return NULL;
}

const struct judge_page *judge_former(const struct judge_facts *f)
{
	const struct judge_history *h = f->history;

	if (!judge_has_formula(f->page))
		return NULL;
	if (f->before->s.marker == f->page->s.marker)
		return h && !h->has_time && h->has_former ? &h->former : NULL;
	if (judge_has_formula(f->before))
		return f->before;
	if (!h)
		return NULL;
	return h->has_time ? &h->time : h->has_former ? &h->former : NULL;
}

const struct judge_page *judge_withdrawn(const struct judge_facts *f)
{
	const struct judge_history *h = f->history;

	return h && h->has_bounds && h->marker == f->page->s.marker &&
	       !judge_has_bounds(f->before) && judge_has_bounds(f->page) ? &h->bounds : NULL;
}
