# SPDX-License-Identifier: MIT
"""A live migration that disturbs the clock, and how wrong three clocks of the guest are by it."""

from . import chrony, toolbox
from .clock import NSEC
from .deadline import wait_for
from .page import COUNTER_X86_TSC, STATUS_SYNCHRONIZED, TIME_TAI

# The counter of the first host is too fast for the guest, that of the second too slow; and
# there it is behind as well, as if the hypervisors' own clocks disagreed.
PPM_BEFORE = 50
PPM_AFTER = -50
STEP = 10000000
TAI_OFFSET = 37
CLOCKS = ('system', 'chrony', 'libvmclock')

_TAI_OFFSET_VALID, _PERIOD_MAXERROR_VALID, _TIME_MAXERROR_VALID = 1 << 0, 1 << 4, 1 << 6
SHIFT = 27
# Where time-record shows the counter of its last record, see tests/vm/exchange.h.
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
        """The same as fields of a page. The line is the truth: there is no more error than it."""
        return {'counter_value': self.counter, 'counter_period_shift': SHIFT,
                'counter_period_frac_sec': self.period, 'time_sec': self.time >> 64,
                'time_frac_sec': self.time & (1 << 64) - 1, 'time_maxerror_nanosec': 1,
                'clock_status': STATUS_SYNCHRONIZED}


# What stays the same in a page whose line is the truth.
PAGE = {'counter_id': COUNTER_X86_TSC, 'time_type': TIME_TAI, 'tai_offset_sec': -TAI_OFFSET,
        'flags': _TAI_OFFSET_VALID | _PERIOD_MAXERROR_VALID | _TIME_MAXERROR_VALID}


def boot(lab):
    return lab.boot('sim-silent', programs=['time-record'], files=chrony.files(lab), fields=PAGE)


def last_counter(page):
    """The guest's counter in the last record that has been made."""
    return int.from_bytes(page.read(_LAST_COUNTER, 8), 'little')


def experiment(lab, vm, before, after):
    """Rows of (time, {clock: error}), in s and ns; migration is at 0, the time is the true one.

    All of it is recorded for so many seconds `before` it, from when chronyd holds the system
    clock, and `after` it.
    """
    toolbox.unpack(vm)
    vm.load()
    vm.wait_for(f'grep -qx tsc {SOURCE}')
    start, tick = measure_tick(vm)
    first = Line(start.counter, (start.realtime + TAI_OFFSET * NSEC << 64) // NSEC,
                 _bent(tick, PPM_BEFORE))
    vm.page.update(**first.fields())

    ptp = vm.run('basename $(dirname $(grep -lx vmclock0 /sys/class/ptp/*/clock_name))')
    daemon = chrony.Chrony(lab, vm, chrony.refclock(f'/dev/{ptp}'))
    daemon.wait_selected()
    vm.run(f'time-record {vm.board.page_address:#x} >/tmp/record 2>&1 &')
    wait_for(lambda: _recorded(vm, 1) >= before, 'the time before the migration', before + 60,
             interval=1)
    lab.log(f'chronyd before: {daemon.tracking()}')

    lines = [first]

    def arrived(page):
        # No record is later in the first process, and none is earlier in the second one.
        counter = last_counter(page)
        lines.append(Line(counter, first.at(counter) + (STEP << 64) // NSEC,
                          _bent(tick, PPM_AFTER)))
        page.disrupt(**lines[1].fields())

    vm.migrate(arrived)
    wait_for(lambda: _recorded(vm, 2) >= after, 'the time after the migration', after + 60,
             interval=1)
    lab.log(f'chronyd after: {daemon.tracking()}')
    records = [Record(line) for line in vm.run('cat /tmp/record', timeout=120).splitlines()]
    widths = sorted(record.width * tick * NSEC >> 64 + SHIFT for record in records)
    lab.log(f'a reading took {widths[len(widths) // 2]} ns, {widths[-1]} ns at worst')
    return _judged(records, lines, start, tick)


class Record:
    """A line of time-record."""

    def __init__(self, line):
        marker, *readings = line.split()
        self.marker = int(marker)
        self.counter, self.realtime, _ = map(int, readings[:3])
        self.raw_counter, self.raw, _ = map(int, readings[3:6])
        self.library_counter = int(readings[6])
        self.width = max(map(int, readings[2::3]))
        # An error's name where there was no time.
        self.library = int(readings[7]) if readings[7].isdigit() else None


def measure_tick(vm):
    """A first record, and the ticks of the counter in units of a period, as the guest thinks.

    The system clock, left alone, is the counter in these ticks.
    """
    vm.run('time-record >/tmp/tick 2>&1 & echo $! >/tmp/tick.pid')
    vm.wait_for('test $(wc -l </tmp/tick) -ge 30')
    vm.run('kill $(cat /tmp/tick.pid)')
    rows = [Record(line) for line in vm.run('cat /tmp/tick').splitlines()]
    first, last = rows[0], rows[-1]
    period = (last.raw - first.raw << 64 + SHIFT) // (last.raw_counter - first.raw_counter)
    return first, period // NSEC


def _bent(tick, ppm):
    """The true length of a tick of a counter that is too fast by so much."""
    return tick * 1000000 // (1000000 + ppm)


def _recorded(vm, marker):
    """Seconds of records with that number among the markers."""
    count = vm.run("cut -d' ' -f1 /tmp/record | uniq -c").splitlines()
    return int(count[marker - 1].split()[0]) / 10 if len(count) >= marker else 0


def _judged(records, lines, start, tick):
    # The system clock left alone: the raw clock, set right at the start.
    raw_is_behind = start.realtime - start.raw - \
        ((start.counter - start.raw_counter) * tick * NSEC >> 64 + SHIFT)
    markers = list(dict.fromkeys(record.marker for record in records))
    rows = []
    for record in records:
        line = lines[markers.index(record.marker)]

        def error(counter, time, line=line):
            return time + TAI_OFFSET * NSEC - (line.at(counter) * NSEC >> 64)

        rows.append(((line.at(record.counter) - lines[1].time) / 2**64, {
            'system': error(record.raw_counter, record.raw + raw_is_behind),
            'chrony': error(record.counter, record.realtime),
            'libvmclock': None if record.library is None else
                          error(record.library_counter, record.library)}))
    return rows
