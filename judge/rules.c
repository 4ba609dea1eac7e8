// SPDX-License-Identifier: MIT
/* The table of rules, and the walk through it. */
#include <endian.h>
#include <string.h>

#include "internal.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* clang-format off */
const struct judge_rule judge_rules[] = {
	/* ---- One page ---- */
	{ "counter-unassigned", JUDGE_PAGE, JUDGE_BREAKS, JUDGE_NO_TIME, "Structure Fields, counter_id",
	  "counter_id is 0, 1 or 0xff", judge_counter_unassigned },
	{ "counter-missing", JUDGE_PAGE, JUDGE_BREAKS, JUDGE_NO_TIME, "Structure Fields, counter_id",
	  "a page that vouches for time names the counter", judge_counter_missing },
	{ "timescale-unusable", JUDGE_PAGE, JUDGE_BREAKS, JUDGE_NO_TIME, "Structure Fields, time_type",
	  "time is UTC, TAI or monotonic, and never smeared", judge_timescale_unusable },
	{ "timescale-utc", JUDGE_PAGE, JUDGE_ADVICE, JUDGE_NOTHING, "Structure Fields, time_type",
	  "TAI is recommended, UTC is not", judge_timescale_utc },
	{ "no-date", JUDGE_PAGE, JUDGE_ADVICE, JUDGE_SOME, "Structure Fields, time_type",
	  "the timescale has a date", judge_no_date },
	{ "reserved-not-zero", JUDGE_PAGE, JUDGE_DOUBTFUL, JUDGE_NOTHING, "Structure Fields, pad",
	  "unused bytes are zero, so that they can be used later", judge_reserved_not_zero },
	{ "flags-unknown", JUDGE_PAGE, JUDGE_ADVICE, JUDGE_NOTHING, "Feature Flags",
	  "flags without a meaning are clear", judge_flags_unknown },
	{ "status-unassigned", JUDGE_PAGE, JUDGE_BREAKS, JUDGE_NO_TIME, "Clock Status",
	  "clock_status is 0 to 4", judge_status_unassigned },
	{ "smearing-unassigned", JUDGE_PAGE, JUDGE_BREAKS, JUDGE_HINT, "Leap Second Smearing Hint",
	  "leap_second_smearing_hint is 0 to 2", judge_smearing_unassigned },
	{ "leap-indicator-impossible", JUDGE_PAGE, JUDGE_BREAKS, JUDGE_SOME, "Leap Indicator",
	  "leap_indicator is 0 to 5, and true at the reference time", judge_leap_indicator_impossible },
	{ "leap-unlikely", JUDGE_PAGE, JUDGE_DOUBTFUL, JUDGE_SOME, "Leap Indicator",
	  "leap seconds end June or December, and are those that are known", judge_leap_unlikely },
	{ "tai-offset-impossible", JUDGE_PAGE, JUDGE_BREAKS, JUDGE_ALL_TIME,
	  "Structure Fields, tai_offset_sec",
	  "an offset that is flagged valid is within 10 to 100 s", judge_tai_offset_impossible },
	{ "tai-offset-positive", JUDGE_PAGE, JUDGE_DOUBTFUL, JUDGE_SOME,
	  "Structure Fields, tai_offset_sec",
	  "the offset leads from TAI to UTC: it is negative", judge_tai_offset_positive },
	{ "no-utc", JUDGE_PAGE, JUDGE_DOUBTFUL, JUDGE_SOME, "Feature Flags, TAI_OFFSET_VALID",
	  "a TAI page has its offset to UTC", judge_no_utc },
	{ "period-zero", JUDGE_PAGE, JUDGE_BREAKS, JUDGE_ALL_TIME, "Calculating time",
	  "the counter runs", judge_period_zero },
	{ "period-impossible", JUDGE_PAGE, JUDGE_BREAKS, JUDGE_ALL_TIME, "Calculating time",
	  "the counter runs at 1 MHz to 100 GHz", judge_period_impossible },
	{ "time-impossible", JUDGE_PAGE, JUDGE_BREAKS, JUDGE_ALL_TIME, "Structure Fields, time_sec",
	  "the reference time is before the year 10000", judge_time_impossible },
	{ "time-not-covered", JUDGE_PAGE, JUDGE_BREAKS, JUDGE_NO_TIME, "Structure Fields, size",
	  "a page that vouches for time reaches as far as time_frac_sec", judge_time_not_covered },
	{ "bounds-not-covered", JUDGE_PAGE, JUDGE_BREAKS, JUDGE_BOUNDS, "Structure Fields, size",
	  "a maximum error that is flagged is in the page", judge_bounds_not_covered },
	{ "generation-not-covered", JUDGE_PAGE, JUDGE_BREAKS, JUDGE_SOME, "Structure Fields, size",
	  "a generation counter that is flagged is in the page", judge_generation_not_covered },
	{ "no-bounds", JUDGE_PAGE, JUDGE_DOUBTFUL, JUDGE_BOUNDS, "Time error calculation",
	  "both maximum errors are given", judge_no_bounds },
	{ "maxerror-zero", JUDGE_PAGE, JUDGE_DOUBTFUL, JUDGE_BOUNDS, "Time error calculation",
	  "neither maximum error is zero", judge_maxerror_zero },
	{ "maxerror-impossible", JUDGE_PAGE, JUDGE_BREAKS, JUDGE_ALL_TIME, "Time error calculation",
	  "the maximum error of the time is at most a year", judge_maxerror_impossible },
	{ "rate-maxerror-impossible", JUDGE_PAGE, JUDGE_BREAKS, JUDGE_ALL_TIME, "Time error calculation",
	  "the maximum error of the period is at most 1 % of the period", judge_rate_maxerror_impossible },
	{ "esterror-above-maxerror", JUDGE_PAGE, JUDGE_BREAKS, JUDGE_HINT,
	  "Structure Fields, time_esterror_nanosec",
	  "the estimated error of the time is no more than the maximum", judge_esterror_above_maxerror },
	{ "rate-esterror-above-maxerror", JUDGE_PAGE, JUDGE_BREAKS, JUDGE_HINT,
	  "Structure Fields, counter_period_esterror_rate_frac_sec",
	  "the estimated error of the period is no more than the maximum",
	  judge_rate_esterror_above_maxerror },

	/* ---- This machine ---- */
	{ "counter-elsewhere", JUDGE_GUEST, JUDGE_BREAKS, JUDGE_NO_TIME, "Structure Fields, counter_id",
	  "this CPU has the counter", judge_counter_elsewhere },
	{ "period-differs", JUDGE_GUEST, JUDGE_BREAKS, JUDGE_ALL_TIME, "Calculating time",
	  "the counter runs at the page's rate", judge_period_differs },
	{ "period-unlikely", JUDGE_GUEST, JUDGE_DOUBTFUL, JUDGE_ALL_TIME, "Calculating time",
	  "the counter runs at the page's rate, as well as it is known here", judge_period_unlikely },
	{ "reference-ahead", JUDGE_GUEST, JUDGE_BREAKS, JUDGE_ALL_TIME, "Structure Fields, counter_value",
	  "the counter has passed the reference, or will within 100 ms", judge_reference_ahead },
	{ "reference-old", JUDGE_GUEST, JUDGE_DOUBTFUL, JUDGE_ALL_TIME, "Time error calculation",
	  "the page is updated in time", judge_reference_old },
	{ "bounds-wide", JUDGE_GUEST, JUDGE_DOUBTFUL, JUDGE_ALL_TIME, "Time error calculation",
	  "the bounds are narrow enough now", judge_bounds_wide },
	{ "tai-offset-differs", JUDGE_GUEST, JUDGE_DOUBTFUL, JUDGE_SOME,
	  "Structure Fields, tai_offset_sec",
	  "the TAI offset agrees with this system's offset", judge_tai_offset_differs },
	{ "clock-differs", JUDGE_GUEST, JUDGE_DOUBTFUL, JUDGE_ALL_TIME, "Calculating time",
	  "the time agrees with the system clock", judge_clock_differs },
	{ "time-untrue", JUDGE_TRUTH, JUDGE_BREAKS, JUDGE_ALL_TIME, "Time error calculation",
	  "the time of the reference clock lies within the bounds", judge_time_untrue },
	{ "acpi-hid", JUDGE_DEVICE, JUDGE_DOUBTFUL, JUDGE_NOTHING, "Discovery via ACPI",
	  "the ACPI device has the hardware ID AMZNC10C", judge_acpi_hid },
	{ "acpi-cid", JUDGE_DEVICE, JUDGE_DOUBTFUL, JUDGE_NOTHING, "Discovery via ACPI",
	  "the ACPI device has the compatible ID VMCLOCK", judge_acpi_cid },

	/* ---- An update ---- */
	{ "constant-changed", JUDGE_UPDATE, JUDGE_BREAKS, JUDGE_ALL_TIME, "The vmclock_abi structure",
	  "magic, size, version, counter_id and time_type never change", judge_constant_changed },
	{ "sequence-backwards", JUDGE_UPDATE, JUDGE_BREAKS, JUDGE_SOME, "Structure Fields, seq_count",
	  "seq_count only increases", judge_sequence_backwards },
	{ "time-of-former-host", JUDGE_ARRIVAL, JUDGE_BREAKS, JUDGE_ALL_TIME,
	  "Structure Fields, disruption_marker",
	  "a new marker comes with a new reference, of counter and time", judge_time_of_former_host },
	{ "reference-backwards", JUDGE_UPDATE, JUDGE_BREAKS, JUDGE_BOUNDS, "Time error calculation",
	  "the reference never goes back under one marker", judge_reference_backwards },
	{ "interval-left", JUDGE_UPDATE, JUDGE_BREAKS, JUDGE_ALL_TIME, "Time error calculation",
	  "an update stays within the interval of the page before", judge_interval_left },
	{ "interval-contradicted", JUDGE_RETURN, JUDGE_BREAKS, JUDGE_ALL_TIME, "Time error calculation",
	  "bounds that were withdrawn come back in agreement with the last ones",
	  judge_interval_contradicted },
	{ "rate-left", JUDGE_UPDATE, JUDGE_DOUBTFUL, JUDGE_BOUNDS, "Time error calculation",
	  "the new period is within the maximum errors", judge_rate_left },
	{ "monotonic-backwards", JUDGE_UPDATE, JUDGE_BREAKS, JUDGE_BOUNDS, "Feature Flags, TIME_MONOTONIC",
	  "monotonic time never goes back", judge_monotonic_backwards },
	{ "leap-life-cycle", JUDGE_UPDATE, JUDGE_BREAKS, JUDGE_SOME, "Leap Indicator",
	  "a leap second is announced, happens at the end of the month, and is over",
	  judge_leap_life_cycle },
	{ "leap-withdrawn", JUDGE_UPDATE, JUDGE_DOUBTFUL, JUDGE_SOME, "Leap Indicator",
	  "a leap second that is announced happens", judge_leap_withdrawn },
	{ "smearing-changed", JUDGE_UPDATE, JUDGE_DOUBTFUL, JUDGE_HINT, "Leap Second Smearing Hint",
	  "the hint stays the same while a leap second is near", judge_smearing_changed },
	{ "tai-offset-moved", JUDGE_UPDATE, JUDGE_BREAKS, JUDGE_SOME, "Structure Fields, tai_offset_sec",
	  "the TAI offset changes with each leap second, and only then", judge_tai_offset_moved },
	{ "marker-reused", JUDGE_DISRUPTION, JUDGE_ADVICE, JUDGE_NOTHING,
	  "Structure Fields, disruption_marker",
	  "each disruption has a marker that was not used before", judge_marker_reused },
	{ "capability-lost", JUDGE_UPDATE, JUDGE_DOUBTFUL, JUDGE_SOME, "Feature Flags",
	  "notifications, generation counter and monotonic time are not withdrawn",
	  judge_capability_lost },
	{ "disruption-unannounced", JUDGE_DISRUPTION, JUDGE_ADVICE, JUDGE_NOTHING,
	  "Feature Flags, DISRUPTION_SOON",
	  "a planned disruption is announced", judge_disruption_unannounced },
	{ "generation-alone", JUDGE_UPDATE, JUDGE_ADVICE, JUDGE_NOTHING, "VM Generation Count",
	  "a new generation has a new marker as well, except on the same host", judge_generation_alone },

	/* ---- Watching ---- */
	{ "torn-update", JUDGE_WATCH, JUDGE_BREAKS, JUDGE_ALL_TIME, "The vmclock_abi structure",
	  "fields change under an odd sequence count only", judge_torn_update },
	{ "slow-update", JUDGE_WATCH, JUDGE_BREAKS, JUDGE_NO_TIME, "The vmclock_abi structure",
	  "an update is short enough to spin for: 100 ms", judge_slow_update },
	{ "stuck-update", JUDGE_WATCH, JUDGE_BREAKS, JUDGE_ALL_TIME, "The vmclock_abi structure",
	  "an update ends", judge_stuck_update },
	{ "marker-restless", JUDGE_WATCH, JUDGE_DOUBTFUL, JUDGE_NO_TIME,
	  "Structure Fields, disruption_marker",
	  "a disruption is rare: less than one a second", judge_marker_restless },

	/* ---- Notifications ---- */
	{ "notification-missing", JUDGE_PROMISE, JUDGE_BREAKS, JUDGE_SOME,
	  "Feature Flags, NOTIFICATION_PRESENT",
	  "a notification follows each change, if the flag is set", judge_notification_missing },
	{ "notification-late", JUDGE_PROMISE, JUDGE_DOUBTFUL, JUDGE_NOTHING,
	  "Feature Flags, NOTIFICATION_PRESENT",
	  "the notification comes within 100 ms", judge_notification_late },
	{ "notification-unannounced", JUDGE_COUNT, JUDGE_ADVICE, JUDGE_NOTHING,
	  "Feature Flags, NOTIFICATION_PRESENT",
	  "the flag is set if notifications come", judge_notification_unannounced },
};
/* clang-format on */

