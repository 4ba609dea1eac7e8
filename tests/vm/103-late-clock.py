# SPDX-License-Identifier: MIT
"""Each device gets its PTP clock when the host begins to give time, or after a migration to one."""

from vmlab.guest import toolbox
from vmlab.guest.device import Simulation
from vmlab.host.page import FLAG_NOTIFICATION_PRESENT, WITH_TIME

KERNELS = ('5.10', '6.12', '7.3', '6.12-arm64')
WATCHERS = ('debug',)
CLOCKS = 'cat $(grep -slx "vmclock[0-9]*" /sys/class/ptp/*/clock_name) </dev/null'


def run(lab):
    files = files_of_udev(lab)
    time = {**WITH_TIME, 'counter_id': lab.board.counter_id}
    vm = lab.boot(Simulation({'flags': FLAG_NOTIFICATION_PRESENT}, devices=2),
                  programs=['ptp-read'], files=files)
    pages = [vm.page, vm.page.at(0x4000)]
    if files:
        toolbox.unpack(vm)
        toolbox.start_udev(vm)
    vm.load('interval_ms=0')
    lab.equal(vm.run(CLOCKS), '', 'the clocks of pages that have no time')
    for count, page in enumerate(pages, 1):
        page.disrupt(**time)
        vm.notify()
        vm.wait_for(f'test "$({CLOCKS} | wc -l)" = {count}')
    lab.equal(vm.run(f'{CLOCKS} | sort'), 'vmclock0\nvmclock1', 'the clocks')
    if files:
        for number, link in ((0, 'ptp_vmclock'), (1, 'ptp_vmclock1')):
            vm.wait_for(f'test -e /dev/{link}')
            lab.equal(vm.run(f'cat /sys/class/ptp/$(readlink /dev/{link})/clock_name'),
                      f'vmclock{number}', f'the clock that is {link}')

    # Each clock goes with its device, exactly once.
    vm.run('rmmod vmclock')
    lab.equal(vm.run(CLOCKS), '', 'the clocks when the driver is gone')


def files_of_udev(lab):
    """Files for udev in the guest, which gives the clocks their names; the workshop's is a PC's."""
    if lab.kernel.architecture.foreign:
        return {}
    return {**toolbox.files(lab, *toolbox.UDEV), **toolbox.udev_rules(lab)}
