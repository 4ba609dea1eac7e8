# SPDX-License-Identifier: MIT
"""A disruption during an aborted hibernation is noticed afterwards, without timers."""

from vmlab.guest.machine import Setup

# Only there the kernel can be told to turn back before it writes an image. For devices that is as
# if it had been restored.
KERNELS = ()
WATCHERS = ('debug',)
TURN_BACK = 'echo devices >/sys/power/pm_test'
HIBERNATE = 'echo shutdown >/sys/power/disk; echo disk >/sys/power/state'


def run(lab):
    # Nobody polls: who does is frozen, asks again when that is over, and so has the driver look.
    vm = lab.boot('sim-silent', setup=Setup(append='no_console_suspend'))
    vm.listen_for_uevents()
    vm.load('interval_ms=0 wait_interval_ms=0')

    vm.run(TURN_BACK)
    vm.run(f'sh -c "{HIBERNATE}" >/tmp/hibernation 2>&1 &')
    vm.wait_log('PM: hibernation: .*Waiting for 5 seconds')
    vm.page.disrupt()
    # Commands that the shell gets before that are lost.
    vm.wait_log('PM: hibernation: hibernation exit')
    lab.equal(vm.wait_uevents(1)[0]['VMCLOCK_DISRUPTION_MARKER'], '1', 'the marker for udev')
