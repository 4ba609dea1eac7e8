# SPDX-License-Identifier: MIT
"""Judging a guest's readings of the time by the true time."""

import collections

from .clock import NSEC, TAI_OFFSET, HostClock, calibrate

# The allowed error under emulation, in nanoseconds.
WORST = 100000
MEAN = 5000
# The number of readings of a kind that must be short enough to count.
_TELLING = 20
# The limit of the error of the counters' difference, in ticks.
_UNCERTAIN = 20000
# In the order of time-read.
_SCALES = ('utc', 'tai', 'smeared')
# Names and numbers of statuses, and whether they allow time.
_STATUSES = (('unknown', 0, False), ('initializing', 1, False), ('unreliable', 4, False),
             ('freerunning', 3, True))
# The index of the clock's time in ptp-read's output.
_DEVICE = {'gettime': 0, 'precise': 0, 'extended': 1}
# The error of rounding, in nanoseconds.
_ROUNDING = 2

# A line of time-flat-out, and its kinds.
_Slice = collections.namedtuple(
    '_Slice', 'kind marker readings refused longest after earliest before latest')
NOW, CLOCK, NONE = 'now', 'clock', 'none'


def _bounded(lab, output, scales):
    """(scale, counter, time, earliest, latest) of the lines of time-read; each must have bounds."""
    for line in output.splitlines():
        scale, *numbers = line.split()
        if scale in scales:
            lab.check(len(numbers) == 5 and '-' not in numbers,
                      f'a reading without bounds: {line}')
            yield scale, *map(int, numbers[:4])


class Judge:
    """Compares readings with the host's time at the same counter value."""

    def __init__(self, lab, host, offset):
        lab.check(offset.uncertainty < _UNCERTAIN,
                  f'the counters could be compared to {offset.uncertainty} ticks only')
        self.lab = lab
        self.truth = lambda counter: host.time_at(counter, offset)
        self.slack = host.slack(offset)
        lab.log(f'true time is known within {self.slack} ns')

    def errors(self, what, errors):
        mean, worst = sum(errors) / len(errors), max(map(abs, errors))
        self.lab.log(f'{what}: {len(errors)} readings, error {mean:+.0f} ns in the mean, '
                     f'{worst} ns at worst')
        self.lab.check(worst <= WORST, f'{what} is off by up to {worst} ns')
        self.lab.check(abs(mean) <= MEAN, f'{what} is off by {mean:.0f} ns in the mean')

    def library(self, output):
        """Judge the output of time-read, on a page with bounds."""
        errors, widths = {}, []
        for scale, counter, time, earliest, latest in _bounded(self.lab, output, _SCALES):
            truth = self.truth(counter) - (0 if scale == 'tai' else TAI_OFFSET * NSEC)
            errors.setdefault(scale, []).append(time - truth)
            widths.append(latest - earliest)
            self.lab.check(earliest - self.slack <= truth <= latest + self.slack,
                           f'{scale}: {truth} is not within {earliest}..{latest}')
        self.lab.equal(sorted(errors), sorted(_SCALES), 'the scales')
        for scale, found in errors.items():
            self.lab.check(len(found) > 20, f'only {len(found)} readings of {scale}')
            self.errors(f'vmclock_now {scale}', found)
        self.lab.log(f'bounds: {min(widths)}..{max(widths)} ns wide, and the truth is within')
        self.lab.check(max(widths) < 2 * WORST, f'bounds that are {max(widths)} ns wide')

    def ptp(self, what, output):
        """Judge the output of ptp-read, which read the device during the call; the least error."""
        errors, durations = [], []
        for line in output.splitlines():
            before, *times, after = map(int, line.split()[1:])
            device = times[_DEVICE[what]]
            earliest, latest = self.truth(before), self.truth(after)
            errors.append(min(device - earliest, 0) or max(device - latest, 0))
            durations.append(latest - earliest)
        durations.sort()
        self.lab.log(f'{what}: took {durations[len(durations) // 2]} ns, {durations[-1]} at worst')
        self.errors(f'PTP clock, {what}', errors)
        # Only short readings show an error above the limit.
        telling = sum(duration < WORST for duration in durations)
        self.lab.check(telling >= _TELLING, f'{what} takes so long: only {telling} of '
                       f'{len(durations)} readings could show an error')