_Static_assert(COUNT(judge_rules) <= JUDGE_RULES_MAX, "tools have no room for so many rules");

const size_t judge_rule_count = COUNT(judge_rules);

const struct judge_rule *judge_rule_named(const char *id)
{
	size_t i;

	for (i = 0; i < COUNT(judge_rules); i++)
		if (!strcmp(judge_rules[i].id, id))
			return &judge_rules[i];
	return NULL;
}

const char *judge_severity_name(enum judge_severity severity)
{
	static const char *const names[] = {
		[JUDGE_ADVICE] = "advice",
		[JUDGE_DOUBTFUL] = "doubtful",
		[JUDGE_BREAKS] = "breaks",
	};

	return names[severity];
}

const char *judge_needs_name(enum judge_needs needs)
{
	static const char *const names[] = {
		[JUDGE_PAGE] = "page",
		[JUDGE_GUEST] = "counter",
		[JUDGE_TRUTH] = "reference",
		[JUDGE_DEVICE] = "device",
		[JUDGE_UPDATE] = "update",
		[JUDGE_DISRUPTION] = "disruption",
		[JUDGE_ARRIVAL] = "arrival",
		[JUDGE_RETURN] = "return",
		[JUDGE_WATCH] = "watch",
		[JUDGE_COUNT] = "count",
		[JUDGE_PROMISE] = "promise",
	};

	return names[needs];
}

