# SPDX-License-Identifier: MIT
"""A guest whose clock is disrupted again and again, and vmclockd in it."""

from . import chrony, migration, toolbox
from .clock import NSEC
from .deadline import wait_for


_STATE = '/run/vmclock/state'
_CONFIGURATION = '/etc/vmclock/vmclockd.conf'
# Names in the order of struct vmclock_run_state, from the marker on, each of 8 bytes.
_FIELDS = ('marker', 'generation', 'valid_until', 'bound_at', 'bound', 'drift_and_trust', 'disruptions',
           'generations', 'reactions', 'untrusted', 'last_duration', 'last_offset')
_FIRST = 0x10
UNKNOWN, TRUSTED, DISRUPTED = range(3)
_RECORD_MS = 2


def read_state(vm):
    """What /run/vmclock/state says in a guest."""
    words = vm.run(f'od -An -v -t u8 -j {_FIRST} -N {8 * len(_FIELDS)} -w8 {_STATE}').split()
    state = dict(zip(_FIELDS, map(int, words)))
    state['trust'] = state.pop('drift_and_trust') >> 32 & 0xff
    return state


class Healing:
    """A guest with a page that gives time, the true time by it, and a record of its clocks."""

    TRUSTED = TRUSTED
    DISRUPTED = DISRUPTED

    def __init__(self, lab, notify, time=True, files=None, network=False, modules=(), programs=(),
                 append='', clocksource='tsc'):
        self._lab = lab
        options = {'modules': modules}
        if append:
            options['append'] = append
        if network:
            options |= {'modules': ['virtio_net', *modules],
                        'qemu': ('-nic', 'user,model=virtio-net-pci')}
        self.vm = lab.boot('sim' if notify else 'sim-silent', files=files,
                           programs=['time-record', 'time-read', 'time-spin', 'vmclockd', *programs],
                           fields=migration.PAGE if time else {}, **options)
        self._notify = notify
        self.vm.load()
        self.vm.wait_for(f'grep -qx {clocksource} {migration.SOURCE}')
        if network:
            self.vm.run('modprobe virtio_net; ip link set eth0 up; '
                        'ip addr add 10.0.2.15/24 dev eth0')
        self._lines = {}
        if time:
            self._start_line()

    def _start_line(self):
        self._start, self._tick = migration.measure_tick(self.vm)
        start = self._start
        self._publish(migration.Line(
            start.counter, (start.realtime + migration.TAI_OFFSET * NSEC << 64) // NSEC, self._tick))

    def _publish(self, line, disrupt=False):
        page = self.vm.page
        (page.disrupt if disrupt else page.update)(**line.fields())
        self._lines[page.get('disruption_marker')] = line
        self._line = line
        if self._notify:
            self.vm.notify()

    def start_chrony(self, source=None):
        """chronyd, on the page's PTP clock or another source; the guest was booted with its files."""
        toolbox.unpack(self.vm)
        if source:
            return chrony.Chrony(self._lab, self.vm, source)
        clock = self.vm.run('basename $(dirname $(grep -lx vmclock0 /sys/class/ptp/*/clock_name))')
        return chrony.Chrony(self._lab, self.vm, chrony.refclock(f'/dev/{clock}'))

    def start(self, *settings):
        """Start vmclockd, and the record."""
        self.vm.run(f'mkdir -p $(dirname {_CONFIGURATION})\n'
                    f"cat >{_CONFIGURATION} <<'END'\n" + '\n'.join(settings) + '\nEND\n'
                    'vmclockd --verbose >/tmp/vmclockd 2>&1 &\n'
                    f'time-record {self.vm.board.page_address:#x} {_RECORD_MS} >/tmp/record 2>&1 &')

    def state(self):
        """What /run/vmclock/state says."""
        return read_state(self.vm)

    def wait_trusted(self, timeout=20):
        marker = self.vm.page.get('disruption_marker')

        def trusted():
            state = self.state()
            return state['trust'] == TRUSTED and state['marker'] == marker
        self.vm.wait_for(f'test -s {_STATE}')
        self._lab.wait_for(trusted, f'trust in the system clock: {self.said()}', timeout)

    def said(self):
        return self.vm.run('cat /tmp/vmclockd')

    def _counter(self):
        """The guest's, as its record has shown it last."""
        return migration.last_counter(self.vm.page)

    def disrupt(self, step, ppm, seconds):
        """The clock is disrupted: it is off by `step` ns, and too fast by `ppm`. Then time goes on."""
        self._bend(step, ppm, disrupt=True)
        self.wait(seconds)

    def set_right(self, step, ppm):
        """The same, but the marker has moved before."""
        self._bend(step, ppm)

    def go_on(self):
        """The host publishes again, and nothing has changed."""
        counter = self._counter()
        self._publish(migration.Line(counter, self._line.at(counter), self._line.period))

    def _bend(self, step, ppm, disrupt=False):
        counter = self._counter()
        self._publish(migration.Line(counter, self._line.at(counter) + (step << 64) // NSEC,
                                     int(self._tick / (1 + ppm / 1e6))), disrupt)

    def wait(self, seconds):
        """Until so much time has gone by in the guest."""
        counter = self._counter()
        ticks = int(seconds * 2**64 * 2**migration.SHIFT) // self._tick
        wait_for(lambda: self._counter() - counter > ticks, 'the guest to go on', 60, interval=0.02)

    def mark(self):
        """A disruption that is no more than another marker."""
        self.vm.page.disrupt()
        if self._notify:
            self.vm.notify()

    def healed(self, right):
        """After how many ms the clock was right, and stayed so, for each disruption."""
        self.vm.shell('killall time-record')
        records = [migration.Record(line)
                   for line in self.vm.run('cat /tmp/record', timeout=300).splitlines()]
        _, *others = self._lines
        for marker in others:
            rows = [record for record in records if record.marker == marker]
            before = [record for record in records if record.counter < rows[0].counter]
            line = self._lines[marker]
            wrong = [record for record in rows if abs(self._error(line, record)) > right]
            if wrong and wrong[-1] is rows[-1]:
                self._lab.log(f'marker {marker}: wrong by {self._error(line, rows[-1])} ns at the end')
                continue
            last = wrong[-1] if wrong else before[-1]
            following = next(record for record in rows if record.counter > last.counter)
            yield 1000 * (line.at(following.counter) - line.at(before[-1].counter)) / 2**64

    def _error(self, line, record):
        return record.realtime + migration.TAI_OFFSET * NSEC - (line.at(record.counter) * NSEC >> 64)
