# SPDX-License-Identifier: MIT
"""A disruption while devices are frozen for hibernation is noticed at the thaw, without timers."""

# Only there the kernel can be told to turn back before it writes an image.
KERNELS = ()
WATCHERS = ('debug',)
TURN_BACK = 'echo devices >/sys/power/pm_test'
HIBERNATE = 'echo shutdown >/sys/power/disk; echo disk >/sys/power/state'


def run(lab):
    vm = lab.boot('sim-silent', programs=['device-poll'], append='no_console_suspend')
    vm.listen_for_uevents()
    vm.load('interval_ms=0 wait_interval_ms=0')
    vm.run('device-poll >/tmp/poll 2>&1 &')
    vm.wait_for('grep -qx waiting /tmp/poll')

    vm.run(TURN_BACK)
    vm.run(f'sh -c "{HIBERNATE}" >/tmp/hibernation 2>&1 &')
    vm.wait_log('PM: hibernation: .*Waiting for 5 seconds')
    vm.page.disrupt()
    # What the shell is told before is lost.
    vm.wait_log('PM: hibernation: hibernation exit')
    lab.equal(vm.wait_uevents(1)[0]['VMCLOCK_DISRUPTION_MARKER'], '1', 'the marker for udev')
    vm.wait_for('grep -qx "marker 1" /tmp/poll')
