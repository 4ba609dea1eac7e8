// SPDX-License-Identifier: MIT
/*
 * ntpd as the NTP daemon, with a fake clock and
 * shell scripts in the place of systemctl.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ntpplace.h"
#include "process.h"
#include "unit.h"

static const struct ntp_daemon *const d = &ntpsec_daemon;

static void set_process(int pid)
{
	FILE *file = fopen(NTPD_PID_FILE, "w");

	assert_non_null(file);
	fprintf(file, "%d\n", pid);
	fclose(file);
}

static int set_up(void **state)
{
	set_process(4242);
	return place_set_up(state, d);
}

static int tear_down(void **state)
{
	unlink(NTPD_PID_FILE);
	return place_tear_down(state);
}

/* Looks until systemctl has ended, and once more. */
static void look(struct place *p)
{
	const struct timespec rest = { .tv_nsec = 1000000 };

	do {
		d->look(&p->ntp);
		nanosleep(&rest, NULL);
	} while (d->busy(&p->ntp));
	d->look(&p->ntp);
}

/* ---- The tests ------------------------------------------------------------------------------ */

static void the_kernel_tells_its_bound(void **state)
{
	struct place *p = *state;
	struct report r;
	const char *why = NULL;

	assert_int_equal(d->begin(&p->ntp), 0);
	assert_int_equal(touched, 0);
	/* The kernel's status at the first look may be from any time. */
	set_clock(0, 0, 3 * MS);
	look(p);
	assert_int_equal(place_measured(p), -EAGAIN);
	assert_non_null(strstr(p->why, "has not told the kernel its error since"));
	assert_int_equal(d->report(&p->ntp, &r, &why), -EAGAIN);
	assert_string_equal(why, p->why);
	pass(16 * NS_PER_SEC);
	look(p);
	assert_int_equal(place_measured(p), -EAGAIN);

	pass(10 * NS_PER_SEC);
	look(p);
	set_clock(0, 2 * MS, 4 * MS);
	look(p);
	assert_int_equal(place_measured(p), 0);
	assert_int_equal(d->report(&p->ntp, &r, &why), 0);
	assert_null(report_refusal(&r));
	assert_int_equal(r.offset, 2 * MS);
	assert_uint_in_range(r.root_dispersion, 6 * MS, 6 * MS + 10 * US);
	/* Not later than the clock was set. */
	assert_int_equal(r.reference, EPOCH / NS_PER_SEC + 26);
	/* CLOCK_REALTIME may change in any way. */
	pass(NS_PER_SEC);
	shown.real += 3600 * NS_PER_SEC;
	shown.synchronised = false;
	look(p);
	assert_int_equal(d->report(&p->ntp, &r, &why), 0);
	assert_int_equal(r.offset, 2 * MS - 3600 * NS_PER_SEC);
	assert_uint_in_range(r.root_dispersion, 6 * MS + 500 * US, 6 * MS + 515 * US);
}

static void what_it_makes_of_old_samples_does_not_count(void **state)
{
	struct place *p = *state;

	script(p, "systemctl", "while ! test -e \"$0.go\"; do sleep 0.01; done; exit 0");
	assert_int_equal(d->forget(&p->ntp), 0);
	assert_int_equal(d->measure(&p->ntp, false), 0);
	assert_true(d->busy(&p->ntp));
	/* The old ntpd still runs, and sets the clock. */
	d->look(&p->ntp);
	set_clock(0, 0, 3 * MS);
	d->look(&p->ntp);
	assert_int_equal(place_measured(p), -EAGAIN);
	/* Now it is a new process; the old one's status in the kernel is withdrawn. */
	script(p, "systemctl.go", "");
	set_process(4243);
	look(p);
	assert_int_equal(unsynchronised, 1);
	assert_int_equal(place_measured(p), -EAGAIN);
	assert_non_null(strstr(p->why, "has not told the kernel its error yet"));
	pass(5 * NS_PER_SEC);
	look(p);
	assert_int_equal(place_measured(p), -EAGAIN);
	set_clock(0, 0, 3 * MS);
	look(p);
	assert_int_equal(place_measured(p), 0);
	assert_int_equal(unsynchronised, 1);
	/* One restart is enough: ntpd asks its servers by itself. */
	assert_int_equal(d->measure(&p->ntp, true), -EBUSY);
	assert_false(d->busy(&p->ntp));
	assert_int_equal(count(p, "systemctl"), 1);
}

