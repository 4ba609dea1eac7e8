// SPDX-License-Identifier: MIT
/* Which notification follows which change, and after how long: tools/verify/notified.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tools/verify/notified.h"

#define MS INT64_C(1000000)

/* A watch of a page that promises notifications. The driver has heard some before. */
struct world {
	struct notified n;
	struct judge_page page;
	uint64_t count;
	int64_t now;
};

static void begin(struct world *w)
{
	*w = (struct world){
		.page.s.flags = VMCLOCK_FLAG_NOTIFICATION_PRESENT,
		.count = 1000,
		.now = 77 * MS,
	};
	w->n.fd = -1;
	w->n.device = true;
	notified_begin(&w->n, w->count);
	notified_page(&w->n, NULL, &w->page, w->now);
}

static void change_to(struct world *w, uint64_t flags)
{
	struct judge_page before = w->page;

	w->page.seq += 2;
	w->page.s.flags = flags;
	notified_page(&w->n, &before, &w->page, w->now);
}

static void change(struct world *w)
{
	change_to(w, w->page.s.flags);
}

/* Reads the count each millisecond. */
static void pass(struct world *w, int64_t ms)
{
	for (; ms; ms--) {
		notified_count(&w->n, w->count, true, w->now);
		w->now += MS;
	}
}

static void check(struct world *w, uint64_t followed, uint64_t late, uint64_t missing)
{
	assert_int_equal(w->n.seen.followed, followed);
	assert_int_equal(w->n.seen.late, late);
	assert_int_equal(w->n.seen.missing, missing);
}

/* One update a second; the notification comes after this time. */
static void update(struct world *w, int64_t ms)
{
	change(w);
	pass(w, ms);
	w->count++;
	pass(w, 1000 - ms);
}

static void test_in_time(void **state)
{
	struct world w;
	int i;

	(void)state;
	begin(&w);
	pass(&w, 10);
	for (i = 0; i < 10; i++)
		update(&w, 3);
	check(&w, 10, 0, 0);
	assert_int_equal(w.n.seen.longest, 2 * MS);
	assert_int_equal(w.n.seen.heard, 10);
	assert_true(w.n.seen.announced);
	assert_null(notified_unknown(&w.n, JUDGE_PROMISE));
	/* As long as is allowed, and longer. */
	update(&w, 101);
	check(&w, 11, 0, 0);
	update(&w, 102);
	check(&w, 12, 1, 0);
	assert_int_equal(w.n.seen.longest, 101 * MS);
	notified_end(&w.n);
	check(&w, 12, 1, 0);
}

static void test_missing(void **state)
{
	struct world w;

	(void)state;
	/* One of three is lost. */
	begin(&w);
	update(&w, 1);
	change(&w);
	pass(&w, 1000);
	update(&w, 1);
	check(&w, 2, 0, 1);
	/* The last one. */
	change(&w);
	assert_true(notified_waits(&w.n, w.now + JUDGE_MISSING_NS));
	assert_false(notified_waits(&w.n, w.now + JUDGE_MISSING_NS + 1));
	pass(&w, 502);
	notified_end(&w.n);
	check(&w, 2, 0, 2);

	/* The watch ends too early to know. */
	begin(&w);
	change(&w);
	pass(&w, 400);
	notified_end(&w.n);
	check(&w, 0, 0, 0);
	assert_non_null(notified_unknown(&w.n, JUDGE_PROMISE));
	assert_null(notified_unknown(&w.n, JUDGE_COUNT));

	/* Very late, but before the next change. */
	begin(&w);
	update(&w, 900);
	check(&w, 1, 1, 0);
}

