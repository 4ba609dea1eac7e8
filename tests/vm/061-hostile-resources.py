# SPDX-License-Identifier: MIT
"""A memory resource too small for a page is refused; one smaller than a page is not mapped."""

KERNELS = ('5.10', '6.12', '7.3', '6.12-arm64')
WATCHERS = ('debug',)


def run(lab):
    vm = lab.boot('sim', length=0x10, fields={'size': 0x10})
    vm.load()
    vm.wait_log(r'vmclock-guest .*: refused: \[mem .*\] is smaller than 0x20 bytes')
    vm.run('test ! -e /dev/vmclock0')

    # 0x70 bytes hold all fields, but a mapping would show the memory after them.
    vm = lab.boot('sim', length=0x70, fields={'size': 0x70}, programs=['device-map'])
    vm.load()
    lab.equal(vm.run('wc -c </dev/vmclock0'), '112', 'what can be read')
    lab.check('Invalid argument' in vm.shell('device-map').output,
              'more than the resource can be mapped')
