# SPDX-License-Identifier: MIT
"""The true time on a guest's counter, as on a page, and records of the guest's clocks."""

from ..host.clock import NSEC, TAI_OFFSET
from ..host.page import COUNTER_X86_TSC, STATUS_SYNCHRONIZED, TIME_TAI

_TAI_OFFSET_VALID, _PERIOD_MAXERROR_VALID, _TIME_MAXERROR_VALID = 1 << 0, 1 << 4, 1 << 6
SHIFT = 27
# The address at which time-record shows its last record's counter, see tests/vm/exchange.h.
_LAST_COUNTER = 0x1000 + 72
SOURCE = '/sys/devices/system/clocksource/clocksource0/current_clocksource'


class Line:
    """The true TAI on the guest's counter, for as long as the guest is on one host."""

    def __init__(self, counter, time, period):
        """`time` in 2^-64 s, `period` in 2^-(64 + SHIFT) s."""
        self.counter = counter
        self.time = time
        self.period = period

    def at(self, counter):
        return self.time + ((counter - self.counter) * self.period >> SHIFT)

    def fields(self):
        """The line as fields of a page. The line is the truth, so the page has no other error."""
        return {'counter_value': self.counter, 'counter_period_shift': SHIFT,
                'counter_period_frac_sec': self.period, 'time_sec': self.time >> 64,
                'time_frac_sec': self.time & (1 << 64) - 1, 'time_maxerror_nanosec': 1,
                'clock_status': STATUS_SYNCHRONIZED}


# The constant fields of a page whose line is the truth: its errors are the least that are not zero.
PAGE = {'counter_id': COUNTER_X86_TSC, 'time_type': TIME_TAI, 'tai_offset_sec': -TAI_OFFSET,
        'flags': _TAI_OFFSET_VALID | _PERIOD_MAXERROR_VALID | _TIME_MAXERROR_VALID,
        'counter_period_maxerror_rate_frac_sec': 1}


def last_counter(page):
    """The guest's counter in the last record that has been made."""
    return int.from_bytes(page.read(_LAST_COUNTER, 8), 'little')


class Record:
    """A line of time-record."""

    def __init__(self, line):
        marker, *readings = line.split()
        self.marker = int(marker)
        self.counter, self.realtime, _ = map(int, readings[:3])
        self.raw_counter, self.raw, _ = map(int, readings[3:6])
        self.library_counter = int(readings[6])
        self.width = max(map(int, readings[2:9:3]))
        # An error's name if there was no time; then there are no bounds either.
        self.library = int(readings[7]) if readings[7].isdigit() else None
        self.earliest, self.latest = (None if bound == '-' else int(bound)
                                      for bound in readings[9:11])
        self.max_error = int(readings[11])


def records(vm, count):
    """At least `count` Records, made now, one per 0.1 s."""
    vm.run('rm -f /tmp/records; time-record >/tmp/records 2>&1 & echo $! >/tmp/records.pid')
    vm.wait_for(f'test $(wc -l </tmp/records) -ge {count}')
    vm.run('kill $(cat /tmp/records.pid)')
    return [Record(line) for line in vm.run('cat /tmp/records').splitlines()]


def measure_tick(vm):
    """A first record, and the counter's tick in units of a period, as the guest measures it.

    The system clock without corrections is the counter in these ticks.
    """
    rows = records(vm, 30)
    first, last = rows[0], rows[-1]
    period = (last.raw - first.raw << 64 + SHIFT) // (last.raw_counter - first.raw_counter)
    return first, period // NSEC
