# SPDX-License-Identifier: MIT
"""Leap seconds in every scale of a guest: no bound excludes the truth; TAI offsets."""

import datetime
import time

from vmlab.guest.device import Simulation
from vmlab.host.clock import NSEC, Publisher, calibrate
from vmlab.host.page import COUNTER_X86_TSC

# Seconds before the leap second and after it.
BEFORE = 4
AFTER = 1.5
MIDNIGHT = int(datetime.datetime(2017, 1, 1, tzinfo=datetime.timezone.utc).timestamp())
TAI_BEFORE = 36
NONE, PRE_POSITIVE, PRE_NEGATIVE, POSITIVE, POST_POSITIVE, POST_NEGATIVE = range(6)

# The size of the page, and the start of the part that updates change.
PAGE_SIZE = 0x70
CHANGING = 0x10

# Takes a minute, mostly waiting for the leap second: only the oldest and the newest kernel.
KERNELS = ('5.10', '7.3')
LONG = True


def run(lab):
    vm = lab.boot(Simulation({'counter_id': COUNTER_X86_TSC}, notify=False),
                  programs=['time-spin', 'time-read', 'ptp-read'])
    offset = calibrate(lab, vm)
    with Publisher(lab, vm, offset):
        vm.load()
    for sign in (1, -1):
        for smearing in ('strict', 'utc-sls', 'noon-linear'):
            leap_second(lab, vm, offset, sign, smearing)
    tai_offsets(lab, vm, offset)
    vm.run('modprobe -r vmclock')
    with Publisher(lab, vm, offset, '--utc'):
        vm.load()
    in_a_leap_second_by_utc(lab, vm, offset)


def leap_second(lab, vm, offset, sign, smearing):
    name = f'{"positive" if sign > 0 else "negative"} leap second, {smearing}'
    script = lab.logs / 'leap'
    script.write_text(f'at 0 leap {"pos" if sign > 0 else "neg"}\n', encoding='ascii')
    start = datetime.datetime.fromtimestamp(MIDNIGHT - BEFORE, datetime.timezone.utc)
    end = time.monotonic() + BEFORE + 1 + AFTER
    with Publisher(lab, vm, offset, f'--start={start:%Y-%m-%dT%H:%M:%S}',
                   f'--tai-offset={-TAI_BEFORE}', f'--smearing={smearing}',
                   f'--script={script}', '--interval=50ms'):
        lab.wait_for(lambda: vm.page.get('leap_indicator') != NONE, 'the leap second announced')
        # The clock is scripted, so that its line is the same before and after.
        truth = Line(vm.page)
        output = vm.run(f'time-read {end - time.monotonic():.2f}')
        lab.equal(Line(vm.page).at(truth.counter), truth.at(truth.counter), 'the script')
    seen, readings = {}, {'tai': [], 'utc': [], 'smeared': []}
    for line in output.splitlines():
        scale, *numbers = line.split()
        counter, given, earliest, latest, leap = map(int, numbers)
        expected, indicator = {'tai': lambda tai, *_: (tai, NONE), 'utc': utc_of,
                               'smeared': smeared_of}[scale](truth.at(counter), sign, smearing)
        # The time is rounded down, smeared time twice.
        lab.check(abs(given - expected) <= 2, f'{name}: {scale} is {given}, not {expected}')
        lab.check(earliest <= expected + 1 and expected - 1 <= latest,
                  f'{name}: {scale} {expected} is not within {earliest}..{latest}')
        readings[scale].append((given, earliest, latest))
        if scale == 'utc':
            lab.equal(leap, indicator, f'{name}: the leap indicator at {given}')
            seen.setdefault(leap, []).append(given)
    for scale, numbers in readings.items():
        in_order(lab, numbers, f'{name}: {scale}')
    if smearing != 'strict':
        widest = max(latest - earliest for _, earliest, latest in readings['tai'])
        lab.check(all(latest - earliest <= widest * 1.01 + 10
                      for _, earliest, latest in readings['smeared']),
                  f'{name}: the bounds of smeared time jump')
    lab.equal(sorted(seen), [PRE_POSITIVE, POSITIVE, POST_POSITIVE] if sign > 0 else
              [PRE_NEGATIVE, POST_NEGATIVE], f'{name}: the leap indicators')
    if sign > 0:
        lab.check((MIDNIGHT - 1) * NSEC <= min(seen[POSITIVE]) and
                  max(seen[POSITIVE]) < MIDNIGHT * NSEC, f'{name}: 23:59:59 did not come again')
    else:
        lab.check(max(seen[PRE_NEGATIVE]) < (MIDNIGHT - 1) * NSEC,
                  f'{name}: there was a 23:59:59')
    lab.log(f'{name}: {len(output.splitlines())} readings as they should be')


def in_order(lab, readings, name):
    """No earlier reading is certainly later, and no later reading is certainly earlier."""
    highest = 0
    for given, _, latest in readings:
        lab.check(highest <= latest, f'{name}: {highest} was before {latest} at the latest')
        highest = max(highest, given)
    lowest = highest
    for given, earliest, _ in reversed(readings):
        lab.check(lowest >= earliest, f'{name}: {lowest} was after {earliest} at the earliest')
        lowest = min(lowest, given)