/* NTPsec's start declares the clock synchronised within 16 us, although it is an hour off. */
static void its_start_is_no_measurement(void **state)
{
	struct place *p = *state;

	assert_int_equal(d->begin(&p->ntp), 0);
	shown.synchronised = false;
	look(p);
	set_clock(0, 0, 16 * US);
	look(p);
	assert_int_equal(place_measured(p), -EAGAIN);
	/* It restarts, and nobody looks for three seconds. */
	pass(3 * NS_PER_SEC);
	shown.synchronised = false;
	look(p);
	set_clock(0, 0, 16 * US);
	pass(3 * NS_PER_SEC);
	look(p);
	assert_int_equal(place_measured(p), -EAGAIN);
	pass(NS_PER_SEC);
	look(p);
	assert_int_equal(place_measured(p), -EAGAIN);
	/* Its first setting of the clock raises the error. */
	set_clock(0, 0, 900 * MS);
	look(p);
	assert_int_equal(place_measured(p), 0);
}

/* The raw clock stood still meanwhile, and the kernel's bound did not grow. */
static void a_sleep_voids_all(void **state)
{
	struct place *p = *state;
	struct report r;
	const char *why;

	assert_int_equal(d->begin(&p->ntp), 0);
	look(p);
	set_clock(0, 0, MS);
	look(p);
	assert_int_equal(d->report(&p->ntp, &r, &why), 0);
	shown.slept = 2 * MS;
	assert_int_equal(d->report(&p->ntp, &r, &why), -EAGAIN);
	look(p);
	set_clock(0, 0, MS / 2);
	look(p);
	assert_int_equal(d->report(&p->ntp, &r, &why), -EAGAIN);
	set_process(4243);
	look(p);
	set_clock(0, 0, MS);
	look(p);
	assert_int_equal(d->report(&p->ntp, &r, &why), 0);
}

/* In observe mode vmclockd waits for another process, and changes nothing. */
static void observed_it_counts_after_a_restart(void **state)
{
	struct place *p = *state;

	p->ntp.silent = true;
	assert_int_equal(d->begin(&p->ntp), 0);
	look(p);
	assert_int_equal(d->dropped(&p->ntp, true), -EAGAIN);
	pass(10 * NS_PER_SEC);
	set_clock(0, 0, 3 * MS);
	assert_int_equal(d->dropped(&p->ntp, false), -EAGAIN);
	assert_int_equal(place_measured(p), -EAGAIN);
	set_process(4243);
	/* The old process sets the clock a last time. */
	set_clock(0, 0, 2 * MS);
	assert_int_equal(d->dropped(&p->ntp, false), 0);
	assert_int_equal(place_measured(p), -EAGAIN);
	pass(10 * NS_PER_SEC);
	look(p);
	set_clock(0, 0, 1 * MS);
	look(p);
	assert_int_equal(place_measured(p), 0);
	assert_int_equal(touched, 0);
	assert_int_equal(unsynchronised, 0);
	assert_int_equal(count(p, "systemctl"), 0);
}

static void its_unit_may_have_another_name(void **state)
{
	struct place *p = *state;

	script(p, "systemctl", "case $* in *' ntpd.service') exit 0;; esac; exit 5");
	assert_int_equal(d->forget(&p->ntp), 0);
	assert_int_equal(d->measure(&p->ntp, false), 0);
	look(p);
	assert_int_equal(count(p, "systemctl"), 3);
	assert_non_null(strstr(last_call(p, "systemctl"), "try-restart ntpd.service"));
}

static void one_that_is_not_restarted_never_counts(void **state)
{
	static const char *const scripts[] = { "exit 0", "exit 5", "kill -9 $$", "echo no" };
	struct place *p = *state;
	struct report r;
	const char *why;
	size_t i;

	for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		script(p, "systemctl", scripts[i]);
		assert_int_equal(d->measure(&p->ntp, i), 0);
		look(p);
		set_clock(0, 0, 3 * MS);
		look(p);
		pass(16 * NS_PER_SEC);
		set_clock(0, 0, 3 * MS);
		look(p);
		why = NULL;
		assert_int_equal(d->report(&p->ntp, &r, &why), -EAGAIN);
		assert_non_null(why);
	}
	/* Nor when there is no process. */
	set_process(0);
	look(p);
	set_clock(0, 0, 2 * MS);
	look(p);
	assert_int_equal(place_measured(p), -EAGAIN);
	/* Until the administrator does it. */
	set_process(77);
	look(p);
	set_clock(0, 0, 3 * MS);
	look(p);
	assert_int_equal(place_measured(p), 0);
}

