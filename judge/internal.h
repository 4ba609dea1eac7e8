/* SPDX-License-Identifier: MIT */
/* The functions of the table of rules; judge.h explains their result. */
#ifndef VMCLOCK_JUDGE_INTERNAL_H
#define VMCLOCK_JUDGE_INTERNAL_H

#include "judge.h"

/* Formats the sentence. Always true, so that a rule can return this call. */
bool judge_say(char says[JUDGE_TEXT], const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* @a - @b in ns, limited to +-292 years. */
int64_t judge_difference(const struct vmclock_instant *a, const struct vmclock_instant *b);

/* Before the marker changed: the last page with time. NULL: @page is not the first one with time since. */
const struct judge_page *judge_former(const struct judge_facts *f);
/* The last page with bounds under the same marker. NULL: there is none, or the bounds were not withdrawn. */
const struct judge_page *judge_withdrawn(const struct judge_facts *f);

/* Was this the marker before the present one? */
bool judge_had_marker(const struct judge_history *history, uint64_t marker);

/* Had an earlier marker this reference, and the same period? NULL: none that is remembered. */
const struct judge_reference *judge_had_reference(const struct judge_history *history,
						  const struct vmclock_snapshot *s);

#define RULE(name) bool judge_##name(const struct judge_facts *f, char says[JUDGE_TEXT])

/* fields.c */
RULE(counter_unassigned);
RULE(counter_missing);
RULE(timescale_unusable);
RULE(timescale_utc);
RULE(no_date);
RULE(reserved_not_zero);
RULE(flags_unknown);
RULE(status_unassigned);
RULE(smearing_unassigned);
RULE(leap_indicator_impossible);
RULE(leap_unlikely);
RULE(tai_offset_impossible);
RULE(tai_offset_positive);
RULE(no_utc);
RULE(period_zero);
RULE(period_impossible);
RULE(time_impossible);
RULE(time_not_covered);
RULE(bounds_not_covered);
RULE(generation_not_covered);
RULE(no_bounds);
RULE(maxerror_zero);
RULE(maxerror_impossible);
RULE(rate_maxerror_impossible);
RULE(esterror_above_maxerror);
RULE(rate_esterror_above_maxerror);

/* updates.c */
RULE(constant_changed);
RULE(sequence_backwards);
RULE(time_of_former_host);
RULE(reference_backwards);
RULE(interval_left);
RULE(interval_contradicted);
RULE(rate_left);
RULE(monotonic_backwards);
RULE(leap_life_cycle);
RULE(leap_withdrawn);
RULE(smearing_changed);
RULE(tai_offset_moved);
RULE(marker_reused);
RULE(capability_lost);
RULE(disruption_unannounced);
RULE(generation_alone);

/* guest.c */
RULE(counter_elsewhere);
RULE(period_differs);
RULE(period_unlikely);
RULE(reference_ahead);
RULE(reference_old);
RULE(bounds_wide);
RULE(clock_differs);
RULE(tai_offset_differs);
RULE(time_untrue);
RULE(acpi_hid);
RULE(acpi_cid);

/* watch.c */
RULE(torn_update);
RULE(slow_update);
RULE(stuck_update);
RULE(marker_restless);

/* notifications.c */
RULE(notification_missing);
RULE(notification_late);
RULE(notification_unannounced);

#undef RULE

#endif /* VMCLOCK_JUDGE_INTERNAL_H */
