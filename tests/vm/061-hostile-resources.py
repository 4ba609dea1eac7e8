# SPDX-License-Identifier: MIT
"""A memory resource too small for a page is refused; one smaller than a page is not mapped."""

from vmlab.guest.device import Simulation

KERNELS = ('5.10', '6.12', '7.3', '6.12-arm64')
WATCHERS = ('debug',)


def run(lab):
    vm = lab.boot(Simulation({'size': 0x10}, length=0x10))
    vm.load()
    vm.wait_log(r'vmclock-guest .*: refused: \[mem .*\] is smaller than 0x20 bytes')
    vm.run('test ! -e /dev/vmclock0')

    # 0x70 bytes are a page's worth of fields, but a mapping would show what lies behind.
    vm = lab.boot(Simulation({'size': 0x70}, length=0x70), programs=['device-map'])
    vm.load()
    lab.equal(vm.run('wc -c </dev/vmclock0'), '112', 'what can be read')
    lab.check('Invalid argument' in vm.shell('device-map').output,
              'more than the resource can be mapped')