def in_a_leap_second_by_utc(lab, vm, offset):
    """While a UTC page's reference lies in 23:59:60, its TAI is unknown."""
    start = datetime.datetime.fromtimestamp(MIDNIGHT - BEFORE, datetime.timezone.utc)
    script = lab.logs / 'leap'
    script.write_text('at 0 leap pos\n', encoding='ascii')
    with Publisher(lab, vm, offset, '--utc', f'--start={start:%Y-%m-%dT%H:%M:%S}',
                   f'--tai-offset={-TAI_BEFORE}', f'--script={script}', '--interval=50ms'):
        lab.wait_for(lambda: vm.page.get('leap_indicator') == PRE_POSITIVE, 'the announcement')
        truth = Line(vm.page)
        clock_gives(lab, vm, truth, 'before')
        lab.wait_for(lambda: vm.page.get('leap_indicator') == POSITIVE, 'the leap second')
        page = between_updates(vm.page)
        lab.wait_for(lambda: vm.page.get('leap_indicator') == POST_POSITIVE, 'the end of it')
        clock_gives(lab, vm, truth, 'after')
    # The host gives no more updates.
    with vm.page.updating():
        vm.page.write(CHANGING, page[CHANGING:])
    readings = dict(line.split(maxsplit=1) for line in vm.run('time-read').splitlines())
    lab.equal(readings['tai'], 'ENODATA', 'TAI in a leap second by UTC')
    lab.check('ENODATA' not in readings['utc'], 'UTC in it')
    lab.equal(ptp_clock(vm), 'gettime ENODATA', 'the PTP clock in a leap second by UTC')


def between_updates(page):
    while True:
        count = page.get('seq_count')
        copy = page.read(0, PAGE_SIZE)
        if not count & 1 and page.get('seq_count') == count:
            return copy


def clock_gives(lab, vm, truth, when):
    """The PTP clock gives TAI, which continues evenly."""
    before, device, after = (int(number) - TAI_BEFORE * NSEC if i == 1 else truth.at(int(number))
                             for i, number in enumerate(ptp_clock(vm).split()[1:]))
    lab.check(before - 1 <= device <= after + 1, f'the PTP clock {when} the leap second')


def ptp_clock(vm):
    return vm.run(f'ptp-read {vm.ptp_clock()} gettime').strip()


class Line:
    """The page's own line from counter to TAI."""

    def __init__(self, page):
        self.counter = page.get('counter_value')
        self._time = (page.get('time_sec') << 64) + page.get('time_frac_sec')
        self._period = page.get('counter_period_frac_sec')
        self._shift = page.get('counter_period_shift')

    def at(self, counter):
        """In nanoseconds, rounded down."""
        way = (counter - self.counter) * self._period >> self._shift
        return (self._time + way) * NSEC >> 64


def leap_begins(sign):
    """TAI when UTC before the leap second reaches midnight, or the deleted second."""
    return (MIDNIGHT + TAI_BEFORE - (0 if sign > 0 else 1)) * NSEC


def utc_of(tai, sign, _):
    begins = leap_begins(sign)
    if sign > 0 and begins <= tai < begins + NSEC:
        return tai - (TAI_BEFORE + 1) * NSEC, POSITIVE
    if tai < begins:
        return tai - TAI_BEFORE * NSEC, PRE_POSITIVE if sign > 0 else PRE_NEGATIVE
    return tai - (TAI_BEFORE + sign) * NSEC, POST_POSITIVE if sign > 0 else POST_NEGATIVE


def smeared_of(tai, sign, smearing):
    if smearing == 'strict':
        return utc_of(tai, sign, smearing)
    before = tai - TAI_BEFORE * NSEC
    day_ends = (MIDNIGHT + sign) * NSEC
    if smearing == 'utc-sls':
        length = 1000 * NSEC
        elapsed = before - (day_ends - length)
    else:
        length = (86400 + sign) * NSEC
        elapsed = before - (MIDNIGHT - 43200) * NSEC
    return before - sign * NSEC * min(max(elapsed, 0), length) // length, NONE


def tai_offsets(lab, vm, offset):
    """Readings with the right offset, with the sign of specification 1.0, and without offset."""
    for option in ('-37', '37', 'none'):
        with Publisher(lab, vm, offset, f'--tai-offset={option}', '--hold'):
            readings = dict(line.split(maxsplit=1) for line in vm.run('time-read').splitlines())
            ptp = ptp_clock(vm)
            truth = Line(vm.page)
        counter, tai = map(int, readings['tai'].split()[:2])
        lab.equal(tai, truth.at(counter), f'TAI with the offset {option}')
        before, device, after = map(int, ptp.split()[1:])
        lab.check(truth.at(before) <= device <= truth.at(after),
                  f'PTP clock with the offset {option}: {device}')
        for scale in ('utc', 'smeared'):
            if option == 'none':
                lab.equal(readings[scale], 'ENODATA', f'{scale} without a TAI offset')
                continue
            counter, given = map(int, readings[scale].split()[:2])
            lab.equal(given, truth.at(counter) - 37 * NSEC, f'{scale} with the offset {option}')
