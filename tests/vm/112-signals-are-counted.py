# SPDX-License-Identifier: MIT
"""vmclock-verify tells how soon the driver knows of a change: at once only if the host notifies."""

import json
import time

from vmlab.guest.device import Simulation

KERNELS = ('5.10', '6.12', '7.3')
ALONE = True
# It has not run often enough to judge others.
ON_REQUEST = True

CHANGES = 20


def run(lab):
    vm = lab.boot(Simulation(), programs=['vmclock-verify'])
    vm.load()
    told = watch(lab, vm, vm.notify)
    # A busy machine may be late for some.
    lab.check(told['within_10ms'] >= CHANGES * 3 // 4, f'few signals are early: {told}')
    # The flag promises notifications, but none comes: the driver looks every 100 ms.
    silent = watch(lab, vm, lambda: None)
    lab.check(silent['within_10ms'] <= CHANGES // 2, f'many signals are early: {silent}')
    lab.check(silent['longest_ns'] >= 50000000, f'no signal is late: {silent}')


def watch(lab, vm, notify):
    vm.run('vmclock-verify --for 60s --json >/tmp/report 2>&1 & echo $! >/tmp/pid')
    # Until it has asked for signals: O_ASYNC is 020000.
    vm.wait_for("grep -q '^flags:.*[2367][0-7][0-7][0-7][0-7]$' /proc/$(cat /tmp/pid)/fdinfo/*")
    for _ in range(CHANGES):
        vm.page.update()
        notify()
        # Longer than the driver waits.
        time.sleep(0.3)
    vm.run('kill -INT $(cat /tmp/pid); '
           'while kill -0 $(cat /tmp/pid) 2>/dev/null; do sleep 0.1; done')
    report = json.loads(vm.run('cat /tmp/report'))
    lab.log(f'{report["signals"]}')
    lab.equal(report['watch']['updates'], CHANGES, 'the updates that were seen')
    lab.equal(report['signals']['heard'], CHANGES, 'the changes with a signal')
    return report['signals']