void judge_page_of(const struct vmclock_abi *abi, struct judge_page *page)
{
	uint32_t size = le32toh(abi->size);

	vmclock_calc_snapshot(abi, size < sizeof(*abi) ? size : (uint32_t)sizeof(*abi), &page->s);
	page->magic = le32toh(abi->magic);
	page->size = size;
	page->version = le16toh(abi->version);
	page->seq = le32toh(abi->seq_count);
	memcpy(page->pad, abi->pad, sizeof(page->pad));
	page->period_esterror = le64toh(abi->counter_period_esterror_rate_frac_sec);
	page->time_esterror = le64toh(abi->time_esterror_nanosec);
	page->generation = le64toh(abi->vm_generation_counter);
}

bool judge_can(const struct judge_rule *rule, const struct judge_facts *f)
{
	switch (rule->needs) {
	case JUDGE_PAGE:
		return f->page;
	case JUDGE_GUEST:
		return f->page && f->guest;
	case JUDGE_TRUTH:
		return f->page && f->guest && f->guest->has_truth;
	case JUDGE_DEVICE:
		return f->page && f->guest && f->guest->has_names;
	case JUDGE_UPDATE:
		return f->page && f->before;
	case JUDGE_DISRUPTION:
		return f->page && f->before && f->page->s.marker != f->before->s.marker;
	case JUDGE_ARRIVAL:
		return f->page && f->before && judge_former(f);
	case JUDGE_RETURN:
		return f->page && f->before && judge_withdrawn(f);
	case JUDGE_WATCH:
		return f->watch;
	case JUDGE_COUNT:
		return f->notifications;
	case JUDGE_PROMISE:
		return f->notifications && (f->notifications->followed || f->notifications->missing);
	}
	return false;
}

