# SPDX-License-Identifier: MIT
"""Another hypervisor continues with its own page: same count, no notifications."""


def run(lab):
    vm = lab.boot('sim', programs=['device-poll'])
    vm.listen_for_uevents()
    vm.load('interval_ms=100')
    vm.run('device-poll 4 >/tmp/poll 2>&1 &')
    vm.wait_for('grep -qx waiting /tmp/poll')

    # As if the new page had the old sequence count by chance.
    vm.page.set(disruption_marker=99)
    vm.notify()
    vm.wait_for('grep -qx "marker 99" /tmp/poll')
    lab.equal(vm.wait_uevents(1)[0]['VMCLOCK_DISRUPTION_MARKER'], '99', 'the marker for udev')

    # As if the marker were the same as well, so that only the generation differs.
    vm.page.set(vm_generation_counter=7)
    vm.notify()
    vm.wait_for('test $(grep -cx "marker 99" /tmp/poll) = 2')
    lab.equal(vm.wait_uevents(2)[1],
              {'VMCLOCK_EVENT': 'generation', 'VMCLOCK_DISRUPTION_MARKER': '99',
               'VMCLOCK_VM_GENERATION_COUNTER': '7'}, 'what udev was told')

    # From now on the host does not notify.
    vm.page.disrupt(flags=0)
    vm.wait_for('grep -qx "marker 100" /tmp/poll')
    lab.equal(vm.run('cat /sys/class/misc/vmclock0/notification'), 'timer', 'the notification')
    vm.page.disrupt()
    vm.wait_for('grep -qx "marker 101" /tmp/poll')
    lab.equal(len(vm.wait_uevents(4)), 4, 'the number of uevents')
