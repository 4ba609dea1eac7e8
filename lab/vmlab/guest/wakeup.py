# SPDX-License-Identifier: MIT
"""A sleeper in a guest, the program device-wait, and how long a change takes to wake it."""

import time

from ..deadline import wait_for
from ..errors import Failed

# As in tests/vm/guest/wakeup.h.
_OFFSET = 0x2000
_MISSING = 0xffffffffffffffff
_POLL = 0.0005
# Seconds to look without a pause: most sleepers wake within them, and these are measured.
_SPIN = 0.03


class Sleeper:
    """A process that waits for changes in one way; in a with statement.

    `command` is what starts it, such as taskset; `missing`: the guest's kernel has no such way.
    `spin`: look for its waking without rest; else the host stays idle for the guest.
    """

    def __init__(self, vm, way, state='quiet', command='', spin=True):
        self.name = f'{way} {state}'
        self._spin = _SPIN if spin else 0
        self._vm = vm
        self._count = 0
        vm.page.write(_OFFSET, bytes(16))
        vm.run(f'{command} device-wait {way} {state} {vm.board.page_address:#x} '
               '>/tmp/sleeper 2>&1 & echo $! >/tmp/sleeper.pid')
        self.missing = self._wait_asleep() == _MISSING

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._vm.shell('kill $(cat /tmp/sleeper.pid)')

    def _number(self, index):
        return int.from_bytes(self._vm.page.read(_OFFSET + 8 * index, 8), 'little')

    def _wait(self, index, what, timeout):
        try:
            return wait_for(lambda: self._number(index) > self._count and self._number(index),
                            what, timeout, _POLL)
        except Failed as failure:
            said = self._vm.shell('cat /tmp/sleeper').output.strip()
            raise Failed(f'{failure}{said and ": "}{said}') from None

    def _wait_asleep(self, timeout=30):
        return self._wait(0, f'{self.name} to fall asleep', timeout)

    def woken_by(self, change, what, timeout=10):
        """Make a change while it sleeps; returns the seconds to its waking. It then sleeps again.

        The function that change() returns is called when it is awake.
        """
        self._wait_asleep()
        began = time.monotonic()
        end_change = change()
        while self._number(1) <= self._count and time.monotonic() < began + self._spin:
            pass
        self._wait(1, f'{self.name} to wake: {what}', timeout)
        took = time.monotonic() - began
        self._count += 1
        if end_change:
            end_change()
        return took

    def counter(self):
        """The guest's counter at the last waking."""
        return self._number(2)


def ways(vm):
    """All ways of waiting, and all states."""
    return [line.split() for line in vm.run('device-wait --list').splitlines()]
