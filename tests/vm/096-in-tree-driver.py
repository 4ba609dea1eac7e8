# SPDX-License-Identifier: MIT
"""The library and vmclock-check over the kernel's own driver, ptp_vmclock."""

import json

KERNELS = ('7.3',)


def run(lab):
    vm = lab.boot('vmclock', driver=False, modules=['ptp_vmclock'],
                  programs=['vmclock-check', 'lib-wait', 'stamp-events'])
    vm.run('modprobe ptp_vmclock')
    # That driver leaves the device to root.
    vm.run('chmod a+r /dev/vmclock0')

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
