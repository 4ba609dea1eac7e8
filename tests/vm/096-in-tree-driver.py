# SPDX-License-Identifier: MIT
"""The library and vmclock-check over the kernel's own driver, ptp_vmclock."""

import json

KERNELS = ('6.18', '7.3')
# Without poll the file is always readable, so the library waits by a timer.
WITHOUT_POLL = ('6.18',)


def run(lab):
    check_migration(lab)
    check_waiting(lab, 'sim')
    check_waiting(lab, 'sim-silent')


def boot(lab, device, *programs):
    vm = lab.boot(device, driver=False, modules=['ptp_vmclock'], programs=programs)
    # This driver lets only root read the device.
    vm.run('modprobe ptp_vmclock && chmod a+r /dev/vmclock0')
    return vm


def check_migration(lab):
    vm = boot(lab, 'vmclock', 'vmclock-check', 'lib-wait', 'stamp-events')
    report = json.loads(vm.shell('vmclock-check --json').output)
    lab.equal(report['exit_status'], 0, 'the exit status')
    serves = [m['name'] for m in report['modules'] if m['bound']]
    lab.equal(serves, ['ptp_vmclock'], 'the module that serves')

    vm.run('lib-wait >/tmp/wait 2>&1 &', user='nobody')
    vm.run('stamp-events 0 20 >/tmp/stamps 2>&1 &', user='nobody')
    vm.wait_for('grep -qx waiting /tmp/wait && grep -q "event 3 at" /tmp/stamps')
    vm.migrate()
    vm.wait_for('grep -qx "disrupted 1 -> 2" /tmp/wait')
    vm.wait_for('grep -q "REFUSED: clock disrupted, marker 1 -> 2" /tmp/stamps')


def check_waiting(lab, device):
    vm = boot(lab, device, 'device-poll', 'lib-wait')
    vm.run('lib-wait >/tmp/wait 2>&1 &', user='nobody')
    vm.wait_for('grep -qx waiting /tmp/wait')
    notified = device == 'sim' and lab.kernel.name not in WITHOUT_POLL
    if notified:
        vm.run('device-poll >/tmp/poll 2>&1 &')
        vm.wait_for('grep -qx waiting /tmp/poll')
    vm.page.disrupt()
    if notified:
        vm.notify()
        # This driver gets notifications, so the library needs no timer.
        vm.wait_for('grep -qx "marker 1" /tmp/poll')
    vm.wait_for('grep -qx "disrupted 0 -> 1" /tmp/wait')
    lab.equal(vm.run('lib-wait 1', user='nobody').splitlines()[-1],
              'Connection timed out 1 -> 1', 'vmclock_wait_disrupted')
