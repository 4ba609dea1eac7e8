# SPDX-License-Identifier: MIT
"""Two devices on one interrupt line: each wakes its own pollers, and each can be removed."""

from vmlab.guest.device import Simulation
from vmlab.host.page import FLAG_NOTIFICATION_PRESENT

KERNELS = ('5.10', '6.12', '7.3', '6.12-arm64')
WATCHERS = ('debug',)
DRIVER = '/sys/bus/platform/drivers/vmclock-guest'


def run(lab):
    vm = lab.boot(Simulation(devices=2), programs=['device-poll', 'device-read', 'device-map'])
    pages = [vm.page, vm.page.at(0x4000)]
    vm.listen_for_uevents()
    vm.load('interval_ms=0')
    # The kernel finds the devices in any order.
    pages[1].set(disruption_marker=10)
    if vm.run('cat /sys/class/misc/vmclock0/disruption_marker') == '10':
        pages.reverse()
    pages[0].set(disruption_marker=0)
    pages[1].set(disruption_marker=10)
    for number in (0, 1):
        path = f'VMCLOCK_PATH=/dev/vmclock{number}'
        lab.equal(vm.run(f'cat /sys/class/misc/vmclock{number}/notification'), vm.board.notifier,
                  f'the notification of device {number}')
        for program in ('device-read', 'device-map'):
            lab.equal(vm.run(f'{path} {program}'), 'ok', f'{program} of device {number}')
        vm.run(f'{path} device-poll 2 >/tmp/poll{number} 2>&1 &')
        vm.wait_for(f'grep -qx waiting /tmp/poll{number}')

    # Both devices are notified, but only one has changed.
    pages[1].disrupt()
    vm.notify()
    vm.wait_for('grep -qx "marker 11" /tmp/poll1')
    lab.equal(vm.run('cat /tmp/poll0'), 'waiting', 'what the other device has told')
    pages[0].disrupt()
    vm.notify()
    vm.wait_for('grep -qx "marker 1" /tmp/poll0')
    lab.equal(vm.run('cat /tmp/poll1'), 'waiting\nmarker 11', 'what the other device has told')

    # The device works without the other one, also if the host does not notify.
    device = vm.run('basename $(readlink /sys/class/misc/vmclock0/device)')
    vm.run(f'echo {device} >{DRIVER}/unbind')
    vm.run('test ! -e /dev/vmclock0 -a -e /dev/vmclock1')
    pages[1].disrupt(flags=pages[1].get('flags') & ~FLAG_NOTIFICATION_PRESENT)
    vm.wait_for('grep -qx "marker 12" /tmp/poll1')
    vm.run(f'echo {device} >{DRIVER}/bind')
    lab.equal(vm.run('device-read'), 'ok', 'device-read of a device that is back')
