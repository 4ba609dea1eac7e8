# SPDX-License-Identifier: MIT
"""However often a host disrupts and notifies, udev gets few events, and the last state."""

import time

# Uevents a second, of each kind.
MOST = 10
CHANGES = 150


def run(lab):
    vm = lab.boot('sim', programs=['device-poll'])
    vm.listen_for_uevents()
    vm.load('interval_ms=0')
    began = time.monotonic()
    for number in range(1, CHANGES + 1):
        vm.page.disrupt(vm_generation_counter=number)
        vm.notify()
    seconds = time.monotonic() - began
    # The listener needs some time for each uevent.
    vm.wait_for(f'grep -q "generation .*MARKER={CHANGES} .*COUNTER={CHANGES}$" /tmp/uevents',
                timeout=90)
    events = vm.wait_uevents(2)
    lab.log(f'{len(events)} uevents of {CHANGES} changes in {seconds:.1f} s')
    for kind in ('disruption', 'generation'):
        told = [event for event in events if event['VMCLOCK_EVENT'] == kind]
        lab.check(len(told) <= MOST * (int(seconds) + 3),
                  f'udev was told {len(told)} times in {seconds:.1f} s')
        lab.equal(told[-1]['VMCLOCK_DISRUPTION_MARKER'], str(CHANGES), f'the last {kind} told')

    # Afterwards udev gets each uevent at once again.
    time.sleep(1.1)
    for number in range(CHANGES + 1, CHANGES + 4):
        vm.page.disrupt()
        vm.notify()
        vm.wait_for(f'grep -q "MARKER={number} " /tmp/uevents')
