# SPDX-License-Identifier: MIT
"""The true time of a guest: its counter against the host's, and the host's clock on it."""

import bisect
import contextlib
import subprocess
from pathlib import Path

from ..deadline import Deadline, wait_for
from ..errors import Failed, LabError
from . import process

NSEC = 1000000000
# TAI - UTC, in s.
TAI_OFFSET = 37
_ANSWER = 30
# Comparisons of the counters before the guest's program is started anew.
_ATTEMPTS = 10


class Offset:
    """The guest's counter minus the host's: `ticks`, and the error of this difference."""

    def __init__(self, ticks, uncertainty):
        self.ticks = ticks
        self.uncertainty = uncertainty

    def until(self, later):
        """The offset from this measurement until that one.

        It is not constant: if the guest's processors seem to read the counter in the wrong
        order, QEMU moves it ahead, by microseconds in seconds on a busy machine.
        """
        least = min(self.ticks - self.uncertainty, later.ticks - later.uncertainty)
        most = max(self.ticks + self.uncertainty, later.ticks + later.uncertainty)
        return Offset((least + most) // 2, (most - least + 1) // 2)


def calibrate(lab, vm, best=2000, timeout=60):
    """The Offset of a guest that has the program time-spin, certain to `best` ticks.

    Both bounds are proven: neither side can see a value that the other has not written yet.
    """
    deadline = Deadline(timeout)
    found = None
    while not found or found.uncertainty > best:
        if deadline.passed():
            raise Failed(f'the counters could be compared to {found and found.uncertainty} '
                         'ticks only')
        # On some processors the program may see the memory late: start it again.
        vm.run(f'time-spin {vm.board.page_address:#x} >/tmp/spin 2>&1 &')
        vm.wait_for('grep -qx spinning /tmp/spin')
        for _ in range(_ATTEMPTS):
            try:
                measured = _measured(lab, vm)
            except process.CommandError as error:
                # QEMU has moved the guest's counter in between: see Offset.until().
                lab.log(f'{error}')
                continue
            if not found or measured.uncertainty < found.uncertainty:
                found = measured
            if found and found.uncertainty <= best:
                break
        vm.run('killall time-spin')
        vm.wait_for('! pidof time-spin')
    lab.log(f'the guest\'s counter is ahead by {found.ticks} ticks, +-{found.uncertainty}')
    return found


def _measured(lab, vm):
    answer = process.run((str(lab.program('counter-offset')), vm.ram_path, str(vm.page.offset)),
                         'counter-offset', lab.logs / 'clock.log')
    return Offset(*map(int, answer.split()))


class HostClock:
    """Records the host's TAI on its counter, in a with statement until its end."""

    def __init__(self, lab):
        self._lab = lab
        self._path = lab.logs / 'host-clock'
        self._program = None
        self._counters = []
        self._times = []
        self.width = 0

    def __enter__(self):
        self._path.unlink(missing_ok=True)
        with open(self._path, 'wb') as file:
            self._program = self._lab.start([self._lab.program('counter-clock')], stdout=file)
        wait_for(lambda: b'\n' in self._path.read_bytes(), 'the time of the host', _ANSWER)
        return self

    def __exit__(self, *_):
        # Wait for one more pair: it comes after all counter values that are asked for.
        count = self._path.read_bytes().count(b'\n')
        with contextlib.suppress(Failed):
            wait_for(lambda: self._path.read_bytes().count(b'\n') > count + 1,
                     'the time of the host', _ANSWER)
        process.stop(self._program)
        self.load()

    def load(self):
        """Take in what has been recorded so far."""
        rows = [tuple(map(int, line.split())) for line in
                self._path.read_text(encoding='ascii').split('\n')[:-1]]
        self._counters, self._times, widths = zip(*rows)
        self.width = max(widths)

    @property
    def tick(self):
        """The length of a tick in nanoseconds."""
        return (self._times[-1] - self._times[0]) / (self._counters[-1] - self._counters[0])

    def slack(self, offset):
        """The error of time_at(), in nanoseconds."""
        return round((self.width + offset.uncertainty) * self.tick) + 2

    def time_at(self, counter, offset):
        """TAI in nanoseconds at a value of the guest's counter, which is ahead by `offset`."""
        counter -= offset.ticks
        after = bisect.bisect_left(self._counters, counter)
        if not 0 < after < len(self._counters):
            raise LabError(f'the host recorded no time at its counter {counter}')
        c0, c1 = self._counters[after - 1:after + 1]
        t0, t1 = self._times[after - 1:after + 1]
        return t0 + (counter - c0) * (t1 - t0) // (c1 - c0)


class Publisher:
    """vmclock-sim, publishing in the page of a guest until the with statement ends."""

    def __init__(self, lab, vm, offset, *options):
        self._lab = lab
        self._page = vm.page
        path, place = vm.page_file
        self._program = lab.start(
            [lab.program('vmclock-sim'), '--at', str(place),
             f'--counter-offset={offset.ticks}', *options, path],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=open(Path(lab.logs) / 'vmclock-sim.log', 'a', encoding='utf-8'), text=True)
        if not self._program.stdout.readline().startswith('publishing'):
            raise LabError('vmclock-sim does not publish; see vmclock-sim.log')

    def tell(self, command):
        """Run a command; returns when the page shows that it has been run."""
        self._lab.log(f'vmclock-sim: {command}')
        self._program.stdin.write(command + '\n')
        self._program.stdin.flush()

    def status(self, name, number):
        self.tell(f'status {name}')
        wait_for(lambda: self._page.get('clock_status') == number, f'the status {name}', _ANSWER)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """End; the page keeps the last update."""
        with contextlib.suppress(BrokenPipeError):
            self.tell('quit')
        try:
            self._program.wait(_ANSWER)
        except subprocess.TimeoutExpired:
            raise Failed('vmclock-sim does not end') from None
        finally:
            process.stop(self._program)
