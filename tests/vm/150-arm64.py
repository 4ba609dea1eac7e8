# SPDX-License-Identifier: MIT
"""On arm64: the library's unit tests, time from the device, and vmclock-sim with its own."""

import time

from vmlab.guest.device import Simulation
from vmlab.host.clock import NSEC, TAI_OFFSET
from vmlab.host.page import FLAGS_BOUNDED, FLAG_TAI_OFFSET_VALID, STATUS_SYNCHRONIZED

# On the host's own architecture, `make check` and the scenarios around 110 see to it. The emulator
# orders memory as the host does, so nothing here would miss a fence.
ARCHITECTURES = ('arm64',)
LONG = True

UNIT_TESTS = ('test-abi', 'test-calc', 'test-system-time', 'test-libvmclock', 'test-page',
              'test-time', 'test-wait', 'test-waiting', 'torn-reads')
# The page's clock: ticks a second, the time at counter zero, the error.
TICKS = 1000000000
START = 1800000000
MAXERROR = 700
SHIFT = 27
PERIOD = (1 << 64 + SHIFT) // TICKS


def run(lab):
    page = Simulation({
        'counter_id': lab.board.counter_id,
        'clock_status': STATUS_SYNCHRONIZED,
        'flags': FLAG_TAI_OFFSET_VALID | FLAGS_BOUNDED,
        'tai_offset_sec': -TAI_OFFSET,
        'counter_period_shift': SHIFT,
        'counter_period_frac_sec': PERIOD,
        'time_sec': START,
        'time_maxerror_nanosec': MAXERROR,
        # Next to nothing, but vmclock-check doubts a zero.
        'counter_period_maxerror_rate_frac_sec': 1,
    })
    vm = lab.boot(page, programs=[*UNIT_TESTS, 'time-read', 'vmclock-check', 'vmclock-sim'])
    vm.load()
    check_device(lab, vm)
    check_simulation(lab, vm)
    # One test opens a terminal.
    vm.run('mkdir -p /dev/pts && mount -t devpts devpts /dev/pts')
    for name in UNIT_TESTS:
        # Under emulation, a million would take most of a minute.
        vm.run(f'VMCLOCK_TEST_PAGES=100000 {name}', timeout=600)


def readings(vm, environment=''):
    """Of an ordinary user: {scale: (counter, time, earliest, latest, leap)}."""
    lines = vm.run(f'{environment} time-read', user='nobody').splitlines()
    return {line.split()[0]: list(map(int, line.split()[1:])) for line in lines}


def check_device(lab, vm):
    """The reading is the page's time at its counter value, to the nanosecond."""
    scales = readings(vm)
    for scale, offset in (('tai', 0), ('utc', TAI_OFFSET), ('smeared', TAI_OFFSET)):
        counter, given, earliest, latest, _ = scales[scale]
        expected = (START - offset) * NSEC + (counter * PERIOD * NSEC >> 64 + SHIFT)
        lab.equal(given, expected, f'{scale} at the counter {counter}')
        # Rounded outwards.
        lab.check(0 <= given - MAXERROR - earliest <= 2 and 0 <= latest - given - MAXERROR <= 2,
                  f'the bounds of {scale}, {given}, are {earliest} and {latest}')
    # By another date the page would be doubted.
    vm.run(f'date -s @{START - TAI_OFFSET}')
    lab.equal(vm.shell('vmclock-check', user='nobody').status, 0, 'the status of vmclock-check')


def check_simulation(lab, vm):
    """vmclock-sim publishes the guest's own clock, which the library then reads."""
    vm.run(f'date -s @{int(time.time())}')
    vm.run('vmclock-sim /tmp/page >/tmp/sim 2>&1 &')
    vm.wait_for('grep -q publishing /tmp/sim')
    before = int(vm.run('date +%s'))
    _, given, earliest, latest, _ = readings(vm, 'VMCLOCK_PATH=/tmp/page')['utc']
    after = int(vm.run('date +%s')) + 1
    lab.check(before * NSEC <= given <= after * NSEC,
              f'{given} ns is not within {before}..{after} s')
    lab.check(earliest <= given <= latest, f'{given} is not within {earliest}..{latest}')
    vm.run('killall vmclock-sim')
