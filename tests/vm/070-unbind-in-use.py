# SPDX-License-Identifier: MIT
"""Unbinding under open files, mappings and sleeping pollers; rmmod waits for them."""

WATCHERS = ('debug', 'kcsan')
DRIVER = '/sys/bus/platform/drivers/vmclock-guest'
ROUNDS = 3


def run(lab):
    vm = lab.boot('sim-silent', programs=['device-hold', 'device-read', 'device-watch', 'lib-wait'])
    vm.load()
    device = vm.device
    vm.run('mkfifo /tmp/release && sleep 100000 >/tmp/release &')

    # The library's wait also ends, whether it began before the unbinding or after it.
    vm.run('lib-wait >/tmp/wait0 2>&1 &')
    vm.run('lib-wait --after /tmp/unbound >/tmp/wait1 2>&1 &')
    for i in (0, 1):
        vm.wait_for(f'grep -qx waiting /tmp/wait{i}')

    vm.run('device-watch 2 >/tmp/watch 2>&1 &')
    vm.wait_for('grep -q marker /tmp/watch')

    for i in range(ROUNDS):
        vm.run(f'device-hold </tmp/release >/tmp/hold{i} 2>&1 &')
        vm.wait_for(f'grep -qx holding /tmp/hold{i}')
        lab.check(vm.shell('rmmod vmclock').status != 0, 'the module could go while in use')

        vm.run(f'echo {device} >{DRIVER}/unbind')
        vm.wait_for(f'grep -qx ok /tmp/hold{i}')
        vm.run('test ! -e /dev/vmclock0')
        vm.run('touch /tmp/unbound')
        if i == 0:
            for j in (0, 1):
                vm.wait_for(f'grep -q "^No such device" /tmp/wait{j}')
            # A mapping still shows the page after the driver is gone.
            vm.page.disrupt()
            vm.wait_for('grep -qx "marker 1" /tmp/watch')
        # Bind again, under the same name, while the old files are still open.
        vm.run(f'echo {device} >{DRIVER}/bind')
        lab.equal(vm.run('device-read'), 'ok', 'device-read after rebinding')

    # The same beside another file of the same device.
    vm.page.disrupt()
    vm.wait_for('grep -qx "marker 2" /tmp/watch')

    lab.check(vm.shell('rmmod vmclock').status != 0, 'the module could go while in use')
    vm.run('killall sleep')
    vm.wait_for('! pidof device-hold')
    for i in range(ROUNDS):
        lab.equal(vm.run(f'cat /tmp/hold{i}').splitlines(), ['holding', 'ok'], f'holder {i}')
    vm.run('rmmod vmclock')
    vm.run('test ! -e /dev/vmclock0')
    vm.load()
    lab.equal(vm.run('device-read'), 'ok', 'device-read after loading again')