static void leap_seconds_are_told(void **state)
{
	struct place *p = *state;
	struct report r;
	const char *why;

	assert_int_equal(d->begin(&p->ntp), 0);
	look(p);
	shown.inserts = true;
	set_clock(0, 0, MS);
	look(p);
	assert_int_equal(d->report(&p->ntp, &r, &why), 0);
	assert_int_equal(r.leap, REPORT_LEAP_INSERT);
	pass(64 * NS_PER_SEC);
	shown.inserts = false;
	shown.deletes = true;
	look(p);
	set_clock(0, 0, MS);
	look(p);
	assert_int_equal(d->report(&p->ntp, &r, &why), 0);
	assert_int_equal(r.leap, REPORT_LEAP_DELETE);
}

/* In the place of a file in /proc; NULL: it is hidden. */
static void show(const char *name, const char *text)
{
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), PROC_FOLDER "/%s", name);
	unlink(path);
	if (!text)
		return;
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static char own[32];

static int set_up_proc(void **state)
{
	char folder[64];

	snprintf(folder, sizeof(folder), PROC_FOLDER "/%d", getpid());
	snprintf(own, sizeof(own), "%d/comm", getpid());
	assert_int_equal(system("mkdir -p " PROC_FOLDER "/net"), 0);
	assert_int_equal(mkdir(folder, 0755), 0);
	return set_up(state);
}

static int tear_down_proc(void **state)
{
	assert_int_equal(system("rm -r " PROC_FOLDER), 0);
	return tear_down(state);
}

static void it_runs_if_its_process_does(void **state)
{
	(void)state;
	show(own, "ntpd\n");
	set_process(getpid());
	assert_true(d->runs(NULL));
	/* As of a process that ends while it is looked at. */
	show(own, "");
	assert_false(d->runs(NULL));
	show(own, "ntpd\n");
	/* No process has such a number. */
	set_process(0x7fffffff);
	assert_false(d->runs(NULL));
	set_process(0);
	assert_false(d->runs(NULL));
	set_process(-1);
	assert_false(d->runs(NULL));
	unlink(NTPD_PID_FILE);
	assert_false(d->runs(NULL));
}

/* A killed ntpd leaves its file behind. */
static void another_process_with_its_number_is_none(void **state)
{
	(void)state;
	set_process(getpid());
	show(own, "ntpdate\n");
	assert_false(d->runs(NULL));
	show(own, "ntp\n");
	assert_false(d->runs(NULL));
	/* A process of another user may be hidden: it is ntpd where somebody serves NTP. */
	show(own, NULL);
	assert_false(d->runs(NULL));
	show("net/udp", "  sl  local_address rem_address   st tx_queue rx_queue\n"
			" 3125: 00000000:007C 00000000:007B 07 00000000:00000000\n");
	assert_false(d->runs(NULL));
	show("net/udp", "  sl  local_address rem_address   st tx_queue rx_queue\n"
			" 3125: 00000000:0044 00000000:0000 07 00000000:00000000\n"
			" 3180: 0100007F:007B 00000000:0000 07 00000000:00000000\n");
	assert_true(d->runs(NULL));
	show("net/udp", NULL);
	show("net/udp6",
	     "  sl  local_address                         remote_address\n"
	     " 3180: 00000000000000000000000000000000:007B 00000000000000000000000000000000:0000 07\n");
	assert_true(d->runs(NULL));
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_kernel_tells_its_bound),
		TEST(what_it_makes_of_old_samples_does_not_count),
		TEST(a_sleep_voids_all),
		TEST(its_start_is_no_measurement),
		TEST(observed_it_counts_after_a_restart),
		TEST(its_unit_may_have_another_name),
		TEST(one_that_is_not_restarted_never_counts),
		TEST(leap_seconds_are_told),
		cmocka_unit_test_setup_teardown(it_runs_if_its_process_does, set_up_proc,
						tear_down_proc),
		cmocka_unit_test_setup_teardown(another_process_with_its_number_is_none,
						set_up_proc, tear_down_proc),
	};

	/* Some faults would make the test wait for ever. */
	alarm(300);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
