# SPDX-License-Identifier: MIT
"""A host disrupts and notifies without pause: few uevents, the last state sent, a usable guest."""

import statistics
import threading
import time

KERNELS = ('5.10', '7.3', '6.12-arm64')
# Uevents a second, of each kind; VMCLOCK_UEVENTS in the driver.
MOST = 10
# How many times longer a command may take then, in the median.
SLOWER = 20
# The least number of commands, however slow the machine is.
COMMANDS = 5
LONG = True
WATCHERS = ('debug', 'kcsan')


def run(lab):
    vm = lab.boot('sim', programs=['uevent-record'])
    vm.run('uevent-record >/tmp/uevents 2>&1 &')
    vm.wait_for('grep -qx listening /tmp/uevents')
    vm.load()
    idle = [timed(vm) for _ in range(10)]

    seconds = lab.rounds(5, 60)
    host = lab.start([lab.program('busy-host'), vm.ram_path, str(vm.page.offset)])
    lab.wait_for(lambda: vm.page.get('disruption_marker') > 1, 'the host publishing')
    began = time.monotonic()
    busy, pulses = under_fire(vm, began + seconds)
    host.terminate()
    host.wait()
    last = vm.page.get('disruption_marker')
    vm.notify()
    vm.wait_for(f'grep -q "disruption .*MARKER={last} " /tmp/uevents', timeout=60)
    took = time.monotonic() - began

    lab.log(f'{last} changes and {pulses} notifications in {took:.0f} s; a command takes '
            f'{statistics.median(busy):.3f} s in the median of {len(busy)}, {max(busy):.3f} s at '
            f'most, before it was {statistics.median(idle):.3f} s')
    lab.check(statistics.median(busy) < SLOWER * statistics.median(idle),
              f'a command takes {statistics.median(busy):.2f} s, not {statistics.median(idle):.2f}')
    events = vm.wait_uevents(2)
    for kind in ('disruption', 'generation'):
        told = [event for event in events if event['VMCLOCK_EVENT'] == kind]
        lab.log(f'{len(told)} uevents told of a {kind}')
        lab.check(0 < len(told) <= MOST * (took + 2),
                  f'{len(told)} uevents told of a {kind} in {took:.0f} s')
        lab.equal(told[-1]['VMCLOCK_DISRUPTION_MARKER'], str(last), f'the last {kind} told')


def timed(vm):
    began = time.monotonic()
    vm.run('true')
    return time.monotonic() - began


def under_fire(vm, end):
    """The times of commands while another thread notified, and its number of notifications."""
    pulses = 0
    stop = threading.Event()

    def notify():
        nonlocal pulses
        while not stop.is_set():
            vm.notify()
            pulses += 1

    thread = threading.Thread(target=notify)
    thread.start()
    durations = []
    try:
        while time.monotonic() < end or len(durations) < COMMANDS:
            durations.append(timed(vm))
            time.sleep(0.2)
    finally:
        stop.set()
        thread.join()
    return durations, pulses
