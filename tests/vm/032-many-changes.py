# SPDX-License-Identifier: MIT
"""However often a host disrupts and notifies, udev gets few events, and the last state."""

import statistics
import time

# Uevents a second, of each kind.
MOST = 10
# How long the host changes the page without pause: long enough to notice twice as many uevents.
SECONDS = 3
# Changes that udev gets one by one.
SINGLE = 5


def run(lab):
    vm = lab.boot('sim', programs=['uevent-record'])
    vm.run('uevent-record >/tmp/uevents 2>&1 &')
    vm.wait_for('grep -qx listening /tmp/uevents')
    vm.load('interval_ms=0')
    last = flood(vm)
    for kind in ('disruption', 'generation'):
        vm.wait_for(f'grep -q "{kind} .*MARKER={last} .*COUNTER={last}$" /tmp/uevents')
    events = vm.wait_uevents(2)
    for kind in ('disruption', 'generation'):
        told = [event for event in events if event['VMCLOCK_EVENT'] == kind]
        seconds = float(told[-1]['AT']) - float(told[0]['AT'])
        lab.log(f'{len(told)} uevents of {last} {kind}s in {seconds:.1f} s')
        # At both ends may be a second that does not belong to the flood as a whole.
        lab.check(MOST <= len(told) <= MOST * (int(seconds) + 2),
                  f'udev was told {len(told)} times of a {kind} in {seconds:.1f} s')
        lab.equal(told[-1]['VMCLOCK_DISRUPTION_MARKER'], str(last), f'the last {kind} told')
    check_at_once(lab, vm)


def flood(vm):
    """Disrupt and notify without pause; the number of changes."""
    end = time.monotonic() + SECONDS
    number = 0
    while time.monotonic() < end:
        number += 1
        vm.page.disrupt(vm_generation_counter=number)
        vm.notify()
    return number


def check_at_once(lab, vm):
    """Once the second is over in which udev got too many, udev gets each uevent at once again."""
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
