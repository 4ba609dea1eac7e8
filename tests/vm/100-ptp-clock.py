# SPDX-License-Identifier: MIT
"""The PTP clock gives the page's time, paired exactly with the system clock, or an error."""

import itertools
import threading

from vmlab.guest.device import Simulation
from vmlab.guest.machine import Setup
from vmlab.host.clock import NSEC, TAI_OFFSET

# A tick of 2^-29 s is longer than a nanosecond: so each time is that of one counter value,
# and an answer tells at which value of the counter it was made.
TICKS = 1 << 29
SHIFT = 20
TIME_SEC = 1000
FLAG_TAI_OFFSET_VALID = 1 << 0
INITIALIZING, SYNCHRONIZED, FREERUNNING, UNRELIABLE = 1, 2, 3, 4
COUNTER_ARM, COUNTER_TSC, COUNTER_INVALID = 0, 1, 0xff
TIME_UTC, TIME_TAI, TIME_MONOTONIC = 0, 1, 2

FIELDS = {
    'time_type': TIME_TAI,
    'flags': FLAG_TAI_OFFSET_VALID,
    'tai_offset_sec': -TAI_OFFSET,
    'clock_status': SYNCHRONIZED,
    'counter_period_shift': SHIFT,
    'counter_period_frac_sec': (1 << 64 + SHIFT) // TICKS,
    'time_sec': TIME_SEC,
}
REALTIME, MONOTONIC, MONOTONIC_RAW = 0, 1, 4
DRIVER = '/sys/bus/platform/drivers/vmclock-guest'
SOURCE = '/sys/devices/system/clocksource/clocksource0/current_clocksource'


def run(lab):
    fields = {**FIELDS, 'counter_id': lab.board.counter_id}
    if lab.board.counter_id == COUNTER_TSC:
        distrusted_counter(lab, fields)
    vm = lab.boot(Simulation(fields), programs=['ptp-read'])
    vm.load()
    Clock(lab, vm, fields).check_all()


def distrusted_counter(lab, fields):
    """A kernel that found the counter unsteady takes no time from it."""
    vm = lab.boot(Simulation(fields), setup=Setup(append='tsc=unstable'))
    vm.load()
    vm.wait_log('vmclock0: no PTP clock: the kernel distrusts the counter')
    lab.equal(clocks(vm), [], 'the PTP clocks of a counter that is not trusted')
    vm.run('test -e /dev/vmclock0')


def publish(page, stop):
    """Publish the same line from counter to time with several reference points."""
    for second in itertools.cycle(range(1000)):
        if stop.is_set():
            break
        page.update(time_sec=TIME_SEC + second, counter_value=second * TICKS)


def clocks(vm):
    """The PTP clocks of the driver."""
    return [line.split('/')[4] for line in
            vm.shell('grep -slx "vmclock[0-9]*" /sys/class/ptp/*/clock_name').output.split()]


def time_of(counter):
    """The page's time of a counter value, in nanoseconds."""
    return TIME_SEC * NSEC + counter * NSEC // TICKS