/* Several changes share a notification. */
static void test_merged(void **state)
{
	struct world w;
	int i;

	(void)state;
	begin(&w);
	for (i = 0; i < 5; i++) {
		change(&w);
		pass(&w, 10);
	}
	assert_true(notified_waits(&w.n, w.now));
	w.count++;
	pass(&w, 1);
	check(&w, 5, 0, 0);
	assert_int_equal(w.n.seen.longest, 49 * MS);
	assert_false(notified_waits(&w.n, w.now));

	/* The time counts from the first of them. */
	for (i = 0; i < 3; i++) {
		change(&w);
		pass(&w, 40);
	}
	w.count++;
	pass(&w, 1);
	check(&w, 8, 1, 0);

	/* Without rest, and without any notification. */
	begin(&w);
	for (i = 0; i < 60; i++) {
		change(&w);
		pass(&w, 10);
	}
	notified_end(&w.n);
	check(&w, 0, 0, 60);

	/* The last change needs one after it: a notification before it is not enough. */
	begin(&w);
	change(&w);
	w.count++;
	pass(&w, 10);
	change(&w);
	pass(&w, 600);
	notified_end(&w.n);
	check(&w, 1, 0, 1);
}

/* The notification may be counted before this program sees the change. */
static void test_counted_early(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	pass(&w, 10);
	w.count++;
	notified_count(&w.n, w.count, false, w.now);
	change(&w);
	pass(&w, 600);
	notified_end(&w.n);
	check(&w, 1, 0, 0);
	/* But not before the change. */
	w.count++;
	pass(&w, 1);
	change(&w);
	pass(&w, 600);
	notified_end(&w.n);
	check(&w, 1, 0, 1);
	assert_int_equal(w.n.seen.heard, 2);

	/* Then it belongs to this change, and not to one long before. */
	begin(&w);
	pass(&w, 10);
	change(&w);
	pass(&w, 700);
	w.count++;
	notified_count(&w.n, w.count, false, w.now);
	change(&w);
	pass(&w, 600);
	notified_end(&w.n);
	check(&w, 1, 0, 1);
}

/* This program may not run for a while: what it did not see proves no delay. */
static void test_slept(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	pass(&w, 10);
	change(&w);
	w.count++;
	w.now += 800 * MS;
	change(&w);
	w.count++;
	w.now += 800 * MS;
	pass(&w, 600);
	notified_end(&w.n);
	check(&w, 2, 0, 0);
	assert_int_equal(w.n.seen.longest, 0);

	begin(&w);
	change(&w);
	w.now += 800 * MS;
	notified_end(&w.n);
	check(&w, 0, 0, 0);
}

/* The flag may come and go. */
static void test_promise(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	pass(&w, 10);
	change(&w);
	pass(&w, 100);
	/* The host stops to notify: what it has not merged so far is not known to be missing. */
	change_to(&w, 0);
	pass(&w, 600);
	change(&w);
	pass(&w, 600);
	change_to(&w, VMCLOCK_FLAG_NOTIFICATION_PRESENT);
	pass(&w, 600);
	check(&w, 0, 0, 0);
	change(&w);
	pass(&w, 600);
	/* This one is. */
	change_to(&w, 0);
	notified_end(&w.n);
	check(&w, 0, 0, 1);

	/* Never promised, but heard. */
	begin(&w);
	w.page.s.flags = 0;
	w.n.seen.announced = false;
	change(&w);
	w.count += 3;
	pass(&w, 10);
	notified_end(&w.n);
	check(&w, 0, 0, 0);
	assert_false(w.n.seen.announced);
	assert_int_equal(w.n.seen.heard, 3);
}

static void test_no_count(void **state)
{
	struct source source = { .fd = -1 };
	struct notified n;
	uint64_t count;

	(void)state;
	notified_open(&n, &source);
	assert_false(notified_read(&n, &count));
	assert_string_equal(notified_unknown(&n, JUDGE_COUNT), "only a driver hears notifications");
	assert_null(notified_unknown(&n, JUDGE_WATCH));
	/* A driver without the attribute: that of /dev/null. */
	source = (struct source){ .device = true, .major = 1, .minor = 3 };
	notified_open(&n, &source);
	assert_false(notified_read(&n, &count));
	assert_string_equal(notified_unknown(&n, JUDGE_PROMISE),
			    "the driver gives no count of notifications");
	notified_close(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_time),	      cmocka_unit_test(test_missing),
		cmocka_unit_test(test_merged),	      cmocka_unit_test(test_counted_early),
		cmocka_unit_test(test_slept),	      cmocka_unit_test(test_promise),
		cmocka_unit_test(test_no_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
