// SPDX-License-Identifier: MIT
/* The time by an NTP daemon. */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "by-ntp.h"
#include "clocks.h"
#include "counter.h"
#include "log.h"

#define LEAP_SECONDS "/usr/share/zoneinfo/leap-seconds.list"
/* The list may expire, or be updated, while vmclockd runs. */
#define LEAPS_NS (3600 * NS_PER_SEC)
/* Ask the daemon at each tick, because its bounds may have become much narrower. */
#define REPORT_NS (NS_PER_SEC / 2)
/* The clock drifts after a report by at most a twelfth of the time: chronyd slews no faster. */
#define SLEW 12
/* A smaller slew is not taken for that of another program. */
#define ASTRAY_NS (NS_PER_MS / 5)

/* A missing or broken list counts as empty. */
static void read_leaps(struct by_ntp *by)
{
	leaps_read(LEAP_SECONDS, &by->leaps);
	by->options.leaps = &by->leaps;
	by->next_leaps = monotonic_now() + LEAPS_NS;
}

int by_ntp_open(struct by_ntp *by, const char *folder, const char *device, bool dry_run)
{
	*by = (struct by_ntp){ .options = DERIVE_DEFAULTS };
	fit_reset(&by->fit);
	track_reset(&by->track);
	bursts_init(&by->bursts);
	read_leaps(by);
	return completed_open(&by->completed, folder, device, dry_run);
}

void by_ntp_disrupted(struct by_ntp *by, const struct vmclock_state *device, bool reset)
{
	fit_reset(&by->fit);
	track_reset(&by->track);
	by->word.good = false;
	by->told = NULL;
	if (by->first)
		bursts_marker(&by->bursts);
	else
		bursts_reaction(&by->bursts, monotonic_now());
	by->first = true;
	by->watched = false;
	by->next_report = 0;
	by->stage = reset ? BY_NTP_RESET : BY_NTP_START;
	completed_untrusted(&by->completed, device,
			    reset ? VMCLOCK_STATUS_UNRELIABLE : VMCLOCK_STATUS_INITIALIZING);
}

/* ---- Making the daemon measure ------------------------------------------------------ */

/* Draws 32 bits that differ between clones, and between machines that moved together. */
static uint32_t draw(void)
{
	uint32_t random = 0;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = 0;
	return random ^ (uint32_t)counter_ordered() * UINT32_C(2654435769);
}

/* In a storm of disruptions, asks the servers now and then, and always after the last one. */
static int ask(struct by_ntp *by, struct ntp *ntp)
{
	int64_t now = monotonic_now();
	int ret;

	if (now < bursts_due(&by->bursts))
		return 0;
	ret = ntp->daemon->measure(ntp, by->asked);
	if (ret)
		return ret == -EBUSY ? 0 : ret;
	bursts_made(&by->bursts, now, draw());
	by->asked = by->stage == BY_NTP_WAIT;
	return 0;
}

static int reset(struct by_ntp *by, struct ntp *ntp)
{
	int ret = ntp->daemon->forget(ntp);

	if (ret)
		return ret;
	by->asked = false;
	by->lead_known = false;
	by->stage = BY_NTP_WAIT;
	return 0;
}

/* Without the right to give orders: waits until the daemon drops its measurements by itself. */
static int watch(struct by_ntp *by, struct ntp *ntp, const char **why)
{
	bool first = !by->watched;
	int ret = 0;

	*why = "nothing is changed: mode = observe, or --dry-run; and the NTP daemon has not "
	       "dropped what it measured before";
	if (ntp->daemon->dropped)
		ret = ntp->daemon->dropped(ntp, first);
	by->watched = true;
	if (!ret)
		by->stage = BY_NTP_START;
	return ret;
}

static int begin(struct by_ntp *by, struct ntp *ntp)
{
	by->asked = false;
	by->heard = false;
	by->stage = BY_NTP_MEASURE;
	return ntp->daemon->begin(ntp);
}

