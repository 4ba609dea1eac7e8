# SPDX-License-Identifier: MIT
"""A live migration disturbs the clock: libvmclock stays true, chronyd recovers."""

import statistics

from vmlab.guest import experiments

# Takes a minute; 120-chrony runs on more kernels.
KERNELS = ('7.3',)
ALONE = True

BEFORE = 8
AFTER = 30
# Nanoseconds: the error limit of a right clock, for the median and for the worst.
USUAL = 2000
WORST = 100000
# Seconds in which chronyd has to hold the clock, before the migration and at the end.
HELD = 5


def run(lab):
    rows = list(experiments.migrated(lab, BEFORE, AFTER))
    before = [row for row in rows if row[0] <= 0]
    after = [row for row in rows if row[0] > 0]
    lab.log(f'{len(before)} records before the migration, {len(after)} after')

    check_left_alone(lab, before, experiments.PPM_BEFORE)
    check_left_alone(lab, after, experiments.PPM_AFTER)
    jump = after[0][1]['alone'] - before[-1][1]['alone']
    lab.check(abs(jump + experiments.STEP) < experiments.STEP / 20,
              f'the migration changed the system clock by {jump} ns')

    check_right(lab, rows, 'libvmclock', 'all the time')
    check_right(lab, [row for row in before if row[0] > before[-1][0] - HELD], 'system',
                'before the migration')
    lab.check(abs(after[0][1]['system']) > experiments.STEP / 2,
              'chronyd foresaw the migration: nothing was tested')
    check_right(lab, [row for row in after if row[0] > after[-1][0] - HELD], 'system',
                'when it has recovered')
    wrong = [time for time, errors in after if abs(errors['system']) > WORST]
    lab.log(f'with chronyd, the system clock was wrong for {wrong[-1]:.1f} s')


def check_left_alone(lab, rows, ppm):
    (start, first), (end, last) = rows[0], rows[-1]
    found = (last['alone'] - first['alone']) / (end - start) / 1000
    lab.check(abs(found - ppm) < 2, f'the system clock is too fast by {found:.1f} ppm, not {ppm}')


def check_right(lab, rows, clock, when):
    errors = [errors[clock] for _, errors in rows]
    lab.check(None not in errors, f'{clock} had no time {when}')
    errors = [abs(error) for error in errors]
    lab.log(f'{clock}, {when}: {statistics.median(errors):.0f} ns off in the middle, '
            f'{max(errors)} ns at worst')
    lab.check(statistics.median(errors) <= USUAL and max(errors) <= WORST,
              f'{clock} is off by {statistics.median(errors):.0f} ns in the middle and '
              f'{max(errors)} ns at worst, {when}')
