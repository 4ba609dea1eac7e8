# SPDX-License-Identifier: MIT
"""A change during the guest's sleep is noticed when the guest wakes, with all timers off."""

import time

from vmlab.guest.machine import Setup

# The power button wakes a PC; an arm64 machine without ACPI has nothing that does.
KERNELS = ('5.10', '6.12', '7.3')
WATCHERS = ('debug',)
SLEPT = '/sys/power/suspend_stats/success'
ATTEMPTS = 5


def run(lab):
    vm = lab.boot('sim-silent', modules=['button'], setup=Setup(append='no_console_suspend'))
    vm.run('modprobe button')
    vm.listen_for_uevents()
    vm.load('interval_ms=0 wait_interval_ms=0')

    # If the button is pressed too early, the guest does not sleep.
    for attempt in range(1, ATTEMPTS + 1):
        sleep_once(vm, attempt)
        if vm.run(f'cat {SLEPT}') != '0':
            break
    lab.equal(vm.run(f'cat {SLEPT}'), '1', 'how often the guest slept')
    lab.equal(vm.wait_uevents(1)[0]['VMCLOCK_DISRUPTION_MARKER'], '1', 'the marker for udev')


def sleep_once(vm, attempt):
    # The guest may sleep before it has answered.
    vm.begin('echo freeze >/sys/power/state')
    vm.wait_log(r'(?s)(PM: suspend entry.*){%d}' % attempt)
    if attempt == 1:
        vm.page.disrupt()
    time.sleep(2)
    vm.qmp('system_powerdown')
    # Commands that the shell gets before that are lost.
    vm.wait_log(r'(?s)(PM: suspend exit.*){%d}' % attempt)