static int wait_for_source(struct by_ntp *by, struct ntp *ntp, const char **why)
{
	int ret = ntp->daemon->measured(ntp, why);

	if (ret == -EAGAIN)
		return ask(by, ntp) ?: -EAGAIN;
	if (ret)
		return ret;
	by->heard = true;
	by->stage = BY_NTP_MEASURE;
	return 0;
}

/* The daemon has no fresh measurement yet, and was not told to drop its old ones. */
static int wait_for_measurement(struct by_ntp *by, struct ntp *ntp)
{
	return by->silent ? 0 : ask(by, ntp);
}

void by_ntp_network(struct by_ntp *by)
{
	bursts_network(&by->bursts);
}

/* ---- Measuring ------------------------------------------------------------------------ */

/* Withdraws the published time, which is no longer certain. */
static int withdraw(struct by_ntp *by, const struct vmclock_state *device, const char *why)
{
	if (why != by->told)
		say(LOG_WARNING, "%s", why);
	by->told = why;
	by->word.good = false;
	completed_untrusted(&by->completed, device, VMCLOCK_STATUS_UNRELIABLE);
	return -EAGAIN;
}

static int take_pair(struct by_ntp *by, const struct vmclock *vc,
		     const struct vmclock_state *device, struct pair *pair)
{
	int ret = pair_read(pair, PAIR_TRIES);

	if (ret)
		return ret;
	if (vmclock_disrupted(vc, device->marker))
		return -ESTALE;
	if (!fit_add(&by->fit, pair))
		return 0;
	/* The counter has jumped, or the kernel's clocks stood still: what was measured is void. */
	track_reset(&by->track);
	by->first = true;
	by->word.good = false;
	completed_untrusted(&by->completed, device, VMCLOCK_STATUS_UNRELIABLE);
	return -EDOM;
}

/* What was known before stays true. */
static bool look_for_another(struct by_ntp *by, struct ntp *ntp)
{
	if (by->silent || by->stage == BY_NTP_RESET || !ntp->daemon->is_another ||
	    !ntp->daemon->is_another(ntp))
		return false;
	say(LOG_NOTICE, "the NTP daemon was restarted, and may have old measurements: it has to "
			"drop them");
	by->stage = BY_NTP_RESET;
	bursts_reaction(&by->bursts, monotonic_now());
	return true;
}

/* Gets the daemon's report, if the report is valid now. */
static int ask_report(struct by_ntp *by, struct ntp *ntp, struct report *report, const char **why)
{
	int ret;

	*why = "the NTP daemon has not measured anew yet";
	ret = ntp->daemon->report(ntp, report, why);
	/* It may have been restarted since the last look. */
	if (!ret && look_for_another(by, ntp))
		return -EAGAIN;
	by->heard |= !ret;
	return ret;
}

/* If the daemon has lost its source, its earlier report stays valid (-EINVAL)... */
static int judge(struct by_ntp *by, const struct pair *pair, const struct report *report,
		 const char **why)
{
	*why = report_refusal(report);
	if (*why)
		return -EINVAL;
	/* ... but not if a leap second is in doubt (-ENODATA). */
	*why = derive_refusal(pair, report, &by->options);
	if (*why)
		return -ENODATA;
	if (report->leap != REPORT_LEAP_NONE)
		by->options.announced = leaps_month_end((pair->real + report->offset) / NS_PER_SEC);
	return 0;
}

/* A pair without the counter. */
static int clocks_now(struct pair *pair)
{
	struct timespec real, raw;

	if (clock_gettime(CLOCK_REALTIME, &real) || clock_gettime(CLOCK_MONOTONIC_RAW, &raw))
		return -errno;
	*pair = (struct pair){
		.real = (int64_t)real.tv_sec * NS_PER_SEC + real.tv_nsec,
		.raw = (int64_t)raw.tv_sec * NS_PER_SEC + raw.tv_nsec,
	};
	return 0;
}

/*
 * Did true time, according to the daemon, move with the stepped clock? Then another
 * program stepped the clock, and the daemon has not noticed. The daemon's own steps
 * do not move true time.
 */
static bool is_unaware(int64_t stepped, int64_t moved)
{
	return llabs(stepped) < 2 * llabs(moved);
}

