# SPDX-License-Identifier: MIT
"""A guest with vmclockd, whose clock is disrupted repeatedly."""

import dataclasses
import functools
import random
import statistics
import time as clock

from ..deadline import wait_for
from ..errors import Failed
from ..host import ntp
from ..host.clock import NSEC, TAI_OFFSET
from ..host.judge import Readings
from ..host.page import FLAG_NOTIFICATION_PRESENT
from . import chrony, timeline, toolbox
from .device import Simulation
from .machine import Setup

_STATE = '/run/vmclock/state'
_CONFIGURATION = '/etc/vmclock/vmclockd.conf'
# Names in the order of struct vmclock_run_state, from the marker on, each of 8 bytes.
_FIELDS = ('marker', 'generation', 'valid_until', 'bound_at', 'bound', 'drift_and_trust',
           'lead_least', 'lead_most', 'disruptions', 'generations', 'reactions', 'untrusted',
           'last_duration', 'last_offset')
_FIRST = 0x10
UNKNOWN, TRUSTED, DISRUPTED = range(3)
_RECORD_MS = 2
_STEP_MAX = 50_000_000
_PPM_MAX = 50
# Seconds between two updates of a host.
_RENEWED = 0.1
_PROGRAMS = ('time-record', 'time-read', 'time-spin', 'time-flat-out', 'time-sync',
             'kill-mid-write', 'vmclockd')
# For a guest that has the time from the network.
_NETWORK_MODULES = ('virtio_pci', 'virtio_net')
_NETWORK = ('-nic', 'user,model=virtio-net-pci')
_VMCLOCKD = 'vmclockd --verbose >>/tmp/vmclockd 2>&1 &'
# vmclockd's lock on /run/vmclock ends with its files, which an overloaded guest may close late.
_KILL_ONCE = '''
pid=$(pidof vmclockd)
kill -9 $pid
while test -n "$(ls /proc/$pid/fd 2>/dev/null)"; do usleep 1000; done
'''

# Arguments: the number of kills, and the most microseconds until each.
_KILL = '''
killall -9 vmclockd
killed=0
while [ $killed -lt {times} ]; do
    {start}
    usleep $((RANDOM * {longest} / 32768))
    kill -9 $!
    wait $!
    killed=$((killed + 1))
    echo $killed >>/tmp/killed
done
{start}
'''


def read_state(vm):
    """The content of /run/vmclock/state in a guest."""
    words = vm.run(f'od -An -v -t u8 -j {_FIRST} -N {8 * len(_FIELDS)} -w8 {_STATE}').split()
    state = dict(zip(_FIELDS, map(int, words)))
    state['trust'] = state.pop('drift_and_trust') >> 32 & 0xff
    return state


def _page_with_time(notify):
    """The device of a page that is to give the time."""
    flags = timeline.PAGE['flags'] | (FLAG_NOTIFICATION_PRESENT if notify else 0)
    return Simulation({**timeline.PAGE, 'flags': flags}, notify)