def counter_of(lab, time):
    """The counter value with that time of the page."""
    counter = -(-(time - TIME_SEC * NSEC) * TICKS // NSEC)
    lab.equal(time_of(counter), time, 'a time that no counter value has: the one nearest to it')
    return counter


class Clock:
    """The PTP clock of a running guest, and the checks of its readings."""

    def __init__(self, lab, vm, fields):
        self.lab = lab
        self.vm = vm
        self.fields = fields
        self.clock = None
        # A busy host may leave no time for a reading: a few may time out.
        self.busy = False
        self.find()

    def find(self):
        found = clocks(self.vm)
        self.lab.equal(len(found), 1, 'the number of clocks')
        self.clock = f'/dev/{found[0]}'
        self.lab.equal(self.vm.run(f'cat /sys/class/ptp/{found[0]}/clock_name'), 'vmclock0',
                       'the name of the clock')

    def read(self, what, count=1, system=REALTIME):
        """The lines of ptp-read as lists: numbers, or the name of an error."""
        lines = self.vm.run(f'ptp-read {self.clock} {what} {count} {system}').splitlines()
        words = [line.split()[1:] for line in lines]
        answers = [[int(word) if word.lstrip('-').isdigit() else word for word in line]
                   for line in words]
        if not self.busy:
            return answers
        given = [answer for answer in answers if answer != ['ETIMEDOUT']]
        self.lab.check(len(given) >= len(answers) * 0.9,
                       f'{what}: only {len(given)} of {len(answers)} gave a time')
        return given

    def check_all(self):
        self.check_face()
        self.check_readings()
        self.check_pairs()
        self.check_other_system_clocks()
        if self.lab.board.counter_id == COUNTER_TSC:
            self.check_other_clocksources()
        self.check_status()
        self.check_bad_times()
        self.check_busy_host()
        self.check_utc()
        self.check_pages_without_clock()

    def check_face(self):
        self.lab.equal(self.vm.run(f'ptp-read {self.clock} caps'),
                       'max_adj=0 n_alarm=0 n_ext_ts=0 n_per_out=0 pps=0 n_pins=0 '
                       'cross_timestamping=1 adjust_phase=0', 'what the clock can do')
        answers = dict(line.split() for line in
                       self.vm.run(f'ptp-read {self.clock} change').splitlines())
        for what in ('settime', 'step', 'frequency', 'phase', 'pps'):
            self.lab.equal(answers[what], 'EOPNOTSUPP', f'the answer to {what}')
        # The PTP core says that there is no such channel.
        for what in ('extts', 'perout'):
            self.lab.equal(answers[what], 'EINVAL', f'the answer to {what}')
        self.lab.equal(answers['look'], 'done', 'looking at the frequency')

    def check_readings(self, offset=0, count=100):
        """Each reading is the page's time at a counter value within the call."""
        for before, time, after in self.read('gettime', count):
            counter = counter_of(self.lab, time + offset * NSEC)
            self.lab.check(before <= counter <= after,
                           f'a time of the counter {counter}, not of {before}..{after}')
        for before, _, time, _, after in self.read('offset', 10):
            counter = counter_of(self.lab, time + offset * NSEC)
            self.lab.check(before <= counter <= after,
                           f'PTP_SYS_OFFSET at the counter {counter}, not {before}..{after}')

    def check_pairs(self):
        """System time is a linear function of the counter, as the kernel's clock computes it."""
        precise = self.read('precise', 200)
        pairs = {'monoraw': [], 'realtime': []}
        for before, device, realtime, monoraw, after in precise:
            counter = counter_of(self.lab, device)
            self.lab.check(before <= counter <= after,
                           f'a cross timestamp of {counter}, not of {before}..{after}')
            pairs['monoraw'].append((counter, monoraw))
            pairs['realtime'].append((counter, realtime))
        # The raw clock's rate is constant; the system clock may be steered a little.
        self.check_linear('monoraw', pairs['monoraw'], 3)
        self.check_linear('realtime', pairs['realtime'], 50)
        self.check_extended(REALTIME, 50)

    def check_extended(self, system, tolerance):
        pairs = []
        for before, pre, device, post, after in self.read('extended', 40, system):
            counter = counter_of(self.lab, device)
            self.lab.check(before <= counter <= after,
                           f'a reading of {counter}, not of {before}..{after}')
            self.lab.equal(pre, post, 'the time after an exact pair')
            pairs.append((counter, pre))
        self.check_linear(f'system clock {system}', pairs, tolerance)

    def check_linear(self, what, pairs, tolerance):
        (first, start), (last, end) = pairs[0], pairs[-1]
        worst = max(abs((time - start) - (counter - first) * (end - start) / (last - first))
                    for counter, time in pairs)
        self.lab.log(f'{what}: {len(pairs)} pairs in {end - start} ns, off by {worst:.2f} ns')
        self.lab.check(worst <= tolerance, f'{what} is off by {worst:.1f} ns from its counter')

    def check_other_system_clocks(self):
        if self.lab.kernel.name in ('5.10', '6.1'):
            self.lab.equal(self.read('extended', 1, MONOTONIC), [['EINVAL']],
                           'the answer of a kernel that pairs with the realtime clock only')
            return
        self.check_extended(MONOTONIC_RAW, 3)
        self.check_extended(MONOTONIC, 50)
        uptime = float(self.vm.run('cat /proc/uptime').split()[0])
        _, pre, _, _, _ = self.read('extended', 1, MONOTONIC)[0]
        self.lab.check(0 <= pre / NSEC - uptime < 10, f'{pre} ns is not the monotonic clock')

    def check_other_clocksources(self):
        """If the system clock runs on another clocksource, there are no exact pairs."""
        (own, _), = self.read('cost')
        for source in ('hpet', 'acpi_pm'):
            self.vm.run(f'echo {source} >{SOURCE} && grep -qx {source} {SOURCE}')
            self.lab.equal(self.read('precise'), [['EOPNOTSUPP']], f'PRECISE with {source}')
            self.check_readings()
            readings = self.read('extended', 10)
            for before, pre, device, post, after in readings:
                counter = counter_of(self.lab, device)
                self.lab.check(before <= counter <= after,
                               f'a reading of {counter}, not of {before}..{after}')
                self.lab.check(pre <= post, 'the time before is after the time after')
            self.lab.check(any(pre < post for _, pre, _, post, _ in readings),
                           f'{source} is no counter of the page, yet pairs are exact')
            if source == 'hpet':
                self.check_cost(source, own)
        self.vm.run(f'echo tsc >{SOURCE} && grep -qx tsc {SOURCE}')
        self.lab.equal(len(self.read('precise')[0]), 5, 'the numbers of PRECISE with the tsc')

    def check_cost(self, source, own):
        """Of a slow device, which is read once before the counter and once after it.

        `own` is what a sample takes by the counter alone. A kernel that watches itself takes as
        long as two readings for what is around each; a driver that tries three times reads it
        more often still.
        """
        (sample, reading), = self.read('cost')
        self.lab.log(f'{source}: a sample takes {sample} ticks, {own} by the counter alone, '
                     f'a reading {reading}')
        limit = 5.5 if self.lab.kernel.watches else 3.5
        self.lab.check(sample - own < limit * reading,
                       f'{source} is read {(sample - own) / reading:.1f} times for a sample')

    def expect_error(self, name):
        for what in ('gettime', 'offset', 'extended', 'precise'):
            self.lab.equal(self.read(what), [[name]], f'the answer to {what}')

    def check_status(self):
        for status in (0, INITIALIZING, UNRELIABLE, 5, 255):
            self.vm.page.update(clock_status=status)
            self.expect_error('EAGAIN')
        self.vm.page.update(clock_status=FREERUNNING)
        self.check_readings()
        self.vm.page.update(clock_status=SYNCHRONIZED)

    def check_bad_times(self):
        self.vm.page.update(time_sec=1 << 62)
        self.expect_error('EOVERFLOW')
        # The kernel counts nanoseconds in 64 bits: not beyond the year 2262.
        self.vm.page.update(time_sec=1 << 34)
        self.expect_error('EOVERFLOW')
        self.vm.page.update(time_sec=TIME_SEC, counter_period_frac_sec=0)
        self.expect_error('ENODATA')
        self.vm.page.update(counter_period_frac_sec=FIELDS['counter_period_frac_sec'])
        self.check_readings()

    def check_busy_host(self):
        """A host that publishes without pause, and a host that never finishes its update."""
        stop = threading.Event()
        publisher = threading.Thread(target=publish, args=(self.vm.page, stop))
        publisher.start()
        self.busy = True
        try:
            self.check_readings(count=1000)
            self.check_pairs()
        finally:
            stop.set()
            publisher.join()
            self.busy = False

        with self.vm.page.updating():
            self.expect_error('ETIMEDOUT')
        self.check_readings()

    def check_utc(self):
        timescale = '/sys/module/vmclock/parameters/ptp_timescale'
        self.lab.equal(self.vm.run(f'cat {timescale}'), 'tai', 'the timescale')
        self.vm.run('rmmod vmclock')
        self.lab.equal(clocks(self.vm), [], 'the clocks without the driver')
        for bad in ('ptp_timescale=gps', 'ptp_timescale=', 'ptp_timescale'):
            self.lab.check(self.vm.shell(f'modprobe vmclock {bad}').status != 0,
                           f'the driver takes {bad}')
        self.vm.wait_log("vmclock: `gps' invalid for parameter `ptp_timescale'")

        self.vm.load('ptp_timescale=utc')
        self.find()
        self.lab.equal(self.vm.run(f'cat {timescale}'), 'utc', 'the timescale')
        self.check_readings(TAI_OFFSET)
        # Version 1.0 of the specification had the wrong sign, and some pages follow it.
        self.vm.page.update(tai_offset_sec=TAI_OFFSET)
        self.check_readings(TAI_OFFSET)
        self.vm.page.update(flags=0)
        self.expect_error('ENODATA')
        self.rebind(time_type=TIME_UTC)
        self.check_readings()

        self.vm.run('rmmod vmclock')
        self.vm.load('ptp_timescale=tai')
        self.find()
        self.expect_error('ENODATA')
        self.vm.page.update(flags=FLAG_TAI_OFFSET_VALID)
        self.check_readings(-TAI_OFFSET)

    def rebind(self, **fields):
        """Change fields that are constant while the device is bound, between two bindings."""
        self.vm.run(f'echo {self.vm.device} >{DRIVER}/unbind')
        self.vm.page.set(**fields)
        self.vm.run(f'echo {self.vm.device} >{DRIVER}/bind')

    def check_pages_without_clock(self):
        """Only pages that may get time for this processor have a clock."""
        foreign = ({COUNTER_ARM, COUNTER_TSC} - {self.lab.board.counter_id}).pop()
        for fields in ({'counter_id': COUNTER_INVALID}, {'counter_id': foreign},
                       {'time_type': TIME_MONOTONIC}, {'time_type': 3}, {'size': 0x57}):
            self.rebind(**{**self.fields, 'size': 0x1000, **fields})
            self.vm.run('test -e /dev/vmclock0')
            self.lab.equal(clocks(self.vm), [], f'the clocks with {fields}')
        for fields in ({'clock_status': INITIALIZING}, {'size': 0x58}, {'time_type': TIME_UTC}):
            self.rebind(**{**self.fields, 'size': 0x1000, **fields})
            self.find()