/*
 * How far another program has slewed the clock since the daemon's last measurement. Until its next
 * measurement, the daemon corrects only its own slews, so without another program its estimate of
 * true time advances at the true rate. Near a leap second, where the clock is stepped: 0.
 */
static int64_t led_astray(struct by_ntp *by, const struct report *report, int64_t raw, int64_t utc)
{
	struct heard now = { report->reference, report->reference_ns, raw, utc };
	const struct heard *last = &by->last;
	int64_t passed = raw - last->raw, by_rate, leeway, moved;

	if (!by->lead_known || now.reference != last->reference ||
	    now.reference_ns != last->reference_ns || leaps_near(last->utc, utc)) {
		by->last = now;
		return 0;
	}
	by_rate = (int64_t)((__int128)passed * report->frequency / NS_PER_SEC);
	/* Some daemons multiply by a rate where others divide: the results differ by its square. */
	leeway = llabs((int64_t)((__int128)by_rate * report->frequency / NS_PER_SEC));
	moved = llabs(utc - last->utc - passed + by_rate);
	return moved > leeway ? moved - leeway : 0;
}

/*
 * Is this more than the daemon's own slews explain? On a busy machine the daemon may be delayed
 * between reading the clock and changing its rate.
 */
static bool is_astray(const struct report *report, int64_t astray)
{
	int64_t most = (report->root_delay / 2 + report->root_dispersion) / 4;

	return astray > (most > ASTRAY_NS ? most : ASTRAY_NS);
}

/* What was known before stays true, since it does not rest on CLOCK_REALTIME. */
static int ask_anew(struct by_ntp *by, const char **why)
{
	*why = "another program has moved the clock, and the NTP daemon has not noticed";
	if (*why != by->told)
		say(LOG_WARNING, "%s", *why);
	by->told = *why;
	if (!by->silent) {
		by->stage = BY_NTP_RESET;
		bursts_reaction(&by->bursts, monotonic_now());
	}
	return -EAGAIN;
}

/* Is it certain that the daemon has not noticed a step since its last report? */
static bool missed_step(const struct by_ntp *by, const struct cone *cone, const struct lead *lead)
{
	int64_t stepped = lead_stepped(&by->lead, lead);
	int64_t earliest, latest;

	return by->track.agreed && by->lead_known && stepped &&
	       !cone_at(&by->track.cone, cone->counter, &earliest, &latest) &&
	       is_unaware(stepped, cone->utc - (earliest + (latest - earliest) / 2));
}

/* The same without a cone. At a leap second the kernel's step of the clock is right. */
static bool word_missed_step(const struct word *before, const struct word *word)
{
	int64_t stepped = lead_stepped(&before->lead, &word->lead);

	return before->good && stepped && !leaps_near(before->utc, word->utc) &&
	       is_unaware(stepped, word->utc - before->utc - (word->raw - before->raw));
}

static int take_word(struct by_ntp *by, struct ntp *ntp, const struct vmclock *vc,
		     const struct vmclock_state *device, const char **why)
{
	struct word word = { .good = true, .at = monotonic_now() };
	struct pair pair = { 0 };
	struct report report;
	struct lead lead;
	int64_t astray;
	int ret = lead_read(&word.lead);

	ret = ret ?: ask_report(by, ntp, &report, why);
	ret = ret ?: clocks_now(&pair) ?: lead_read(&lead);
	ret = ret ?: judge(by, &pair, &report, why);
	if (ret)
		return ret;
	*why = "the system clock was set just now";
	if (lead_stepped(&word.lead, &lead))
		return -EAGAIN;
	*why = "a leap second is near";
	if (leaps_near(pair.real, pair.real + report.offset))
		return -EAGAIN;
	if (vmclock_disrupted(vc, device->marker))
		return -ESTALE;
	word.ns = report.offset;
	word.raw = pair.raw;
	word.utc = pair.real + report.offset;
	astray = led_astray(by, &report, word.raw, word.utc);
	if (is_astray(&report, astray) || (by->lead_known && word_missed_step(&by->word, &word)))
		return ask_anew(by, why);
	word.error = report.root_delay / 2 + report.root_dispersion + astray + 1;
	by->word = word;
	by->lead_known = true;
	return 0;
}