bool judge_is_graver(const struct judge_rule *a, const struct judge_rule *b)
{
	bool a_is_advice = a->severity == JUDGE_ADVICE, b_is_advice = b->severity == JUDGE_ADVICE;

	if (a_is_advice != b_is_advice)
		return b_is_advice;
	if (a->loss != b->loss)
		return a->loss > b->loss;
	return a->severity > b->severity;
}

/* Inserts @found by gravity, behind the others of the same gravity. */
static size_t insert(struct judge_finding *findings, size_t n, size_t room,
		     const struct judge_finding *found)
{
	size_t at = n;

	while (at && judge_is_graver(found->rule, findings[at - 1].rule))
		at--;
	if (at == room)
		return n;
	if (n == room)
		n--;
	memmove(&findings[at + 1], &findings[at], (n - at) * sizeof(*findings));
	findings[at] = *found;
	return n + 1;
}

size_t judge(const struct judge_facts *f, struct judge_finding *findings, size_t room)
{
	struct judge_finding found;
	size_t i, n = 0;

	for (i = 0; i < COUNT(judge_rules); i++) {
		found.rule = &judge_rules[i];
		if (judge_can(found.rule, f) && found.rule->broken(f, found.says))
			n = insert(findings, n, room, &found);
	}
	return n;
}
