# SPDX-License-Identifier: MIT
"""vmclock-check where the hypervisor offers nothing says so, and is of no use."""

import json

# The tool and the emptiness are the same everywhere.
KERNELS = ('6.1',)


def run(lab):
    vm = lab.boot(None, programs=['vmclock-check'])
    result = vm.shell('vmclock-check --json', user='nobody')
    report = json.loads(result.output)
    lab.equal((result.status, report['verdict']), (2, 'unusable'), 'the verdict')
    lab.equal(report['hypervisor']['offers'], [], 'what the hypervisor offers')
    lab.check(report['next_step'] in ' '.join(vm.shell('vmclock-check', user='nobody').output.split()),
              'text and JSON give another next step')