static int measure(struct by_ntp *by, struct ntp *ntp, const struct vmclock *vc,
		   const struct vmclock_state *device, const char **why)
{
	struct pair before, after;
	struct report report;
	struct cone cone;
	struct lead lead;
	int64_t astray;
	int ret = take_pair(by, vc, device, &before);

	ret = ret ?: lead_read(&lead);
	ret = ret ?: ask_report(by, ntp, &report, why);
	ret = ret ?: take_pair(by, vc, device, &after);
	if (ret)
		return ret;
	ret = judge(by, &after, &report, why);
	if (ret)
		return ret;
	*why = "the counter is still being measured";
	ret = derive_cone(&by->fit, &before, &after, &report, &by->options, &cone);
	if (ret)
		return ret;
	astray = led_astray(by, &report, after.raw, cone.utc);
	if (is_astray(&report, astray) || missed_step(by, &cone, &lead))
		return ask_anew(by, why);
	cone.time_maxerror += (uint64_t)astray;
	by->lead = lead;
	by->lead_known = true;
	return track_update(&by->track, &cone);
}

/* Asks each second: without a counter, only the daemon's reports bound the clock. */
static int renew_word(struct by_ntp *by, struct ntp *ntp, const struct vmclock *vc,
		      const struct vmclock_state *device, const char **why)
{
	int ret;

	if (by->word.good && monotonic_now() < by->next_report)
		return 0;
	ret = take_word(by, ntp, vc, device, why);
	if (ret == -ENODATA)
		return withdraw(by, device, *why);
	if (ret)
		return ret;
	by->told = NULL;
	by->first = false;
	by->next_report = by->word.at + NS_PER_SEC / 2;
	return 0;
}

static int renew(struct by_ntp *by, struct ntp *ntp, const struct vmclock *vc,
		 const struct vmclock_state *device, const char **why)
{
	int ret;

	if (track_good(&by->track) && monotonic_now() < by->next_report)
		return 0;
	ret = measure(by, ntp, vc, device, why);
	if (ret == -ERANGE)
		*why = "the NTP daemon contradicts what it said before";
	if (ret == -EDOM)
		*why = BY_NTP_UNEVEN;
	/* After a contradiction the track is kept, until three cones agree. */
	if (ret == -ENODATA)
		track_reset(&by->track);
	if (ret == -ERANGE || ret == -ENODATA)
		return withdraw(by, device, *why);
	if (ret)
		return ret;
	completed_time(&by->completed, device, &by->track.cone, by->first,
		       VMCLOCK_STATUS_SYNCHRONIZED);
	by->told = NULL;
	by->first = false;
	by->next_report = monotonic_now() + REPORT_NS;
	return 0;
}

/* Without a new report, the last cone is published: its bounds go on growing. */
static int go_on(struct by_ntp *by, const struct vmclock_state *device)
{
	if (by->no_counter)
		return by->word.good ? 0 : -EAGAIN;
	if (!track_good(&by->track) || by->first)
		return -EAGAIN;
	completed_time(&by->completed, device, &by->track.cone, false, VMCLOCK_STATUS_FREERUNNING);
	by->next_report = monotonic_now() + NS_PER_SEC;
	return 0;
}

/* The cone ends where an unknown leap second is possible. */
static void end_at_leap_second(struct by_ntp *by, const struct vmclock_state *device)
{
	int64_t unused;
	struct pair now;

	if (!track_good(&by->track) || pair_read(&now, 1) ||
	    cone_at(&by->track.cone, now.counter, &unused, &unused) != -ENODATA)
		return;
	say(LOG_WARNING,
	    "a leap second is possible now, and there is no leap-seconds.list in force");
	track_reset(&by->track);
	completed_untrusted(&by->completed, device, VMCLOCK_STATUS_UNRELIABLE);
}

