# SPDX-License-Identifier: MIT
"""What vmclock_now() says in a guest, against the host's time."""

from .clock import NSEC, TAI_OFFSET, HostClock, calibrate


class Truth:
    """Readings of vmclock_now() in a guest, each of which has to hold the true time."""

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
        for line in '\n'.join(self._outputs).splitlines():
            scale, *numbers = line.split()
            if scale != 'utc':
                continue
            self._lab.check(len(numbers) == 5 and '-' not in numbers,
                            f'a reading without bounds: {line}')
            counter, _, earliest, latest, _ = map(int, numbers)
            truth = self._host.time_at(counter, offset) - TAI_OFFSET * NSEC
            self._lab.check(earliest - slack <= truth <= latest + slack,
                            f'{truth} is not within {earliest}..{latest}')
            widths.append((latest - earliest) // 2)
        self._lab.check(len(widths) > 100, f'only {len(widths)} readings')
        self._lab.log(f'{len(widths)} readings hold the truth; +-{min(widths)}..{max(widths)} ns')
