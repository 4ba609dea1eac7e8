// SPDX-License-Identifier: MIT
/* Which NTP daemon keeps the clock, and what it must be told: ntp.c with fake daemons. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "chronyd-socket.h"
#include "clock.h"
#include "log.h"
#include "ntp.h"

/* ---- The world ----------------------------------------------------------------------------- */

static struct {
	bool chronyd, timesyncd; /* they run */
	bool elsewhere;		 /* a chronyd without the socket */
	bool another;		 /* chronyd has been restarted since it was told */
	int error;		 /* of telling it */
	int told, started, stopped;
} world;

static bool chronyd_runs(const struct config *config)
{
	(void)config;
	return world.chronyd;
}

static bool timesyncd_runs(const struct config *config)
{
	(void)config;
	return world.timesyncd;
}

static bool never_runs(const struct config *config)
{
	(void)config;
	return false;
}

static void start(struct ntp *ntp)
{
	(void)ntp;
	world.started++;
}

static void stop(struct ntp *ntp)
{
	(void)ntp;
	world.stopped++;
}

static int stepped(struct ntp *ntp)
{
	(void)ntp;
	world.told++;
	world.another &= !!world.error;
	return world.error;
}

static int set_rate(struct ntp *ntp, int64_t fast)
{
	(void)ntp;
	(void)fast;
	return 0;
}

static bool is_another(const struct ntp *ntp)
{
	(void)ntp;
	return world.another;
}

static const char *reason(int error)
{
	(void)error;
	return "an error";
}

#define COMMON .start = start, .stop = stop, .set_rate = set_rate, .reason = reason

const struct ntp_daemon chronyd_daemon = {
	COMMON,
	.kind = NTP_CHRONY,
	.runs = chronyd_runs,
	.stepped = stepped,
	.is_another = is_another,
};
const struct ntp_daemon timesyncd_daemon = {
	COMMON,
	.kind = NTP_TIMESYNCD,
	.runs = timesyncd_runs,
};
const struct ntp_daemon ntpsec_daemon = { COMMON, .kind = NTP_NTPSEC, .runs = never_runs };

bool chronyd_runs_elsewhere(void)
{
	return world.elsewhere;
}

void chronyd_socket_tell(const struct config *config, bool runs)
{
	(void)config;
	assert_false(runs);
}

const char *config_ntp_name(enum config_ntp ntp)
{
	(void)ntp;
	return "it";
}

int clock_set_frequency(double ppm)
{
	(void)ppm;
	return 0;
}

int steer_raw_is_fast(const struct steer *steer, const struct vmclock_abi *page, int64_t *fast)
{
	(void)steer;
	(void)page;
	*fast = 0;
	return 0;
}

void say(int level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

/* ---- The tests ------------------------------------------------------------------------------ */

static const struct config config = { .ntp = NTP_AUTO };

static void begin(struct ntp *ntp, bool chronyd)
{
	memset(&world, 0, sizeof(world));
	world.chronyd = chronyd;
	ntp_init(ntp, &config, -1);
	ntp_find(ntp);
	assert_int_equal(ntp->found, chronyd ? NTP_CHRONY : NTP_NONE);
}

/* A restart takes a moment; `timedatectl set-ntp false' is for good. */
static void a_daemon_may_be_away_for_a_moment(void **state)
{
	struct ntp ntp;
	int i;

	(void)state;
	begin(&ntp, true);
	world.chronyd = false;
	for (i = 0; i < 4; i++) {
		ntp_find(&ntp);
		assert_int_equal(ntp.found, NTP_CHRONY);
	}
	world.chronyd = true;
	ntp_find(&ntp);
	assert_int_equal(world.started, 1);
	world.chronyd = false;
	for (i = 0; i < 5; i++)
		ntp_find(&ntp);
	assert_int_equal(ntp.found, NTP_NONE);
	assert_null(ntp.daemon);
	assert_int_equal(world.stopped, 1);
	/* Another one takes its place at once. */
	world.chronyd = true;
	ntp_find(&ntp);
	world.chronyd = false;
	world.timesyncd = true;
	ntp_find(&ntp);
	assert_int_equal(ntp.found, NTP_TIMESYNCD);
	assert_int_equal(world.started, 3);
	assert_int_equal(world.stopped, 2);
}

/* It keeps the clock, unless another daemon does: it may be one that only serves time. */
static void a_chronyd_without_a_socket_comes_last(void **state)
{
	struct ntp ntp;

	(void)state;
	begin(&ntp, false);
	world.elsewhere = true;
	ntp_find(&ntp);
	assert_int_equal(ntp.found, NTP_CHRONY);
	world.timesyncd = true;
	ntp_find(&ntp);
	assert_int_equal(ntp.found, NTP_TIMESYNCD);
}

/* It was stopped before the disruption, and has saved its measurements, or may have. */
static void a_daemon_that_is_started_later_is_told_then(void **state)
{
	struct ntp ntp;

	(void)state;
	begin(&ntp, false);
	assert_false(ntp_must_be_told(&ntp));
	world.chronyd = true;
	ntp_find(&ntp);
	assert_false(ntp_must_be_told(&ntp));

	begin(&ntp, false);
	assert_int_equal(ntp_disrupted(&ntp, NULL, NULL), 0);
	assert_false(ntp_must_be_told(&ntp));
	world.chronyd = true;
	ntp_find(&ntp);
	assert_true(ntp_must_be_told(&ntp));
	world.error = -ETIMEDOUT;
	assert_int_equal(ntp_disrupted(&ntp, NULL, NULL), -ETIMEDOUT);
	assert_true(ntp_must_be_told(&ntp));
	world.error = 0;
	assert_int_equal(ntp_disrupted(&ntp, NULL, NULL), 0);
	assert_int_equal(world.told, 2);
	assert_false(ntp_must_be_told(&ntp));
	world.another = true;
	assert_true(ntp_must_be_told(&ntp));
}

/* One that keeps no measurements need not be told, now or later. */
static void a_daemon_that_keeps_nothing_is_not_told(void **state)
{
	struct ntp ntp;

	(void)state;
	begin(&ntp, false);
	assert_int_equal(ntp_disrupted(&ntp, NULL, NULL), 0);
	world.timesyncd = true;
	ntp_find(&ntp);
	assert_int_equal(ntp.found, NTP_TIMESYNCD);
	assert_false(ntp_must_be_told(&ntp));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_daemon_may_be_away_for_a_moment),
		cmocka_unit_test(a_chronyd_without_a_socket_comes_last),
		cmocka_unit_test(a_daemon_that_is_started_later_is_told_then),
		cmocka_unit_test(a_daemon_that_keeps_nothing_is_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