/* A new daemon does not know what the old daemon was told. */
static void take_daemon(struct by_ntp *by, const struct ntp_daemon *daemon)
{
	if (by->daemon == daemon)
		return;
	by->daemon = daemon;
	by->watched = false;
	if (by->stage == BY_NTP_WAIT)
		by->stage = BY_NTP_RESET;
	if (by->stage == BY_NTP_MEASURE)
		by->stage = BY_NTP_START;
}

static int advance(struct by_ntp *by, struct ntp *ntp, const struct vmclock *vc,
		   const struct vmclock_state *device, const char **why)
{
	int ret = 0;

	look_for_another(by, ntp);
	if (by->stage == BY_NTP_RESET)
		ret = by->silent ? watch(by, ntp, why) : reset(by, ntp);
	if (!ret && by->stage == BY_NTP_START)
		ret = begin(by, ntp);
	if (!ret && ntp->daemon->look)
		ntp->daemon->look(ntp);
	if (!ret && by->stage == BY_NTP_WAIT)
		ret = wait_for_source(by, ntp, why);
	if (!ret && by->stage == BY_NTP_MEASURE)
		ret = by->no_counter ? renew_word(by, ntp, vc, device, why)
				     : renew(by, ntp, vc, device, why);
	if (by->stage == BY_NTP_MEASURE &&
	    ((ret == -EAGAIN && !by->heard) || (ret == -EINVAL && by->first)))
		ret = wait_for_measurement(by, ntp) ?: ret;
	return ret;
}

int by_ntp_advance(struct by_ntp *by, struct ntp *ntp, const struct vmclock *vc,
		   const struct vmclock_state *device, const char **why)
{
	int ret;

	take_daemon(by, ntp->daemon);
	if (monotonic_now() >= by->next_leaps)
		read_leaps(by);
	end_at_leap_second(by, device);
	if (!ntp->daemon) {
		*why = "the page gives a marker only, and no NTP daemon runs to give the time";
		return go_on(by, device);
	}
	*why = "the NTP daemon has not measured anew yet";
	ret = advance(by, ntp, vc, device, why);
	if (ret == -ESTALE || ret == -ECANCELED || ret == -EDOM || !ret)
		return ret;
	if (ret != -EAGAIN && ret != -EINVAL)
		*why = ntp_reason(ntp, ret);
	return go_on(by, device);
}

static int word_offset(const struct by_ntp *by, struct offset *offset)
{
	const struct word *word = &by->word;
	struct offset found = { 0 };
	struct lead lead;
	int ret = lead_read(&lead) ?: clocks_now(&found.pair);

	if (ret || !word->good)
		return ret ?: -ENODATA;
	/* Steps of the clock since then changed the offset, not true time. */
	found.ns = word->ns - lead_stepped(&word->lead, &lead);
	found.error = word->error + lead_width(&word->lead) + lead_width(&lead) +
		      (monotonic_now() - word->at) / SLEW;
	found.sec = (found.pair.real + found.ns) / NS_PER_SEC;
	*offset = found;
	return 0;
}

int by_ntp_offset(struct by_ntp *by, const struct vmclock *vc, const struct vmclock_state *device,
		  struct offset *offset)
{
	int64_t earliest, latest, unused;
	struct offset found;
	uint64_t half;
	int ret;

	if (by->no_counter)
		return word_offset(by, offset);
	if (!track_good(&by->track))
		return -ENODATA;
	ret = take_pair(by, vc, device, &found.pair);
	if (ret)
		return ret;
	/* The system clock was read at some value within the bracket. */
	half = found.pair.width / 2 + 1;
	ret = cone_at(&by->track.cone, found.pair.counter - half, &earliest, &unused);
	ret = ret ?: cone_at(&by->track.cone, found.pair.counter + half, &unused, &latest);
	if (ret)
		return ret;
	found.error = (latest - earliest) / 2 + 1;
	found.ns = earliest + (latest - earliest) / 2 - found.pair.real;
	found.sec = (found.pair.real + found.ns) / NS_PER_SEC;
	*offset = found;
	return 0;
}