class Healing:
    """A guest with a page with time, the true time of this page, and a record of the clocks."""

    TRUSTED = TRUSTED
    DISRUPTED = DISRUPTED

    def __init__(self, lab, device='sim', source='page', *, programs=(), modules=(), setup=Setup(),
                 clocksource='tsc', ppm=0):
        """The counter is too fast by `ppm`, until it is disrupted.

        device       'sim', 'sim-silent' or 'vmclock-shared', as in Lab.boot()
        source       where the guest has the time from: the 'page'; chronyd, by the PTP clock of
                     the page, 'ptp'; or 'ntp', which is chronyd, too, by the network
        programs, modules, setup  as in Lab.boot(), besides what this needs
        clocksource  which one the kernel will have chosen
        """
        self._lab = lab
        self._source = source
        self._notify = device == 'sim'
        if source == 'ntp':
            modules = (*_NETWORK_MODULES, *modules)
            setup = dataclasses.replace(setup, qemu=(*_NETWORK, *setup.qemu))
        self.vm = lab.boot(device if source == 'ntp' else _page_with_time(self._notify),
                           programs=(*_PROGRAMS, *programs), modules=modules,
                           files=None if source == 'page' else chrony.files(lab), setup=setup)
        self.vm.load()
        if device != 'vmclock-shared':
            lab.equal(self.vm.run('cat /sys/class/misc/vmclock0/notification') != 'timer',
                      self._notify, 'whether the device notifies')
        self.vm.wait_for(f'grep -qx {clocksource} {timeline.SOURCE}')
        if source == 'ntp':
            self._set_up_network()
        # The first record, and the guest's own length of a tick.
        self.first, self.tick = timeline.measure_tick(self.vm)
        # The true time under each marker, and under the last one.
        self.lines, self._line = {}, None
        if source != 'ntp':
            start = (self.first.realtime + TAI_OFFSET * NSEC << 64) // NSEC
            self._publish(self.vm.page, timeline.Line(self.first.counter, start, self._bent(ppm)))
            self._pulse()

    def _set_up_network(self):
        self.vm.run('; '.join(f'modprobe {name}' for name in _NETWORK_MODULES))
        self.vm.wait_for('ip link set eth0 up')
        self.vm.run('ip addr add 10.0.2.15/24 dev eth0')

    def ns(self, ticks):
        """The guest's own length of this many ticks, in ns."""
        return ticks * self.tick * NSEC >> 64 + timeline.SHIFT

    def _bent(self, ppm):
        """The true length of a tick of a counter that is too fast by `ppm`."""
        return int(self.tick / (1 + ppm / 1e6))

    def _publish(self, page, line, disrupt=False):
        (page.disrupt if disrupt else page.update)(**line.fields())
        self.lines[page.get('disruption_marker')] = line
        self._line = line

    def _pulse(self):
        if self._notify:
            self.vm.notify()

    def start_chrony(self, server=None, **options):
        """chronyd, on the page's PTP clock or as the settings of a `server` have it."""
        toolbox.unpack(self.vm)
        if server:
            return chrony.Chrony(self._lab, self.vm, server, **options)
        return chrony.Chrony(self._lab, self.vm, chrony.refclock(self.vm.ptp_clock()))

    def start_by_ntp(self, poll='minpoll 4', record_ms=_RECORD_MS):
        """A server on the host, chronyd and vmclockd, until the clock is trusted; the server."""
        server = ntp.Server(self._lab)
        self.start_chrony(server.settings(poll))
        self.start(record_ms=record_ms)
        self.wait_trusted(90)
        return server

    def start(self, *settings, record_ms=_RECORD_MS):
        """Start vmclockd, and the record, unless that is 0 or None.

        `settings` are lines of its configuration, besides those that the source of time needs.
        """
        by_chrony = ('ntp = chrony', f'chronyc = {chrony.CHRONYC}')
        settings = (*(('ntp = none',) if self._source == 'page' else by_chrony), *settings)
        lines = '\n'.join(settings)
        self.vm.run(f'mkdir -p $(dirname {_CONFIGURATION})\n'
                    f"cat >{_CONFIGURATION} <<'END'\n{lines}\nEND\n{_VMCLOCKD}")
        if record_ms:
            self.record(record_ms)

    def record(self, ms):
        """Start the record alone, with no vmclockd."""
        counter = self._counter()
        self.vm.run(f'time-record {self.vm.board.page_address:#x} {ms} >/tmp/record 2>&1 &')
        # The record shows the guest's time.
        wait_for(lambda: self._counter() != counter, 'the first record', 60)

    def state(self):
        """The content of /run/vmclock/state."""
        return read_state(self.vm)

    def check_disruptions(self, count):
        """Expect that vmclockd has counted `count` disruptions."""
        self._lab.equal(self.state()['disruptions'], count, 'the disruptions that vmclockd counts')

    def wait_trusted(self, timeout=20, marker=None):
        if marker is None:
            marker = self.vm.page.get('disruption_marker')

        def trusted():
            self._renew()
            state = self.state()
            return state['trust'] == TRUSTED and state['marker'] == marker
        self.vm.wait_for(f'test -s {_STATE}')
        try:
            self._lab.wait_for(trusted, 'trust in the system clock', timeout)
        except Failed:
            self.said()
            raise

    def wait_seen(self, timeout=20):
        """Wait until vmclockd has seen the last disruption."""
        marker = self.vm.page.get('disruption_marker')

        def seen():
            self._renew()
            return self.state()['marker'] == marker
        self._lab.wait_for(seen, 'the disruption being seen', timeout)

    def said(self):
        """vmclockd's log, which is also added to the scenario's log."""
        return self.vm.run('cat /tmp/vmclockd')

    # ---- Disruptions -----------------------------------------------------------------

    def _counter(self):
        """The guest's counter, from the last record."""
        return timeline.last_counter(self.vm.page)

    def wait(self, seconds, meanwhile=lambda: None):
        """Wait until the guest's clock has advanced by this many seconds."""
        counter = self._counter()
        ticks = int(seconds * 2**64 * 2**timeline.SHIFT) // self.tick

        def went_on():
            meanwhile()
            return self._counter() - counter > ticks
        wait_for(went_on, 'the guest to go on', 60 + seconds, interval=_RENEWED)

    def _bend(self, page, step, ppm, disrupt=False):
        counter = timeline.last_counter(page)
        self._publish(page, timeline.Line(counter, self._line.at(counter) + (step << 64) // NSEC,
                                          self._bent(ppm)), disrupt)

    def at_random(self):
        """Some step, in ns, and some ppm, as disruptions have them."""
        step, ppm = random.randint(-_STEP_MAX, _STEP_MAX), random.uniform(-_PPM_MAX, _PPM_MAX)
        self._lab.log(f'next: a step of {step} ns, and {ppm} ppm')
        return step, ppm

    def disrupt(self, step, ppm, seconds):
        """Disrupt the clock: off by `step` ns, and too fast by `ppm`; then let time pass."""
        self._bend(self.vm.page, step, ppm, disrupt=True)
        self._pulse()
        self.wait(seconds, self._renew)

    def migrate(self, step, ppm):
        """Disrupt the clock by a live migration. Earlier records are of the first process only."""
        self.vm.migrate(lambda page: self._bend(page, step, ppm, disrupt=True), notify=self._notify)

    def set_right(self, step, ppm):
        """The same, but the marker has changed before."""
        self._bend(self.vm.page, step, ppm)
        self._pulse()

    def go_on(self):
        """Let the host publish again, without a change."""
        counter = self._counter()
        self._publish(self.vm.page,
                      timeline.Line(counter, self._line.at(counter), self._line.period))
        self._pulse()

    def _renew(self):
        """Update the page without a notification. Does nothing if the page gives no time."""
        counter = self._counter()
        if self._line and counter > self._line.counter:
            self._line = timeline.Line(counter, self._line.at(counter), self._line.period)
            self.vm.page.update(**self._line.fields())

    def mark(self):
        """Disrupt by changing only the marker."""
        self.vm.page.disrupt()
        self._pulse()

    def interrupt(self, seconds):
        """Stop the guest for `seconds`, and continue it in another process under another marker."""
        def arrived(page):
            clock.sleep(seconds)
            page.disrupt()
        self.vm.migrate(arrived, notify=self._notify)

    def records(self):
        """End the record, and return all of it."""
        self.vm.shell('killall time-record')
        return [timeline.Record(line)
                for line in self.vm.run('cat /tmp/record', timeout=300).splitlines()]

    def storm(self, count, seconds):
        """Make this many disruptions within this many seconds of the host."""
        began = clock.monotonic()
        for number in range(1, count + 1):
            if self.lines:
                self._bend(self.vm.page, 1000 * number, 0, disrupt=True)
                self._pulse()
            else:
                self.mark()
            clock.sleep(max(0, began + seconds * number / count - clock.monotonic()))
        self._lab.log(f'{count} disruptions in {clock.monotonic() - began:.1f} s')

    # ---- Killing ---------------------------------------------------------------------

    def kill_and_start(self):
        """Kill vmclockd, and start it again."""
        self.vm.run(_KILL_ONCE + _VMCLOCKD)

    def kill_repeatedly(self, times, seconds):
        """Kill and restart vmclockd repeatedly; each process lives for at most this long."""
        script = _KILL.format(times=times, longest=int(seconds * 1e6), start=_VMCLOCKD)
        self.vm.run(f"cat >/tmp/kill <<'END'{script}END\n"
                    '>/tmp/killed; sh /tmp/kill >/dev/null 2>&1 &')

    def killed(self):
        """How often vmclockd has been killed so far."""
        return int(self.vm.run('wc -l </tmp/killed'))

    def kill_mid_write(self, name, offset, seconds=20):
        """Kill vmclockd while it writes another marker: the count at `offset` of a file is odd.

        False: vmclockd was killed, but at another moment.
        """
        self.vm.wait_for(f'grep -q /run/vmclock/{name} /proc/$(pidof vmclockd)/maps')
        self.vm.run(f'kill-mid-write $(pidof vmclockd) /run/vmclock/{name} {offset} {seconds} '
                    '>/tmp/kill 2>&1 & echo $! >/tmp/kill.pid')
        self.vm.wait_for('grep -qx stepping /tmp/kill')
        self.mark()
        self.vm.wait_for('! kill -0 $(cat /tmp/kill.pid)', 2 * seconds)
        said = self.vm.run('cat /tmp/kill')
        self._lab.check('killed' in said, said)
        self.vm.run(_VMCLOCKD)
        return 'mid-write' in said

    # ---- Readings --------------------------------------------------------------------

    def read_flat_out(self, *burst):
        """Read all the time; pause for some us after `burst` readings, or never."""
        self.vm.run(f'time-flat-out {" ".join(map(str, burst))} >/tmp/readings 2>&1 &')

    def readings(self):
        """End the readings, and return their results."""
        self.vm.run('killall time-flat-out')
        self.vm.wait_for('! pidof time-flat-out')
        return Readings(self._lab, self.vm.run('cat /tmp/readings', timeout=300))

    def truth(self, marker, counter):
        """UTC in ns, if the page gives it."""
        return (self.lines[marker].at(counter) * NSEC >> 64) - TAI_OFFSET * NSEC

    # ---- How soon the clock is right -------------------------------------------------

    @functools.cached_property
    def _records(self):
        """For each disruption: the true time, the last record before it, the records after it."""
        found, last = {}, None
        for record in self.records():
            of_marker = found.setdefault(record.marker, (self.lines.get(record.marker), last, []))
            of_marker[2].append(record)
            last = record
        _, *disruptions = found.values()
        return disruptions

    def stepped(self, right):
        """The ms until the clock was first right, for each disruption after which it was."""
        for line, before, rows in self._records:
            first = next((row for row in rows if abs(self._error(line, row)) <= right), None)
            if first:
                yield _ms(line, before, first)

    def healed(self, right):
        """The same, until the clock stayed right."""
        for line, before, rows in self._records:
            wrong = [row for row in rows if abs(self._error(line, row)) > right]
            if wrong and wrong[-1] is rows[-1]:
                self._lab.log(f'marker {rows[-1].marker}: at the end wrong by '
                              f'{self._error(line, rows[-1])} ns')
                continue
            last = wrong[-1] if wrong else before
            yield _ms(line, before, next(row for row in rows if row.counter > last.counter))

    def rates(self, start, end):
        """The errors of the system clock's rate between these seconds, in ppm."""
        for line, before, rows in self._records:
            errors = [(_ms(line, before, row) / 1000, self._error(line, row)) for row in rows]
            errors = [(time, error) for time, error in errors if start <= time <= end]
            quarter = len(errors) // 4
            (time, error), (later, error_then) = (
                map(statistics.median, zip(*part))
                for part in (errors[:quarter], errors[-quarter:]))
            yield (error_then - error) / (later - time) / 1000

    def check_soon(self, what, ms, usual, late):
        """Check the times of all disruptions: the median, and 95 of 100."""
        ms = sorted(ms)
        self._lab.equal(len(ms), len(self._records),
                        f'the disruptions after which the clock {what}')
        median, most = statistics.median(ms), ms[len(ms) * 95 // 100]
        self._lab.log(f'{what} after {median:.1f} ms in the median, {most:.1f} ms in 95 of 100, '
                      f'{ms[-1]:.1f} ms at most')
        self._lab.check(median <= usual and most <= late,
                        f'{what} after {median:.1f} ms, 95 of 100: {most:.1f} ms')

    def _error(self, line, record):
        return record.realtime + TAI_OFFSET * NSEC - (line.at(record.counter) * NSEC >> 64)


def _ms(line, before, record):
    """The true time between two records."""
    return 1000 * (line.at(record.counter) - line.at(before.counter)) / 2**64
