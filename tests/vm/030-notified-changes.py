# SPDX-License-Identifier: MIT
"""A page that notifies: pollers wake and uevents go out, with all timers off."""

NAMES = ('poll', 'epoll')


def run(lab):
    vm = lab.boot('sim', programs=['device-poll'])
    vm.listen_for_uevents()
    vm.load('interval_ms=0')
    lab.equal(vm.run('cat /sys/class/misc/vmclock0/notification'), vm.board.notifier,
              'the notification')
    vm.run('device-poll 3 >/tmp/poll 2>&1 &')
    vm.run('device-poll --epoll 3 >/tmp/epoll 2>&1 &')
    for name in NAMES:
        vm.wait_for(f'grep -qx waiting /tmp/{name}')

    # A change that is no disruption wakes pollers too, but sends no uevent.
    for marker, publish in ((0, vm.page.update), (1, vm.page.disrupt)):
        publish()
        vm.notify()
        for name in NAMES:
            vm.wait_for(f'grep -qx "marker {marker}" /tmp/{name}')
    disruption = {'VMCLOCK_EVENT': 'disruption', 'VMCLOCK_VM_GENERATION_COUNTER': '0'}
    lab.equal(vm.wait_uevents(1), [{**disruption, 'VMCLOCK_DISRUPTION_MARKER': '1'}],
              'what udev was told')

    # A slow host: it notifies in the middle of the update, and not at its end.
    with vm.page.updating():
        vm.notify()
        lab.check('timed out' in vm.shell('dd if=/dev/vmclock0 bs=4 count=1').output,
                  'the page can be read in the middle of an update')
        vm.page.set(disruption_marker=2)
    for name in NAMES:
        vm.wait_for(f'grep -qx "marker 2" /tmp/{name}')
    lab.equal(vm.wait_uevents(2)[1:], [{**disruption, 'VMCLOCK_DISRUPTION_MARKER': '2'}],
              'what udev was told')
