# SPDX-License-Identifier: MIT
"""Library and PTP clock give the host's true time, within the bounds; no time if it has none."""

from vmlab.clock import NSEC, HostClock, Publisher, calibrate
from vmlab.page import COUNTER_X86_TSC

# The host publishes its own time, which takes a guest that has its counter.
ARCHITECTURES = ('amd64',)
ALONE = True

TAI_OFFSET = 37
# What is allowed under emulation, in nanoseconds.
WORST = 100000
MEAN = 5000
NO_TIME = {'unknown': 0, 'initializing': 1, 'unreliable': 4}
# One counter value for each time, see 100-ptp-clock.
COARSE_TICKS = 1 << 29
COARSE_SHIFT = 20
# Which of the times of ptp-read is the clock's.
DEVICE = {'gettime': 0, 'precise': 0, 'extended': 1}


def run(lab):
    vm = lab.boot('sim-silent', programs=['time-spin', 'time-read', 'time-precise', 'ptp-read'],
                  fields={'counter_id': COUNTER_X86_TSC})
    offset = calibrate(lab, vm)
    maxerror = f'--maxerror={1000 + offset.uncertainty}ns'
    with HostClock(lab) as host:
        with Publisher(lab, vm, offset, maxerror) as publisher:
            vm.load()
            ptp = '/dev/' + vm.run('basename $(dirname $(grep -lx vmclock0 '
                                   '/sys/class/ptp/*/clock_name))')
            library = vm.run('time-read 1')
            readings = {what: vm.run(f'ptp-read {ptp} {what} {count}') for what, count in
                        {'gettime': 300, 'precise': 300, 'extended': 60}.items()}
            check_no_time(lab, vm, publisher, ptp)

    # The judge compares the counters for himself: then an error of the first time shows too.
    judge = Judge(lab, host, calibrate(lab, vm))
    judge.library(library)
    for what, output in readings.items():
        judge.ptp(what, output)
    # The page stays as it is from here on.
    check_same_counter(lab, vm, ptp, 3)
    vm.page.update(time_sec=1000, time_frac_sec=0, counter_value=0,
                   counter_period_shift=COARSE_SHIFT,
                   counter_period_frac_sec=(1 << 64 + COARSE_SHIFT) // COARSE_TICKS)
    check_same_counter(lab, vm, ptp, 1)


class Judge:
    """Compares readings with the host's time at the same counter value."""

    def __init__(self, lab, host, offset):
        self.lab = lab
        self.truth = lambda counter: host.time_at(counter, offset)
        self.slack = round((host.width + offset.uncertainty) * host.tick) + 2
        lab.log(f'true time is known within {self.slack} ns')

    def errors(self, what, errors):
        mean, worst = sum(errors) / len(errors), max(map(abs, errors))
        self.lab.log(f'{what}: {len(errors)} readings, error {mean:+.0f} ns in the mean, '
                     f'{worst} ns at worst')
        self.lab.check(worst <= WORST, f'{what} is off by up to {worst} ns')
        self.lab.check(abs(mean) <= MEAN, f'{what} is off by {mean:.0f} ns in the mean')

    def library(self, output):
        errors, widths = {}, []
        for line in output.splitlines():
            scale, *numbers = line.split()
            self.lab.check(len(numbers) == 5 and '-' not in numbers,
                           f'a reading without bounds: {line}')
            counter, time, earliest, latest, _ = map(int, numbers)
            truth = self.truth(counter) - (0 if scale == 'tai' else TAI_OFFSET * NSEC)
            errors.setdefault(scale, []).append(time - truth)
            widths.append(latest - earliest)
            self.lab.check(earliest - self.slack <= truth <= latest + self.slack,
                           f'{scale}: {truth} is not within {earliest}..{latest}')
        self.lab.equal(sorted(errors), ['smeared', 'tai', 'utc'], 'the scales')
        for scale, found in errors.items():
            self.lab.check(len(found) > 20, f'only {len(found)} readings of {scale}')
            self.errors(f'vmclock_now {scale}', found)
        self.lab.log(f'bounds: {min(widths)}..{max(widths)} ns wide, and the truth is within')
        self.lab.check(max(widths) < 2 * WORST, f'bounds that are {max(widths)} ns wide')

    def ptp(self, what, output):
        """The device was read somewhere during the call; how far off it is, at least."""
        errors, durations = [], []
        for line in output.splitlines():
            before, *times, after = map(int, line.split()[1:])
            device = times[DEVICE[what]]
            earliest, latest = self.truth(before), self.truth(after)
            errors.append(min(device - earliest, 0) or max(device - latest, 0))
            durations.append(latest - earliest)
        durations.sort()
        self.lab.log(f'{what}: took {durations[len(durations) // 2]} ns, {durations[-1]} at worst')
        self.errors(f'PTP clock, {what}', errors)
        self.lab.check(durations[len(durations) // 2] < WORST,
                       f'{what} takes so long: nothing was tested')


def check_same_counter(lab, vm, ptp, unique):
    """PRECISE and vmclock_at() on one counter value, which the raw clock tells apart as well."""
    lines = [list(map(int, line.split()))
             for line in vm.run(f'time-precise {ptp} 300').splitlines()]
    width = max(last - first for first, last, *_ in lines) + 1
    lab.check(width <= 2 * unique + 1, f'one time for {width} counter values')
    # The raw clock is a straight line on the counter, whatever the device says.
    points = [((first + last) / 2, monoraw) for first, last, _, _, monoraw in lines]
    (c0, m0), (c1, m1) = points[0], points[-1]
    worst = max(abs((m - m0) - (c - c0) * (m1 - m0) / (c1 - c0)) for c, m in points)
    lab.log(f'PRECISE and vmclock_at() agree on {len(lines)} counter values, each known to '
            f'{width} ticks; CLOCK_MONOTONIC_RAW of the triple is off by {worst:.2f} ns')
    lab.check(worst <= 3, f'the raw time is off by {worst:.1f} ns from that counter value')


def check_no_time(lab, vm, publisher, ptp):
    for name, number in NO_TIME.items():
        publisher.status(name, number)
        lab.equal(vm.run('time-read').split(),
                  ['utc', 'EAGAIN', 'tai', 'EAGAIN', 'smeared', 'EAGAIN'], f'the time if {name}')
        for what in ('gettime', 'offset', 'extended', 'precise'):
            lab.equal(vm.run(f'ptp-read {ptp} {what}'), f'{what} EAGAIN', f'the time if {name}')
    publisher.status('freerunning', 3)
    for line in (vm.run('time-read') + '\n' + vm.run(f'ptp-read {ptp} gettime')).splitlines():
        lab.check(line.split()[1].isdigit(), f'no time of a free-running clock: {line}')
