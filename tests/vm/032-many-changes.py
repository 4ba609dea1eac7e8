# SPDX-License-Identifier: MIT
"""However often a host disrupts and notifies, udev gets few events, and the last state."""

import statistics
import time

KINDS = ('disruption', 'generation')
# Uevents a second, of each kind.
MOST = 10
# How long the host changes the page: long enough to notice twice as many uevents.
SECONDS = 3
# Seconds between its changes; in scenario 174 there is no pause.
PAUSE = 0.005
# Changes that udev gets one by one.
SINGLE = 5


def run(lab):
    vm = lab.boot('sim', programs=['uevent-record'])
    vm.run('uevent-record >/tmp/uevents 2>&1 &')
    vm.wait_for('grep -qx listening /tmp/uevents')
    vm.load('interval_ms=0')
    # Begin the flood late in a second that has begun with the second uevent.
    for pause in (1, 0.7):
        tell(vm)
        time.sleep(pause)
    last = flood(vm)
    for kind in KINDS:
        vm.wait_for(f'grep -q "{kind} .*MARKER={last} .*COUNTER={last}$" /tmp/uevents')
    events = vm.wait_uevents(2)
    for kind in KINDS:
        check_flood(lab, [event for event in events if event['VMCLOCK_EVENT'] == kind], last)
    check_at_once(lab, vm)


def check_flood(lab, told, last):
    """Judge uevents of one kind; they may have been received half a second late."""
    times = [float(event['AT']) for event in told]
    seconds = times[-1] - times[0]
    lab.log(f'{len(told)} uevents of {last} changes in {seconds:.1f} s')
    lab.check(len(told) > MOST, f'udev was told only {len(told)} times')
    lab.check((len(told) - 1) // MOST - 0.5 <= seconds,
              f'udev was told {len(told)} times in {seconds:.1f} s')
    shortest = min(late - early for early, late in zip(times, times[MOST:]))
    lab.check(shortest > 0.5, f'udev was told {MOST + 1} times in {shortest:.2f} s')
    lab.equal(told[-1]['VMCLOCK_DISRUPTION_MARKER'], str(last), 'the last marker told')


def flood(vm):
    """Disrupt and notify again and again; the last marker."""
    end = time.monotonic() + SECONDS
    number = vm.page.get('disruption_marker')
    while time.monotonic() < end:
        number += 1
        vm.page.disrupt(vm_generation_counter=number)
        vm.notify()
        time.sleep(PAUSE)
    return number


def check_at_once(lab, vm):
    """Soon after the flood udev gets each uevent at once again."""
    tell(vm)
    took = [tell(vm) for _ in range(SINGLE)]
    lab.check(statistics.median(took) < 0.5,
              f'single uevents took {", ".join(f"{one:.2f}" for one in took)} s')


def tell(vm):
    """Disrupt, and wait for the uevent; the seconds until then."""
    marker = vm.page.get('disruption_marker') + 1
    began = time.monotonic()
    vm.page.disrupt()
    vm.notify()
    vm.wait_for(f'grep -q "MARKER={marker} " /tmp/uevents')
    return time.monotonic() - began
