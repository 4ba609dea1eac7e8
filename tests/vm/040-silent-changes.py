# SPDX-License-Identifier: MIT
"""A page that never notifies: the driver's own timers find every change."""

COMMANDS = {'poll': 'device-poll', 'epoll': 'device-poll --epoll', 'wait': 'lib-wait'}


def run(lab):
    vm = lab.boot('sim-silent', programs=['device-poll', 'lib-wait'])
    vm.listen_for_uevents()

    # Nobody waits: only the idle look can send the uevent.
    vm.load('interval_ms=100')
    lab.equal(vm.run('cat /sys/class/misc/vmclock0/notification'), 'timer', 'the notification')
    vm.page.disrupt()
    lab.equal(vm.wait_uevents(1)[0]['VMCLOCK_DISRUPTION_MARKER'], '1', 'the marker for udev')

    # No idle looks: waiting programs are woken nevertheless.
    vm.run('rmmod vmclock')
    vm.load('interval_ms=0')
    for name, command in COMMANDS.items():
        vm.run(f'{command} >/tmp/{name} 2>&1 &')
    for name in COMMANDS:
        vm.wait_for(f'grep -qx waiting /tmp/{name}')
    vm.page.disrupt()
    for name in ('poll', 'epoll'):
        vm.wait_for(f'grep -qx "marker 2" /tmp/{name}')
    vm.wait_for('! pidof lib-wait')
    lab.equal(vm.run('tail -n 1 /tmp/wait'), 'disrupted 1 -> 2', 'vmclock_wait_disrupted')
