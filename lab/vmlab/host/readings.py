# SPDX-License-Identifier: MIT
"""Millions of readings of a guest's time, judged by those that come nearest to a lie."""

import collections

# A line of time-flat-out.
_Slice = collections.namedtuple(
    '_Slice', 'kind marker readings refused longest after earliest before latest')
# What rounding may do, in nanoseconds.
_ROUNDING = 2

NOW, CLOCK, NONE = 'now', 'clock', 'none'


def _parse(line):
    kind, *numbers = line.split()
    return _Slice(kind, *map(int, numbers))


class Readings:
    """What time-flat-out has found."""

    def __init__(self, lab, output):
        self._lab = lab
        slices = [_parse(line) for line in output.splitlines()]
        self.of = {kind: [one for one in slices if one.kind == kind] for kind in (NOW, CLOCK, NONE)}

    def count(self, kind):
        return sum(one.readings for one in self.of[kind])

    def check_truth(self, kind, truth, slack=0):
        """Each reading holds truth(marker, counter), UTC in ns; that may be off by `slack`."""
        slack += _ROUNDING
        told = [one for one in self.of[kind] if one.readings]
        # What was left on either side.
        margins = [(min(truth(one.marker, one.after) - one.earliest,
                        one.latest - truth(one.marker, one.before)), one) for one in told]
        margins.sort(key=lambda margin: margin[0])
        self._lab.log(f'{self.count(kind)} readings ({kind}) of {len({one.marker for one in told})} '
                      f'markers, {sum(one.refused for one in self.of[kind])} refused')
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
        """The ms that the slowest call took: of all, and without 1 % of the slices."""
        longest = sorted(one.longest / 1e6 for one in self.of[kind])
        return longest[-1], longest[len(longest) * 99 // 100]
