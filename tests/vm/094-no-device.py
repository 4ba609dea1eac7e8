# SPDX-License-Identifier: MIT
"""If the hypervisor offers no device, vmclock-check says so, and the verdict is NOT USABLE."""

import json

# The kernel makes no difference.
KERNELS = ('6.1',)


def run(lab):
    vm = lab.boot(None, programs=['vmclock-check'])
    result = vm.shell('vmclock-check --json', user='nobody')
    report = json.loads(result.output)
    lab.equal((result.status, report['verdict']), (2, 'unusable'), 'the verdict')
    lab.equal(report['hypervisor']['offers'], [], 'what the hypervisor offers')
    text = ' '.join(vm.shell('vmclock-check', user='nobody').output.split())
    lab.check(report['next_step'] in text, 'text and JSON give another next step')