class Truth:
    """Readings of vmclock_now() in a guest; the bounds of each must hold the true time."""

    def __init__(self, lab, vm):
        self._lab = lab
        self._vm = vm
        self._outputs = []
        self._began = calibrate(lab, vm)
        self._host = HostClock(lab)

    def __enter__(self):
        self._host.__enter__()
        return self

    def read(self, seconds):
        self._outputs.append(self._vm.run(f'time-read {seconds}'))

    def __exit__(self, kind, *rest):
        self._host.__exit__(kind, *rest)
        if not kind:
            self._judge(self._began.until(calibrate(self._lab, self._vm)))

    def _judge(self, offset):
        widths = []
        slack = self._host.slack(offset)
        output = '\n'.join(self._outputs)
        for _, counter, _, earliest, latest in _bounded(self._lab, output, ('utc',)):
            truth = self._host.time_at(counter, offset) - TAI_OFFSET * NSEC
            self._lab.check(earliest - slack <= truth <= latest + slack,
                            f'{truth} is not within {earliest}..{latest}')
            widths.append((latest - earliest) // 2)
        self._lab.check(len(widths) > 100, f'only {len(widths)} readings')
        self._lab.log(f'{len(widths)} readings hold the truth; +-{min(widths)}..{max(widths)} ns')


def _parse(line):
    kind, *numbers = line.split()
    return _Slice(kind, *map(int, numbers))


class Readings:
    """Millions of them, by time-flat-out: those that come nearest to a lie tell of all."""

    def __init__(self, lab, output):
        self._lab = lab
        slices = [_parse(line) for line in output.splitlines()]
        self.of = {kind: [one for one in slices if one.kind == kind] for kind in (NOW, CLOCK, NONE)}

    def count(self, kind):
        return sum(one.readings for one in self.of[kind])

    def check_truth(self, kind, truth, slack=0):
        """Check that each reading's bounds hold truth(marker, counter), in ns, within `slack`."""
        slack += _ROUNDING
        told = [one for one in self.of[kind] if one.readings]
        # The margins on both sides.
        margins = [(min(truth(one.marker, one.after) - one.earliest,
                        one.latest - truth(one.marker, one.before)), one) for one in told]
        margins.sort(key=lambda margin: margin[0])
        markers = {one.marker for one in told}
        self._lab.log(f'{self.count(kind)} readings ({kind}) of {len(markers)} markers, '
                      f'{sum(one.refused for one in self.of[kind])} refused')
        if margins:
            self._lab.log(f'the truth was {margins[0][0]} ns from the nearer bound at least, '
                          f'{margins[len(margins) // 2][0]} ns in the median')
        wrong = [f'{margin} ns: {one}' for margin, one in margins if margin < -slack]
        for text in wrong[:10]:
            self._lab.log(text)
        self._lab.check(not wrong, f'{len(wrong)} of {len(told)} slices of readings ({kind}) have '
                        'one that excludes the truth')

    def first(self, kind, marker):
        """The counter at the first reading under a marker that gave a time; None without any."""
        return next((min(one.after, one.before) for one in self.of[kind]
                     if one.readings and one.marker == marker), None)

    def longest(self, kind):
        """The ms of the slowest call: of all slices, and without the slowest 1 % of them."""
        longest = sorted(one.longest / 1e6 for one in self.of[kind])
        return longest[-1], longest[len(longest) * 99 // 100]


def check_statuses(lab, vm, publisher, others=dict):
    """For each status that the host publishes, the library gives time if the status allows it.

    others() returns {name: nanoseconds or the name of an error}, judged in the same way.
    """
    for name, number, has_time in _STATUSES:
        publisher.status(name, number)
        answers = dict(line.split()[:2] for line in vm.run('time-read').splitlines())
        # The second word is the counter, or an error.
        lab.equal(list(answers), list(_SCALES), 'the scales')
        for what, answer in {**answers, **others()}.items():
            lab.check(answer.isdigit() if has_time else answer == 'EAGAIN',
                      f'{what} gives {answer} while the status is {name}')
